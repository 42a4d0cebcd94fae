import { afterEach, expect, it } from "vitest";
import { KernelUnderTest, ROOT } from "./jupyter-client";

let kernel: KernelUnderTest | undefined;

afterEach(() => kernel?.close());

async function result(code: string): Promise<string> {
  const { reply, messages } = await kernel!.execute(code);
  expect(reply.status).toBe("ok");
  const shown = messages.find((m) => m.header.msg_type === "execute_result");
  return String(Object(shown?.content.data)["text/plain"]);
}

for (const [what, cell] of [
  ["tf", "tf.tensor([[1, 2], [3, 4]]).square()"],
  ["an import of TensorFlow.js", 'import * as own from "@tensorflow/tfjs"; own.tensor([[1, 2], [3, 4]]).square()'],
]) {
  it(`computes on the best engine when a cell begins with ${what}, and shows shape, type and values`, async () => {
    kernel = await KernelUnderTest.start({}, ROOT);
    expect(await result(cell)).toBe("Tensor [2, 2] float32\n    [[1, 4 ],\n     [9, 16]]");
    const taken = await result("engine.info().backend");
    expect(await result('engine.use("auto").backend')).toBe(taken);
  });
}
