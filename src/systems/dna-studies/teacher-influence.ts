import { kendallTauB, type TrueNetwork } from "../../benchmark";
import { networkScores } from "../../benchmark/ranking";
import { blockScoresOf, type ComparedSetting, type ComparedSettings, settingScores } from "../../study/ranking";

/** What the digits of a network's key stand for in NAS-Bench-Macro, by digit. */
export const OPERATIONS = ["identity", "MBConv e3 k3", "MBConv e6 k5"];

/** Shares of the operations in the layers of the best scored networks, 0..1, as {@link OPERATIONS}. */
export function operationShares(
  truth: readonly Pick<TrueNetwork, "key">[],
  scores: readonly number[],
  networks = 100,
): number[] {
  const best = [...truth.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, networks);
  const digits = best.flatMap((i) => [...truth[i].key]);
  return OPERATIONS.map((_, op) => digits.filter((digit) => digit === String(op)).length / digits.length);
}

/** What a teacher's ratings find at half the multiply-adds of the largest network. */
export interface FoundByTeacher {
  readonly name: string;
  readonly title: string;
  readonly teacherKey: string;
  readonly network: TrueNetwork;
  /** Tau-b of its scores of all networks with the first setting's; undefined for that one itself. */
  readonly likeFirst?: number;
}

/** What teachers, and other seeds of the first one, find; the truly best, and the network that they have half of. */
export interface FoundByTeachers {
  readonly largest: TrueNetwork;
  readonly best: TrueNetwork;
  readonly teachers: readonly FoundByTeacher[];
  readonly otherSeeds: readonly FoundByTeacher[];
}

/** @param teachers The settings that search; the yardstick's other seeds are scored with the first setting's weights. */
export function foundByTeachers(
  compared: ComparedSettings,
  teachers: readonly ComparedSetting[],
  truth: readonly TrueNetwork[],
): FoundByTeachers {
  const { first, yard, stored, seed } = compared;
  const largest = truth.reduce((a, b) => (b.macs > a.macs ? b : a));
  const within = [...truth.keys()].filter((i) => truth[i].macs <= largest.macs / 2);
  const picked = (scores: readonly number[]) => truth[within.reduce((top, i) => (scores[i] > scores[top] ? i : top))];
  const firstScores = first && settingScores(compared, first, truth);
  const found = (one: Pick<ComparedSetting, "name" | "title" | "teacherKey">, scores: readonly number[]) => ({
    name: one.name,
    title: one.title,
    teacherKey: one.teacherKey,
    network: picked(scores),
    ...(firstScores && scores !== firstScores && { likeFirst: kendallTauB(scores, firstScores) }),
  });
  const others = first ? yard.raws.filter((raw) => raw.seed !== seed) : [];
  return {
    largest,
    best: truth[within.reduce((top, i) => (truth[i].accuracy > truth[top].accuracy ? i : top))],
    teachers: teachers.map((one) =>
      found(one, one === first && firstScores ? firstScores : settingScores(compared, one, truth)),
    ),
    otherSeeds: others.map((raw) => {
      const scores = networkScores(truth, blockScoresOf(raw, stored.measure), raw.cuts, first!.summary.weights);
      return found({ ...first!, title: `${first!.title}, seed ${raw.seed}` }, scores);
    }),
  };
}

/** A supernet after an epoch of its distillation. */
export interface DistilledFor extends ComparedSetting {
  /** From 1 on. */
  readonly epoch: number;
}

/** The settings that are the first one's supernets after fewer epochs, and that one itself; rising in epochs. */
export function distillationCourse({ there, first }: ComparedSettings): DistilledFor[] {
  const earlier = there.flatMap((one) => (one.raw.epoch === undefined ? [] : [{ ...one, epoch: one.raw.epoch }]));
  const last = first ? [{ ...first, epoch: first.raw.epoch ?? first.raw.losses[0].length }] : [];
  return [...earlier, ...last].sort((a, b) => a.epoch - b.epoch);
}
