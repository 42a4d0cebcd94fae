import type { Rng } from "../core";
import type { RatedCandidate, RatingTable } from "./types";

/** Share of the mutations of a block of several cells that change the cell. */
const CELL_CHANGES = 0.1;

/** Changes networks of a table in one place: one layer's operation, now and then a block's cell. */
export class Mutation {
  /** By block; then the candidates that agree in the cell and in all layers but one, by cell, path and layer. */
  private readonly groups: readonly ReadonlyMap<string, readonly RatedCandidate[]>[];
  /** Blocks with more than one candidate. */
  private readonly open: readonly number[];

  constructor(private readonly table: RatingTable) {
    this.open = table.blocks.flatMap((block, i) => (block.length > 1 ? [i] : []));
    this.groups = table.blocks.map((block) => {
      const groups = new Map<string, RatedCandidate[]>();
      for (const candidate of block) {
        for (let layer = 0; layer < candidate.path.length; layer++) {
          const key = withoutLayer(candidate, layer);
          const group = groups.get(key);
          if (group) group.push(candidate);
          else groups.set(key, [candidate]);
        }
      }
      return groups;
    });
  }

  /** A network that differs from the given one in one block; the same where no block has another candidate. */
  apply(choice: readonly RatedCandidate[], rng: Rng): RatedCandidate[] {
    if (this.open.length === 0) return [...choice];
    const block = rng.pick(this.open);
    const changed = [...choice];
    changed[block] = this.other(block, choice[block], rng);
    return changed;
  }

  private other(block: number, candidate: RatedCandidate, rng: Rng): RatedCandidate {
    const elsewhere = this.table.blocks[block].filter(({ cell }) => cell !== candidate.cell);
    const near = candidate.path.flatMap((_, layer) =>
      this.groups[block].get(withoutLayer(candidate, layer))!.filter((other) => other !== candidate),
    );
    const leaves = elsewhere.length > 0 && (near.length === 0 || rng.uniform() < CELL_CHANGES);
    if (leaves) return rng.pick(elsewhere);
    return rng.pick(near.length > 0 ? near : this.table.blocks[block].filter((other) => other !== candidate));
  }
}

function withoutLayer({ cell, path }: RatedCandidate, layer: number): string {
  return `${cell}:${path.map((op, i) => (i === layer ? "*" : op)).join(",")}`;
}
