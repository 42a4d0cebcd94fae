import { types } from "node:util";
import { packageRoot } from "../../src/core/package-root";
import { DISPLAY, type Displayable, isDisplayable, type MimeBundle } from "../../src/display-protocol";
import { readPackage } from "../language/package";
import { inspected } from "./thrown";

/** How Deno's and other JavaScript kernels let a value show itself: a method that returns a bundle, or a promise of one. */
const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** What is shown for the value of a cell's last expression; rejects with what the value's own display throws. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const displayable = displayableOf(value);
  if (!displayable) return { "text/plain": inspected(value) };
  const bundle = await displayable[DISPLAY]();
  if (bundle === null || typeof bundle !== "object") return { "text/plain": inspected(value) };
  return "text/plain" in bundle ? bundle : { ...bundle, "text/plain": displayable.constructor?.name ?? "object" };
}

/** Undefined also when looking at the value throws: it is printed then. */
function displayableOf(value: unknown): Displayable | undefined {
  try {
    if (isDisplayable(value)) return value;
    return showsForJupyter(value) ?? viewOf(value) ?? tableOf(value);
  } catch {
    return undefined;
  }
}

function showsForJupyter(value: unknown): Displayable | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const { [JUPYTER_DISPLAY]: show } = value as { [JUPYTER_DISPLAY]?: () => MimeBundle };
  return typeof show === "function" ? { [DISPLAY]: () => withText(show.call(value), value) } : undefined;
}

async function withText(shown: MimeBundle | Promise<MimeBundle>, value: unknown): Promise<MimeBundle> {
  const bundle = await shown;
  const isBundle = bundle !== null && typeof bundle === "object" && "text/plain" in bundle;
  return isBundle ? bundle : { ...bundle, "text/plain": inspected(value) };
}

/** The library's view of plotly figures, data frames and pictures; it is loaded for what may be one. */
function viewOf(value: unknown): Displayable | undefined {
  const mayBe = typeof value === "object" && value !== null && !types.isProxy(value) && looksForeign(value);
  if (!mayBe) return undefined;
  const library = require(readPackage(packageRoot()).main) as { viewOf(value: unknown): Displayable | undefined };
  return library.viewOf(value);
}

function looksForeign(value: object): boolean {
  // First bytes of PNG, JPEG and GIF.
  if (value instanceof Uint8Array) return [0x89, 0xff, 0x47].includes(value[0]);
  // A getter is the user's code.
  const { value: data } = Object.getOwnPropertyDescriptor(value, "data") ?? {};
  return Array.isArray(data) || ("index" in value && "values" in value && "dtypes" in value);
}

/** The parts of arquero's tables by which they are known. */
interface Table {
  numRows(): number;
  columnNames(): readonly string[];
  toHTML(options?: { limit?: number }): string;
  toMarkdown(options?: { limit?: number }): string;
}

/** Rows of a table that are shown; the text says how many there are. */
const MOST_ROWS = 100;

function isTable(value: unknown): value is Table {
  if (value === null || typeof value !== "object" || types.isProxy(value)) return false;
  const table = value as Partial<Record<keyof Table, unknown>>;
  return (["numRows", "columnNames", "toHTML", "toMarkdown"] as const).every((key) => typeof table[key] === "function");
}

/** Tables of arquero, by their own methods. */
function tableOf(value: unknown): Displayable | undefined {
  if (!isTable(value)) return undefined;
  const rows = value.numRows();
  const more = rows > MOST_ROWS ? `${MOST_ROWS} of ${rows} rows` : "";
  const options = { limit: MOST_ROWS };
  return {
    [DISPLAY]: () => ({
      "text/html": value.toHTML(options) + (more && `<p>${more}</p>`),
      "text/plain": value.toMarkdown(options) + (more && `\n${more}`),
    }),
  };
}

/** Jupyter wants bytes as base64 text; everything else must be JSON. */
export function asJson(bundle: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(bundle).map(([type, content]) => [
      type,
      content instanceof Uint8Array ? Buffer.from(content).toString("base64") : content,
    ]),
  );
}

/** JSON of what is shown; BigInts, which data frames of nodejs-polars have and JSON has not, become numbers where exact. */
export function jsonText(content: Record<string, unknown>): string {
  try {
    return JSON.stringify(content);
  } catch {
    return JSON.stringify(content, (_, value) => (typeof value === "bigint" ? withoutBigInt(value) : value));
  }
}

function withoutBigInt(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
