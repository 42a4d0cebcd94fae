import { type Rng, SpaceError } from "../core";
import { assemble, blockAt, networkId, supernetInput } from "./block";
import { canonical, canonicalPaths, countCells } from "./enumerate";
import { NAS_BENCH_MACRO_CUTS, nasBenchMacro, nasBenchMacroSpace } from "./presets/nas-bench-macro";
import type { Gene, Space } from "./space";
import type { Candidate, SearchSpace } from "./types";

/** A network of a space of blocks: one candidate a block. */
export type CandidateChain = readonly Candidate[];

/** Share of the mutations of a block of several cells that change the cell. */
const CELL_CHANGES = 0.1;

/**
 * A space of blocks as searchers see it. Its genes are, block by block, the cell (where there is a choice) and the op of each
 * layer of the deepest cell. Networks are drawn uniformly; paths are canonical (see `cellPaths`), so that equal networks have
 * equal keys.
 */
export function chainSpace(space: SearchSpace): Required<Omit<Space<CandidateChain>, "extend">> {
  const blocks = space.blocks.map((_, block) => new ChainBlock(space, block));
  const open = blocks.filter((block) => block.isOpen);
  const places = blocks.map(({ genes }) => genes.length);
  const genes = blocks.flatMap((block) => block.genes);
  return {
    name: space.name,
    genes,
    sample: (rng) => blocks.map((block) => block.sample(rng)),
    mutate(chain, rng) {
      if (open.length === 0) return chain;
      const changed = rng.pick(open);
      return chain.map((candidate) => (candidate.block === changed.block ? changed.mutate(candidate, rng) : candidate));
    },
    crossover: (a, b, rng) => blocks.map((block, i) => block.crossover(a[i], b[i], rng)),
    encode: (chain) => chain.flatMap((candidate, i) => blocks[i].encode(candidate)),
    decode(values) {
      checkValues(space.name, values, genes);
      let start = 0;
      return blocks.map((block, i) => {
        const own = values.slice(start, start + places[i]);
        start += places[i];
        return block.decode(own);
      });
    },
    key: networkId,
    architecture: (chain) => assemble(space, chain),
  };
}

/**
 * NAS-Bench-Macro (Su et al., CVPR 2021) as searchers see it: a network is its key of eight digits (see {@link nasBenchMacro}),
 * canonical as in the benchmark's table of 3,969 different ones.
 */
export function nasBenchMacroChains(): Required<Omit<Space<string>, "extend">> {
  const inner = chainSpace(nasBenchMacroSpace());
  const ends = [...NAS_BENCH_MACRO_CUTS, inner.genes.length];
  const key = (chain: CandidateChain) => chain.flatMap(({ path }) => path).join("");
  const chain = (digits: string): CandidateChain =>
    ends.map((end, block) => ({ block, cell: 0, path: [...digits.slice(ends[block - 1] ?? 0, end)].map(Number) }));
  return {
    name: inner.name,
    genes: inner.genes,
    sample: (rng) => key(inner.sample(rng)),
    mutate: (a, rng) => key(inner.mutate(chain(a), rng)),
    crossover: (a, b, rng) => key(inner.crossover(chain(a), chain(b), rng)),
    encode: (a) => [...a].map(Number),
    decode: (values) => key(inner.decode(values)),
    key: (a) => a,
    architecture: nasBenchMacro,
  };
}

/** @throws SpaceError for another number of values than of genes, or a value that is no choice of its gene. */
export function checkValues(space: string, values: readonly number[], genes: readonly Gene[]): void {
  const wrong = genes.findIndex(
    ({ choices }, i) => !(Number.isInteger(values[i]) && values[i] >= 0 && values[i] < choices),
  );
  if (values.length === genes.length && wrong < 0) return;
  throw new SpaceError(
    wrong < 0 || values.length !== genes.length
      ? `${space}: there must be ${genes.length} values, one a gene, got ${values.length}`
      : `${space}: ${genes[wrong].name} must be a whole number from 0 to ${genes[wrong].choices - 1}, got ${values[wrong]}`,
    { values },
  );
}

