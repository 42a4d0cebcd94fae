import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../../src/data";
import { engine } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { CLASSES, FORMS, ownLogits, pixelsOf, teacherOf } from "../export/forms";
import { Complaints, newPage, openBrowser } from "./browser";

const folder = mkdtempSync(join(tmpdir(), "blockwise-page-"));
let browser: Browser;

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function softmax(logits: readonly number[]): number[] {
  const all = logits.map(Math.exp);
  return all.map((value) => value / all.reduce((a, b) => a + b));
}

test("a network's page classifies the pictures of its reader as Blockwise does, asks for no other file, and refuses what is none", async () => {
  const teacher = teacherOf("efficientnet", { name: "</script><!-- efficient" });
  const { height, width, channels } = teacher.architecture.input;
  const [page] = await exportNetwork(teacher, "page", join(folder, "page.html"));
  const fits = join(folder, "fits.png");
  const raw = { width, height, channels } as const;
  await sharp(pixelsOf(teacher.architecture, 1), { raw: { ...raw, channels: 3 } })
    .png()
    .toFile(fits);
  // Soft, as photographs are, with colours of all kinds, and twice as wide as high.
  const wide = join(folder, "wide.png");
  const noise = {
    input: await sharp(pixelsOf({ ...FORMS.resnet, input: { height: 3, width: 6, channels: 3 } }, 2).slice(0, 54), {
      raw: { width: 6, height: 3, channels: 3 },
    })
      .resize(60, 30, { kernel: "cubic" })
      .png()
      .toBuffer(),
  };
  await sharp(noise.input).toFile(wide);

  const tab = await newPage(browser, {});
  const complaints = new Complaints(tab);
  const requests: string[] = [];
  tab.on("request", (request) => void requests.push(request.url().slice(0, 30)));
  await tab.goto(pathToFileURL(page).href);
  await tab.waitForSelector("#file:not([disabled])");
  for (const [file, digits] of [
    [fits, 4],
    [wide, 1],
  ] as const) {
    await tab.setInputFiles("#file", file);
    await tab.waitForFunction(
      (name) => document.getElementById("state")?.textContent?.startsWith(`${name}: `),
      file.split("/").at(-1),
    );
    const seen = await tab.evaluate(() => document.getElementById("answer")?.dataset.probabilities);
    const { values } = await readImage(file, teacher.architecture.input);
    const expected = softmax(ownLogits(teacher, values, 1));
    (JSON.parse(seen!) as number[]).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], digits);
    });
    const first = await tab.textContent("#answer tr:first-child td");
    expect(first).toBe(CLASSES[expected.indexOf(Math.max(...expected))]);
    expect(await tab.textContent("#state")).toMatch(/ ms in this page \(wasm, median of 5 runs\)/);
  }
  await tab.setInputFiles("#file", { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await tab.waitForFunction(() =>
    /notes.png cannot be classified/.test(document.getElementById("state")?.textContent ?? ""),
  );
  expect(await tab.evaluate(() => document.querySelectorAll("#answer tr").length)).toBe(0);
  expect(complaints).toMatchObject({ errors: [], outside: [] });
  expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
  await tab.close();
  teacher.dispose();
});
