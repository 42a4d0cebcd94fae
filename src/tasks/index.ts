export { BLOB, type BlobRef, BlobStore, type Blobs } from "./blobs";
export type { Done, Executor, MapContext } from "./executor";
export { inlineExecutor } from "./inline-executor";
export type { Task, TaskContext } from "./task";
export { type ThreadExecutor, threadExecutor } from "./thread-executor";
export { hasTaskThreads } from "./thread-pool";
export { threadsFor, type WorkOnThreads } from "./threads-for";
