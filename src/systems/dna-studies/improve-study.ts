import type { TrueNetwork } from "../../benchmark";
import { type Spread, spreadOf, spreadOfMean } from "../../benchmark/ranking";
import { breathe, Progress, Rng, type StepContext } from "../../core";
import type { RawRatings } from "../../study/ranking";
import { type PickRun, type RankRun, SimulatedTrainings } from "./simulated-trainings";

export interface RankResult {
  /** Over networks that were neither tuned on nor trained in that run. */
  readonly tau: Spread;
  readonly concordance: Spread;
  readonly picks: readonly RankRun[];
}

export interface PickResult {
  /** Mean over the twelve budgets, points. */
  readonly regret: Spread;
  readonly picks: readonly PickRun[];
}

type ByCount<Result> = Readonly<Record<string, Result>>;

/** Simulated on a table of truth: what a few trained networks are worth, with and without ratings. Plain JSON. */
export interface ImproveStudy {
  readonly rank: Readonly<Record<"with_ratings" | "without_ratings", ByCount<RankResult>>>;
  readonly pick: Readonly<
    Record<"with_ratings" | "without_ratings" | "evolution" | "random_search", ByCount<PickResult>>
  >;
  /** With ratings less without, same networks or same draw: mean, and its 95 % interval (1.96 standard errors). */
  readonly gain: {
    readonly tau: ByCount<Spread>;
    readonly concordance: ByCount<Spread>;
    readonly regret: ByCount<Spread>;
  };
}

export interface ImproveStudyOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** Trainings after which is judged, rising. */
  readonly counts?: readonly number[];
}

/** All that is simulated on one seed's ratings in one draw; one entry a number of trainings. */
export interface ImproveDraw {
  readonly rank: Readonly<Record<"with_ratings" | "without_ratings", readonly RankRun[]>>;
  readonly pick: Readonly<Record<keyof ImproveStudy["pick"], readonly PickRun[]>>;
}

/** Draws that are done already, by `seed/draw`; new ones are added. */
export interface ImproveStore {
  get(key: string): ImproveDraw | undefined;
  set(key: string, draw: ImproveDraw): void;
}

/**
 * Simulates trainings on NAS-Bench-Macro: each looks up one of a network's three accuracies. Some two seconds a draw and seed.
 * @param raws Raw ratings, one a seed.
 * @param store What was done before an interrupt is taken from it.
 * @throws InterruptedError when stopped.
 */
export async function improveStudy(
  raws: readonly RawRatings[],
  truth: readonly TrueNetwork[],
  { draws = 20, seed = 1, counts = [16, 30] }: ImproveStudyOptions = {},
  context: StepContext = {},
  store: ImproveStore = new Map(),
): Promise<ImproveStudy> {
  const progress = new Progress(context, "study improve", draws * raws.length, "draws");
  const all: ImproveDraw[] = [];
  for (const raw of raws) {
    const world = new SimulatedTrainings(raw, truth);
    for (let draw = 0; draw < draws; draw++) {
      await breathe();
      const key = `${raw.seed}/${draw}`;
      const rng = new Rng(seed).fork(`improve/ratings ${raw.seed}/draw ${draw}`);
      const one = store.get(key) ?? simulated(world, draw, counts, rng);
      store.set(key, one);
      all.push(one);
      progress.advance();
    }
  }
  const rankOf = (name: keyof ImproveDraw["rank"]) =>
    byCount(counts, (i) => {
      const picks = all.map(({ rank }) => rank[name][i]);
      return {
        tau: spreadOf(picks.map(({ tau }) => tau)),
        concordance: spreadOf(picks.map((one) => one.concordance)),
        picks,
      };
    });
  const pickOf = (name: keyof ImproveDraw["pick"]) =>
    byCount(counts, (i) => {
      const picks = all.map(({ pick }) => pick[name][i]);
      return { regret: spreadOf(picks.map(({ regret }) => regret)), picks };
    });
  const rankGain = (of: "tau" | "concordance") =>
    byCount(counts, (i) => spreadOfMean(all.map(({ rank }) => rank.with_ratings[i][of] - rank.without_ratings[i][of])));
  return {
    rank: { with_ratings: rankOf("with_ratings"), without_ratings: rankOf("without_ratings") },
    pick: {
      with_ratings: pickOf("with_ratings"),
      without_ratings: pickOf("without_ratings"),
      evolution: pickOf("evolution"),
      random_search: pickOf("random_search"),
    },
    gain: {
      tau: rankGain("tau"),
      concordance: rankGain("concordance"),
      regret: byCount(counts, (i) =>
        spreadOfMean(all.map(({ pick }) => pick.with_ratings[i].regret - pick.without_ratings[i].regret)),
      ),
    },
  };
}

function simulated(world: SimulatedTrainings, draw: number, counts: readonly number[], rng: Rng): ImproveDraw {
  const trained = world.drawn(counts.at(-1)!, rng.fork("rank"));
  const rank = (ratings: boolean) => counts.map((count) => world.rank(draw, trained.slice(0, count), ratings));
  return {
    rank: { with_ratings: rank(true), without_ratings: rank(false) },
    pick: {
      with_ratings: world.pick(draw, counts, true, rng.fork("pick")),
      without_ratings: world.pick(draw, counts, false, rng.fork("pick")),
      evolution: world.trials(draw, counts, "evolution", rng.fork("trials")),
      random_search: world.trials(draw, counts, "random", rng.fork("trials")),
    },
  };
}

function byCount<Result>(counts: readonly number[], of: (i: number) => Result): ByCount<Result> {
  return Object.fromEntries(counts.map((count, i) => [String(count), of(i)]));
}
