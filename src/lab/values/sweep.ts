import { join } from "node:path";
import { ConfigError, formatCount, type StepContext } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type SweepSummary, sweepCsv, sweepRows } from "../../retrain";
import { runSweep } from "../../systems/dna";
import { sweepFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { writtenExperiment } from "../words/written-experiment";

/** Seeds, where to keep the runs, and lists of values by the experiment's keys: `{ seeds: [1, 2], split: [2, 3, 4] }`. */
export interface LabSweepOptions {
  /** Default 1, 2, 3. */
  readonly seeds?: readonly number[];
  /** Folder of the runs, which are resumed there; `runs/<experiment>-sweep` unless given. */
  readonly directory?: string;
  readonly [key: string]: unknown;
}

/** An experiment run for every combination of seeds and settings. */
export class LabSweep implements Displayable {
  constructor(
    readonly summary: SweepSummary,
    readonly directory: string,
  ) {}

  /** Means over seeds with standard errors, a row a combination. */
  table(): Table {
    const { keys, rows, dataset } = this.summary;
    const points = (share: number | undefined) => (share === undefined ? null : Number((100 * share).toFixed(2)));
    return new Table({
      title: `Settings swept on ${dataset}`,
      columns: [
        ...keys,
        "seeds",
        "found (%)",
        "standard error",
        "random (%)",
        "gain",
        "error of gain",
        "shrunk (%)",
        "gain over shrunk",
        "error of gain over shrunk",
        "teacher (%)",
        "MACs",
      ],
      rows: rows.map(({ settings, seeds, figures }) => [
        ...keys.map((key) => (typeof settings[key] === "number" ? settings[key] : JSON.stringify(settings[key]))),
        seeds.length,
        ...accuracies(figures).map(points),
        formatCount(figures.macs?.mean ?? Number.NaN),
      ]),
      note: `Test accuracies of the best found network, of random ones and of the most accurate teacher shrunk to its cost; errors are one standard error over seeds, in points. Every run is kept in ${this.directory}.`,
    });
  }

  figure(): FigureView {
    return new FigureView(sweepFigure(sweepRows(this.summary), this.summary.dataset));
  }

  /** The table as CSV; accuracies are shares. */
  csv(): string {
    return sweepCsv(this.summary);
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

function accuracies({ found, random, gain, shrunk, gainOverShrunk, teacher }: SweepSummary["rows"][number]["figures"]) {
  return [
    ...[found?.mean, found?.standardError, random?.mean, gain?.mean, gain?.standardError],
    ...[shrunk?.mean, gainOverShrunk?.mean, gainOverShrunk?.standardError, teacher?.mean],
  ];
}

/** Runs the sweep, see `lab.sweep`. */
export async function labSweep(
  experiment: string | Readonly<Record<string, unknown>>,
  options: LabSweepOptions,
  context: StepContext,
): Promise<LabSweep> {
  const { seeds = [1, 2, 3], directory, ...settings } = options;
  const written = writtenExperiment("lab.sweep", experiment);
  if (!Array.isArray(seeds) || !seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) {
    throw new ConfigError(`lab.sweep: seeds must be a list of whole numbers from 0, got ${JSON.stringify(seeds)}`);
  }
  const named = written.name;
  const name =
    typeof named === "string"
      ? named
      : typeof experiment === "string"
        ? (experiment.split(/[/\\]/).at(-1) ?? "").replace(/\.json$/, "")
        : "experiment";
  const place = directory ?? join("runs", `${name}-sweep`);
  const plan = { seeds, settings: settings as Record<string, readonly unknown[]> };
  const { summary } = await runSweep(written, plan, { directory: place }, context);
  return new LabSweep(summary, place);
}
