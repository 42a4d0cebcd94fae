import { inspect } from "node:util";
import { DISPLAY, isDisplayable, type MimeBundle } from "../../src/lab/display-protocol";

/** What is shown for the value of a cell's last expression. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (!isDisplayable(value)) return { "text/plain": inspect(value) };
  const bundle = await value[DISPLAY]();
  return "text/plain" in bundle ? bundle : { ...bundle, "text/plain": value.constructor?.name ?? "object" };
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
