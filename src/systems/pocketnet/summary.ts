import { areaUnder, type JudgedPairs, type RocPoint, rocCurve, tarAtFar, verification } from "../../train";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { unpackedCosines } from "./cosines";
import type { PocketNetRuns, StudentRun } from "./run-study";
import { FALSE_ACCEPT_RATES, POCKETNET_ARM_NAMES, type PocketNetArmName, type PocketNetSettings } from "./settings";

/** A training on the pairs of strangers. */
export interface Verified {
  readonly seed: number;
  /** 10-fold accuracy, percent. */
  readonly accuracy: number;
  /** True accept rate by false accept rate, percent; null where pairs are too few to measure it. */
  readonly tar: Readonly<Record<string, number | null>>;
  /** Area under the receiver operating characteristic, 0..1. */
  readonly area: number;
}

export interface PocketNetArmSummary {
  readonly arm: PocketNetArmName;
  readonly epochs: number;
  readonly runs: readonly Verified[];
  readonly accuracy: MeanInterval;
  readonly area: MeanInterval;
  /** By false accept rate, percent; absent where it is not measured. */
  readonly tar: Readonly<Record<string, MeanInterval>>;
  /** Mean cosine with the final teacher's embeddings, on strangers. */
  readonly withTeacher: MeanInterval;
  /** Distance to the teacher that is learnt from, epoch by epoch, times the loss' weight; empty without a teacher. */
  readonly distances: readonly MeanInterval[];
}

/** One arm against another, seed by seed. */
export interface ArmDifference {
  readonly of: PocketNetArmName;
  readonly against: PocketNetArmName;
  /** Points of accuracy. */
  readonly accuracy: MeanInterval;
  /** Seeds in which the first is at least as accurate, and in all. */
  readonly ahead: readonly [seeds: number, all: number];
}

export interface PocketNetSummary {
  readonly arms: readonly PocketNetArmSummary[];
  readonly teacher: Verified;
  readonly differences: readonly ArmDifference[];
}

/** Comparisons that are told, the first against the second. */
const COMPARED: readonly (readonly [PocketNetArmName, PocketNetArmName])[] = [
  ["kd", "none"],
  ["multi-step", "none"],
  ["multi-step", "kd"],
  ["kd", "none-longer"],
  ["multi-step", "none-longer"],
  ["blockwise", "multi-step"],
];

/** The pairs of the study as they are judged: fold by fold, those of one person first. */
export function judgedPairs({ pairs: { folds, pairs } }: Pick<PocketNetSettings, "pairs">): JudgedPairs {
  return {
    folds,
    pairs: Array.from({ length: 2 * folds * pairs }, (_, i) => ({
      same: i % (2 * pairs) < pairs,
      fold: Math.floor(i / (2 * pairs)),
    })),
  };
}

/** The receiver operating characteristic of a stored training. */
export function rocOf({ cosines }: Pick<StudentRun, "cosines">, judged: JudgedPairs): RocPoint[] {
  return rocCurve(unpackedCosines(cosines), judged);
}

/** All figures, from the stored cosines and histories. */
export function summarisePocketNet(runs: PocketNetRuns, settings: PocketNetSettings): PocketNetSummary {
  const judged = judgedPairs(settings);
  const arms = POCKETNET_ARM_NAMES.map((arm) => summariseArm(arm, runs.arms[arm], judged, settings));
  const of = (name: PocketNetArmName) => arms.find(({ arm }) => arm === name)!;
  return {
    arms,
    teacher: verified(runs.teacher, judged),
    differences: COMPARED.map(([one, other]) => {
      const [own, rival] = [of(one).runs, of(other).runs];
      const points = own.map(({ accuracy }, i) => accuracy - rival[i].accuracy);
      const ahead = points.filter((difference) => difference >= 0).length;
      return { of: one, against: other, accuracy: meanInterval(points), ahead: [ahead, points.length] };
    }),
  };
}