/** The choices of one block. */
class ChainBlock {
  readonly genes: readonly Gene[];
  readonly isOpen: boolean;
  private readonly deepest: number;
  /** Candidates of each cell, as shares of the whole, cumulated. */
  private readonly shares: readonly number[];
  private readonly isCanonical: readonly ((path: readonly number[]) => boolean)[];
  private readonly toCanonical: readonly ((path: readonly number[]) => readonly number[])[];

  constructor(
    private readonly space: SearchSpace,
    readonly block: number,
  ) {
    const { cells, ops } = blockAt(space, block);
    const { channels } = supernetInput(space, block);
    this.deepest = Math.max(...cells.map(({ depth }) => depth));
    const counts = countCells(space)[block].map(Number);
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.shares = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, count) => sum + count, 0) / total);
    this.isCanonical = cells.map((cell) => canonical(this.own, cell, channels));
    this.toCanonical = cells.map((cell) => canonicalPaths(this.own, cell, channels));
    this.isOpen = ops.length > 1 || cells.length > 1;
    this.genes = [
      ...(cells.length > 1 ? [{ name: `block ${block}: cell`, choices: cells.length }] : []),
      ...Array.from({ length: this.deepest }, (_, layer) => ({
        name: `block ${block}, layer ${layer}: op`,
        choices: ops.length,
      })),
    ];
  }

  private get own() {
    return this.space.blocks[this.block];
  }

  sample(rng: Rng): Candidate {
    const drawn = rng.uniform();
    let cell = 0;
    while (cell < this.shares.length - 1 && drawn >= this.shares[cell]) cell++;
    return this.candidate(cell, this.randomPath(cell, rng));
  }

  /** Another candidate: one layer's op changed, now and then the cell. */
  mutate({ cell, path }: Candidate, rng: Rng): Candidate {
    const { cells, ops } = this.own;
    if (ops.length === 1 || (cells.length > 1 && rng.uniform() < CELL_CHANGES)) {
      const other = (cell + 1 + rng.int(cells.length - 1)) % cells.length;
      return this.candidate(other, this.randomPath(other, rng));
    }
    const layer = rng.int(path.length);
    const changed = [...path];
    changed[layer] = (path[layer] + 1 + rng.int(ops.length - 1)) % ops.length;
    return this.candidate(cell, changed);
  }

  /** Of parents with the same cell each layer's op is of one or the other; of others one is taken whole. */
  crossover(a: Candidate, b: Candidate, rng: Rng): Candidate {
    if (a.cell !== b.cell) return rng.uniform() < 0.5 ? a : b;
    const path: number[] = [];
    for (let layer = 0; layer < a.path.length; layer++) path.push((rng.uniform() < 0.5 ? a : b).path[layer]);
    return this.candidate(a.cell, path);
  }

  encode({ cell, path }: Candidate): number[] {
    const values = this.own.cells.length > 1 ? [cell] : [];
    for (let layer = 0; layer < this.deepest; layer++) values.push(path[layer] ?? 0);
    return values;
  }

  decode(values: readonly number[]): Candidate {
    const [cell, ops] = this.own.cells.length > 1 ? [values[0], values.slice(1)] : [0, values];
    return this.candidate(cell, ops.slice(0, this.own.cells[cell].depth));
  }

  private candidate(cell: number, path: readonly number[]): Candidate {
    return { block: this.block, cell, path: this.toCanonical[cell](path) };
  }

  private randomPath(cell: number, rng: Rng): number[] {
    const { cells, ops } = this.own;
    for (;;) {
      const path: number[] = [];
      for (let layer = 0; layer < cells[cell].depth; layer++) path.push(rng.int(ops.length));
      if (this.isCanonical[cell](path)) return path;
    }
  }
}
