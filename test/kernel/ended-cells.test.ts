import { afterAll, beforeAll, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
});

afterAll(() => kernel?.close());

const HOST = 'globalThis[Symbol.for("blockwise.notebook")]';

it("tells the library of cells that have ended, which can show something below them later", async () => {
  await kernel.execute(`let runs: any[] = []; ${HOST}.cellEnded = (run: any) => { runs.push(run); };`);
  const first = await kernel.execute("1 + 1");
  await kernel.execute("throw new Error('no')");
  const after = await kernel.execute(`
    for (const text of ["a", "b"]) runs[1].display({ "text/plain": text }, "note", { mark: true });
    runs.map(({ number, source }) => [number, source]).slice(1)`);
  const result = after.messages.find((m) => m.header.msg_type === "execute_result")!;
  expect(Object(result.content.data)["text/plain"]).toBe(`[ [ 2, '1 + 1' ], [ 3, "throw new Error('no')" ] ]`);
  const below = kernel.of(String(first.messages[0].parent.msg_id)).filter((m) => /display/.test(m.header.msg_type));
  const transient = { display_id: "note" };
  expect(below.map((m) => [m.header.msg_type, m.content, m.parent.msg_id === first.messages[0].parent.msg_id])).toEqual(
    [
      ["display_data", { data: { "text/plain": "a" }, metadata: { mark: true }, transient }, true],
      ["update_display_data", { data: { "text/plain": "b" }, metadata: { mark: true }, transient }, true],
    ],
  );
});

it("shows below its cell what the library throws there, and goes on", async () => {
  await kernel.execute(`${HOST}.cellEnded = () => { throw new Error("of the library"); };`);
  await kernel.execute("1");
  expect((await kernel.execute("2")).reply.status).toBe("ok");
  const { messages } = await kernel.execute(`${HOST}.cellEnded = undefined; ${HOST}.uncaught.length`);
  const result = messages.find((m) => m.header.msg_type === "execute_result")!;
  expect(Number(Object(result.content.data)["text/plain"])).toBe(3);
});
