import { formatWhole } from "../core";
import { wholeLogAxis } from "./axis-range";
import { axis, type Figure, layoutOf, seriesColour } from "./figure";

export interface SketchedCell {
  readonly depth: number;
  readonly width: number;
  /** Paths that are rated, see `countCells`. */
  readonly candidates: number;
}

export interface SketchedBlock {
  readonly block: number;
  readonly cells: readonly SketchedCell[];
  /** e.g. "14x14x40". */
  readonly input: string;
  readonly output: string;
}

/** Candidates a block, one bar a cell. */
export function supernetSketch(blocks: readonly SketchedBlock[]): Figure {
  const cells = Math.max(0, ...blocks.map((block) => block.cells.length));
  const candidates = blocks.map((block) => block.cells.reduce((sum, cell) => sum + cell.candidates, 0));
  const networks = candidates.reduce((product, count) => product * BigInt(count), 1n);
  const data = Array.from({ length: cells }, (_, cell) => {
    const ours = blocks.filter((block) => block.cells[cell]);
    return {
      type: "bar",
      name: `cell ${cell + 1}`,
      showlegend: cells > 1,
      x: ours.map((block) => block.block),
      y: ours.map((block) => block.cells[cell].candidates),
      text: ours.map(
        (block) =>
          `${block.cells[cell].depth} ${block.cells[cell].depth === 1 ? "layer" : "layers"}<br>${block.cells[cell].width} ch.`,
      ),
      textposition: "outside",
      textfont: { size: 10 },
      cliponaxis: false,
      marker: { color: seriesColour(cell) },
      hovertemplate: `block %{x}, cell ${cell + 1}: %{y} candidates<extra></extra>`,
    };
  });
  const most = Math.max(1, ...blocks.flatMap((block) => block.cells.map((cell) => cell.candidates)));
  return {
    data,
    layout: layoutOf({
      title: "The supernet: candidates of each block",
      subtitle: `${formatWhole(candidates.reduce((a, b) => a + b, 0))} candidates to rate stand for ${scientific(networks)} networks`,
      width: Math.max(560, blocks.length * (60 + 52 * cells) + 120),
      height: 400,
      barmode: "group",
      bargap: 0.25,
      margin: { t: 100, r: 24, b: 64, l: 68 },
      xaxis: axis("", {
        tickvals: blocks.map(({ block }) => block),
        ticktext: blocks.map(({ block, input, output }) => `<b>block ${block + 1}</b><br>${input} \u2192 ${output}`),
        showgrid: false,
        ticks: "",
      }),
      yaxis: axis("candidates", wholeLogAxis(most, Math.log10(most) * 1.18 + 0.1)),
    }),
  };
}

/** "1.96 x 10^17" for large numbers, digits for small ones. */
export function scientific(value: bigint): string {
  const digits = value.toString();
  if (digits.length <= 6) return formatWhole(Number(value));
  return `${digits[0]}.${digits.slice(1, 3)} \u00d7 10<sup>${digits.length - 1}</sup>`;
}
