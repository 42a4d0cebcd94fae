import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engine, type tf as tensorflow } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { type Architecture, conv } from "../../src/space";
import { CLASSES, FORMS, ownLogits, pixelsOf, teacherOf } from "../export/forms";
import { newPage, openBrowser } from "./browser";
import { ROOT } from "./jupyter-server";

const BATCH = 2;
/** A layers model pads a maxpool by zeros, which is right behind a ReLU only; others are refused. */
const RELU_STEM: Architecture["stem"] = [
  conv(7, 8, { stride: 2, activation: "relu" }),
  { kind: "maxpool", kernelSize: 3, stride: 2 },
];
const folder = mkdtempSync(join(tmpdir(), "blockwise-web-"));
let browser: Browser;
let server: Server;
let address: string;

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  const script = join(ROOT, "node_modules/@tensorflow/tfjs/dist/tf.min.js");
  server = createServer(({ url = "/" }, answer) => {
    const isPage = url === "/";
    if (isPage) answer.setHeader("Content-Type", "text/html");
    const file = url === "/tf.min.js" ? script : join(folder, normalize(url));
    // Browsers ask for a favicon, too.
    if (!isPage && !existsSync(file)) answer.statusCode = 404;
    answer.end(isPage ? '<script src="/tf.min.js"></script>' : answer.statusCode === 404 ? "" : readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

test.each(Object.keys(FORMS))(
  "%s as a layers model answers in a page that has TensorFlow.js only as it does here, and says what its answers mean",
  async (form) => {
    const teacher = teacherOf(form, form === "resnet" ? { stem: RELU_STEM } : {});
    await exportNetwork(teacher, "layers-model", join(folder, form));
    const pixels = pixelsOf(teacher.architecture, BATCH);
    const expected = ownLogits(teacher, pixels, BATCH);
    const { height, width, channels } = teacher.architecture.input;
    const page = await newPage(browser, {});
    await page.goto(address);
    const answered = await page.evaluate(
      async ({ form, pixels, shape }) => {
        const { tf } = globalThis as unknown as { tf: typeof tensorflow };
        await tf.setBackend("cpu");
        const model = await tf.loadLayersModel(`/${form}/model.json`);
        const { classes, preprocessing } = model.getUserDefinedMetadata() as {
          classes: string[];
          preprocessing: { mean: number[]; std: number[] };
        };
        const bytes = tf.tensor4d(pixels, shape as [number, number, number, number]);
        const seen = bytes.div(255).sub(preprocessing.mean).div(preprocessing.std);
        const outputs = [model.getLayer("classifier").output as tensorflow.SymbolicTensor, model.outputs[0]];
        const [logits, probabilities] = tf
          .model({ inputs: model.inputs, outputs })
          .predict(seen) as tensorflow.Tensor[];
        return { classes, logits: [...logits.dataSync()], probabilities: [...probabilities.dataSync()] };
      },
      { form, pixels: [...pixels], shape: [BATCH, height, width, channels] },
    );
    expect(answered.classes).toEqual(CLASSES);
    for (const [i, logit] of answered.logits.entries()) expect(Math.abs(logit - expected[i])).toBeLessThan(1e-4);
    const first = expected.slice(0, CLASSES.length).map(Math.exp);
    const sum = first.reduce((a, b) => a + b);
    first.forEach((value, i) => {
      expect(answered.probabilities[i]).toBeCloseTo(value / sum, 5);
    });
    await page.close();
    teacher.dispose();
  },
);
