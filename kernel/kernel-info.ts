import { readFileSync } from "node:fs";
import { PROTOCOL_VERSION } from "./wire/message";

/** Content of kernel_info_reply. */
export function describeKernel(version: string): Record<string, unknown> {
  const versionIn = (name: string): string =>
    JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")).version;
  const typescript = versionIn("typescript");
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "blockwise",
    implementation_version: version,
    banner: `Blockwise ${version}: TypeScript ${typescript} (tslab ${versionIn("tslab")}) on Node ${process.versions.node}`,
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
    supported_features: ["kernel subshells"],
  };
}
