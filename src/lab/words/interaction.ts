import { ConfigError } from "../../core";
import { type Comms, type InteractiveHost, notebookHost } from "../../display-protocol";

/**
 * Asks the user of the notebook for a line of text: `const name = await input("Name? ")`.
 * @param options with `password` the typed text is hidden.
 * @throws ConfigError outside a notebook, and where the cell is run by a front end that takes no input (nbconvert).
 */
export async function input(prompt = "", options: { readonly password?: boolean } = {}): Promise<string> {
  return notebook("input").input(prompt, options.password === true);
}

/**
 * Removes what the running cell has shown so far.
 * @param options with `wait` only when the next output comes, so that nothing flickers.
 * @throws ConfigError outside a notebook.
 */
export function clearOutput(options: { readonly wait?: boolean } = {}): void {
  notebook("clearOutput").clearOutput(options.wait === true);
}

/**
 * Shows a text in the notebook's pager when the cell has ended.
 * @throws ConfigError outside a notebook.
 */
export function page(text: string): void {
  notebook("page").page({ "text/plain": text });
}

/** Two-way channels to widgets of the front end: `comms.onOpen("my-widget", (comm) => comm.onMessage(...))`. */
export const comms: Comms = {
  open: (target, data, buffers, metadata) => notebook("comms.open").comms.open(target, data, buffers, metadata),
  onOpen: (target, welcome) => notebook("comms.onOpen").comms.onOpen(target, welcome),
};

/** The notebook that the code runs in; the error names what needs it. */
export function notebook(what: string): InteractiveHost {
  const host = notebookHost();
  if (!host || !("comms" in host)) {
    throw new ConfigError(
      `${what}: must be called in a notebook, there is none; run the code with the Blockwise kernel`,
    );
  }
  return host as InteractiveHost;
}
