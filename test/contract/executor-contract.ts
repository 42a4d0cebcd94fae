import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { BlobStore, DataError, type Executor, InterruptedError, type MapContext } from "../../src";
import type { ContractCheck } from "./contract";
import { type ContractInput, contractTask } from "./contract-tasks";

export interface ExecutorContractOptions {
  readonly create: () => Executor;
}

/** What every {@link Executor} must do. */
export function executorContract({ create }: ExecutorContractOptions): ContractCheck[] {
  const blobs = new BlobStore();
  const given = (of: number[], { notes = 0, does = "sum" }: Partial<ContractInput> = {}): ContractInput => ({
    numbers: blobs.put(Float64Array.from(of)),
    notes,
    does,
  });
  /** Outputs by input. */
  const run = async (inputs: readonly ContractInput[], context: MapContext<number> = {}) => {
    const sums: number[] = [];
    for await (const { index, output } of create().map(contractTask, inputs, { blobs, ...context })) {
      assert.equal(sums[index], undefined, `input ${index} came twice`);
      sums[index] = output.sum;
    }
    return sums;
  };
  return [
    {
      title: "gives each input's output once, under its index",
      async run() {
        const inputs = [[1, 2], [0.5], [], [4, 5, 6], [7]].map((numbers) => given(numbers));
        assert.deepEqual(await run(inputs), [3, 0.5, 0, 15, 7]);
      },
    },
    { title: "has nothing to do without inputs", run: async () => assert.deepEqual(await run([]), []) },
    {
      title: "takes inputs that were JSON on the way: what is large is in blobs",
      async run() {
        const inputs = [given([1, 2, 3]), given([2, 2])];
        assert.deepEqual(await run(JSON.parse(JSON.stringify(inputs))), [6, 4]);
      },
    },
    {
      title: "tells a task's notes in order, all of them before its output, in the caller's async context",
      async run() {
        const caller = new AsyncLocalStorage<string>();
        const heard: [index: number, note: number][] = [];
        await caller.run("this one", async () => {
          const onProgress = (note: number, index: number) => {
            assert.equal(caller.getStore(), "this one");
            heard.push([index, note]);
          };
          const inputs = [given([1], { notes: 20 }), given([2], { notes: 20 })];
          for await (const { index } of create().map(contractTask, inputs, { blobs, onProgress })) {
            assert.equal(caller.getStore(), "this one");
            const own = heard.filter(([of]) => of === index).map(([, note]) => note);
            assert.deepEqual(
              own,
              Array.from({ length: 20 }, (_, i) => i + 1),
            );
          }
        });
      },
    },
    {
      title: "refuses an input that the schema does not know before any task begins",
      async run() {
        let begun = 0;
        const inputs = [given([1], { notes: 1 }), { ...given([2]), does: "dance" } as unknown as ContractInput];
        const running = run(inputs, { onProgress: () => (begun += 1) });
        await assert.rejects(running, { code: "CONFIG", message: /^contract: input 1\.does must be/ });
        assert.equal(begun, 0);
      },
    },
    {
      title: "refuses a blob that nobody gave",
      run: () => assert.rejects(run([{ ...given([1]), numbers: { blob: "0123456789abcdef" } }]), { code: "STUDY" }),
    },
    {
      title: "throws what a task threw, of its class and with its details, and begins no other",
      async run() {
        const failing = given([1], { does: "fail" });
        const begun = new Set<number>();
        const inputs = [failing, ...Array.from({ length: 50 }, () => given([1], { notes: 1, does: "wait" }))];
        const error = await run(inputs, { onProgress: (_, index) => begun.add(index) }).then(
          () => assert.fail("the task did not fail"),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof DataError);
        assert.equal(error.message, "contract: asked to fail");
        assert.deepEqual(error.details, { numbers: failing.numbers });
        assert.ok(begun.size < 50);
      },
    },
    {
      title: "throws what the listener of notes throws",
      async run() {
        const onProgress = () => {
          throw new RangeError("no space left");
        };
        await assert.rejects(run([given([1], { notes: 1 })], { onProgress }), { name: "RangeError" });
      },
    },
    {
      title: "stops: tasks at work end, no other begins, and it says so",
      async run() {
        const stop = new AbortController();
        const begun = new Set<number>();
        const onProgress = (_: number, index: number) => {
          begun.add(index);
          stop.abort();
        };
        const inputs = Array.from({ length: 50 }, () => given([1], { notes: 1, does: "wait" }));
        await assert.rejects(run(inputs, { onProgress, signal: stop.signal }), InterruptedError);
        assert.ok(begun.size > 0 && begun.size < 50);
        await assert.rejects(run(inputs, { signal: AbortSignal.abort() }), InterruptedError);
      },
    },
    {
      title: "ends its tasks where the caller leaves the loop, and serves again",
      async run() {
        const inputs = [given([3]), ...Array.from({ length: 9 }, () => given([1], { does: "wait" }))];
        for await (const { output } of create().map(contractTask, inputs, { blobs })) {
          assert.equal(output.sum, 3);
          break;
        }
        assert.deepEqual(await run([given([2])]), [2]);
      },
    },
  ];
}
