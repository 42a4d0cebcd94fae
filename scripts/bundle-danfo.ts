/**
 * Bundles danfojs-node into one file for the package: `dist/danfojs-node/`. Its own dependencies (an old tfjs-node that is
 * compiled or downloaded at installation, an archive from outside of npm) make `npm install` fail where this file works:
 * tfjs and plotly are those of Blockwise. Skipped when it is there for the versions at hand.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const ROOT = resolve(__dirname, "..");
const FOLDER = join(ROOT, "dist", "danfojs-node");
const MAIN = join(FOLDER, "index.js");

/** Of the types that Blockwise gives, see `src/lab/display/danfo-types.ts`; all else is there without a type. */
const TYPES = `import type { DataFrame as Frame, Danfo, Series as Column } from "../src/lab/display/danfo-types";
export declare const DataFrame: Danfo["DataFrame"];
export type DataFrame = Frame;
export declare const Series: Danfo["Series"];
export type Series = Column;
`;

function versions(): string {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string }>;
  };
  const names = ["danfojs-node", "@tensorflow/tfjs", "mathjs", "xlsx", "esbuild"];
  return names.map((name) => `${name} ${lock.packages[`node_modules/${name}`]?.version}`).join(", ");
}

/** The licences of what is in the file, one after the other. */
function licences(inputs: readonly string[]): string {
  const packages = new Set<string>();
  for (const path of inputs) {
    const inside = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (inside) packages.add(inside[1]!);
  }
  const texts = [...packages].sort().map((folder) => {
    const root = join(ROOT, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const file = readdirSync(root).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(root, file), "utf8").trim() : ""}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

async function main(): Promise<void> {
  const header = `// ${versions()}; bundled by scripts/bundle-danfo.ts, licences in LICENCES.txt\n`;
  if (existsSync(MAIN) && readFileSync(MAIN, "utf8").startsWith(header)) return;
  const { metafile, outputFiles } = await build({
    entryPoints: [join(ROOT, "node_modules", "danfojs-node")],
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    // Classes are told by their names.
    keepNames: true,
    alias: { "@tensorflow/tfjs-node": "@tensorflow/tfjs" },
    external: ["@tensorflow/tfjs", "plotly.js-dist-min"],
    legalComments: "none",
    metafile: true,
    write: false,
    outfile: MAIN,
    logLevel: "error",
  });
  const types = [`${TYPES}`];
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "LICENCES.txt"), licences(Object.keys(metafile.inputs)));
  writeFileSync(join(FOLDER, "index.d.ts"), types.join(""));
  writeFileSync(MAIN, header + outputFiles[0]!.text);
}

main().catch((error) => {
  process.stderr.write(`danfojs-node: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
