import { DISPLAY, type Displayable, type MimeBundle, notebookHost } from "../../display-protocol";
import { escapeHtml } from "../../viz/escape-html";

/**
 * Several values as the result of one cell: in a notebook all but the last are shown as outputs of their own, so that
 * each keeps all its forms; elsewhere they are joined into one bundle.
 */
export async function showTogether(...values: readonly Displayable[]): Promise<MimeBundle> {
  const bundles: MimeBundle[] = [];
  for (const value of values) bundles.push(await value[DISPLAY]());
  const host = notebookHost();
  if (!host) return joined(bundles);
  for (const bundle of bundles.slice(0, -1)) host.display(bundle);
  return bundles[bundles.length - 1];
}

/** Shows a value below the running cell; outside a notebook it does nothing. */
export async function showNow(value: Displayable): Promise<void> {
  const host = notebookHost();
  if (host) host.display(await value[DISPLAY]());
}

/** Words that show themselves as a paragraph. */
export function words(text: string): Displayable {
  return { [DISPLAY]: () => ({ "text/html": `<p>${escapeHtml(text)}</p>`, "text/plain": text }) };
}

function joined(bundles: readonly MimeBundle[]): MimeBundle {
  const all = (type: string) => bundles.flatMap((bundle) => (type in bundle ? [String(bundle[type])] : []));
  return {
    ...Object.assign({}, ...bundles),
    "text/html": all("text/html").join("\n"),
    "text/plain": all("text/plain").join("\n\n"),
  };
}
