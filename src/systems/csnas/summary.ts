import { type Estimate, kendallTauB, pairedBootstrap, pearson, ranks, spearman } from "../../benchmark";
import { Rng } from "../../core";
import { mean, medianReached, quantile } from "../../core/statistics";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { cellCode, cellCodeFigures } from "./cell-code";
import { middleCell, usualChoice } from "./chosen-cells";
import type { CellRow, StoredCsnas } from "./results-file";
import type { CsnasRun } from "./run-arm";
import { CELL_CODES, type CellCodeName, CSNAS_ARM_NAMES, type CsnasArmName } from "./settings";
import { smallCsnasNetwork } from "./small-network";

/** How a score orders networks against their test accuracies with labels. */
export interface ScoreAgreement {
  readonly networks: number;
  /** Spearman's, with its interval over networks. */
  readonly rho: Estimate;
  readonly tau: number;
  /** Correlation of the ranks that is left when both are predicted from log parameters. */
  readonly givenSize: Estimate;
}

export interface CsnasArmSummary {
  readonly arm: CsnasArmName;
  /** Best score seen after so many evaluations: quartiles over seeds. Nats without labels, percent with. */
  readonly curve: {
    readonly x: readonly number[];
    readonly lower: readonly number[];
    readonly median: readonly number[];
    readonly upper: readonly number[];
  };
  /** Share of the table's networks that score better than the choice, percent. */
  readonly ahead: MeanInterval;
  /** Best score seen, averaged over all evaluations. */
  readonly area: MeanInterval;
  /** The choice's test accuracy in the table, percent. */
  readonly test: MeanInterval;
  /** Median evaluations until the median of what random search with the same code ends at is seen; undefined: half never saw it. */
  readonly needed?: number;
}

/** TPE less random search of the same seed, with the same code. */
export interface CsnasDifference {
  readonly code: CellCodeName;
  /** Negative: TPE's average best loss is lower. Nats. */
  readonly area: MeanInterval;
  readonly final: MeanInterval;
}

/** How good the choices with and without labels are after longer trainings, percent: means over searches, intervals over trainings. */
export interface FinalSummary {
  /** From so many seeds each. */
  readonly trainings: number;
  readonly labelFree: MeanInterval;
  readonly labelled: MeanInterval;
  /** Without less with labels, by seed of the training. */
  readonly difference: MeanInterval;
  /** Networks that the two chose, each once. */
  readonly choices: readonly [labelFree: number, labelled: number];
}

export interface ProbeSummary {
  readonly key: string;
  readonly what: readonly ("chosen without labels" | "chosen with labels" | "middle of the table")[];
  readonly probe: MeanInterval;
  readonly untrained: MeanInterval;
}

export interface CellCodeSummary {
  readonly code: CellCodeName;
  readonly nodes: number;
  readonly ops: number;
  readonly silent: number;
  readonly fromInputs: number;
}

export interface CsnasSummary {
  readonly networks: number;
  /** Trainings that diverged: without labels, with. */
  readonly diverged: readonly [number, number];
  /** Score without labels, and what costs nothing. */
  readonly labelFree: ScoreAgreement;
  readonly params: ScoreAgreement;
  readonly macs: ScoreAgreement;
  /** Scores against themselves from another seed. */
  readonly ceiling: { readonly labelFree: Estimate; readonly labelled: Estimate };
  /** The two forms of the loss on the same networks. */
  readonly forms: { readonly infonce: ScoreAgreement; readonly pirl: ScoreAgreement };
  /** The study's own training on the networks of the variants, then these: titles and how they agree. */
  readonly variants: readonly { readonly title: string; readonly agreement: ScoreAgreement }[];
  readonly arms: readonly CsnasArmSummary[];
  readonly differences: readonly CsnasDifference[];
  readonly final: FinalSummary;
  readonly probes: readonly ProbeSummary[];
  readonly codes: readonly CellCodeSummary[];
}

