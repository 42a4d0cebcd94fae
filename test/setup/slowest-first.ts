import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const ROOT = resolve(__dirname, "../..");
/** Seconds that the slow files of tests took once, by path: an order, no limit. */
const SECONDS: Readonly<Record<string, number>> = JSON.parse(readFileSync(join(__dirname, "seconds.json"), "utf8"));

/** Files that take long come first, the longest before all, so that none of them is left over for the end. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = ({ moduleId }: TestSpecification) => SECONDS[relative(ROOT, moduleId).split(sep).join("/")] ?? 0;
    return [...files].sort((a, b) => seconds(b) - seconds(a) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}
