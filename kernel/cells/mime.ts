import { inspect } from "node:util";
import { DISPLAY, type Displayable, isDisplayable, type MimeBundle } from "../../src/lab/display-protocol";
import { ownRoot, readPackage } from "../language/package";

/** What is shown for the value of a cell's last expression. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const displayable = isDisplayable(value) ? value : viewOf(value);
  if (!displayable) return { "text/plain": inspect(value) };
  const bundle = await displayable[DISPLAY]();
  return "text/plain" in bundle ? bundle : { ...bundle, "text/plain": displayable.constructor?.name ?? "object" };
}

/** The library's view of plotly figures, data frames and pictures; it is loaded for what may be one. */
function viewOf(value: unknown): Displayable | undefined {
  const mayBe = typeof value === "object" && value !== null && looksForeign(value);
  if (!mayBe) return undefined;
  const library = require(readPackage(ownRoot()).main) as { viewOf(value: unknown): Displayable | undefined };
  return library.viewOf(value);
}

function looksForeign(value: object): boolean {
  // First bytes of PNG, JPEG and GIF.
  if (value instanceof Uint8Array) return [0x89, 0xff, 0x47].includes(value[0]);
  return ("data" in value && Array.isArray(value.data)) || ("index" in value && "values" in value && "dtypes" in value);
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
