import { fingerprint } from "../../core";
import { type Dataset, splitFingerprint } from "../../data";
import { DISTILL_DEFAULTS } from "../../distill";
import { RATE_DEFAULTS } from "../../rate";
import type { MeasuredFront } from "../../retrain";
import type { SearchSpace } from "../../space";
import { EVIDENCE_FILE, type PlannedStep, planSteps, type StepParts } from "../../study";
import type { ExperimentConfig } from "./config";
import type { PreparedExperiment } from "./prepare-experiment";

/** Names what steps read of the images: their files may change where no configuration does. */
export interface DataIdentity {
  /** Training and validation split, preprocessing, classes. */
  readonly training: string;
  readonly test: string;
}

/** Names a data set's parts. */
export function identifyData({ name, shape, classes, preprocessing, train, validation, test }: Dataset): DataIdentity {
  const splits = [train, validation].map(splitFingerprint);
  return {
    training: fingerprint({ name, shape, classes, preprocessing, splits }),
    test: fingerprint({ shape, classes, preprocessing, split: splitFingerprint(test) }),
  };
}

/**
 * The steps of an experiment, each with all that it reads: the one place that says what a changed option does again.
 *
 * Not among them are the features, which are named by what they were made from and checked as they are read, and the
 * networks that are retrained: each is known once the search has found it, see `retrainDesign`.
 */
export function plannedSteps(
  config: ExperimentConfig,
  { architecture, file, blocks, space, latencies }: PreparedExperiment,
  data: DataIdentity | undefined,
): PlannedStep[] {
  const { seed, distill, rate, improve, retrain } = config;
  const {
    architecture: _given,
    file: _path,
    fineTune,
    arch,
    preprocessing,
    classes,
    cuts: ends,
    featuresOnly,
    ...training
  } = config.teacher;
  const ofFile = { arch, preprocessing, classes, cuts: ends };
  const { alongFront: _along, random, tolerance, shrunk, trainings, distillation, warmStart, ...recipe } = retrain;
  const numbers = [...space.blocks.keys()];
  const distilled = numbers.map((block) => `distill/block${block}`);
  const rated = numbers.map((block) => `rate/block${block}`);
  const inSequence = distill.guideInput === "student";
  const cuts = blocks.map(({ lastLayer }) => lastLayer);
  const images = { seed, data: data?.training };
  const parts: StepParts[] = [
    {
      name: "teacher",
      family: "teacher",
      reads: file
        ? {
            "teacher.file": file.content,
            "data.name": config.data.name,
            ...placed("teacher", ofFile),
            ...(fineTune && { ...images, "teacher.fineTune": true, ...placed("teacher.fineTune", fineTune) }),
          }
        : { ...images, "teacher.architecture": architecture, ...placed("teacher", training) },
      files: () => ["teacher.safetensors"],
    },
    {
      name: "space",
      family: "space",
      reads: { "teacher.architecture": architecture, split: cuts, space: { ...space } },
    },
    ...numbers.flatMap((block): StepParts[] => [
      {
        name: distilled[block],
        family: "distillation",
        reads: {
          ...images,
          split: cuts,
          space: student(space, block),
          ...placed("distill", {
            ...distill,
            ...withoutDefaults(distill, DISTILL_DEFAULTS, ["initialWeights", "targetScale"]),
            epochs: ofBlock(distill.epochs, block),
            learningRate: ofBlock(distill.learningRate, block),
          }),
        },
        after: ["teacher", ...(inSequence && block > 0 ? [rated[block - 1]] : [])],
        // Read again, once the block is rated, by a retraining that starts from them alone.
        files: () => (warmStart ? space.blocks[block].cells.map((_, cell) => stateOf(block, cell)) : []),
      },
      {
        name: rated[block],
        family: "ratings",
        reads: {
          ...images,
          ...placed("rate", { ...rate, ...withoutDefaults(rate, RATE_DEFAULTS, ["readout"]) }),
        },
        after: ["teacher", distilled[block]],
        files: () => [`ratings/block${block}.json`],
      },
    ]),
    ...(improve
      ? [
          {
            name: "improve",
            family: "evidence",
            reads: { ...images, ...placed("improve", improve), ...limitReads(config, latencies) },
            after: ["space", ...rated],
            files: () => [EVIDENCE_FILE],
          },
        ]
      : []),
    {
      name: "search",
      family: "search",
      reads: searchReads(config, latencies),
      after: ["space", ...rated, ...(improve ? ["improve"] : [])],
      files: () => ["ratings/table.json"],
    },
    {
      name: "retrain",
      family: "retraining",
      reads: {
        ...images,
        "retrain.random": random,
        ...(random > 0 && { "retrain.tolerance": tolerance }),
        "retrain.shrunk": shrunk?.length ? shrunk : undefined,
        "retrain.trainings": trainings === 1 ? undefined : trainings,
        "retrain.distillation": distillation,
        "retrain.warmStart": warmStart,
        ...placed("retrain", recipe),
      },
      after: ["search", ...(distillation ? ["teacher"] : []), ...(warmStart ? distilled : [])],
    },
    {
      name: "front",
      family: "front",
      reads: { data: data?.test, ...(featuresOnly && { "teacher.featuresOnly": true }) },
      after: ["teacher", "search", "retrain"],
      files: (front: MeasuredFront) => ["front.json", ...front.measured.flatMap(({ file: of }) => filesOf(of))],
    },
  ];
  return planSteps(parts);
}

/** Options that are newer than records which still hold: at their defaults they count as absent. */
function withoutDefaults<Options extends object>(
  given: Options,
  defaults: { readonly [Name in keyof Options]?: unknown },
  names: readonly (keyof Options)[],
): { [Name in keyof Options]?: Options[Name] } {
  return Object.fromEntries(names.map((name) => [name, given[name] === defaults[name] ? undefined : given[name]])) as {
    [Name in keyof Options]?: Options[Name];
  };
}

/** What the search reads. */
function searchReads(config: ExperimentConfig, latencies: PreparedExperiment["latencies"]) {
  return {
    ...limitReads(config, latencies),
    "search.difference": config.search.difference,
    "retrain.alongFront": config.retrain.alongFront,
  };
}

/** Budgets and how ratings are joined: of two limits on MACs the one that holds, and the content of the latency table. */
function limitReads({ search }: ExperimentConfig, latencies: PreparedExperiment["latencies"]) {
  const { macsOfTeacher, macs, latencyTable: _path, difference: _difference, ...given } = search;
  return {
    ...(macs === undefined ? { "search.macsOfTeacher": macsOfTeacher } : { "search.macs": macs }),
    "search.latencyTable": latencies,
    ...placed("search", given),
  };
}

function stateOf(block: number, cell: number): string {
  return `checkpoints/block${block}-cell${cell}.safetensors`;
}

/** A found network's file and its weights. */
export function filesOf(file: string): string[] {
  return file.endsWith(".json") ? [file, file.replace(/\.json$/, ".safetensors")] : [file];
}

/** All that the space says of a block's supernet. */
function student({ stem, blocks, padding, batchNormEpsilon }: SearchSpace, block: number) {
  return { stem: block === 0 ? stem : [], block: blocks[block], padding, batchNormEpsilon };
}

function ofBlock(value: number | readonly number[], block: number): number {
  return typeof value === "number" ? value : value[block];
}

/** Values under their places in the configuration. */
function placed(place: string, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${place}.${key}`, value]));
}
