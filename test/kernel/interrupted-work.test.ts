import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest, ROOT } from "./jupyter-client";

/** Runs the cell and interrupts it once its first output shows that user code runs. */
function interrupted(kernel: KernelUnderTest, code: string): Promise<Executed> {
  return kernel.execute(code, async (id) => {
    const types = ["stream", "display_data", "error"];
    await kernel.waitFor((m) => m.parent.msg_id === id && types.includes(m.header.msg_type));
    await kernel.interrupt();
  });
}

/**
 * Interrupts the cell, twice, since the second must work as the first did, and then sees that nothing of it goes on.
 * @param work Expression of a number that grows as long as what the cell started is at work.
 */
async function endsForGood(kernel: KernelUnderTest, code: string, work: string): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    const cell = await interrupted(kernel, code);
    expect(cell.reply).toMatchObject({ ename: "InterruptedError" });
    // Timers come in the order of their times: those that the cell left behind would have come before this one.
    const look = `{ const before = ${work}; await new Promise((r) => setTimeout(r, 300)); console.log(before > 0, ${work} - before); }`;
    expect((await kernel.execute(look)).stdout).toBe("true 0\n");
    expect((await kernel.execute("console.log(state.join())")).stdout).toBe("1,2\n");
  }
}

describe("what an interrupted cell started ends for good, and the state is kept:", () => {
  let kernel: KernelUnderTest;

  beforeAll(async () => {
    kernel = await KernelUnderTest.start();
    await kernel.execute(`const state = [1, 2];
      let spun = 0;
      const spin = (ms: number) => { for (const end = Date.now() + ms; Date.now() < end; ) spun++; };
      async function forever() { while (true) { spin(1); console.log("on"); await new Promise((r) => setTimeout(r, 200)); spin(20); } }`);
  });

  afterAll(() => kernel.close());

  const cases: Record<string, string> = {
    "a sync loop": 'console.log("on"); while (true) spin(1);',
    "a sync loop after an await": 'await null; console.log("on"); while (true) spin(1);',
    "an async loop": 'while (true) { console.log("on"); spin(5); await new Promise((r) => setImmediate(r)); }',
    "an async loop in a function of an earlier cell, asleep at the interrupt": "await forever();",
    "async work that nobody awaits":
      'void (async () => { for (;;) { spin(5); await new Promise((r) => setTimeout(r)); } })(); console.log("on"); await new Promise(() => {});',
    "a chain of timers":
      'const again = () => { spin(5); setTimeout(again, 0); }; again(); console.log("on"); await new Promise(() => {});',
    "an interval":
      'setInterval(() => spin(5), 5); await new Promise((r) => setTimeout(r, 20)); console.log("on"); await new Promise(() => {});',
  };
  for (const [what, code] of Object.entries(cases)) it(what, () => endsForGood(kernel, code, "spun"));

  it("statements behind an await", async () => {
    await interrupted(kernel, 'console.log("on"); await new Promise((r) => setTimeout(r, 200)); state.push(3);');
    // A later timer of a longer time: the other one is over by then.
    const after = await kernel.execute("await new Promise((r) => setTimeout(r, 300)); console.log(state.join())");
    expect(after.stdout).toBe("1,2\n");
  });

  it("functions of the interrupted cell work in later ones, its timers too", async () => {
    await interrupted(
      kernel,
      'const later = async () => { await null; await new Promise((r) => setTimeout(r, 5)); return "done"; };\nconsole.log("on");\nawait new Promise(() => {});',
    );
    expect((await kernel.execute("console.log(await later())")).stdout).toBe("done\n");
  });
});

/** Tensors that were made so far: every operation makes one. */
const TENSORS = "(tf.engine().constructor as any).nextTensorId";

describe("the library at work, interrupted, ends for good, and the state is kept:", () => {
  let kernel: KernelUnderTest;

  beforeAll(async () => {
    // The package itself, as `npm run build` left it.
    kernel = await KernelUnderTest.start({}, ROOT);
    const cell = await kernel.execute(
      'const state = [1, 2]; engine.use("auto"); const x = tf.ones([256, 256]);\nconst shape = { height: 28, width: 28, channels: 1 }; const data = await lab.data(syntheticDataset({ shape, classes: 10, count: 512, testCount: 64, validationCount: 64 }));',
    );
    expect(cell.reply).toMatchObject({ status: "ok" });
  });

  afterAll(() => kernel.close());

  it("the native engine in a sync loop", () =>
    endsForGood(kernel, 'console.log("on"); while (true) tf.tidy(() => { x.matMul(x); });', TENSORS));

  it("the native engine in an async loop", () =>
    endsForGood(
      kernel,
      'console.log("on"); while (true) { const y = x.matMul(x); await y.data(); y.dispose(); }',
      TENSORS,
    ));

  it("a teacher's training", async () => {
    await endsForGood(
      kernel,
      'const teacher = await lab.teacher("efficientnet-tiny@28px", { data, epochs: 500 });',
      TENSORS,
    );
    expect((await kernel.execute("console.log(data.seed)")).stdout).toBe("1\n");
  });
});
