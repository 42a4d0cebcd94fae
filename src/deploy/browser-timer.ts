import type { Browser, Page } from "playwright-core";
import { EngineError, packageFile } from "../core";
import { openChromium } from "./chromium";
import { TIMING_SCRIPT } from "./page-script";
import { PageServer } from "./page-server";
import { PLACES, type Place } from "./places";
import { inputOf, onnxBytes, type Timed, topology } from "./timed-model";
import type { Timer } from "./timer";

const TFJS = packageFile.bind(undefined, "@tensorflow/tfjs");
const WASM = packageFile.bind(undefined, "@tensorflow/tfjs-backend-wasm");
const ORT = packageFile.bind(undefined, "onnxruntime-web");

type Backend = (typeof PLACES)[Place]["backend"];

/** The page's object, see {@link TIMING_SCRIPT}. */
interface Timing {
  start(backend: Backend): Promise<{ device: string; versions: Record<string, string> }>;
  prepare(model: number, about: { url: string; shape: number[]; upload: boolean }): Promise<void>;
  times(models: readonly number[]): Promise<number[]>;
}
type InPage = typeof globalThis & { timing: Timing };

/**
 * Times models in a page of Chromium.
 * @throws ConfigError when Chromium or a package is not installed, EngineError when the page cannot run models this way.
 */
export async function browserTimer(place: Place): Promise<Timer> {
  const { backend } = PLACES[place];
  const server = new PageServer();
  serve(server, backend);
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.close();
  };
  try {
    const address = await server.listen();
    browser = await openChromium(backend === "webgl" || backend === "webgpu");
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(address, { waitUntil: "load" });
    const started = await inPage(place, () =>
      page.evaluate((name) => (globalThis as InPage).timing.start(name), backend),
    );
    const versions = { chromium: browser.version(), ...started.versions };
    return { ...steps(place, page, server), device: started.device, versions, close };
  } catch (error) {
    await close();
    throw error;
  }

  function serve(on: PageServer, by: Backend): void {
    const add = (path: string, file: string) => {
      on.addFile(path, file, path.endsWith(".wasm") ? "application/wasm" : "text/javascript");
      return path;
    };
    const needed: string[] = [];
    if (by === "ort") {
      needed.push(add("/ort/ort.wasm.min.js", ORT("dist/ort.wasm.min.js")));
      for (const file of ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
        add(`/ort/${file}`, ORT(`dist/${file}`));
    } else needed.push(add("/tf.js", TFJS("dist/tf.min.js")));
    if (by === "wasm") {
      needed.push(add("/wasm/tf-backend-wasm.js", WASM("dist/tf-backend-wasm.min.js")));
      for (const kind of ["", "-simd", "-threaded-simd"]) {
        add(`/wasm/tfjs-backend-wasm${kind}.wasm`, WASM(`dist/tfjs-backend-wasm${kind}.wasm`));
      }
    }
    if (by === "webgpu") {
      const file = packageFile("@tensorflow/tfjs-backend-webgpu", "dist/tf-backend-webgpu.min.js");
      needed.push(add("/tf-backend-webgpu.js", file));
    }
    on.add("/timing.js", () => ({ type: "text/javascript", body: TIMING_SCRIPT }));
    const tags = [...needed, "/timing.js"].map((path) => `<script src="${path}"></script>`).join("");
    on.add("/", () => ({ type: "text/html", body: `<!DOCTYPE html><link rel="icon" href="data:,">${tags}` }));
  }
}

function steps(place: Place, page: Page, server: PageServer): Pick<Timer, "prepare" | "times"> {
  const isOnnx = PLACES[place].backend === "ort";
  return {
    async prepare(model: number, timed: Timed, batch: number) {
      const url = `/model/${model}`;
      const { height, width, channels } = inputOf(timed);
      const shape = isOnnx ? [batch, channels, height, width] : [batch, height, width, channels];
      const upload = timed.kind === "network" || (timed.kind === "call" && timed.upload);
      const body = isOnnx ? onnxBytes(timed) : topology(timed);
      server.add(url, () => ({ type: isOnnx ? "application/octet-stream" : "application/json", body }));
      try {
        await inPage(place, () =>
          page.evaluate(([i, about]) => (globalThis as InPage).timing.prepare(i, about), [
            model,
            { url, shape, upload },
          ] as const),
        );
      } finally {
        server.remove(url);
      }
    },
    times: (models) =>
      inPage(place, () => page.evaluate((which) => (globalThis as InPage).timing.times(which), models)),
  };
}

/** What went wrong in the page, in one sentence of ours. */
async function inPage<T>(place: Place, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const [said] = String((error as Error).message)
      .replace(/^page\.evaluate: (\w*Error: )?/, "")
      .split("\n");
    throw new EngineError(`latency: ${place}: ${PLACES[place].runs} must run models, and does not: ${said}`, { place });
  }
}
