import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isRun, readRunState } from "../../src/study";
import { tinyExperiment } from "../systems/tiny-experiment";
import { Complaints, newPage, openBrowser, screenshot } from "./browser";

const root = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "watch-page-"));
const children: ChildProcess[] = [];
let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function blockwise(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(root, "dist/src/cli/main.js"), ...args], { cwd: root });
  children.push(child);
  return child;
}

const codeOf = (child: ChildProcess) => new Promise((resolve) => child.on("close", (code) => resolve(code)));

/** The first line that a process prints. */
function line(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (part) => {
      text += part;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
    child.on("close", () => reject(new Error(`it ended and said ${JSON.stringify(text)}`)));
  });
}

const experiment = {
  ...tinyExperiment,
  distill: { ...tinyExperiment.distill, epochs: 10 },
  improve: { networks: 4, rounds: 1, epochs: 1, images: 64, batchSize: 32 },
};

test("a run of another process is followed to its end, wide and narrow, light and dark; Ctrl-C ends the page's server with 130", async () => {
  writeFileSync(join(folder, "tiny.json"), JSON.stringify(experiment));
  const path = join(folder, "tiny");
  const run = blockwise("run", join(folder, "tiny.json"), "--runs-dir", folder);
  const ended = codeOf(run);
  while (!isRun(path)) await new Promise((resolve) => setTimeout(resolve, 50));
  const server = blockwise("watch", path, "--quiet");
  const served = codeOf(server);
  const url = await line(server);

  const page = await newPage(browser, { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  const complaints = new Complaints(page);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelectorAll("#steps li").length > 0);
  // What it shows while the run is made, without the page being loaded again.
  await page.waitForFunction(() => document.querySelectorAll("#losses .scatterlayer .trace").length > 0);
  await screenshot(page, "watch-at-work", { fullPage: true });
  const loaded = await page.evaluate(() => performance.timeOrigin);
  expect(await ended).toBe(0);
  await page.waitForFunction(() => document.getElementById("state")?.textContent === "done");
  expect(await page.evaluate(() => performance.timeOrigin)).toBe(loaded);
  expect(readRunState(path, "test").state.state).toBe("done");

  expect(await page.textContent("#summary")).toMatch(/^(\d+) of \1 steps done; last heard of at /);
  expect(await page.locator("#steps li:not(.done)").count()).toBe(0);
  expect(await page.textContent("#of-accuracy")).toMatch(/test images/);
  const names = await page.locator("#networks .legendtext").allTextContents();
  expect(names).toEqual(["front", "teacher", "random, equal cost", "found"]);
  expect(await page.locator("#front .scatterlayer .trace").count()).toBe(1);
  // The cells that were distilled have a curve each.
  await page.selectOption("#of", { label: "distill block 1/2" });
  expect(await page.locator("#losses .legendtext").allTextContents()).toEqual(["block 1, cell 1", "block 1, cell 2"]);

  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === "dark" ? "rgb(30, 30, 30)" : "rgb(255, 255, 255)");
    await page.waitForFunction(
      (wanted) => getComputedStyle(document.querySelector("#front .xtick text")!).fill === wanted,
      colorScheme === "dark" ? "rgb(230, 230, 230)" : "rgb(38, 38, 38)",
    );
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForFunction(
        () => document.querySelector("#front .main-svg")!.clientWidth <= document.getElementById("front")!.clientWidth,
      );
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, `${width} px`).toBeLessThanOrEqual(width);
      await screenshot(page, `watch-${width}-${colorScheme}`, { fullPage: true });
    }
  }
  expect(complaints).toMatchObject({ errors: [], outside: [] });

  server.kill("SIGINT");
  expect(await served).toBe(130);
  await page.waitForFunction(() => /server ended/.test(document.getElementById("state")?.textContent ?? ""));
  await page.close();
});
