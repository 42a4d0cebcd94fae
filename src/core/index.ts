export * from "./atomic-file";
export * from "./code-version";
export * from "./errors";
export { hasJobThreads, type JobWork, readyThreads, runJobs } from "./job-threads";
export * from "./nearest-name";
export * from "./package-root";
export * from "./progress";
export * from "./rng";
export * from "./units";
