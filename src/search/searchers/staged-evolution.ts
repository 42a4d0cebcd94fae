import { ConfigError, type OptionRules, rule, shown } from "../../core";
import type { Space } from "../../space";
import { budgetSize } from "./goal";
import type { EvaluationBudget, Outcome, Searcher, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

export interface StagedEvolutionOptions extends SearcherOptions {
  /**
   * From the first to the last: what an architecture is trained to at each stage, such as the first, second and third part of
   * one schedule. Products of their quantities must rise. One alone makes a plain evolution by children in cycles.
   */
  readonly stages: readonly EvaluationBudget[];
  /** Cycles after the first, random architectures. */
  readonly cycles: number;
  /** Random architectures at first. Default 16. */
  readonly initial?: number;
  /** For each stage but the last, how many of its best go on to the next one in a cycle. Default: 8, 4, 2, ... */
  readonly promoted?: readonly number[];
  /** For each stage, how many parents a cycle takes from it; each has one child. Default: 16 divided evenly, the first stage has the rest. */
  readonly parents?: readonly number[];
  /** Cycles after which an architecture that was neither new nor promoted is a parent no more. Default 10. */
  readonly age?: number;
  /** After the last cycle, how many of the last stage's best are evaluated with the budget that counts. Default 5. */
  readonly finalists?: number;
  /** The budget that counts; the evaluator's usual one when left out. */
  readonly final?: EvaluationBudget;
}

const BUDGET = {
  must: "a budget such as { epochs: 20 }",
  holds: (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).length > 0 &&
    Object.values(value).every((quantity) => typeof quantity === "number" && quantity > 0),
};

const RULES: OptionRules<StagedEvolutionOptions> = {
  ...SEARCHER_RULES,
  stages: rule.list(BUDGET),
  cycles: rule.wholeFrom(0),
  initial: rule.wholeFrom(1),
  promoted: rule.list(rule.wholeFrom(0), 0),
  parents: rule.list(rule.wholeFrom(0)),
  age: rule.wholeFrom(1),
  finalists: rule.wholeFrom(0),
  final: BUDGET,
};

/**
 * Evolution with a hierarchical proxy (EcoNAS, Zhou et al., CVPR 2020, as the released code does it): every
 * architecture begins with the cheapest stage; in each cycle the best of a stage go on to the next, and parents come from all
 * stages, each the best of a quarter of its stage and one more, drawn with replacement. Promoted ones go on from the state of
 * their last stage, where the evaluator keeps one. After the last cycle the best of the last stage are evaluated with the
 * budget that counts, and the search ends. `ask` gives none while outcomes of a cycle are awaited.
 * @throws ConfigError when an option is not known or out of range, or the lists do not fit the stages.
 */
export function stagedEvolution<A>(space: Space<A, unknown>, options: StagedEvolutionOptions): Searcher<A> {
  const where = "stagedEvolution";
  checkSearcher(where, options, RULES);
  for (const name of ["stages", "cycles"] as const) {
    if (options[name] === undefined) throw new ConfigError(`${where}: ${name} must be ${RULES[name].must}, got none`);
  }
  const { stages, promoted = stages.slice(1).map((_, i) => 8 >> i), parents = evenly(16, stages.length) } = options;
  const sizes = stages.map(budgetSize);
  if (sizes.some((size, i) => i > 0 && size <= sizes[i - 1])) {
    throw new ConfigError(
      `${where}: stages must rise from the first to the last, e.g. [{ epochs: 20 }, { epochs: 40 }], got ${shown(stages)}`,
      { stages },
    );
  }
  for (const [name, list, length] of [
    ["promoted", promoted, stages.length - 1],
    ["parents", parents, stages.length],
  ] as const) {
    if (list.length === length) continue;
    throw new ConfigError(
      `${where}: ${name} must have ${length} ${length === 1 ? "number" : "numbers"} for ${stages.length} stages, got ${shown(list)}`,
      { [name]: list },
    );
  }
  return new StagedEvolution(where, space, { ...options, promoted, parents });
}

/** Evaluations of a whole search at most, the finalists' included; early cycles have fewer to promote. */
export function stagedEvaluations({ stages, cycles, ...options }: Omit<StagedEvolutionOptions, "seed">): number {
  const { initial = 16, promoted = stages.slice(1).map((_, i) => 8 >> i), finalists = 5 } = options;
  const { parents = evenly(16, stages.length) } = options;
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  return initial + cycles * (sum(parents) + sum(promoted)) + finalists;
}

function evenly(total: number, parts: number): number[] {
  const each = Math.floor(total / parts);
  return Array.from({ length: parts }, (_, i) => (i === 0 ? total - (parts - 1) * each : each));
}

/** An architecture as a stage has it. */
interface Member<A> {
  readonly architecture: A;
  /** Its last trial. */
  readonly trial: number;
  /** Of all its stages. */
  readonly best: number;
  /** When it was last evaluated. */
  readonly cycle: number;
}

/** What is to be asked next. */
interface Planned<A> {
  /** Undefined: one is drawn, from the space or as a mutation of `parent`. */
  readonly member?: Member<A>;
  readonly parent?: A;
  /** The number of stages means the budget that counts. */
  readonly stage: number;
}

class StagedEvolution<A> extends SingleGoalSearcher<A> {
  private readonly members: Member<A>[][];
  private readonly settings: Required<Omit<StagedEvolutionOptions, keyof SearcherOptions | "final">> & {
    readonly final?: EvaluationBudget;
  };
  private planned: Planned<A>[];
  private readonly pending = new Map<number, Planned<A>>();
  private cycle = 0;
  private ended = false;

  constructor(name: string, space: Space<A, unknown>, options: StagedEvolutionOptions) {
    super(name, space, options);
    const { stages, cycles, initial = 16, promoted = [], parents = [], age = 10, finalists = 5, final } = options;
    this.settings = { stages, cycles, initial, promoted, parents, age, finalists, ...(final && { final }) };
    this.members = stages.map(() => []);
    this.planned = Array.from({ length: initial }, () => ({ stage: 0 }));
  }

  override tell(trial: Trial<A>, outcome: Outcome): void {
    super.tell(trial, outcome);
    const planned = this.pending.get(trial.id)!;
    this.pending.delete(trial.id);
    const { score } = this.log.told[this.log.told.length - 1] as Scored<A>;
    if (planned.stage < this.members.length) {
      const best = Math.max(score, planned.member?.best ?? Number.NEGATIVE_INFINITY);
      this.members[planned.stage].push({ architecture: trial.architecture, trial: trial.id, best, cycle: this.cycle });
    }
    if (this.planned.length === 0 && this.pending.size === 0) this.advance();
  }

  protected next(): Trial<A> | undefined {
    const planned = this.planned.shift();
    if (!planned) return undefined;
    const { stages, final } = this.settings;
    const { member, parent, stage } = planned;
    const architecture =
      member?.architecture ??
      (parent === undefined ? this.random() : this.fresh(() => this.space.mutate(parent, this.rng)));
    const budget = stage < stages.length ? stages[stage] : final;
    const goesOn = member !== undefined && stage < stages.length;
    const trial = this.log.issue(architecture, { ...(budget && { budget }), ...(goesOn && { from: member.trial }) });
    this.pending.set(trial.id, planned);
    return trial;
  }

  /** Plans the next cycle, or the last evaluations. */
  private advance(): void {
    if (this.ended) return;
    if (this.cycle === this.settings.cycles) {
      this.ended = true;
      this.planned = this.finalists().map((member) => ({ member, stage: this.members.length }));
      return;
    }
    this.cycle++;
    const { age, promoted, parents } = this.settings;
    for (const [stage, own] of this.members.entries()) {
      this.members[stage] = sorted(own.filter(({ cycle }) => this.cycle - cycle <= age));
    }
    const children = parents.flatMap((count, stage) =>
      Array.from({ length: count }, (): Planned<A> => {
        const parent = this.parentOf(stage);
        // Where all were too old the evolution begins anew.
        return parent ? { parent: parent.architecture, stage: 0 } : { stage: 0 };
      }),
    );
    const goOn = promoted.flatMap((count, stage) => {
      const measured = this.members[stage].filter(({ best }) => best > Number.NEGATIVE_INFINITY).slice(0, count);
      this.members[stage] = this.members[stage].filter((member) => !measured.includes(member));
      return measured.map((member): Planned<A> => ({ member, stage: stage + 1 }));
    });
    this.planned = [...children, ...goOn];
    // Nothing to train in this cycle.
    if (this.planned.length === 0) this.advance();
  }

  /** From the nearest stage at or below that has any. */
  private parentOf(stage: number): Member<A> | undefined {
    const below = this.members.slice(0, stage + 1).reverse();
    const own = [...below, ...this.members].find((members) => members.length > 0);
    if (!own) return undefined;
    const draws = Math.floor(own.length / 4) + 1;
    // They are sorted, the best first.
    let best = own.length;
    for (let i = 0; i < draws; i++) best = Math.min(best, this.rng.int(own.length));
    return own[best];
  }

  /** The best of the last stage; where it has too few, those of the stages before it. */
  private finalists(): Member<A>[] {
    return [...this.members]
      .reverse()
      .flatMap((members) => sorted(members.filter(({ best }) => best > Number.NEGATIVE_INFINITY)))
      .slice(0, this.settings.finalists);
  }
}

function sorted<A>(members: readonly Member<A>[]): Member<A>[] {
  return [...members].sort((a, b) => b.best - a.best || a.trial - b.trial);
}
