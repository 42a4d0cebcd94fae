import { existsSync, rmSync } from "node:fs";
import { ConfigError, fingerprint } from "../core";
import type { RatedSpace } from "../rate";
import { filesOf, foundFile } from "../retrain";
import { assemble } from "../space";
import { networkOf } from "./rated-run";
import { type RetrainRun, retrainReads } from "./retrain-designs";
import type { RunContext } from "./run-context";

const OWN = /^retrain\/((?:found|random|shrunk) \d+(?: \(\w+\))?)(?:, training (\d+))?$/;
/** Of `blockwise retrain`: an id, and epochs and seed where they are not the run's. */
const BESIDE = /^retrain\/((c\d[\d.c_-]*?)(?:-epochs(\d+))?(?:-seed(-?\d+))?)$/;

/**
 * Takes networks out of a run that an earlier configuration left in `found/`: the run's own under labels that there are no
 * more, and those of `blockwise retrain` that would be trained otherwise now. Their trainings stay in `checkpoints/`.
 * @param labels Of the run's own networks now.
 */
export function dropStaleNetworks(
  sources: RetrainRun,
  table: RatedSpace,
  labels: ReadonlySet<string>,
  context: RunContext,
): void {
  const { run } = sources;
  for (const step of run.everDone) {
    const [, own, training] = OWN.exec(step) ?? [];
    if (own === undefined) continue;
    const isOwn = labels.has(own) && Number(training ?? 1) <= (sources.config.retrain.trainings ?? 1);
    if (isOwn) continue;
    // Of a further training nothing is kept but its accuracy.
    if (training !== undefined) run.drop(step, ["no more of the front"]);
    else dropNetwork(sources, step, own, "no more of the front", context);
  }
  for (const { step, fingerprint: made } of run.records) {
    const [, label, id, epochs, seed] = BESIDE.exec(step) ?? [];
    if (label === undefined || made === wantedNow(sources, table, id, epochs, seed)) continue;
    dropNetwork(sources, step, label, "made with another configuration", context, id);
  }
}

/** Takes all networks of `blockwise retrain` out: they were measured on other test images. */
export function dropMeasuredBeside({ run }: Pick<RetrainRun, "run">, context: RunContext): void {
  for (const { step } of run.records) {
    const [, label, id] = BESIDE.exec(step) ?? [];
    if (label !== undefined) dropNetwork({ run }, step, label, "measured on other test images", context, id);
  }
}

function wantedNow(
  sources: RetrainRun,
  table: RatedSpace,
  id: string,
  epochs: string | undefined,
  seed: string | undefined,
): string | undefined {
  const { config } = sources;
  const own = {
    ...config,
    seed: seed === undefined ? config.seed : Number(seed),
    retrain: { ...config.retrain, epochs: epochs === undefined ? config.retrain.epochs : Number(epochs) },
  };
  try {
    const network = networkOf(table, id);
    const architecture = assemble(sources.space, network.choice);
    return fingerprint(retrainReads({ ...sources, config: own }, { architecture, network }));
  } catch (error) {
    // No network of the space any more.
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** The files first: after a kill in between the step is still known, and they are removed the next time. */
function dropNetwork(
  { run }: Pick<RetrainRun, "run">,
  step: string,
  label: string,
  why: string,
  { onNote }: RunContext,
  id?: string,
): void {
  const file = foundFile(label);
  const left = filesOf(file).filter((name) => existsSync(run.file(name)));
  for (const name of left) rmSync(run.file(name), { force: true });
  const again = id === undefined ? "" : `; blockwise retrain ${run.path} ${id} makes it by the new configuration`;
  if (left.length > 0) onNote?.(`${file} is removed: ${why}${again}`);
  run.drop(step, [why]);
}
