import { BudgetInfeasibleError, ConfigError, checkOptions, type OptionRules, Rng, rule } from "../../core";
import type { Space } from "../../space";
import { crowdingDistances, dominates, nonDominatedSort, type Point } from "./dominance";
import { checkOutcomeForm, checkSpace } from "./given";
import { namedValue } from "./goal";
import type { Outcome, Searcher, ToldTrial, Trial } from "./searcher";
import { askEach, TrialLog } from "./trial-log";

/** Children in a row that were known before, after which every further one is mutated: parents may have become all alike. */
const CROSSED = 3;
/** Draws in a row beyond the early exit's limit before giving up. */
const PATIENCE = 10_000;

/** EEEA-Net's early exit (Termritthikun et al., 2021, section 3.2): what is larger than a limit is not evaluated. */
export interface EarlyExit<A> {
  /** Counted without training, e.g. the parameters of the network at its final size. */
  readonly of: (architecture: A) => number;
  /** The most that a member of the first generation has: the paper's beta. */
  readonly limit: number;
  /** Whether children are held to it, too, and drawn anew as the first generation is. The paper's initialisation is not. Default false. */
  readonly children?: boolean;
}

export interface Nsga2Options<A> {
  /** Of all that is drawn. */
  readonly seed: number;
  /** Names of values (or costs) of the outcomes: the more, the better. At least one name in this and the next together. */
  readonly maximise?: readonly string[];
  /** The less, the better. */
  readonly minimise?: readonly string[];
  /** Architectures that survive a generation, and children that it has. Default 40. */
  readonly population?: number;
  /** Probability that a child of two parents is mutated as well; one that is no child of two always is. Default 0.1. */
  readonly mutation?: number;
  readonly earlyExit?: EarlyExit<A>;
}

const EARLY_EXIT: OptionRules<EarlyExit<unknown>> = {
  of: { must: "a function", holds: (value) => typeof value === "function" },
  limit: { must: "a number", holds: (value) => typeof value === "number" && !Number.isNaN(value) },
  children: rule.boolean,
};

const RULES: OptionRules<Nsga2Options<unknown>> = {
  seed: rule.whole,
  maximise: rule.list(rule.text, 0),
  minimise: rule.list(rule.text, 0),
  population: rule.wholeFrom(2),
  mutation: rule.within(0, 1),
  earlyExit: rule.options(EARLY_EXIT),
};

/** One generation, once all of it was told. */
export interface Generation<A> {
  /** From 0, the random one. */
  readonly index: number;
  /** Those that were evaluated in it. */
  readonly members: readonly ToldTrial<A>[];
  /** Those that live on, the first front first. */
  readonly survivors: readonly ToldTrial<A>[];
}

/** An evolution of a front. */
export interface Nsga2<A> extends Searcher<A> {
  /** Complete ones. */
  readonly generations: readonly Generation<A>[];
  /** Undominated of all that were told. */
  front(): ToldTrial<A>[];
  /** Draws that the early exit refused, by generation; of the first: refused / (refused + population) is its rejection rate. */
  readonly refused: readonly number[];
}

/**
 * NSGA-II (Deb et al., 2002) with EEEA-Net's early-exit initialisation. Of a generation and its parents those of the lower
 * fronts survive, of the last one the less crowded; parents come from binary tournaments; children by the space's crossover,
 * or by uniform crossover of its genes where it has no crossover of its own, or by mutation alone where it has neither.
 *
 * A generation is asked at once or piece by piece; `ask` gives none while outcomes of a whole one are awaited.
 * @throws ConfigError when an option is not known or out of range, or no objective is named.
 */
export function nsga2Searcher<A>(space: Space<A, unknown>, options: Nsga2Options<A>): Nsga2<A> {
  checkOptions(NAME, options, RULES);
  if (options.seed === undefined) checkOptions(NAME, { seed: null }, { seed: rule.whole });
  if (options.earlyExit) {
    const { of = null, limit = null } = options.earlyExit;
    checkOptions(`${NAME}: earlyExit`, { of, limit }, { of: EARLY_EXIT.of, limit: EARLY_EXIT.limit });
  }
  const names = [...(options.maximise ?? []), ...(options.minimise ?? [])];
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new ConfigError(
      `${NAME}: maximise and minimise must name different objectives, at least one, got [${names.join(", ")}]`,
      { names },
    );
  }
  checkSpace(NAME, space, ["sample", "mutate", "key"]);
  return new Nsga2Searcher(space, options);
}

const NAME = "nsga2Searcher";

/** With its objectives, all to be minimised; NaN where not measured. */
interface Member<A> extends ToldTrial<A> {
  readonly point: Point;
}

/** A survivor, with what tournaments go by. */
interface Ranked<A> extends Member<A> {
  readonly rank: number;
  readonly crowding: number;
}

