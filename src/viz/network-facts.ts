import { formatCount } from "../core";
import { escapeHtml } from "./escape-html";

/** What a network costs and is, for the words that a figure shows where the mouse is. */
export interface NetworkFacts {
  readonly macs: number;
  readonly params?: number;
  /** Of one image, in float32. */
  readonly activationBytes?: number;
  readonly latencyMs?: number;
  /** Where the latency is of, e.g. "chromium-wasm on AMD EPYC". */
  readonly latencyOf?: string;
  /** What the network is, a line a block: "block 1: k3e6 k5e3, 24 channels". */
  readonly architecture?: readonly string[];
}

/** All costs in one line, then the architecture, as plotly's hover text. */
export function hoverFacts(facts: NetworkFacts): string {
  const { macs, params, activationBytes, latencyMs, latencyOf, architecture = [] } = facts;
  const costs = [
    `${formatCount(macs)} MACs`,
    ...(params === undefined ? [] : [`${formatCount(params)} parameters`]),
    ...(activationBytes === undefined ? [] : [`${formatCount(activationBytes)}B activations`]),
    ...(latencyMs === undefined
      ? []
      : [`${latencyMs.toPrecision(3)} ms${latencyOf === undefined ? "" : ` (${escapeHtml(latencyOf)})`}`]),
  ];
  return [costs.join(", "), ...architecture.map(escapeHtml)].join("<br>");
}
