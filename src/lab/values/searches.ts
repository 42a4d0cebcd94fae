import { readTruth, type TrueNetwork } from "../../benchmark";
import {
  evaluationsUntil,
  type FrontMember,
  type SearchClaims,
  type SearchStudy,
  type Spread,
  scoredNetworks,
  searchClaims,
  searchStudy,
  type TrialPoint,
  trialsByMethod,
} from "../../benchmark/ranking";
import { ConfigError, checkOptions, formatCount, type OptionRules, percent, rule } from "../../core";
import { mean } from "../../core/statistics";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type StoredRatings, storedRatings, storedRetraining } from "../../study/ranking";
import { studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { spreadWords } from "../display/spread-words";
import { Table } from "../display/table";
import { LabFoundAtShare } from "./found-at-share";
import { LabRetraining } from "./retraining";

export interface LabSearchesOptions {
  /** The benchmark's table: "nas-bench-macro" ships with the package and is the default; or the path of a table. */
  readonly truth?: string;
  /** Of the blocks (DNA's lambda); those that were chosen with the ratings unless given. */
  readonly weights?: readonly number[];
  /** MACs that the found network may have, as a share of the teacher's. Default 0.5. */
  readonly share?: number;
  /** Of random search, evolution and the networks drawn for comparison. Default 1. */
  readonly seed?: number;
  /** Of each search by trial, on the ratings of each seed. Default 10. */
  readonly runs?: number;
}

const RULES: OptionRules<LabSearchesOptions> = {
  truth: rule.text,
  weights: rule.list(rule.from(0)),
  share: rule.upTo(0, 1),
  seed: rule.whole,
  runs: rule.wholeFrom(1),
};
const ACCURACY = "true test accuracy (%)";

/** Exact search, random search and evolution on the same ratings of NAS-Bench-Macro, judged by true accuracies. */
export class LabSearches implements Displayable {
  private known?: SearchStudy;
  private readonly share: number;
  private readonly seed: number;

  constructor(
    private readonly stored: StoredRatings,
    /** All networks of the benchmark. */
    readonly truth: readonly TrueNetwork[],
    private readonly options: Omit<LabSearchesOptions, "truth">,
  ) {
    this.share = options.share ?? 0.5;
    this.seed = options.seed ?? 1;
  }

  /** The weights of the blocks that scores are made with. */
  get weights(): readonly number[] {
    return this.options.weights ?? this.stored.weights;
  }

  /** All figures; the searches run when they are first asked for, some seconds. */
  get study(): SearchStudy {
    const { weights, options } = this;
    this.known ??= searchStudy(this.stored.raws, this.truth, { ...options, weights });
    return this.known;
  }

  /** Means over the seeds of the ratings, of what the exact search finds. */
  get claims(): SearchClaims {
    return searchClaims(this.study);
  }

  /** Which ratings are searched: a row a seed. */
  ratings(): Table {
    const { raws, measure } = this.stored;
    return new Table({
      title: `${this.truth.length} networks with true accuracies; ratings of ${raws.length} seeds (${measure})`,
      columns: ["ratings", "teacher", "teacher's validation accuracy", "rated candidates", "weights of the blocks"],
      rows: raws.map(({ seed, teacher, blocks }) => [
        `seed ${seed}`,
        teacher.architecture,
        percent(teacher.accuracy, 1),
        blocks.map((block) => Object.keys(block).length).join(" + "),
        this.weights.join(", "),
      ]),
    });
  }

  /** What the exact search finds: its front and its picks for twelve budgets beside the true ones, by true accuracies. */
  table(): Table {
    const { reference, trueFront, truth, rated, macsAlone } = this.study;
    return new Table({
      title: `Exact search, by true accuracies; reference point ${formatCount(reference.macs)} MACs, ${reference.accuracy.toFixed(2)} %`,
      columns: ["front", "networks", "hypervolume", "hypervolume of twelve picks", "regret (points)"],
      rows: [
        ["true", trueFront.length, percent(1, 1), percent(truth.hypervolume, 1), truth.regret.toFixed(2)],
        ...rated.map(({ seed, front, frontHypervolume, hypervolume, regret }) => [
          `rated, seed ${seed}`,
          front.length,
          percent(frontHypervolume, 1),
          percent(hypervolume, 1),
          regret.toFixed(2),
        ]),
        ["most MACs, no rating", null, null, percent(macsAlone.hypervolume, 1), macsAlone.regret.toFixed(2)],
      ],
      note: "Hypervolumes as shares of the true front's.",
    });
  }

  /** The rated front of the first seed and its twelve picks against the true front, from the lowest budget on. */
  fronts(): FigureView {
    const { trueFront, rated, budgets } = this.study;
    const [first] = rated;
    const [lowest] = budgets;
    const curve = (name: string, networks: readonly FrontMember[]) => {
      // The smallest networks lie far below the others.
      const shown = networks.filter(({ macs }) => macs >= lowest);
      return { name, x: shown.map(({ macs }) => macs), y: shown.map(({ accuracy }) => accuracy) };
    };
    return new FigureView(
      studyCurve({
        title: "The rated front against the true front, CIFAR-10",
        subtitle: `all accuracies are true ones; ratings of seed ${first.seed}; from ${formatCount(lowest)} MACs on`,
        series: [
          curve("true front", trueFront),
          curve("rated front", first.front),
          curve("twelve picks of the rating", first.picks),
        ],
        xTitle: "FLOPs (multiply-adds)",
        yTitle: ACCURACY,
      }),
    );
  }

  /** How near random search and evolution come to the optimal score, by the number of ratings that they looked at. */
  distances(): FigureView {
    return new FigureView(
      studyCurve({
        title: "How near to the optimal score?",
        subtitle: `best score so far; 0: the exact optimum, 1: the mean affordable network; ${this.study.trials[0].runs} runs`,
        series: this.byMethod(({ gap }) => gap),
        xTitle: "evaluations (ratings looked at)",
        yTitle: "distance to the optimum",
        xType: "log",
      }),
    );
  }

  /** The same runs by the true accuracy of the best scored network so far, beside the exact search's and the truly best. */
  accuracies(): FigureView {
    const { rated, trials } = this.study;
    const counts = [...new Set(trials.map(({ evaluations }) => evaluations))];
    const level = (name: string, value: number) => ({ name, x: counts, y: counts.map(() => value) });
    return new FigureView(
      studyCurve({
        title: "How good is the network in truth?",
        subtitle: `at ${percent(this.share, 0)} of the teacher's MACs; ${trials[0].runs} runs`,
        series: [
          ...this.byMethod(({ accuracy }) => accuracy),
          level("exact search, mean of the seeds", mean(rated.map(({ half }) => half.found.accuracy))),
          level("truly best", rated[0].half.best.accuracy),
        ],
        xTitle: "evaluations (ratings looked at)",
        yTitle: ACCURACY,
        xType: "log",
      }),
    );
  }

  /** What the picks for twelve budgets are worth, by search and number of evaluations. */
  picks(): Table {
    const { trials, macsAlone, truth } = this.study;
    const exact = this.claims;
    const times100 = ({ mean, low, high }: Spread) => ({ mean: 100 * mean, low: 100 * low, high: 100 * high });
    const last = ({ regret, hypervolume }: { regret: number; hypervolume: number }) => [
      regret.toFixed(2),
      (100 * hypervolume).toFixed(1),
    ];
    return new Table({
      title: "Twelve picks, by true accuracies",
      columns: ["search", "evaluations a budget", "regret (points)", "hypervolume (% of the true front's)"],
      rows: [
        ...trials.map(({ method, evaluations, regret, hypervolume }) => [
          method,
          evaluations,
          spreadWords(regret, 2),
          spreadWords(times100(hypervolume), 1),
        ]),
        ["exact", null, ...last(exact)],
        ["most MACs, no rating", 0, ...last(macsAlone)],
        ["the truth itself", null, ...last(truth)],
      ],
      note: `Means, and the middle 95 % of ${trials[0].runs} runs; exact: mean of the seeds.`,
    });
  }

  /** A sentence: how many evaluations each search by trial needs to come near the optimal score. */
  effort(): string {
    const enough = [...trialsByMethod(this.study)].map(([name, trials]) => {
      const count = evaluationsUntil(trials);
      return `${name}: ${count === undefined ? `more than ${trials.at(-1)?.evaluations}` : count} evaluations`;
    });
    const candidates = this.stored.raws[0].blocks.reduce((sum, block) => sum + Object.keys(block).length, 0);
    return `To come within 5 % of the way to the optimal score, ${enough.join("; ")}. The exact search needs the ${candidates} ratings of the candidates, once, for every budget.`;
  }

  /** The network found at a share of the teacher's MACs, with each seed's ratings. */
  get found(): LabFoundAtShare {
    const { stored, truth, weights, share, seed } = this;
    const [raw] = stored.raws;
    return new LabFoundAtShare(this.study.rated, scoredNetworks(raw, truth, weights), { share, seed });
  }

  /**
   * The found network and the teacher, trained here from scratch; undefined when the file is absent.
   * @param path Of the file that `blockwise study search` wrote.
   */
  retraining(path: string): LabRetraining | undefined {
    const stored = storedRetraining(path);
    return stored && new LabRetraining(stored, this.study.rated[0].half.teacher.key, this.truth);
  }

  /** A sentence: whether the networks found are as good as DNA claims, at this scale. */
  verdict(): string {
    const { behindTeacher, leastBehindTeacher, aboveEquals, held, seeds } = this.claims;
    return `Result: at ${percent(this.share, 0)} of the teacher's MACs the networks found lie ${behindTeacher.toFixed(2)} points behind it (best possible ${leastBehindTeacher.toFixed(2)}) and ${aboveEquals.toFixed(2)} above the mean of networks of equal MACs; within 1.2 points and above their equals with ${held} of ${seeds} seeds of ratings.`;
  }

  /** What `notebook check` compares: the networks found, and the claims in numbers; means over the seeds of the ratings. */
  numbers(): Record<string, string | number | number[] | null> {
    const { rated, truth, macsAlone, trials } = this.study;
    const claims = this.claims;
    const regretOf = (method: TrialPoint["method"], evaluations: number) =>
      trials.find((trial) => trial.method === method && trial.evaluations === evaluations)?.regret.mean ?? null;
    return {
      found: rated.map(({ half }) => half.found.key).join(" "),
      found_accuracy: rated.map(({ half }) => Number(half.found.accuracy.toFixed(3))),
      behind_teacher: claims.behindTeacher,
      least_behind_teacher: claims.leastBehindTeacher,
      above_equals: claims.aboveEquals,
      seeds_that_hold: claims.held,
      hypervolume_front: claims.frontHypervolume,
      hypervolume_picks: claims.hypervolume,
      hypervolume_best_picks: truth.hypervolume,
      regret: claims.regret,
      regret_macs: macsAlone.regret,
      regret_random_100: regretOf("random search", 100),
      regret_evolution_100: regretOf("aging evolution", 100),
    };
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.fronts());
  }

  private byMethod(of: (trial: TrialPoint) => Spread) {
    return [...trialsByMethod(this.study)].map(([name, trials]) => ({
      name,
      x: trials.map(({ evaluations }) => evaluations),
      y: trials.map((trial) => of(trial).mean),
      interval: trials.map((trial): [number, number] => [of(trial).low, of(trial).high]),
    }));
  }
}

/**
 * Searches of three kinds on the stored ratings of NAS-Bench-Macro. Trains nothing.
 * @param ratings Folder of the raw ratings, `blockwise study` left its figures beside it.
 * @throws DataError when files are absent, ConfigError when an option is not known or breaks its rule.
 */
export function searches(ratings: string, options: LabSearchesOptions = {}): LabSearches {
  checkOptions("lab.searches", options, RULES);
  const { truth, ...rest } = options;
  const stored = storedRatings(ratings);
  const blocks = stored.raws[0].blocks.length;
  if (rest.weights && rest.weights.length !== blocks) {
    throw new ConfigError(
      `lab.searches: weights must be one for each of the ${blocks} blocks that were rated, got ${rest.weights.length}`,
      { blocks, weights: rest.weights },
    );
  }
  return new LabSearches(stored, readTruth(truth), rest);
}
