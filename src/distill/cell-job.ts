import type { SearchSpace } from "../space";
import type { CellState } from "./cell-checkpoint";
import type { DistillOptions } from "./distill-options";
import type { SharedFeatures } from "./shared-features";

/** The distillation of one cell as plain data: any thread does it and gets the same bytes. */
export interface CellJob {
  readonly space: SearchSpace;
  readonly block: number;
  readonly cell: number;
  readonly options: DistillOptions;
  readonly features: SharedFeatures;
  /** Where the cell's state is kept, for messages. */
  readonly place: string;
  /** The last complete epoch, if any. */
  readonly state?: CellState;
}

/** From the main thread to a worker. */
export type ToWorker = { readonly kind: "job"; readonly job: CellJob } | { readonly kind: "stop" };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly kind: "batch"; readonly metrics: Record<string, number> }
  | { readonly kind: "epoch"; readonly state: CellState }
  | { readonly kind: "done" }
  | {
      readonly kind: "failed";
      readonly code?: string;
      readonly message: string;
      readonly details?: Record<string, unknown>;
      readonly stack?: string;
    };
