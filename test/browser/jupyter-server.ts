import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { installKernel } from "../../kernel/install";

export const ROOT = resolve(__dirname, "../..");
/** Far more than a start takes, for two loaded cores. */
const START_MS = 300_000;

/** Jupyter's two pages: the classic notebook, and JupyterLab. */
export type JupyterPage = "notebook" | "lab";

/** A Jupyter server of its own: own folders, own kernelspec, a port of loopback. */
export class JupyterServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly base: string,
    private readonly token: string,
    private readonly folder: string,
    private readonly kind: JupyterPage,
  ) {}

  /**
   * Starts the server with the compiled kernel of this tree.
   * @param environment Further variables of the server and its kernels.
   * @param kind Which page it serves.
   * @param program Path of `jupyter`.
   * @throws Error when the kernel is not built, or Jupyter does not come up.
   */
  static async start(
    environment: Record<string, string> = {},
    kind: JupyterPage = "notebook",
    program = "jupyter",
  ): Promise<JupyterServer> {
    const kernel = join(ROOT, "dist", "kernel", "main.js");
    if (!existsSync(kernel)) throw new Error(`browser tests: ${kernel} is missing; run npm run setup first`);
    const folder = mkdtempSync(join(tmpdir(), "blockwise-jupyter-"));
    const { folder: spec } = installKernel({ prefix: join(folder, "prefix") });
    // installKernel writes where it was compiled; here that is the source.
    const { argv, ...rest } = require(join(spec, "kernel.json"));
    writeFileSync(
      join(spec, "kernel.json"),
      JSON.stringify({ ...rest, argv: [argv[0], argv[1], kernel, ...argv.slice(3)] }),
    );
    const notebooks = join(folder, "notebooks");
    mkdirSync(notebooks);
    const token = randomUUID();
    const port = await freePort();
    const options = [
      "--allow-root",
      "--no-browser",
      "--ip=127.0.0.1",
      `--port=${port}`,
      "--port-retries=0",
      ...(kind === "lab"
        ? [`--IdentityProvider.token=${token}`, `--ServerApp.root_dir=${notebooks}`, "--LabApp.news_url=None"]
        : [`--NotebookApp.token=${token}`, `--notebook-dir=${notebooks}`]),
    ];
    const env = {
      ...process.env,
      JUPYTER_PATH: join(folder, "prefix", "share", "jupyter"),
      JUPYTER_CONFIG_DIR: join(folder, "config"),
      JUPYTER_DATA_DIR: join(folder, "data"),
      JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
      ...environment,
    };
    const child = spawn(program, [kind, ...options], { env, stdio: ["ignore", "ignore", "pipe"] });
    const server = new JupyterServer(child, `http://127.0.0.1:${port}`, token, folder, kind);
    try {
      await server.awaitReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Writes a notebook into the server's folder. */
  write(name: string, notebook: unknown): void {
    writeFileSync(join(this.folder, "notebooks", name), JSON.stringify(notebook));
  }

  /** Debian's page asks for the extension of ipywidgets even where it is not installed; an empty one spares the error. */
  offerWidgetExtension(): void {
    const folder = join(this.folder, "data", "nbextensions", "widgets", "notebook", "js");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "extension.js"), "define({ load_ipython_extension: function () {} });");
  }

  /** JupyterLab's extension of that name, of the files given; it is there from the next start of the page. */
  offerLabExtension(name: string, files: Readonly<Record<string, string>>): void {
    const folder = join(this.folder, "data", "labextensions", name);
    mkdirSync(join(folder, "static"), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  }

  /** Address of a notebook's page. */
  url(name: string): string {
    return `${this.base}/${this.kind === "lab" ? "lab/tree" : "notebooks"}/${name}?token=${this.token}`;
  }

  /** Ends the server, which ends its kernels, and removes its folders. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((done) => this.process.once("exit", done));
      this.process.kill("SIGTERM");
      const late = setTimeout(() => this.process.kill("SIGKILL"), 15_000);
      await ended;
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async awaitReady(): Promise<void> {
    let said = "";
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
    let failed: Error | undefined;
    this.process.once("error", (error) => {
      failed = error;
    });
    for (const started = Date.now(); Date.now() - started < START_MS; ) {
      if (failed || this.process.exitCode !== null) break;
      const answer = await fetch(`${this.base}/api/status?token=${this.token}`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error(`browser tests: jupyter ${this.kind} must start, it did not: ${failed?.message ?? said}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
