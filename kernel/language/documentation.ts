import { readFileSync } from "node:fs";

/** Declarations of megabytes, mostly documentation, which would be parsed whether asked for or not. */
const LARGE_DECLARATIONS =
  /\/node_modules\/(?:@types\/node|undici-types|plotly\.js-dist-min|@webgpu\/types|typescript\/lib)\/.*\.d\.[cm]?ts$/;

const COMMENT = /\/\*\*[\s\S]*?\*\//g;

/** The text with blanks where comments of documentation are, so that positions stay; only of files that are large. */
export function withoutDocumentation(path: string, text: string): string {
  if (!LARGE_DECLARATIONS.test(path)) return text;
  return text.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, " "));
}

/** What was blanked out above the declaration that starts at the position: the words, without the stars. */
export function documentationAt(path: string, position: number): string | undefined {
  if (!LARGE_DECLARATIONS.test(path)) return undefined;
  const before = readFileSync(path, "utf8").slice(0, position).trimEnd();
  if (!before.endsWith("*/")) return undefined;
  const comment = before.slice(before.lastIndexOf("/**") + 3, -2);
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}
