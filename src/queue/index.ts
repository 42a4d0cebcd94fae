export { directoryStore } from "./directory-store";
export type { Content, ObjectStore } from "./object-store";
export { type QueueExecutor, type QueueOptions, queueExecutor } from "./queue-executor";
export { queueKind } from "./queue-kind";
export { type QueueWorker, type QueueWorkerOptions, queueWorker } from "./queue-worker";
export { type RedisPlace, redisName } from "./redis";
export type { AnyTask } from "./worker-place";
