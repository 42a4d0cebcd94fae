import { type Design, type RatedBy, type Retrained, saveDesign } from "../retrain";
import type { FoundNetwork, Limits } from "../search";
import { assemble, networkId } from "../space";
import { type RetrainRun, retrainDesigns } from "./retrain-designs";
import type { RunContext } from "./run-context";

/** How networks are trained beside a run's own. */
export interface RetrainBesideOptions {
  /** Instead of the run's. */
  readonly epochs?: number;
  /** Of the training, instead of the run's. */
  readonly seed?: number;
  /** Limits that the networks were searched under, for the record. */
  readonly limits?: Limits;
  /** What they were searched by, likewise. */
  readonly rated: RatedBy;
}

/** A network that was retrained beside the run's own. */
export interface RetrainedFile {
  readonly id: string;
  readonly macs: number;
  readonly params: number;
  /** Top-1 on the test split, 0..1. */
  readonly accuracy: number;
  /** Top-1 on the validation split, 0..1. */
  readonly validationAccuracy: number;
  /** Its rating as the search joined it: lower is better. */
  readonly score: number;
  /** Of the network, inside the run's directory. */
  readonly file: string;
}

/**
 * Trains networks of a run's ratings as the run trains its own, measures them on the test split and writes each as
 * `found/<id>.json`; the name tells epochs and seed where they are not the run's. Goes on where it was stopped, and what is
 * trained already is not trained again.
 */
export async function retrainBeside(
  sources: RetrainRun,
  networks: readonly FoundNetwork[],
  { epochs, seed, limits = {}, rated }: RetrainBesideOptions,
  context: RunContext,
): Promise<RetrainedFile[]> {
  const { config, run, data, space } = sources;
  const own = {
    seed: seed ?? config.seed,
    retrain: { ...config.retrain, epochs: epochs ?? config.retrain.epochs, trainings: 1 },
  };
  const designs = networks.map((network): Design => {
    const label = [
      networkId(network.choice),
      ...(own.retrain.epochs === config.retrain.epochs ? [] : [`epochs${epochs}`]),
      ...(own.seed === config.seed ? [] : [`seed${seed}`]),
    ].join("-");
    return { label, kind: "found", architecture: assemble(space, network.choice), network, limits };
  });
  const retrained: Retrained[] = [];
  const results: RetrainedFile[] = [];
  try {
    for (const [student] of await retrainDesigns({ ...sources, config: own }, designs, context))
      retrained.push(student);
    const place = { directory: run.path, space: space.name, seed: own.seed };
    for (const [i, network] of networks.entries()) {
      const student = retrained[i];
      const test = await student.evaluate(data.test, context);
      const file = saveDesign(place, designs[i], student, { test, rated });
      const { macs, params } = student.cost;
      const { accuracy } = test;
      const validationAccuracy = student.accuracy;
      results.push({
        id: networkId(network.choice),
        macs,
        params,
        accuracy,
        validationAccuracy,
        score: network.score,
        file,
      });
    }
    return results;
  } finally {
    for (const network of new Set(retrained)) network.dispose();
  }
}