/** All figures, from the stored scores and searches. */
export function summariseCsnas(stored: StoredCsnas): CsnasSummary {
  const keys = Object.keys(stored.cells);
  const rows = keys.map((key) => stored.cells[key]);
  const againstTest = (scores: readonly number[], of: readonly CellRow[] = rows) => agreementOf(scores, of);
  const lossesOf = (of: readonly CellRow[]) => of.map(([loss]) => scoreOfLoss(loss));
  const pirl = Object.keys(stored.pirl);
  const ofPirl = pirl.map((key) => stored.cells[key]);
  return {
    networks: rows.length,
    diverged: [0, 1].map((at) => rows.filter((row) => Number.isNaN(row[at])).length) as [number, number],
    labelFree: againstTest(lossesOf(rows)),
    params: againstTest(rows.map((row) => row[4])),
    macs: againstTest(rows.map((row) => row[3])),
    ceiling: ceilingOf(stored),
    forms: {
      infonce: againstTest(lossesOf(ofPirl), ofPirl),
      pirl: againstTest(
        pirl.map((key) => scoreOfLoss(stored.pirl[key])),
        ofPirl,
      ),
    },
    variants: variantsOf(stored),
    arms: CSNAS_ARM_NAMES.map((arm) => summariseArm(arm, stored, rows)),
    differences: CELL_CODES.map((code) => differenceOf(code, stored, rows)),
    final: finalOf(stored, keys),
    probes: probesOf(stored, keys, rows),
    codes: codesOf(stored),
  };
}

/** Higher is better; a training that diverged is below all others. */
function scoreOfLoss(loss: number): number {
  return Number.isNaN(loss) ? Number.NEGATIVE_INFINITY : -loss;
}

function scoreOfAccuracy(accuracy: number): number {
  return Number.isNaN(accuracy) ? -1 : accuracy;
}

function agreementOf(scores: readonly number[], rows: readonly CellRow[]): ScoreAgreement {
  const test = rows.map((row) => scoreOfAccuracy(row[2]));
  const size = rows.map((row) => Math.log(row[4]));
  return {
    networks: rows.length,
    rho: bootstrap([scores, test], ([x, y]) => spearman(x, y)),
    tau: kendallTauB(scores, test),
    givenSize: bootstrap([scores, test, size], ([x, y, z]) => partialOfRanks(x, y, z)),
  };
}

function variantsOf({ cells, variants, settings }: StoredCsnas): CsnasSummary["variants"] {
  const of = (title: string, losses: Readonly<Record<string, number>>) => {
    const keys = Object.keys(losses);
    const scores = keys.map((key) => scoreOfLoss(losses[key]));
    const rows = keys.map((key) => cells[key]);
    return { title, agreement: agreementOf(scores, rows) };
  };
  const [first = {}] = Object.values(variants);
  const own = Object.fromEntries(Object.keys(first).map((key) => [key, cells[key][0]]));
  const tried = Object.entries(variants).map(([name, losses]) => of(settings.variants.trainings[name].title, losses));
  return tried.length > 0 ? [of("as in the table", own), ...tried] : [];
}

/** Partial correlation of the ranks of x and y given z. */
function partialOfRanks(x: readonly number[], y: readonly number[], z: readonly number[]): number {
  const [a, b] = [ranks(x), ranks(y)];
  const [ab, az, bz] = [pearson(a, b), pearson(a, z), pearson(b, z)];
  return (ab - az * bz) / Math.sqrt((1 - az * az) * (1 - bz * bz));
}

function bootstrap(lists: readonly (readonly number[])[], statistic: (lists: number[][]) => number): Estimate {
  return pairedBootstrap(lists, statistic, "csnas/bootstrap");
}

function ceilingOf({ cells, again }: StoredCsnas): CsnasSummary["ceiling"] {
  const of = (own: readonly number[], other: readonly number[]) => bootstrap([own, other], ([x, y]) => spearman(x, y));
  const [free, labelled] = [Object.keys(again.labelFree), Object.keys(again.labelled)];
  return {
    labelFree: of(
      free.map((key) => scoreOfLoss(cells[key][0])),
      free.map((key) => scoreOfLoss(again.labelFree[key])),
    ),
    labelled: of(
      labelled.map((key) => scoreOfAccuracy(cells[key][2])),
      labelled.map((key) => scoreOfAccuracy(again.labelled[key][1])),
    ),
  };
}

/** What a search goes by, higher is better. */
function scoresOf(arm: CsnasArmName, rows: readonly CellRow[]): number[] {
  return rows.map(([loss, validation]) => (arm === "tpe-labels" ? scoreOfAccuracy(validation) : scoreOfLoss(loss)));
}

/** The best score seen after each evaluation. */
function bestSoFar({ cells }: CsnasRun, scores: readonly number[]): number[] {
  let best = Number.NEGATIVE_INFINITY;
  return cells.split(" ").map((place) => (best = Math.max(best, scores[Number(place)])));
}

