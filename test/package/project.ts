import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(__dirname, "../..");

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** What npm says where it has neither the registry nor all packages in its cache. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|ERR_SOCKET_TIMEOUT|E50\d/;

/** An empty project somewhere, with Blockwise packed and installed as a user does it. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "blockwise-project-")));
  readonly package = join(this.folder, "node_modules", "blockwise");
  /** What the archive holds. */
  packed: { readonly size: number; readonly files: readonly { readonly path: string }[] } | undefined;
  /** Why nothing could be installed: no registry. */
  offline: string | undefined;

  install(): Ran {
    this.write("package.json", JSON.stringify({ name: "study", version: "1.0.0", private: true }));
    const archive = this.npm(ROOT, "pack", "--json", "--ignore-scripts", "--pack-destination", this.folder);
    if (archive.status !== 0) throw new Error(`npm pack: ${archive.err}`);
    const [packed] = JSON.parse(archive.out);
    this.packed = packed;
    const installed = this.npm(
      ...([this.folder, "install", "--prefer-offline", "--no-audit", "--no-fund", packed.filename] as const),
    );
    if (installed.status !== 0 && OFFLINE.test(installed.err)) {
      this.offline = `npm cannot be reached: ${OFFLINE.exec(installed.err)?.[0]}`;
    }
    return installed;
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  node(...args: readonly string[]): Ran {
    return this.run(process.execPath, args);
  }

  blockwise(...args: readonly string[]): Ran {
    return this.run("npx", ["--no-install", "blockwise", ...args]);
  }

  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
    return run(this.folder, command, args, {
      // Jupyter of this project alone.
      JUPYTER_PATH: join(this.folder, "env", "share", "jupyter"),
      JUPYTER_DATA_DIR: join(this.folder, "jupyter-data"),
      ...env,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private npm(cwd: string, ...args: readonly string[]): Ran {
    return run(cwd, "npm", args, {});
  }
}

function run(cwd: string, command: string, args: readonly string[], more: NodeJS.ProcessEnv): Ran {
  const env: NodeJS.ProcessEnv = { ...process.env, ...more };
  // Of the repository's own npm and vitest.
  for (const name of Object.keys(env)) {
    if (
      /^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|NODE_PATH|TEST$)/i.test(name) &&
      !/^npm_config_(registry|cache)$/i.test(name)
    )
      delete env[name];
  }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 28 });
  return { status, out: stdout ?? "", err: stderr ?? "" };
}
