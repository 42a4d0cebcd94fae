import { cellTask } from "../distill/cell-task";
import type { AnyTask } from "../queue";
import { subtreeTask } from "../rate/subtree-task";
import { retrainTask } from "../retrain/retrain-task";

/** All that a worker of the command line does. */
export const QUEUE_TASKS: readonly AnyTask[] = [cellTask, subtreeTask, retrainTask];
