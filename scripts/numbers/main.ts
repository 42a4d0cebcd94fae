import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkProse, numbersSchema, type ProseProblem } from "./check-prose";
import { proseOf } from "./prose";

const ROOT = resolve(__dirname, "../..");
const LIST = "docs/numbers.json";

/** README and all notebooks: what a reader takes for results. */
export function proseFiles(root = ROOT): string[] {
  const notebooks = readdirSync(join(root, "notebooks")).filter((name) =>
    /^\d\d_.*(?<!\.(run|partial))\.ipynb$/.test(name),
  );
  return ["README.md", ...notebooks.sort().map((name) => `notebooks/${name}`)];
}

/** What does not hold, by file; empty where all numbers are as stored. */
export function checkNumbers(root = ROOT): Map<string, ProseProblem[]> {
  const listed = numbersSchema.parse(JSON.parse(readFileSync(join(root, LIST), "utf8")));
  const files = proseFiles(root);
  const found = new Map(files.map((file) => [file, checkProse(proseOf(join(root, file)), listed[file] ?? [], root)]));
  for (const file of Object.keys(listed)) {
    if (!files.includes(file))
      found.set(file, [
        { message: `${file} is no prose of ours${existsSync(join(root, file)) ? "" : ", and is not there"}` },
      ]);
  }
  return new Map([...found].filter(([, problems]) => problems.length > 0));
}

/** Puts the stored values into README.md. Notebooks are corrected by hand: their results are outputs. */
function correctReadme(problems: readonly ProseProblem[]): number {
  const corrections = problems.flatMap(({ correction }) => correction ?? []).sort((a, b) => b.at - a.at);
  let text = readFileSync(join(ROOT, "README.md"), "utf8");
  for (const { at, length, text: right } of corrections) text = text.slice(0, at) + right + text.slice(at + length);
  writeFileSync(join(ROOT, "README.md"), text);
  return corrections.length;
}

function main(): void {
  if (process.argv.includes("--write")) {
    console.log(`README.md: ${correctReadme(checkNumbers().get("README.md") ?? [])} numbers put right`);
  }
  const found = checkNumbers();
  for (const [file, problems] of found) {
    for (const { message } of problems) console.log(`${file}: ${message}`);
  }
  if (found.size > 0) process.exitCode = 1;
  else console.log(`all numbers of ${proseFiles().length} texts are as ${LIST} says`);
}

if (require.main === module) main();
