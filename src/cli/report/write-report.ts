import { basename, join, resolve } from "node:path";
import { writeAtomic } from "../../core";
import { figureTitle, selfContainedPage, staticSvg } from "../../viz";
import { readRun } from "./recorded-run";
import { runSections } from "./run-sections";
import { trialSections } from "./trial-sections";

/**
 * Writes `report.html` into a run directory, and its figures as SVG into `figures/`.
 * @returns The page's path.
 * @throws StudyError when the directory is none of a run, ConfigError when its results are not to be drawn yet.
 */
export async function writeReport(path: string): Promise<string> {
  const sections = trialSections(path) ?? runSections(readRun(path));
  for (const figure of sections.flatMap(({ figures = [] }) => figures)) {
    writeAtomic(join(path, "figures", `${fileName(figureTitle(figure))}.svg`), await staticSvg(figure));
  }
  const page = join(path, "report.html");
  writeAtomic(page, await selfContainedPage(`Run ${basename(resolve(path))}`, sections));
  return page;
}

/** "Accuracy against cost on x" -> "accuracy-against-cost-on-x". */
function fileName(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
