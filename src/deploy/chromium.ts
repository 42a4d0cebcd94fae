import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";
import { ConfigError, EngineError, loadPackage } from "../core";

/** Where Chromium and Chrome are installed. */
const CHROMIUMS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where no GPU is, WebGL and WebGPU are computed by the CPU: the table says so by the device's name. */
const WITH_GRAPHICS = ["--enable-unsafe-swiftshader", "--enable-unsafe-webgpu", "--enable-features=Vulkan"];
const WITHOUT_GRAPHICS = ["--disable-gpu"];

/**
 * Starts Chromium without a window. It ends with this process, whatever ends that.
 * @param graphics Whether pages may use WebGL and WebGPU.
 * @throws ConfigError when it is not installed, EngineError when it does not start.
 */
export async function openChromium(graphics: boolean): Promise<Browser> {
  const { chromium } = loadPackage<typeof import("playwright-core")>("playwright-core");
  const executablePath = process.env.BLOCKWISE_CHROMIUM ?? CHROMIUMS.find((path) => existsSync(path));
  if (!executablePath || !existsSync(executablePath)) {
    const asked = executablePath ? `, and BLOCKWISE_CHROMIUM names ${executablePath}, which is not there` : "";
    throw new ConfigError(
      `latency --browser: needs Chromium${asked}; apt-get install chromium, or name another one in BLOCKWISE_CHROMIUM`,
    );
  }
  // Chromium's sandbox does not start for root.
  const args = [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ...(graphics ? WITH_GRAPHICS : WITHOUT_GRAPHICS),
  ];
  try {
    // Ctrl-C is the step's: it closes the browser itself.
    return await chromium.launch({
      executablePath,
      args,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    throw new EngineError(
      `latency --browser: ${executablePath} did not start: ${(error as Error).message.split("\n")[0]}`,
    );
  }
}
