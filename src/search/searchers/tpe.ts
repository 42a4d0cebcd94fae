import { ConfigError, type OptionRules, rule } from "../../core";
import type { Gene, Space } from "../../space";
import { checkSpace } from "./given";
import type { Outcome, Searcher, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

export interface TpeOptions extends SearcherOptions {
  /** Random architectures before the first estimate. Default 10. */
  readonly initial?: number;
  /** Architectures drawn from the good ones' density, of which the one with the highest ratio is tried. Default 24. */
  readonly candidates?: number;
  /** Share of the trials that count as good, at most 25 trials. Default 0.1. */
  readonly good?: number;
}

const RULES: OptionRules<TpeOptions> = {
  ...SEARCHER_RULES,
  initial: rule.wholeFrom(1),
  candidates: rule.wholeFrom(1),
  good: rule.upTo(0, 1),
};

/** No more trials than these count as good, however many there are. */
const MOST_GOOD = 25;

/**
 * Tree-structured Parzen estimator for categorical genes (Bergstra et al., NeurIPS 2011, section 4): per gene the density of
 * its values among the good trials, l, and among the others, g, each smoothed by one count spread over the choices; of some
 * draws from l the one of the highest l / g is tried next. Genes are taken as independent.
 * @throws ConfigError when an option is not known or out of range, or the space has no genes.
 */
export function tpeSearcher<A>(space: Space<A, unknown>, options: TpeOptions): Searcher<A> {
  checkSearcher("tpeSearcher", options, RULES);
  checkSpace("tpeSearcher", space, ["sample", "mutate", "key"]);
  const { genes, encode, decode } = space;
  if (!genes || !encode || !decode) {
    throw new ConfigError(`tpeSearcher: ${space.name} must have genes, encode and decode, and lacks them`, {
      space: space.name,
    });
  }
  return new TpeSearcher(space, options, genes);
}

interface Densities {
  /** By gene: the cumulative shares of its choices among the good trials. */
  readonly cumulative: readonly Float64Array[];
  /** By gene and choice: log(l / g). */
  readonly gain: readonly Float64Array[];
}

class TpeSearcher<A> extends SingleGoalSearcher<A> {
  private readonly settings: { initial: number; candidates: number; good: number };
  /** Told trials from the best on; of equals the earlier first. */
  private readonly sorted: { readonly scored: Scored<A>; readonly values: readonly number[] }[] = [];
  /** Of what was told so far; undefined when more was told since. */
  private densities?: Densities;

  constructor(
    space: Space<A, unknown>,
    options: TpeOptions,
    private readonly genes: readonly Gene[],
  ) {
    super("tpeSearcher", space, options);
    const { initial = 10, candidates = 24, good = 0.1 } = options;
    this.settings = { initial, candidates, good };
  }

  override tell(trial: Trial<A>, outcome: Outcome): void {
    super.tell(trial, outcome);
    const scored = this.log.told[this.log.told.length - 1];
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle].scored.score >= scored.score) low = middle + 1;
      else high = middle;
    }
    this.sorted.splice(low, 0, { scored, values: this.space.encode!(trial.architecture) });
    this.densities = undefined;
  }

  protected next(): Trial<A> {
    const { initial, candidates } = this.settings;
    if (this.log.asked < initial || this.sorted.length === 0) return this.log.issue(this.random());
    this.densities ??= this.estimate();
    let best: { readonly architecture: A; readonly gain: number } | undefined;
    for (let i = 0; i < candidates; i++) {
      const values = this.draw(this.densities);
      const gain = values.reduce((sum, value, gene) => sum + this.densities!.gain[gene][value], 0);
      if (best && gain <= best.gain) continue;
      const architecture = this.space.decode!(values);
      if (!this.log.knows(this.space.key(architecture))) best = { architecture, gain };
    }
    // All that the good ones' density draws is known: what a mutation away is not, or what is random.
    return this.log.issue(
      best?.architecture ?? this.fresh(() => this.space.mutate(this.sorted[0].scored.trial.architecture, this.rng)),
    );
  }

  private estimate(): Densities {
    const good = Math.max(1, Math.min(Math.ceil(this.settings.good * this.sorted.length), MOST_GOOD));
    const cumulative: Float64Array[] = [];
    const gain: Float64Array[] = [];
    for (const [gene, { choices }] of this.genes.entries()) {
      const counts = [new Float64Array(choices).fill(1 / choices), new Float64Array(choices).fill(1 / choices)];
      for (const [place, { values }] of this.sorted.entries()) counts[place < good ? 0 : 1][values[gene]]++;
      const totals = [good + 1, this.sorted.length - good + 1];
      const l = counts[0].map((count) => count / totals[0]);
      gain.push(l.map((share, choice) => Math.log((share * totals[1]) / counts[1][choice])));
      let sum = 0;
      cumulative.push(l.map((share) => (sum += share)));
    }
    return { cumulative, gain };
  }

  private draw({ cumulative }: Densities): number[] {
    return cumulative.map((sums) => {
      const at = this.rng.uniform() * sums[sums.length - 1];
      let choice = 0;
      while (choice < sums.length - 1 && sums[choice] <= at) choice++;
      return choice;
    });
  }
}
