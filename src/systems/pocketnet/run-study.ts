import { join } from "node:path";
import { makeFolder, Rng, type StepContext } from "../../core";
import { cellNetworkCost, networkCost } from "../../cost";
import { MixedCellNetwork } from "../../nn";
import {
  type Architecture,
  type CellArchitecture,
  type CellGraph,
  describeLayer,
  formatCell,
  POCKETNET_OPS,
} from "../../space";
import { type CellSearchEpoch, type EmbeddingEpoch, searchCells } from "../../train";
import { type BlockwiseStudent, searchBlockwise } from "./block-wise";
import { packedCosines } from "./cosines";
import { faceData } from "./face-data";
import { embeddingTeacherArchitecture, searchedArchitecture, studentArchitecture } from "./networks";
import {
  POCKETNET_ARM_NAMES,
  POCKETNET_ARMS,
  type PocketNetArm,
  type PocketNetArmName,
  type PocketNetSettings,
} from "./settings";
import { cosineToTeacher, type MeasuredEmbedding, teachersOf, trainFaceTeacher, trainMeasured } from "./train-students";

/** A network by its cost. */
export interface NetworkSize {
  readonly macs: number;
  readonly params: number;
}

/** A training as it is stored: everything else follows from its cosines. */
export interface StudentRun {
  readonly seed: number;
  readonly epochs: readonly EmbeddingEpoch[];
  /** See `packedCosines`. */
  readonly cosines: string;
  /** Mean cosine of its embeddings with the final teacher's, over all strangers. */
  readonly withTeacher: number;
}

/** All that the study measured. Plain JSON. */
export interface PocketNetRuns {
  readonly search: {
    readonly cells: Readonly<Record<string, string>>;
    readonly best: number;
    readonly history: readonly Omit<CellSearchEpoch, "mixture">[];
    /** At the end of the best epoch. */
    readonly mixture: CellSearchEpoch["mixture"];
  };
  readonly teacher: Omit<StudentRun, "withTeacher"> & { readonly size: NetworkSize };
  readonly blockwise: Omit<BlockwiseStudent, "architecture"> & { readonly layers: string };
  readonly students: Readonly<Record<PocketNetArm["network"], NetworkSize>>;
  readonly arms: Readonly<Record<PocketNetArmName, readonly StudentRun[]>>;
}

/** A training step in forward passes: the backward pass is counted as two. */
const PASSES = 3;

/**
 * Searches cells, trains the teacher, searches block by block, and trains every student from every seed. What was done before
 * is read from the folder: a run that was stopped or killed goes on.
 * @param students Where the students' states are kept, beside those of search and teacher.
 * @throws TrainingError, InterruptedError as the trainings.
 */
export async function runPocketNet(
  settings: PocketNetSettings,
  folder: string,
  context: StepContext = {},
  students = folder,
): Promise<PocketNetRuns> {
  makeFolder(students);
  const data = await faceData(settings, context);
  const input = data.known.shape;
  const { cells, ...search } = await searchedCells(settings, data.known, folder, context);
  const darts = studentArchitecture(settings, input, cells);
  const teacher = await trainFaceTeacher(
    embeddingTeacherArchitecture(settings, input),
    data,
    settings,
    folder,
    context,
  );
  const { macs } = cellNetworkCost(darts);
  const { architecture, ...found } = await searchBlockwise(teacher, data, settings, macs, folder, context);
  const networks: Record<PocketNetArm["network"], Architecture | CellArchitecture> = { darts, blockwise: architecture };
  const teachers = await teachersOf(teacher, data.known, settings, context);
  const teacherSize = sizeOf(teacher.architecture);
  const arms = {} as Record<PocketNetArmName, StudentRun[]>;
  for (const name of POCKETNET_ARM_NAMES) {
    const arm: PocketNetArm = POCKETNET_ARMS[name];
    const learnt = arm.teacher === "none" ? undefined : teachers[arm.teacher];
    const student = networks[arm.network];
    const epochs = arm.longer ? longerEpochs(settings, sizeOf(student), teacherSize) : settings.training.epochs;
    arms[name] = [];
    for (const seed of settings.seeds) {
      const training = { name, seed, epochs, teacher: learnt };
      const measured = await trainMeasured(student, data, settings, training, students, context);
      const withTeacher = cosineToTeacher(measured.embeddings, teacher.embeddings);
      arms[name].push({ ...stored(seed, measured), withTeacher });
    }
  }
  return {
    search: { ...search, cells: { normal: formatCell(cells.normal), reduction: formatCell(cells.reduction) } },
    teacher: { ...stored(settings.teacher.seed, teacher), size: teacherSize },
    blockwise: { ...found, layers: architecture.blocks.map((block) => block.map(describeLayer).join(" ")).join(" | ") },
    students: { darts: sizeOf(darts), blockwise: sizeOf(architecture) },
    arms,
  };
}

/** Epochs without a teacher that cost as much as the others with the final teacher's one pass over all training images. */
export function longerEpochs({ training }: PocketNetSettings, student: NetworkSize, teacher: NetworkSize): number {
  return Math.ceil(training.epochs + teacher.macs / (PASSES * student.macs));
}

async function searchedCells(
  settings: PocketNetSettings,
  known: Parameters<typeof searchCells>[1],
  folder: string,
  context: StepContext,
) {
  const { order, ...search } = settings.search;
  const network = new MixedCellNetwork(
    { ops: POCKETNET_OPS, nodes: 4 },
    (cell) => searchedArchitecture(settings, known.shape, cell, known.classes.length),
    new Rng(search.seed).fork("pocketnet/search"),
  );
  try {
    const checkpoint = join(folder, "search.safetensors");
    const options = { ...search, order: order === 2 ? (2 as const) : (1 as const), checkpoint };
    const { cells, history, best } = await searchCells(network, known, options, context);
    return {
      cells: cells as { readonly normal: CellGraph; readonly reduction: CellGraph },
      best: best.epoch,
      history: history.map(({ mixture: _, ...epoch }) => epoch),
      mixture: best.mixture,
    };
  } finally {
    network.dispose();
  }
}

function stored(seed: number, { history, cosines }: MeasuredEmbedding) {
  return { seed, epochs: history, cosines: packedCosines(cosines) };
}

function sizeOf(architecture: Architecture | CellArchitecture): NetworkSize {
  const { macs, params } = "kind" in architecture ? cellNetworkCost(architecture) : networkCost(architecture);
  return { macs, params };
}
