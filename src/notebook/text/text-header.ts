import { parse, stringify } from "yaml";
import { ConfigError } from "../../core";
import type { Notebook } from "../notebook-file";
import { escapedCharacter } from "./cell-head";

/** What a run or a kernel adds by itself. */
const ADDED = ["blockwise", "language_info"];
const KERNEL = { display_name: "Blockwise (TypeScript)", language: "typescript", name: "blockwise" };
const LANGUAGE = { file_extension: ".ts", mimetype: "text/typescript", name: "typescript" };
const UNSAFE = /[\r\u2028\u2029\p{Surrogate}]/gu;

/** The notebook's own metadata as lines of YAML, as jupytext has them. */
export function headerLines({ metadata, nbformat_minor }: Notebook): string[] {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !ADDED.includes(key)));
  const { kernelspec, ...others } = kept;
  const jupyter = { ...(kernelspec !== undefined && { kernelspec }), ...others, nbformat: 4, nbformat_minor };
  const yaml = stringify({ jupyter }, { lineWidth: 0, sortMapEntries: true });
  // JSON is YAML whose characters can all be escaped; it also keeps lines that would end the header.
  const safe = UNSAFE.test(yaml) || /^ *(---|\.\.\.)/m.test(yaml);
  return safe ? [JSON.stringify({ jupyter }).replace(UNSAFE, escapedCharacter)] : yaml.trimEnd().split("\n");
}

/**
 * The notebook of a header's lines, with no cells yet; of this package's kernel where they name none.
 * @throws ConfigError when the lines are no YAML.
 */
export function readHeader(where: string, lines: readonly string[]): Notebook {
  let read: unknown;
  try {
    read = parse(lines.join("\n"));
  } catch (cause) {
    throw new ConfigError(
      `${where}: the header between its two lines of --- must be YAML, got ${(cause as Error).message.split("\n")[0]}; mend it, or remove it for this package's kernel`,
      {},
      { cause },
    );
  }
  const jupyter = record(record(read)?.jupyter) ?? {};
  const { nbformat: _, nbformat_minor: minor, jupytext: __, ...metadata } = jupyter;
  const kernelspec = record(metadata.kernelspec) ?? KERNEL;
  const isOurs = kernelspec.language === KERNEL.language;
  return {
    nbformat: 4,
    nbformat_minor: typeof minor === "number" ? minor : 5,
    metadata: { ...metadata, kernelspec, ...(isOurs && { language_info: LANGUAGE }) },
    cells: [],
  };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
