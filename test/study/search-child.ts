/**
 * A search over trainings in a process of its own, for tests that kill it: says each evaluation on stdout, and waits in the
 * one that it is told to until it is killed.
 */

import type { Evaluator } from "../../src/evaluate";
import { evolutionSearcher } from "../../src/search";
import { nasBench201Cells } from "../../src/space";
import { runSearch } from "../../src/study/run-search";

const [folder, kind, stopAt] = process.argv.slice(2);

export const evaluator: Evaluator<string> = {
  name: "digits",
  fingerprint: "digits",
  async evaluate(key) {
    process.stdout.write(`evaluating ${key}\n`);
    if (key && ++evaluated === Number(stopAt)) await new Promise((resolve) => setTimeout(resolve, 600_000));
    const accuracy = key.endsWith("0") ? Number.NaN : Array.from(key, Number).reduce((sum, digit) => sum + digit, 0);
    return { values: { accuracy }, costs: {}, fingerprint: key };
  },
};
let evaluated = 0;

async function main(): Promise<void> {
  const settings = { kind, maximise: "accuracy", seed: 5, population: 6, sample: 3 };
  const { kind: _, ...options } = settings;
  const searcher = evolutionSearcher(nasBench201Cells(), options);
  const told = await runSearch(searcher, evaluator, folder, { evaluations: 30, parallel: 3, settings });
  process.stdout.write(`${JSON.stringify(told.map(({ trial, outcome }) => [trial.key, outcome.values.accuracy]))}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
