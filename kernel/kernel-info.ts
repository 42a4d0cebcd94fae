import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tslabFolder } from "./language/compiler-host";
import { PROTOCOL_VERSION } from "./wire/message";

/** Content of kernel_info_reply. */
export function describeKernel(version: string): Record<string, unknown> {
  const compiler = require.resolve("@tslab/typescript-for-tslab/package.json", { paths: [tslabFolder()] });
  const tslab = join(tslabFolder(), "package.json");
  const versionIn = (file: string): string => JSON.parse(readFileSync(file, "utf8")).version;
  const typescript = versionIn(compiler);
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "blockwise",
    implementation_version: version,
    banner: `Blockwise ${version}: TypeScript ${typescript} (tslab ${versionIn(tslab)}) on Node ${process.versions.node}`,
    language_info: {
      name: "typescript",
      version: typescript,
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      // JupyterLab reads `mode`, the classic notebook `name` and `typescript`.
      codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    },
    help_links: [{ text: "TypeScript", url: "https://www.typescriptlang.org/docs/" }],
    debugger: false,
  };
}
