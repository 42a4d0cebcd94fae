import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

// Left to itself V8 looks for interrupts after so many instructions of a loop: thousands of turns of these.
let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start({
    "parse-on.ts": "export function parseOn(text: string): never { for (;;) JSON.parse(text); }\n",
  });
  const { reply } = await kernel.execute(`
    import { AsyncLocalStorage } from "node:async_hooks";
    import { pbkdf2Sync } from "node:crypto";
    import { parseOn } from "./parse-on";
    let kept = 0;
    const store = new AsyncLocalStorage<number>();
    const text = "[" + "1,".repeat(1e6) + "1]";
    const numbers = Array.from({ length: 1e5 }, (_, i) => (i * 7919) % 1000003);
    function* values() { while (true) yield JSON.parse(text); }
    const tag = (...parts: unknown[]) => parts.length;`);
  expect(reply.status).toBe("ok");
});

afterAll(() => kernel?.close());

function interrupted(code: string): Promise<Executed> {
  return kernel.execute(`console.log("on"); ${code}`, async (id) => {
    await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
    await kernel.interrupt();
  });
}

/** All are of one kernel: each comes after those before it were interrupted. */
async function endsAndWorksAgain(code: string): Promise<void> {
  expect((await interrupted(code)).reply).toMatchObject({ status: "error", ename: "InterruptedError" });
  const after = await kernel.execute("await new Promise((r) => setTimeout(r, 10)); console.log(typeof kept);");
  expect(after.stdout).toBe("number\n");
}

const LOOPS: Record<string, string> = {
  "that has no block": "for (;;) JSON.parse(text);",
  "after an await": "await null; while (true) JSON.parse(text);",
  "in a timer": "setTimeout(() => { while (true) { JSON.parse(text); } }, 1); await new Promise(() => {});",
  "that catches": "do { try { JSON.parse(text); } catch {} } while (true);",
  "whose condition is the call": "while (JSON.parse(text));",
  "over a generator": "for (const value of values()) kept += value.length; kept = 0;",
  "in a function of a local file": "parseOn(text);",
  "in an async context": "store.run(1, () => { while (true) JSON.parse(text); });",
  "of a callback": "Array(1e6).fill(0).forEach(() => JSON.parse(text));",
  "of templates": `while (true) tag\`\${JSON.parse(text)}\`;`,
  "of constructors": "while (true) new Set(numbers);",
  "that sorts": "while (true) [...numbers].sort();",
  "of a native function": 'while (true) pbkdf2Sync("a", "b", 1e5, 64, "sha512");',
  "of big integers": "const large = 3n ** 500000n; while (true) large * large;",
};

describe("an interrupt whose cell is in a loop of slow built-in functions", () => {
  for (const [what, code] of Object.entries(LOOPS)) {
    it(`ends one ${what}, keeps the variables, and works again`, async () => {
      await kernel.execute("kept = 1;");
      await endsAndWorksAgain(code);
    });
  }

  it("ends what comes after one, where there is no loop", async () => {
    const statements = Array(2000).fill("JSON.parse(text);").join("\n");
    expect((await interrupted(`\n${statements}\nkept = -1;`)).reply.ename).toBe("InterruptedError");
    expect((await kernel.execute("console.log(kept === -1)")).stdout).toBe("false\n");
  });
});

const SINGLE: Record<string, string> = {
  "a search that backtracks": '/^(a+)+$/.exec("a".repeat(60) + "b");',
  "a search that backtracks, after an await": 'await null; /^(a+)+$/.exec("a".repeat(60) + "b");',
  "the making of a text": "JSON.stringify(Array(1e5).fill(numbers));",
  "a power of big integers": "3n ** 200000000n;",
  "a power of big integers in an async context": "store.run(1, () => 3n ** 200000000n);",
  WebAssembly: `const bytes = [0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11];
    const { Module, Instance } = (globalThis as any).WebAssembly;
    new Instance(new Module(new Uint8Array(bytes))).exports.f();`,
};

describe("an interrupt whose cell is in one long call of a built-in function", () => {
  for (const [what, code] of Object.entries(SINGLE)) {
    it(`ends ${what}, and works again`, async () => {
      await endsAndWorksAgain(code);
    });
  }
});

describe("an interrupt of a cell that was interrupted before", () => {
  for (const [what, code] of [...Object.entries(LOOPS).slice(0, 2), ...Object.entries(SINGLE).slice(0, 1)]) {
    it(`ends it as the first did: ${what}`, () => endsAndWorksAgain(code));
  }
});
