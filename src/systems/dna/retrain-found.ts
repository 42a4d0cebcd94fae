import { readJson, StudyError } from "../../core";
import { type DataIdentity, identifyData, loadDataset } from "../../data";
import { engine } from "../../engine";
import type { FoundNetwork } from "../../search";
import {
  isRun,
  type RetrainBesideOptions,
  type RetrainedFile,
  type RunContext,
  RunDirectory,
  retrainBeside,
  TEACHER_FILE,
} from "../../study";
import { Teacher } from "../../teacher";
import { parseExperiment } from "./config";
import { plannedSteps } from "./planned-steps";
import { prepareExperiment } from "./prepare-experiment";

export interface RetrainFoundOptions extends Partial<RetrainBesideOptions> {
  /** Of the engine; those of the run when left out. */
  readonly threads?: number;
}

/**
 * Trains networks of a run's ratings as the run trains its own, see `retrainBeside`.
 * @throws StudyError when the directory is no run, is at work, or its images are not those that it was made with.
 */
export async function retrainFound(
  path: string,
  networks: readonly FoundNetwork[],
  { threads, ...options }: RetrainFoundOptions = {},
  context: RunContext = {},
): Promise<RetrainedFile[]> {
  if (!isRun(path)) throw new StudyError(`retrain: ${path} must be the directory of a run, and is none`, { path });
  const written = readJson(`${path}/config.json`);
  const config = parseExperiment(written, `${path}/config.json`);
  engine.use("auto", { threads: threads ?? config.threads });
  const prepared = await prepareExperiment(config);
  const { name, ...division } = config.data;
  const data = await loadDataset(name, { ...division, seed: config.seed }, context);
  const run = RunDirectory.open(path, written);
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
    run.follow(plannedSteps(config, prepared, known ?? images));
    teacher = Teacher.load(run.file(TEACHER_FILE));
    const sources = { config, run, data, teacher, space: prepared.space };
    return await retrainBeside(
      sources,
      networks,
      { ...options, rated: options.rated ?? { score: config.rate.score } },
      context,
    );
  } finally {
    teacher?.dispose();
    run.close();
  }
}
