import { join } from "node:path";
import { percent, writeAtomic } from "../../core";
import type { MeanOverSeeds, SweepSummary } from "../../retrain";
import { sweepRows } from "../../retrain";
import { selfContainedPage, staticSvg, sweepFigure } from "../../viz";

/**
 * Writes `sweep.html` and the figure as `sweep.svg` into a sweep's folder.
 * @returns The page's path.
 */
export async function writeSweepPage(directory: string, summary: SweepSummary): Promise<string> {
  const { keys, rows, dataset } = summary;
  const figure = sweepFigure(sweepRows(summary), dataset);
  const share = (value: MeanOverSeeds | undefined) => (value === undefined ? null : percent(value.mean));
  const error = (value: MeanOverSeeds | undefined) =>
    value?.standardError === undefined ? null : `${(100 * value.standardError).toFixed(2)} points`;
  writeAtomic(join(directory, "sweep.svg"), await staticSvg(figure));
  const page = join(directory, "sweep.html");
  const sections = [
    {
      heading: "Settings swept",
      words: "Test accuracies of the best found network, means over seeds with one standard error.",
      figures: [figure],
      tables: [
        {
          columns: [
            ...[...keys, "seeds", "found", "standard error", "random", "gain", "its error"],
            ...["shrunk teacher", "gain over it", "its error", "teacher"],
          ],
          rows: rows.map(({ settings, seeds, figures: { found, random, gain, shrunk, gainOverShrunk, teacher } }) => [
            ...keys.map((key) => JSON.stringify(settings[key])),
            seeds.length,
            ...[share(found), error(found), share(random), share(gain), error(gain)],
            ...[share(shrunk), share(gainOverShrunk), error(gainOverShrunk), share(teacher)],
          ]),
        },
      ],
    },
  ];
  writeAtomic(page, await selfContainedPage("Sweep", sections));
  return page;
}
