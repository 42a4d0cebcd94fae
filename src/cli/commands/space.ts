import type { Command } from "commander";
import { countCells, formatShape, opName, spaceNames, spaceNote, spacePreset } from "../../space";
import { groupDigits, textTable } from "../table";

/** `blockwise space <preset>`: how many candidates and networks a search space has. */
export function registerSpace(program: Command): void {
  program
    .command("space")
    .description("candidates to rate and networks to choose from in a search space")
    .argument("<preset>", spaceNames().join(", "))
    .option("--json", "print JSON")
    .action((name: string, options: { json?: boolean }) => {
      const space = spacePreset(name);
      const { candidates, networks } = space.count();
      const note = spaceNote(name);
      const counts = countCells(space).map((cells) => Number(cells.reduce((sum, count) => sum + count, 0n)));
      if (options.json) {
        const blocks = space.blocks.map((block, i) => ({ ...block, candidates: counts[i] }));
        // Networks exceed 2^53, so they are text.
        const whole = { name: space.name, candidates: Number(candidates), networks: String(networks), note };
        console.log(JSON.stringify({ ...whole, blocks }, null, 2));
        return;
      }
      const rows = space.blocks.map((block, i) => [
        String(i),
        `${formatShape(block.input)} -> ${formatShape(block.output)}`,
        block.ops.map(opName).join(" "),
        block.cells.map(({ depth, width }) => `${depth}x${width}`).join(" "),
        counts[i],
      ]);
      console.log(textTable(["block", "teacher's maps", "ops", "cells (layers x width)", "candidates"], rows));
      console.log(`\n${space.name}`);
      console.log(`candidates ${groupDigits(candidates)}`);
      console.log(`networks   ${groupDigits(networks)}`);
      console.log(
        "\nIn a supernet the last layer of a cell emits the teacher's channels, and is residual only where the cell is as wide;" +
          "\nin the assembled network it keeps the cell's width and is residual. Costs are counted there. Squeeze-excite has" +
          "\na share of a layer's input channels.",
      );
      if (note) console.log(`\n${note}`);
    });
}
