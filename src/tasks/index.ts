export { BLOB, type BlobRef, BlobStore, type Blobs, blobsOf } from "./blobs";
export { checkInputs, type Done, type Executor, type MapContext, NO_BLOBS, type TaskStepContext } from "./executor";
export { inlineExecutor, stoppedAt } from "./inline-executor";
export type { Task, TaskContext } from "./task";
export { type ThreadExecutor, threadExecutor } from "./thread-executor";
export { hasTaskThreads } from "./thread-pool";
export { threadsFor, type WorkOnThreads } from "./threads-for";
export { packThrown, type Thrown, unpackThrown } from "./thrown";
