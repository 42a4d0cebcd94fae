import { COLOURS, type Trace } from "./figure";

/** What a drawn network is: its colour and mark. */
export type NetworkKind = "teacher" | "found" | "random" | "shrunk" | "own";

/** What follows the names of networks that were trained by who draws. */
export const RETRAINED = ", retrained";

export const KINDS: Record<NetworkKind, { name: string; colour: string; symbol: string }> = {
  teacher: { name: "teacher", colour: COLOURS.black, symbol: "star" },
  found: { name: `found by rating${RETRAINED}`, colour: COLOURS.blue, symbol: "circle" },
  random: { name: `random at equal MACs${RETRAINED}`, colour: COLOURS.vermilion, symbol: "diamond-open" },
  shrunk: { name: "teacher shrunk uniformly", colour: COLOURS.orange, symbol: "triangle-up" },
  own: { name: "own networks", colour: COLOURS.purple, symbol: "square" },
};
/** Kinds in the order in which they are drawn: what is small comes above what is large. */
export const DRAWN: readonly NetworkKind[] = ["random", "own", "shrunk", "found", "teacher"];

/** The marks of a kind's networks, without their places. @param isCloud Of many: small and thin. */
export function markers(kind: NetworkKind, isCloud = false): Trace {
  const { name, colour, symbol } = KINDS[kind];
  const look =
    kind === "random"
      ? { size: isCloud ? 7 : 11, line: { width: isCloud ? 1.5 : 2 } }
      : { size: kind === "teacher" ? 13 : 9, line: { color: "#FFFFFF", width: 1 } };
  return {
    type: "scatter",
    mode: "markers",
    name,
    legendgroup: kind,
    marker: { color: colour, symbol, ...(isCloud && { opacity: 0.7 }), ...look },
    cliponaxis: false,
  };
}

/** One standard error up and down, in points. */
export function errorBars(kind: NetworkKind, array: readonly number[]): Trace {
  const colour = `${KINDS[kind].colour}${kind === "random" ? "66" : "CC"}`;
  return {
    error_y: { type: "data", array, visible: true, color: colour, thickness: kind === "random" ? 1 : 1.5, width: 3 },
  };
}
