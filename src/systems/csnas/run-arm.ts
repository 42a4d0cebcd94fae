import type { Outcome, Searcher } from "../../search";
import { bestTrial, randomSearcher, type ToldTrial, tpeSearcher } from "../../search";
import type { CellGraph } from "../../space";
import { CSNAS_ARMS, CSNAS_SEARCHES, type CsnasArm, type CsnasArmName, type CsnasSettings } from "./settings";
import { smallCellCode } from "./small-network";

/** What both scores say of a network. */
export interface ScoredCell {
  /** Mean contrastive loss of the last epoch, nats; NaN where the training diverged. */
  readonly loss: number;
  /** Percent; NaN where the training diverged. */
  readonly validation: number;
}

/** A search as it is stored: all figures follow from the table. */
export interface CsnasRun {
  readonly seed: number;
  /** Networks in the order of their evaluation, by their places in the table: "17 3 120". */
  readonly cells: string;
  /** The place of what it chose. */
  readonly chosen: number;
}

/** A table of scored networks, and how a search finds their places. */
export interface ScoreTable {
  readonly keys: readonly string[];
  readonly scores: readonly ScoredCell[];
}

/** How large a search is. */
export interface SearchSizes {
  readonly seeds: number;
  readonly evaluations: number;
  readonly tpe: { readonly initial: number; readonly candidates: number; readonly good: number };
}

function searcherOf(arm: CsnasArm, seed: number, settings: CsnasSettings, { tpe }: SearchSizes): Searcher<CellGraph> {
  const space = smallCellCode(arm.code, settings);
  const goal = goalOf(arm);
  return arm.searcher === "random"
    ? randomSearcher(space, { ...goal, seed })
    : tpeSearcher(space, { ...goal, ...tpe, seed });
}

function goalOf({ labels }: CsnasArm) {
  return labels ? { maximise: "validation" } : { minimise: "loss" };
}

/** Runs one search of one seed on the table. A network that the searcher proposes again counts as an evaluation again. */
export function runCsnasArm(
  name: CsnasArmName,
  seed: number,
  { keys, scores }: ScoreTable,
  settings: CsnasSettings,
  sizes: SearchSizes = CSNAS_SEARCHES,
): CsnasRun {
  const arm = CSNAS_ARMS[name];
  const searcher = searcherOf(arm, seed, settings, sizes);
  const places = new Map(keys.map((key, place) => [key, place]));
  const told: ToldTrial<CellGraph>[] = [];
  while (told.length < sizes.evaluations) {
    const [trial] = searcher.ask();
    if (!trial) break;
    const { loss, validation } = scores[places.get(trial.key)!];
    const outcome: Outcome<never> = { values: { loss, validation }, costs: {}, fingerprint: `csnas/${trial.key}` };
    searcher.tell(trial, outcome);
    told.push({ trial, outcome });
  }
  const chosen = bestTrial(told, goalOf(arm));
  return {
    seed,
    cells: told.map(({ trial }) => places.get(trial.key)!).join(" "),
    chosen: places.get((chosen ?? told[0]).trial.key)!,
  };
}
