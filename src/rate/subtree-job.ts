import { type JobWork, Progress } from "../core";
import { buildCell } from "../distill";
import { engine, tf } from "../engine";
import { loadState, type StoredTensor } from "../nn";
import type { SearchSpace } from "../space";
import type { CandidateRating, RatingTarget } from "./candidate-rating";
import { CellWalk, type Subtree } from "./cell-walk";
import { disposeData, type RatingData } from "./rating-data";

/** Feature maps `[batch, height, width, channels]` in memory that all threads of the process see. */
export interface SharedMaps {
  readonly shape: readonly number[];
  readonly values: SharedArrayBuffer;
}

/** A rating batch's target without the teacher's answers, which are no plain data. */
export type SharedTarget = Omit<RatingTarget, "features" | "answers"> & { readonly features: SharedMaps };

/** The rating of part of a cell as plain data. */
export interface SubtreeJob {
  readonly space: SearchSpace;
  readonly block: number;
  readonly subtree: Subtree;
  /** State of the cell. */
  readonly weights: Map<string, StoredTensor>;
  readonly calibration?: SharedMaps;
  readonly rating: readonly SharedMaps[];
  readonly targets: readonly SharedTarget[];
  readonly readoutTarget?: SharedMaps;
  readonly measure: RatingData["measure"];
}

/** What comes of it: op evaluations since the last message, and at the end the ratings. */
export interface SubtreeMessage {
  readonly evaluations: number;
  readonly candidates: number;
  readonly ratings?: readonly CandidateRating[];
}

/** Milliseconds between two messages. */
const TELL_EVERY = 50;

/** Rates part of a cell in a job thread, with one thread of the native engine. */
export const work: JobWork<SubtreeJob, SubtreeMessage> = async (job, tell, signal) => {
  engine.use("native", { threads: 1 });
  const { space, block, subtree, weights, calibration, rating, targets, readoutTarget, measure } = job;
  const told = { at: performance.now(), evaluations: 0, candidates: 0 };
  const cell = buildCell(space, block, subtree.cell);
  const data: RatingData = {
    input: { ...(calibration && { calibration: tensor(calibration) }), rating: rating.map(tensor) },
    targets: targets.map((target) => ({ ...target, features: tensor(target.features) })),
    ...(readoutTarget && { readoutTarget: tensor(readoutTarget) }),
    measure,
  };
  const since = (done: number, candidates: number) => ({
    evaluations: done - told.evaluations,
    candidates: candidates - told.candidates,
  });
  const onProgress = ({
    done,
    metrics: { candidates },
  }: {
    done: number;
    metrics: Readonly<Record<string, number>>;
  }) => {
    if (performance.now() - told.at < TELL_EVERY) return;
    tell(since(done, candidates));
    Object.assign(told, { at: performance.now(), evaluations: done, candidates });
  };
  try {
    loadState(cell, weights);
    const progress = new Progress({ signal, onProgress }, "rate", subtree.nodes.size, "op evaluations");
    const ratings = await new CellWalk(cell, subtree.nodes, data, progress).run();
    tell({ ...since(subtree.nodes.size, ratings.length), ratings });
  } finally {
    cell.dispose();
    disposeData(data);
  }
};

function tensor({ shape, values }: SharedMaps): tf.Tensor4D {
  // A copy: the engine takes no shared memory.
  return tf.tensor4d(new Float32Array(new Float32Array(values)), [...shape] as [number, number, number, number]);
}

/** Copies feature maps to where all threads see them. */
export function shareMaps(maps: tf.Tensor4D): SharedMaps {
  const values = new SharedArrayBuffer(maps.size * Float32Array.BYTES_PER_ELEMENT);
  new Float32Array(values).set(maps.dataSync());
  return { shape: maps.shape, values };
}
