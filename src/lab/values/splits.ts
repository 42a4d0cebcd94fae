import { ConfigError, checkOptions, formatCount, type OptionRules, percent, rule, type StepContext } from "../../core";
import { mean } from "../../core/statistics";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type BlockSpaceOptions, type BlockVariant, blockSpace, mbconv } from "../../space";
import { standardError } from "../display/numbers";
import { Table } from "../display/table";
import { notebookContext } from "../session/notebook-context";
import { pareto } from "../words/pareto";
import type { LabBlocks } from "./blocks";
import type { LabFront } from "./front";
import type { LabStudent } from "./student";
import { LabSupernet } from "./supernet";
import type { LabTeacher } from "./teacher";

/** Into how many blocks a teacher is cut, and what is the same for all of them. */
export interface LabSplitsOptions {
  readonly blockCounts: readonly number[];
  /** MACs that a found network may have, as a share of the teacher's. */
  readonly budget: number;
  readonly kernels?: readonly number[];
  readonly expansions?: readonly number[];
  /** Cells of each block, `[block][cell]`; {@link teacherDeepCells} unless given. */
  readonly cells?: (blocks: LabBlocks) => readonly (readonly BlockVariant[])[];
  readonly distillEpochs?: number;
  readonly retrainEpochs?: number;
  /** Random networks of equal cost for each number of blocks; 2 unless given. */
  readonly rivals?: number;
}

const RULES: OptionRules<LabSplitsOptions> = {
  blockCounts: {
    must: "a list of one or more different numbers of blocks, each a whole number from 1",
    holds: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      new Set(value).size === value.length &&
      value.every((count) => Number.isSafeInteger(count) && count >= 1),
  },
  budget: rule.upTo(0, 1),
  kernels: rule.any,
  expansions: rule.any,
  cells: rule.any,
  distillEpochs: rule.wholeFrom(1),
  retrainEpochs: rule.wholeFrom(1),
  rivals: rule.wholeFrom(1),
};

/** What came of one number of blocks. */
export interface SplitRound {
  readonly count: number;
  readonly candidates: bigint;
  readonly student: LabStudent;
  /** Random networks of about its MACs, trained likewise. */
  readonly random: readonly LabStudent[];
  /** On the test images, 0..1. */
  readonly accuracy: number;
  /** Mean of the random networks' there. */
  readonly rivals: number;
}

/** Two cells a block: as deep as the teacher there, at a half and at a third of its width. */
export function teacherDeepCells({ teacher, blocks }: LabBlocks): BlockVariant[][] {
  return blocks.map(({ index, firstLayer, lastLayer, output }) => {
    const stem = index === 0 ? teacher.architecture.stem.length : 0;
    const depth = Math.max(2, lastLayer - firstLayer + 1 - stem);
    return [2, 3].map((part) => ({ depth, width: Math.max(8, 8 * Math.round(output.channels / part / 8)) }));
  });
}

/** Numbers of blocks compared: for each of them the whole way, from distillation to the retrained network. */
export class LabSplits implements Displayable {
  constructor(
    readonly teacher: LabTeacher,
    readonly rounds: readonly SplitRound[],
  ) {}

  /** The number of blocks whose network is furthest above random ones of its cost. */
  get best(): SplitRound {
    const lead = ({ accuracy, rivals }: SplitRound) => accuracy - rivals;
    return this.rounds.reduce((a, b) => (lead(b) > lead(a) ? b : a));
  }

  /** Test accuracies by number of blocks, to record: `{ "split into 2": 0.91 }`. */
  accuracies(): Record<string, number> {
    return Object.fromEntries(this.rounds.map(({ count, accuracy }) => [`split into ${count}`, accuracy]));
  }

  /** All networks in one figure. */
  front(context: StepContext = notebookContext()): Promise<LabFront> {
    return pareto(
      [this.teacher, ...this.rounds.flatMap(({ student, random }) => [student, ...random])],
      undefined,
      context,
    );
  }

  table(): Table {
    const [{ accuracy: first }] = this.rounds;
    const images = this.teacher.data.test.count;
    return new Table({
      title: "Found networks by number of blocks",
      columns: ["blocks", "candidates", "MACs", "test accuracy", "random, mean", "found - random, points"],
      rows: this.rounds.map(({ count, candidates, student, accuracy, rivals }) => [
        count,
        Number(candidates),
        formatCount(student.macs),
        percent(accuracy),
        percent(rivals),
        Number((100 * (accuracy - rivals)).toFixed(2)),
      ]),
      note: `One standard error of an accuracy near ${percent(first)} on ${images} images is ${(100 * standardError(first, images)).toFixed(2)} points; differences below two of them may be chance. Run other seeds.`,
    });
  }

  /** "3 blocks: 1.20 points above random networks of equal cost". */
  verdict(): string {
    const { count, accuracy, rivals } = this.best;
    const points = 100 * (accuracy - rivals);
    return `${count} blocks: ${points.toFixed(2)} points above random networks of equal cost`;
  }

  [DISPLAY](): Promise<MimeBundle> {
    return this.table()[DISPLAY]();
  }
}

/**
 * Cuts a teacher into each number of blocks, and goes the whole way for each: supernets are distilled, candidates rated, the
 * best network under one budget found and trained, beside random networks of equal cost.
 * @throws ConfigError when an option is not known or cannot be; BudgetInfeasibleError, TrainingError; InterruptedError when
 *   stopped.
 */
export async function splits(
  teacher: LabTeacher,
  options: LabSplitsOptions,
  /** Of every step; each has bars of its own unless given. */
  context?: StepContext,
): Promise<LabSplits> {
  checkOptions("lab.splits", options, RULES);
  const { blockCounts, budget, kernels = [3, 5], expansions = [6, 3], cells = teacherDeepCells, rivals = 2 } = options;
  for (const name of ["blockCounts", "budget"] as const) {
    if (options[name] !== undefined) continue;
    throw new ConfigError(`lab.splits: ${name} must be given, ${RULES[name].must}, got none`, { option: name });
  }
  const distill = options.distillEpochs === undefined ? {} : { epochs: options.distillEpochs };
  const retrain = options.retrainEpochs === undefined ? {} : { epochs: options.retrainEpochs };
  const rounds: SplitRound[] = [];
  for (const count of blockCounts) {
    const blocks = teacher.split(count);
    const supernet = supernetOf(blocks, { ops: mbconv(kernels, expansions), cells: cells(blocks) });
    try {
      await supernet.distill(distill, context);
      const ratings = await supernet.rate({}, context);
      const found = ratings.search({ macs: budget * teacher.macs });
      const student = await found.retrain(retrain, context);
      const random: LabStudent[] = [];
      for (const rival of found.random.atEqualMacs(rivals, { tolerance: 0.1 })) {
        random.push(await rival.retrain(retrain, context));
      }
      const accuracies: number[] = [];
      for (const rival of random) accuracies.push(await rival.testAccuracy(context));
      const { candidates } = supernet;
      const accuracy = await student.testAccuracy(context);
      rounds.push({ count, candidates, student, random, accuracy, rivals: mean(accuracies) });
    } finally {
      supernet.dispose();
    }
  }
  return new LabSplits(teacher, rounds);
}

function supernetOf(blocks: LabBlocks, options: Pick<BlockSpaceOptions, "ops" | "cells">): LabSupernet {
  const { padding, batchNormEpsilon } = blocks.teacher.architecture;
  const classes = blocks.data.classes.length;
  return new LabSupernet(blocks, blockSpace(blocks.blocks, { padding, batchNormEpsilon, ...options, classes }));
}
