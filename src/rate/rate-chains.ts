import { breathe, ConfigError, Progress, SpaceError, type StepContext } from "../core";
import type { BlockSupernet } from "../distill";
import type { Module } from "../nn";
import { type Candidate, enumerateBlock } from "../space";
import type { CandidateRating } from "./candidate-rating";
import { through } from "./cell-walk";
import { keepingStatistics } from "./keeping-statistics";
import { rateEnd } from "./rate-maps";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { disposeData, disposeMaps, loadRatingData, type Maps, type RatingData } from "./rating-data";

/** A candidate of each of some blocks that follow each other: of all blocks, a whole network. */
export type Chain = readonly Candidate[];

/** How well a chain imitates the teacher from the beginning of its first block to the end of its last one. */
export interface ChainRating extends Omit<CandidateRating, "block" | "cell" | "path"> {
  readonly chain: Chain;
}

/**
 * Rates chains of distilled candidates as they stand behind each other: the first is fed with the teacher's features, each
 * other with what the one before makes of them, and the last is compared with the teacher (its answers, under the score
 * "divergence"). A block emits the teacher's channels, so that blocks fit together without any training. What candidates
 * make of each other's errors, no sum of their own ratings says.
 *
 * Chains that begin alike share that beginning: each distinct one is computed once, at every layer, and batch norms take over
 * the statistics of the calibration batch as it arrives there. All networks of a space of K blocks of n candidates are n^K
 * last blocks; so rate all of a small space, or the best by the sum of ratings of a large one. The supernets are afterwards as they
 * were before.
 * @param supernets Of blocks that follow each other in one space.
 * @param chains One candidate a supernet each. An own rating sees the input of the first block and the last candidate's place.
 * @returns One rating a chain, in their order.
 * @throws SpaceError when supernets do not follow each other or a chain is none of theirs.
 * @throws InterruptedError when stopped, others as `rateBlock`.
 */
export async function rateChains(
  supernets: readonly BlockSupernet[],
  chains: readonly Chain[],
  features: RatingFeatures,
  given: Partial<RateOptions> = {},
  context: StepContext = {},
): Promise<ChainRating[]> {
  const options = resolveRateOptions(given);
  checkConsecutive(supernets);
  checkChains(supernets, chains);
  if (chains.length === 0) return [];
  const [{ space, block: first }] = supernets;
  const last = first + supernets.length - 1;
  const beginnings = new Beginnings();
  for (const [i, chain] of chains.entries()) beginnings.add(modulesOf(supernets, chain), i);
  const progress = new Progress(context, `rate ${chains.length} chains`, beginnings.size, "op evaluations");
  const data = loadRatingData(space, first, features, options, last);
  try {
    return await keepingStatistics(
      supernets.flatMap(({ cells }) => cells),
      () => walk(beginnings, chains, data, progress),
    );
  } finally {
    disposeData(data);
  }
}

/** Modules in order, each by a name that says where in the supernets it is. */
type Steps = readonly (readonly [name: string, module: Module])[];

function modulesOf(supernets: readonly BlockSupernet[], chain: Chain): Steps {
  return chain.flatMap(({ block, cell, path }, i): Steps => {
    const { stem, layers, adapter } = supernets[i].cells[cell];
    const place = `${block}/${cell}`;
    return [
      ...(stem ? [[`${place}/stem`, stem] as const] : []),
      ...path.map((op, layer) => [`${place}/${layer}/${op}`, layers[layer][op]] as const),
      ...(adapter ? [[`${place}/adapter`, adapter] as const] : []),
    ];
  });
}

/** The tree of the chains' beginnings. */
class Beginnings {
  private readonly root: Beginning = { next: new Map(), chains: [] };
  /** Beginnings of at least one module: op evaluations. */
  size = 0;

  add(steps: Steps, chain: number): void {
    let at = this.root;
    for (const [name, module] of steps) {
      let next = at.next.get(name);
      if (!next) {
        next = { module, next: new Map(), chains: [] };
        at.next.set(name, next);
        this.size++;
      }
      at = next;
    }
    at.chains.push(chain);
  }

  get first(): Iterable<Beginning> {
    return this.root.next.values();
  }
}

interface Beginning {
  /** Its last module. */
  readonly module?: Module;
  readonly next: Map<string, Beginning>;
  /** Places of the chains that end here; the same chain may be given twice. */
  readonly chains: number[];
}

async function walk(
  beginnings: Beginnings,
  chains: readonly Chain[],
  data: RatingData,
  progress: Progress,
): Promise<ChainRating[]> {
  const ratings: ChainRating[] = [];
  let rated = 0;
  const visit = async ({ module, next, chains: ending }: Beginning, input: Maps): Promise<void> => {
    const output = through(module!, input);
    try {
      if (ending.length > 0) {
        const { block: _, cell: __, path: ___, ...measures } = rateEnd(chains[ending[0]].at(-1)!, output, data);
        for (const i of ending) ratings[i] = { chain: chains[i], ...measures };
        rated += ending.length;
      }
      progress.advance(1, { chains: rated });
      await breathe();
      for (const one of next.values()) await visit(one, output);
    } finally {
      disposeMaps(output);
    }
  };
  for (const one of beginnings.first) await visit(one, data.input);
  return ratings;
}

function checkConsecutive(supernets: readonly BlockSupernet[]): void {
  if (supernets.length === 0) throw new ConfigError("rateChains: there must be a supernet, got none", {});
  const [{ space, block: first }] = supernets;
  const wrong = supernets.findIndex((one, i) => one.space !== space || one.block !== first + i);
  if (wrong < 0) return;
  throw new SpaceError(
    `rateChains: supernets must be of blocks that follow each other in one space, got blocks ${supernets.map(({ block }) => block).join(", ")}; give those of one distillation in order`,
    { blocks: supernets.map(({ block }) => block) },
  );
}

function checkChains(supernets: readonly BlockSupernet[], chains: readonly Chain[]): void {
  const known = supernets.map(
    ({ space, block }) => new Set(enumerateBlock(space, block).map(({ cell, path }) => `${cell}/${path}`)),
  );
  for (const [at, chain] of chains.entries()) {
    const fits =
      chain.length === supernets.length &&
      chain.every(({ block, cell, path }, i) => block === supernets[i].block && known[i].has(`${cell}/${path}`));
    if (fits) continue;
    const got = chain.map(({ block, cell, path }) => `${block}: cell ${cell}, path [${path.join(", ")}]`);
    throw new SpaceError(
      `rateChains: a chain must have one candidate of each of the blocks ${supernets.map(({ block }) => block).join(", ")}, got ${got.join("; ") || "none"} at place ${at}; enumerateBlock lists a block's candidates`,
      { at },
    );
  }
}