/** All students trained for another number of epochs. */
export interface TrainingLength {
  readonly epochs: number;
  /** 10-fold accuracy by seed, percent. */
  readonly accuracy: Readonly<Record<PocketNetArmName, readonly number[]>>;
}

/** 10-fold accuracies of all students by seed, percent. */
export function verifiedBySeed(
  arms: PocketNetRuns["arms"],
  settings: Pick<PocketNetSettings, "pairs">,
): Record<PocketNetArmName, number[]> {
  const judged = judgedPairs(settings);
  return Object.fromEntries(
    POCKETNET_ARM_NAMES.map((arm) => [arm, arms[arm].map((run) => verified(run, judged).accuracy)]),
  ) as Record<PocketNetArmName, number[]>;
}

/** The order that the paper finds, at one number of epochs. */
export interface LengthSummary {
  readonly epochs: number;
  readonly accuracy: Readonly<Record<PocketNetArmName, MeanInterval>>;
  readonly kdLessNone: MeanInterval;
  readonly multiStepLessKd: MeanInterval;
}

/** By the students' epochs, rising: those of the study itself are among them. */
export function summariseLengths(
  { arms, lengths }: Pick<PocketNetRuns, "arms"> & { readonly lengths: readonly TrainingLength[] },
  settings: PocketNetSettings,
): LengthSummary[] {
  const all = [...lengths, { epochs: settings.training.epochs, accuracy: verifiedBySeed(arms, settings) }];
  return all
    .sort((a, b) => a.epochs - b.epochs)
    .map(({ epochs, accuracy }) => {
      const less = (one: PocketNetArmName, other: PocketNetArmName) =>
        meanInterval(accuracy[one].map((percent, seed) => percent - accuracy[other][seed]));
      return {
        epochs,
        accuracy: Object.fromEntries(
          POCKETNET_ARM_NAMES.map((arm) => [arm, meanInterval(accuracy[arm])]),
        ) as unknown as LengthSummary["accuracy"],
        kdLessNone: less("kd", "none"),
        multiStepLessKd: less("multi-step", "kd"),
      };
    });
}

function verified({ seed, cosines }: Pick<StudentRun, "seed" | "cosines">, judged: JudgedPairs): Verified {
  const values = unpackedCosines(cosines);
  const rates = FALSE_ACCEPT_RATES.map((far) => {
    const tar = tarAtFar(values, judged, far);
    return [String(far), tar === undefined ? null : 100 * tar] as const;
  });
  return {
    seed,
    accuracy: 100 * verification(values, judged).accuracy,
    tar: Object.fromEntries(rates),
    area: areaUnder(rocCurve(values, judged)),
  };
}

function summariseArm(
  arm: PocketNetArmName,
  students: readonly StudentRun[],
  judged: JudgedPairs,
  { distillationWeight }: PocketNetSettings,
): PocketNetArmSummary {
  const runs = students.map((run) => verified(run, judged));
  const measured = FALSE_ACCEPT_RATES.flatMap((far) => {
    const values = runs.map(({ tar }) => tar[String(far)]);
    return values.every((value) => value !== null) ? [[String(far), meanInterval(values as number[])] as const] : [];
  });
  const epochs = students[0].epochs.length;
  const learnt = students.every((run) => run.epochs.every(({ distance }) => distance !== undefined));
  return {
    arm,
    epochs,
    runs,
    accuracy: meanInterval(runs.map(({ accuracy }) => accuracy)),
    area: meanInterval(runs.map(({ area }) => area)),
    tar: Object.fromEntries(measured),
    withTeacher: meanInterval(students.map(({ withTeacher }) => withTeacher)),
    distances: learnt
      ? Array.from({ length: epochs }, (_, i) =>
          meanInterval(students.map((run) => distillationWeight * run.epochs[i].distance!)),
        )
      : [],
  };
}