function summariseArm(arm: CsnasArmName, { arms }: StoredCsnas, rows: readonly CellRow[]): CsnasArmSummary {
  const scores = scoresOf(arm, rows);
  const sign = arm === "tpe-labels" ? 1 : -1;
  const bests = arms[arm].map((run) => bestSoFar(run, scores));
  const x = bests[0].map((_, i) => i + 1);
  const at = (share: number) =>
    x.map((_, i) =>
      Number(
        quantile(
          bests.map((best) => sign * best[i]).sort((a, b) => a - b),
          share,
        ).toFixed(4),
      ),
    );
  const target = targetOf(arm, arms, rows);
  const needed =
    target === undefined
      ? undefined
      : medianReached(bests.map((best) => best.findIndex((value) => value >= target) + 1 || Number.POSITIVE_INFINITY));
  return {
    arm,
    curve: { x, lower: at(0.25), median: at(0.5), upper: at(0.75) },
    ahead: meanInterval(
      arms[arm].map(({ chosen }) => (100 * scores.filter((score) => score > scores[chosen]).length) / scores.length),
    ),
    area: meanInterval(bests.map((best) => sign * mean(best))),
    test: meanInterval(arms[arm].map(({ chosen }) => rows[chosen][2])),
    ...(needed !== undefined && { needed }),
  };
}

/** What random search with the same code ends at, the median over seeds; undefined where there is none by the same score. */
function targetOf(arm: CsnasArmName, arms: StoredCsnas["arms"], rows: readonly CellRow[]): number | undefined {
  if (arm === "tpe-labels") return undefined;
  const random: CsnasArmName = arm.endsWith("released") ? "random-released" : "random";
  const scores = scoresOf(random, rows);
  const ends = arms[random].map((run) => bestSoFar(run, scores).at(-1)!).sort((a, b) => a - b);
  // One that was seen: between two seeds' ends no network may lie.
  return ends[(ends.length - 1) >> 1];
}

function differenceOf(code: CellCodeName, { arms }: StoredCsnas, rows: readonly CellRow[]): CsnasDifference {
  const names: readonly [CsnasArmName, CsnasArmName] =
    code === "released" ? ["tpe-released", "random-released"] : ["tpe", "random"];
  const [own, other] = names.map((arm) => arms[arm].map((run) => bestSoFar(run, scoresOf(arm, rows))));
  return {
    code,
    area: meanInterval(own.map((best, i) => mean(other[i]) - mean(best))),
    final: meanInterval(own.map((best, i) => other[i].at(-1)! - best.at(-1)!)),
  };
}

function finalOf({ arms, finals }: StoredCsnas, keys: readonly string[]): FinalSummary {
  // Seeds of searches choose the same few networks, so what varies between searches is not what varies between trainings.
  const trainings = finals[keys[arms.tpe[0].chosen]].map((_, seed) => seed);
  const [free, labelled] = [arms.tpe, arms["tpe-labels"]].map((runs) =>
    trainings.map((seed) => mean(runs.map(({ chosen }) => scoreOfAccuracy(finals[keys[chosen]][seed][1])))),
  );
  const choices = (runs: readonly CsnasRun[]) => new Set(runs.map(({ chosen }) => chosen)).size;
  return {
    trainings: trainings.length,
    labelFree: meanInterval(free),
    labelled: meanInterval(labelled),
    difference: meanInterval(free.map((value, i) => value - labelled[i])),
    choices: [choices(arms.tpe), choices(arms["tpe-labels"])],
  };
}

function probesOf(stored: StoredCsnas, keys: readonly string[], rows: readonly CellRow[]): ProbeSummary[] {
  const middle = middleCell({ scores: rows.map(([loss, validation]) => ({ loss, validation })) });
  const places = {
    "chosen without labels": usualChoice(stored.arms.tpe),
    "chosen with labels": usualChoice(stored.arms["tpe-labels"]),
    "middle of the table": middle,
  };
  return Object.entries(stored.probes).map(([key, seeds]) => ({
    key,
    what: (Object.keys(places) as (keyof typeof places)[]).filter((name) => keys[places[name]] === key),
    probe: meanInterval(seeds.map(([probe]) => probe)),
    untrained: meanInterval(seeds.map(([, untrained]) => untrained)),
  }));
}

const CODE_DRAWS = 1000;

/** The two codes at the study's size and at the paper's. */
function codesOf({ settings }: StoredCsnas): CellCodeSummary[] {
  const sizes = [
    { nodes: settings.nodes, ops: settings.ops },
    { nodes: 5, ops: ["none", "max3", "avg3", "skip", "sep3", "sep5", "dil3", "dil5"] as const },
  ];
  return sizes.flatMap(({ nodes, ops }) =>
    CELL_CODES.map((code): CellCodeSummary => {
      const coded = cellCode(code, { nodes, ops, network: (cell) => smallCsnasNetwork(cell) });
      const rng = new Rng(1).fork(`csnas/code/${code}/${nodes}`);
      return { code, nodes, ops: ops.length, ...cellCodeFigures(coded, CODE_DRAWS, rng) };
    }),
  );
}
