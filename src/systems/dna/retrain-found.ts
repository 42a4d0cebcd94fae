import { readJson, StudyError } from "../../core";
import { loadDataset } from "../../data";
import { engine } from "../../engine";
import type { RatedBy, Retrained } from "../../retrain";
import type { FoundNetwork, Limits } from "../../search";
import { assemble, networkId } from "../../space";
import type { RunContext } from "../../study";
import { isRun, RunDirectory } from "../../study";
import { Teacher } from "../../teacher";
import { parseExperiment } from "./config";
import type { Design } from "./designs";
import { saveDesign } from "./measure-designs";
import { type DataIdentity, identifyData, plannedSteps } from "./planned-steps";
import { prepareExperiment } from "./prepare-experiment";
import type { Supernets } from "./rate-blocks";
import { retrainDesigns } from "./retrain-designs";

export interface RetrainFoundOptions {
  /** Instead of the run's. */
  readonly epochs?: number;
  /** Of the training, instead of the run's. */
  readonly seed?: number;
  /** Of the engine; those of the run when left out. */
  readonly threads?: number;
  /** Limits that the networks were searched under, for the record. */
  readonly limits?: Limits;
  /** What they were searched by, likewise; the run's ratings alone unless given. */
  readonly rated?: RatedBy;
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
 * @throws StudyError when the directory is no run, is at work, or its images are not those that it was made with.
 */
export async function retrainFound(
  path: string,
  networks: readonly FoundNetwork[],
  { epochs, seed, threads, limits = {}, rated: given }: RetrainFoundOptions = {},
  context: RunContext = {},
): Promise<RetrainedFile[]> {
  if (!isRun(path)) throw new StudyError(`retrain: ${path} must be the directory of a run, and is none`, { path });
  const written = readJson(`${path}/config.json`);
  const config = parseExperiment(written, `${path}/config.json`);
  engine.use("auto", { threads: threads ?? config.threads });
  const rated = given ?? { score: config.rate.score };
  const { blocks, space, ...prepared } = await prepareExperiment(config);
  const { name, ...division } = config.data;
  const data = await loadDataset(name, { ...division, seed: config.seed }, context);
  const run = RunDirectory.open(path, written);
  const retrained: Retrained[] = [];
  const results: RetrainedFile[] = [];
  let teacher: Teacher | undefined;
  try {
    const known = run.result<DataIdentity>("data");
    const images = identifyData(data);
    if (known && (known.training !== images.training || known.test !== images.test)) {
      throw new StudyError(
        `retrain: ${path} must be gone on with on the images that it was made with, and those of data set ${data.name} have changed; the same blockwise run again makes it anew`,
        { path },
      );
    }
    const plan = plannedSteps(config, { ...prepared, blocks, space }, known ?? images);
    run.follow(plan);
    teacher = Teacher.load(run.file("teacher.safetensors"));
    const own = {
      ...config,
      seed: seed ?? config.seed,
      retrain: { ...config.retrain, epochs: epochs ?? config.retrain.epochs, trainings: 1 },
    };
    const supernets: Supernets = { config: own, run, data, teacher, blocks, space };
    const designs = networks.map((network): Design => {
      const label = [
        networkId(network.choice),
        ...(own.retrain.epochs === config.retrain.epochs ? [] : [`epochs${epochs}`]),
        ...(own.seed === config.seed ? [] : [`seed${seed}`]),
      ].join("-");
      return { label, kind: "found", architecture: assemble(space, network.choice), network, limits };
    });
    for (const [student] of await retrainDesigns(supernets, designs, context)) retrained.push(student);
    for (const [i, network] of networks.entries()) {
      const student = retrained[i];
      const test = await student.evaluate(data.test, context);
      const file = saveDesign(supernets, designs[i], student, { test, rated });
      const { macs, params } = student.cost;
      const { accuracy } = test;
      const id = networkId(network.choice);
      const validationAccuracy = student.accuracy;
      results.push({ id, macs, params, accuracy, validationAccuracy, score: network.score, file });
    }
    return results;
  } finally {
    for (const network of new Set([...retrained, ...(teacher ? [teacher] : [])])) network.dispose();
    run.close();
  }
}
