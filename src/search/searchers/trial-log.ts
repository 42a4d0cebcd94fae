import { ConfigError, shown } from "../../core";
import type { Space } from "../../space";
import { checkOutcomeForm } from "./given";
import type { EvaluationBudget, Outcome, ToldTrial, Trial } from "./searcher";

/** Draws of an architecture that was not asked before, after which one comes again. */
const ATTEMPTS = 100;

/** What a searcher asked and was told: numbers its trials, and refuses what it did not ask. */
export class TrialLog<A, Told extends ToldTrial<A> = ToldTrial<A>> {
  /** In the order of telling. */
  readonly told: Told[] = [];
  private readonly pending = new Map<number, Trial<A>>();
  private readonly keys = new Set<string>();
  private issued = 0;
  /** The last of {@link fresh}: making a key takes as long as drawing. */
  private drawn?: { readonly architecture: A; readonly key: string };

  constructor(
    private readonly where: string,
    private readonly space: Pick<Space<A, unknown>, "key">,
  ) {}

  /** Trials so far. */
  get asked(): number {
    return this.issued;
  }

  /** Asked, and not told yet. */
  get waiting(): number {
    return this.pending.size;
  }

  knows(key: string): boolean {
    return this.keys.has(key);
  }

  /**
   * Draws until one comes that was not asked before; after a hundred draws one that was.
   * @param draw Gets the number of the draw, from 0.
   */
  fresh(draw: (attempt: number) => A): A {
    for (let attempt = 0; ; attempt++) {
      const architecture = draw(attempt);
      const key = this.space.key(architecture);
      if (attempt + 1 < ATTEMPTS && this.keys.has(key)) continue;
      this.drawn = { architecture, key };
      return architecture;
    }
  }

  issue(architecture: A, more: { readonly budget?: EvaluationBudget; readonly from?: number } = {}): Trial<A> {
    const key = this.drawn?.architecture === architecture ? this.drawn.key : this.space.key(architecture);
    const trial = { id: this.issued++, architecture, key, ...more };
    this.pending.set(trial.id, trial);
    this.keys.add(trial.key);
    return trial;
  }

  /**
   * Notes what came of a trial.
   * @param more What the searcher keeps beside it; called first, so that an outcome that it refuses stays untold.
   * @throws ConfigError when the trial was not asked or was told before, or came without an outcome.
   */
  settle(trial: Trial<A>, outcome: Outcome, more: (known: ToldTrial<A>) => Told): Told {
    if (typeof trial !== "object" || trial === null) {
      throw new ConfigError(
        `${this.where}: tell must be given a trial that ask gave, and its outcome, got ${shown(trial)}`,
      );
    }
    const asked = this.pending.get(trial.id);
    if (asked?.key !== trial.key) {
      throw new ConfigError(
        `${this.where}: a trial must be told once, after it was asked; ${shown(trial.id)} (${shown(trial.key)}) was ${trial.id < this.issued && !asked ? "told before" : "not asked"}`,
        { id: trial.id, key: trial.key },
      );
    }
    checkOutcomeForm(this.where, outcome);
    const told = more({ trial: asked, outcome });
    this.pending.delete(trial.id);
    this.told.push(told);
    return told;
  }
}

/** Asks one by one until there is none to ask. @throws ConfigError when the count is no whole number from 1. */
export function askEach<A>(where: string, count: number, one: () => Trial<A> | undefined): Trial<A>[] {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ConfigError(
      `${where}: the number of trials to ask for must be a whole number from 1, got ${shown(count)}`,
    );
  }
  const trials: Trial<A>[] = [];
  for (let trial = one(); ; trial = one()) {
    if (!trial) return trials;
    trials.push(trial);
    if (trials.length === count) return trials;
  }
}
