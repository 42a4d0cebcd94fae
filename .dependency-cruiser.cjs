// The rooms of architecture.md and which way imports may point. "May import" is not transitive.
const ROOMS = {
  core: [],
  // Work as data, and who runs it: this thread, worker threads.
  tasks: ["core"],
  // Tasks on other machines, by BullMQ over Redis.
  queue: ["core", "tasks"],
  space: ["core"],
  cost: ["core", "space"],
  search: ["core", "space", "cost"],
  // What trained networks say of all others: numbers over rating tables, no tensors.
  surrogate: ["core", "space", "cost", "search"],
  engine: ["core", "tasks"],
  nn: ["core", "engine", "space"],
  data: ["core", "engine"],
  // The one training loop, and classifiers trained by it.
  train: ["core", "engine", "nn", "data"],
  teacher: ["core", "engine", "nn", "data", "space", "cost", "train"],
  distill: ["core", "tasks", "engine", "teacher", "nn", "space", "data", "train"],
  rate: ["core", "tasks", "engine", "teacher", "distill", "cost", "space", "search", "nn", "data"],
  retrain: ["core", "tasks", "engine", "nn", "data", "teacher", "cost", "space", "search", "train"],
  // Trained networks written for others to run.
  export: ["core", "engine", "nn", "data", "teacher", "cost", "space", "train", "retrain", "viz"],
  // Networks timed where they will run: in browsers and in runtimes of others.
  deploy: ["core", "engine", "nn", "cost", "space", "retrain", "export"],
  study: [
    "core",
    "tasks",
    "surrogate",
    "space",
    "cost",
    "search",
    "benchmark",
    "evaluate",
    "engine",
    "nn",
    "data",
    "teacher",
    "distill",
    "rate",
    "retrain",
    "train",
  ],
  // Tables of truth: networks with the accuracies that they reach; what a ranking is worth against them.
  benchmark: ["core", "space", "cost", "search"],
  // How good an architecture is: looked up, trained, rated.
  evaluate: ["core", "space", "cost", "search", "surrogate", "benchmark", "engine", "nn", "data", "train", "retrain"],
  // Networks that guess accuracies from encodings, for searchers.
  predictors: ["core", "engine", "nn", "space", "search"],
  viz: ["core"],
  // Notebooks as files: executed, compared, shared. No step of the search.
  notebook: ["core", "viz"],
};
const SYSTEMS = [...Object.keys(ROOMS)];
ROOMS.systems = SYSTEMS;
ROOMS.lab = [...SYSTEMS, "systems"];
ROOMS.cli = [...SYSTEMS, "systems"];

module.exports = {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(ROOMS).map(([room, allowed]) => ({
      name: `room-${room}`,
      comment: `src/${room} may import: ${allowed.join(", ") || "nothing of ours"}`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: `^src/(?!${[room, ...allowed].join("/|")}/${room === "lab" ? "|display-protocol" : ""})` },
    })),
    {
      name: "only-engine-imports-tensorflow",
      severity: "error",
      from: { path: "^(src|kernel)/", pathNot: "^src/engine/" },
      to: { path: "(@tensorflow/|^native/)" },
    },
    {
      name: "kernel-imports-core-and-display-protocol",
      severity: "error",
      from: { path: "^kernel/" },
      to: { path: "^src/(?!core/|display-protocol|index)" },
    },
    {
      name: "only-cli-imports-kernel",
      comment: "the command line installs the kernel; nothing else of src knows it",
      severity: "error",
      from: { path: "^src/(?!cli/)" },
      to: { path: "^kernel/" },
    },
    {
      name: "cli-imports-kernel-install-only",
      severity: "error",
      from: { path: "^src/cli/" },
      to: { path: "^kernel/(?!install)" },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^@tensorflow/tfjs-node" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default", "types"] },
  },
};
