import type { Command } from "commander";
import { ConfigError, nearestName } from "../../core";
import {
  type CellSpaceSummary,
  cellSpaceNames,
  cellSpaceSummary,
  countCells,
  formatShape,
  opName,
  spaceNames,
  spaceNote,
  spacePreset,
} from "../../space";
import { listWhenMissing } from "../missing-argument";
import { Output, type OutputOptions, withOutput } from "../output";
import { groupDigits, textTable } from "../table";

/** `blockwise space <preset>` of a space of cells: its operations, choices and counts. */
function printCells(output: Output, space: CellSpaceSummary): void {
  const { name, ops, genes, blocks, note } = space;
  // Counts may exceed 2^53, so they are text.
  const [cells, networks] = [space.cells, space.networks].map(String);
  const places = blocks?.map(({ states, encodings, unique }) => ({
    states,
    encodings: Number(encodings),
    unique: Number(unique),
  }));
  output.result({ name, cells, networks, ops, genes, ...(places && { blocks: places }), note }, () =>
    [
      textTable(
        ["op", "what it is"],
        ops.map(({ op, words }) => [op, words]),
      ),
      "",
      places
        ? textTable(
            ["block", "states to read", "encodings", "different blocks"],
            places.map(({ states, encodings, unique }, i) => [String(i + 1), states, encodings, unique]),
          )
        : textTable(
            ["choice of a cell", "of"],
            genes.map(({ name: gene, choices }) => [gene, choices]),
          ),
      `\n${name}`,
      `cells      ${groupDigits(space.cells)}`,
      `networks   ${groupDigits(space.networks)}`,
      `\n${note}`,
    ].join("\n"),
  );
}

/** `blockwise space <preset>`: how many candidates and networks a search space has. */
export function registerSpace(program: Command): void {
  listWhenMissing(withOutput(program.command("space")), "presets", () => [...spaceNames(), ...cellSpaceNames()])
    .description("candidates to rate and networks to choose from in a search space")
    .argument("<preset>", [...spaceNames(), ...cellSpaceNames()].join(", "))
    .action((name: string, options: OutputOptions) => {
      const cells = cellSpaceSummary(name);
      if (cells) return printCells(new Output(options), cells);
      if (!spaceNames().includes(name)) {
        const names = [...spaceNames(), ...cellSpaceNames()];
        const near = nearestName(name, names);
        throw new ConfigError(
          `space: ${JSON.stringify(name)} is no search space; ${near === undefined ? "" : `did you mean ${near}? `}known are ${names.join(", ")}`,
          { name, known: names },
        );
      }
      const space = spacePreset(name);
      const { candidates, networks } = space.count();
      const note = spaceNote(name);
      const perBlock = countCells(space).map((cells) => Number(cells.reduce((sum, count) => sum + count, 0n)));
      const blocks = space.blocks.map((block, i) => ({ ...block, candidates: perBlock[i] }));
      // Networks exceed 2^53, so they are text.
      const counts = { name: space.name, candidates: Number(candidates), networks: String(networks), note };
      new Output(options).result({ ...counts, blocks }, () => {
        const rows = blocks.map((block, i) => [
          String(i),
          `${formatShape(block.input)} -> ${formatShape(block.output)}`,
          block.ops.map(opName).join(" "),
          block.cells.map(({ depth, width }) => `${depth}x${width}`).join(" "),
          block.candidates,
        ]);
        return [
          textTable(["block", "teacher's maps", "ops", "cells (layers x width)", "candidates"], rows),
          `\n${space.name}`,
          `candidates ${groupDigits(candidates)}`,
          `networks   ${groupDigits(networks)}`,
          blocks.some(({ adapter }) => adapter)
            ? "\nIn a supernet a 1x1 convolution takes cells of another width to the teacher's channels; the assembled network has none."
            : "\nIn a supernet the last layer of a cell emits the teacher's channels, and is residual only where the cell is as wide;" +
              "\nin the assembled network it keeps the cell's width and is residual.",
          "Costs are counted in the assembled network. Squeeze-excite has a share of a layer's input channels.",
          ...(note ? [`\n${note}`] : []),
        ].join("\n");
      });
    });
}
