/**
 * What the worker threads of the package have as their `workerData`: who else starts threads in the process, or ends those of
 * an interrupted cell, knows them by it.
 */
export const TASK_THREAD = "blockwise: task thread";
