import { describe, it } from "vitest";
import { type Executor, inlineExecutor, threadExecutor } from "../../src";
import { executorContract } from "./index";

const EXECUTORS: Record<string, () => Executor> = {
  inlineExecutor: () => inlineExecutor,
  "threadExecutor of one": () => threadExecutor(1),
  "threadExecutor of three": () => threadExecutor(3),
};

describe.each(Object.entries(EXECUTORS))("%s", (_, create) => {
  for (const { title, run } of executorContract({ create })) it(title, run);
});