class Nsga2Searcher<A> implements Nsga2<A> {
  readonly name = NAME;
  readonly generations: Generation<A>[] = [];
  readonly refused: number[] = [0];
  private readonly rng: Rng;
  private readonly log: TrialLog<A, Member<A>>;
  private readonly population: number;
  private readonly mutation: number;
  private parents: readonly Ranked<A>[] = [];
  private members: Member<A>[] = [];
  /** Of the present generation. */
  private asked = 0;

  constructor(
    private readonly space: Space<A, unknown>,
    private readonly options: Nsga2Options<A>,
  ) {
    this.rng = new Rng(options.seed).fork(`${NAME}/${space.name}`);
    this.log = new TrialLog<A, Member<A>>(NAME, space);
    this.population = options.population ?? 40;
    this.mutation = options.mutation ?? 0.1;
  }

  ask(count = 1): Trial<A>[] {
    return askEach(NAME, count, () => {
      if (this.asked === this.population) return undefined;
      this.asked++;
      return this.log.issue(this.log.fresh((attempt) => this.within(this.parents.length === 0, attempt > CROSSED)));
    });
  }

  checkOutcome(outcome: Outcome): void {
    checkOutcomeForm(NAME, outcome);
    this.pointOf(outcome);
  }

  tell(trial: Trial<A>, outcome: Outcome): void {
    const settled = this.log.settle(trial, outcome, (told) => ({ ...told, point: this.pointOf(outcome) }));
    this.members.push(settled);
    if (this.members.length === this.population) this.select();
  }

  front(): ToldTrial<A>[] {
    const measured = this.log.told.filter(({ point }) => !point.some(Number.isNaN));
    const undominated = measured.filter(({ point }) => !measured.some((other) => dominates(other.point, point)));
    return undominated.map(({ trial, outcome }) => ({ trial, outcome }));
  }

  private pointOf(outcome: Outcome): Point {
    const { maximise = [], minimise = [] } = this.options;
    return [
      ...maximise.map((name) => -namedValue(outcome, name, NAME)),
      ...minimise.map((name) => namedValue(outcome, name, NAME)),
    ];
  }

  /** Ends a generation. */
  private select(): void {
    // In the order of asking, so that the order of telling within a generation does not matter.
    const members = this.members.sort((a, b) => a.trial.id - b.trial.id);
    const pool: readonly Member<A>[] = [...this.parents, ...members];
    const survivors: Ranked<A>[] = [];
    for (const [rank, places] of nonDominatedSort(pool.map(({ point }) => point)).entries()) {
      const crowding = crowdingDistances(places.map((place) => pool[place].point));
      const front = places.map((place, i): Ranked<A> => ({ ...pool[place], rank, crowding: crowding[i] }));
      const room = this.population - survivors.length;
      if (front.length > room) front.sort((a, b) => b.crowding - a.crowding || a.trial.id - b.trial.id);
      survivors.push(...front.slice(0, room));
      if (survivors.length === this.population) break;
    }
    const plain = ({ trial, outcome }: ToldTrial<A>) => ({ trial, outcome });
    this.generations.push({
      index: this.generations.length,
      members: members.map(plain),
      survivors: survivors.map(plain),
    });
    this.parents = survivors;
    this.members = [];
    this.asked = 0;
    this.refused.push(0);
  }

  /** A random architecture or a child, drawn until the early exit lets it through where it is to. */
  private within(isFirst: boolean, mutated: boolean): A {
    const { earlyExit } = this.options;
    if (!earlyExit || !(isFirst || earlyExit.children)) return this.draw(isFirst, mutated);
    for (let attempt = 0; attempt < PATIENCE; attempt++) {
      const drawn = this.draw(isFirst, mutated);
      if (earlyExit.of(drawn) <= earlyExit.limit) return drawn;
      this.refused[this.refused.length - 1]++;
    }
    throw new BudgetInfeasibleError(
      `${NAME}: one architecture in ${PATIENCE.toLocaleString("en-US")} must be within the early exit's limit of ${earlyExit.limit}, none was; raise the limit`,
      { limit: earlyExit.limit },
    );
  }

  private draw(isFirst: boolean, mutated: boolean): A {
    return isFirst ? this.space.sample(this.rng) : this.child(mutated);
  }

  private child(mutated: boolean): A {
    const { space, rng } = this;
    const [a, b] = [this.parent(), this.parent()];
    const joined = this.joined(a, b);
    if (joined === undefined) return space.mutate(a, rng);
    return mutated || rng.uniform() < this.mutation ? space.mutate(joined, rng) : joined;
  }

  private joined(a: A, b: A): A | undefined {
    const { space, rng } = this;
    if (space.crossover) return space.crossover(a, b, rng);
    if (!space.encode || !space.decode) return undefined;
    const other = space.encode(b);
    return space.decode(space.encode(a).map((value, i) => (rng.uniform() < 0.5 ? value : other[i])));
  }

  /** The winner of a binary tournament: the lower front, then the less crowded. */
  private parent(): A {
    const [a, b] = [this.rng.pick(this.parents), this.rng.pick(this.parents)];
    const first = a.rank < b.rank || (a.rank === b.rank && a.crowding >= b.crowding);
    return (first ? a : b).trial.architecture;
  }
}
