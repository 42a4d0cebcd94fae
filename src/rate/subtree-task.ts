import { z } from "zod";
import { Progress } from "../core";
import { buildCell } from "../distill";
import { engine, tf } from "../engine";
import { loadState, type StoredTensor } from "../nn";
import type { SearchSpace } from "../space";
import { BLOB, type Task } from "../tasks";
import type { CandidateRating, RatingTarget } from "./candidate-rating";
import { CellWalk } from "./cell-walk";
import { disposeData, type RatingData } from "./rating-data";

/** Feature maps `[batch, height, width, channels]` in memory that all threads of the process see. */
export interface SharedBatchMaps {
  readonly shape: readonly number[];
  readonly values: SharedArrayBuffer;
}

/** A rating batch's target without the teacher's answers, which are no plain data. */
export type SharedTarget = Omit<RatingTarget, "features" | "answers"> & { readonly features: SharedBatchMaps };

/** What the parts of a block's cells are rated on. */
export interface SharedRatingData {
  readonly calibration?: SharedBatchMaps;
  readonly rating: readonly SharedBatchMaps[];
  readonly targets: readonly SharedTarget[];
  readonly readoutTarget?: SharedBatchMaps;
}

const subtreeInput = z.object({
  space: z.custom<SearchSpace>((given) => Array.isArray((given as SearchSpace | null)?.blocks), "a search space"),
  block: z.int().min(0),
  cell: z.int().min(0),
  /** See `Subtree`. */
  nodes: z.array(z.string()),
  /** State of the cell, a map of its tensors. */
  weights: BLOB,
  /** {@link SharedRatingData} */
  data: BLOB,
  measure: z.custom<RatingData["measure"]>((given) => typeof given === "string", "a measure"),
});

/** The rating of part of a cell as plain data. */
export type SubtreeInput = z.infer<typeof subtreeInput>;

/** Op evaluations and candidates so far. */
export interface SubtreeNote {
  readonly evaluations: number;
  readonly candidates: number;
}

/** Milliseconds between two notes. */
const TELL_EVERY = 50;

/** Rates part of a cell, on a thread with one thread of the native engine. */
export const subtreeTask: Task<SubtreeInput, readonly CandidateRating[], SubtreeNote> = {
  name: "rate",
  unit: "parts of cells",
  // Images times op evaluations.
  worthThreads: 30_000,
  module: __filename,
  input: subtreeInput,
  async run({ space, block, cell: index, nodes, weights, data: shared, measure }, { signal, blobs, progress: tell }) {
    engine.useForTask();
    let toldAt = performance.now();
    const cell = buildCell(space, block, index);
    const { calibration, rating, targets, readoutTarget } = blobs.get<SharedRatingData>(shared);
    const data: RatingData = {
      input: { ...(calibration && { calibration: tensor(calibration) }), rating: rating.map(tensor) },
      targets: targets.map((target) => ({ ...target, features: tensor(target.features) })),
      ...(readoutTarget && { readoutTarget: tensor(readoutTarget) }),
      measure,
    };
    const onProgress = ({
      done,
      metrics: { candidates },
    }: {
      done: number;
      metrics: Readonly<Record<string, number>>;
    }) => {
      if (performance.now() - toldAt < TELL_EVERY) return;
      tell({ evaluations: done, candidates });
      toldAt = performance.now();
    };
    try {
      loadState(cell, blobs.get<Map<string, StoredTensor>>(weights));
      const progress = new Progress({ signal, onProgress }, "rate", nodes.length, "op evaluations");
      const ratings = await new CellWalk(cell, new Set(nodes), data, progress).run();
      tell({ evaluations: nodes.length, candidates: ratings.length });
      return ratings;
    } finally {
      cell.dispose();
      disposeData(data);
    }
  },
};

function tensor({ shape, values }: SharedBatchMaps): tf.Tensor4D {
  // A copy: the engine takes no shared memory.
  return tf.tensor4d(new Float32Array(new Float32Array(values)), [...shape] as [number, number, number, number]);
}

/** Copies feature maps to where all threads see them. */
export function shareMaps(maps: tf.Tensor4D): SharedBatchMaps {
  const values = new SharedArrayBuffer(maps.size * Float32Array.BYTES_PER_ELEMENT);
  new Float32Array(values).set(maps.dataSync());
  return { shape: maps.shape, values };
}
