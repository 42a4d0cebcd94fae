import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ROOT } from "./jupyter-server";

const CHROMIUM = process.env.BLOCKWISE_CHROMIUM ?? "/usr/bin/chromium";

/**
 * Starts Debian's Chromium without a screen.
 * @throws Error when it is not installed: these tests must not pass unseen.
 */
export function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `browser tests: Chromium must be at ${CHROMIUM}, it is not there; run "bash scripts/setup.sh --tests" (apt-get install chromium), or name another one in BLOCKWISE_CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Far more than anything in a page takes, on a machine that has other things to do. */
const PATIENCE_MS = 400_000;

/** A new page whose waiting ends only where something hangs. */
export async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/** What a page complained about: errors of its console, uncaught errors, and requests that left this machine. */
export class Complaints {
  readonly errors: string[] = [];
  readonly outside: string[] = [];

  constructor(page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.errors.push(String(error.stack ?? error)));
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (!["data:", "blob:", "file:", "about:"].includes(protocol) && hostname !== "127.0.0.1") {
        this.outside.push(request.url());
      }
    });
  }
}

/** Pictures for people to look at, below `out/browser/`: where BLOCKWISE_SCREENSHOTS is set, since long pages take seconds. */
export async function screenshot(
  page: Page,
  name: string,
  options: { readonly fullPage?: boolean } = {},
): Promise<void> {
  if (!process.env.BLOCKWISE_SCREENSHOTS) return;
  const folder = join(ROOT, "out", "browser");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), ...options });
}
