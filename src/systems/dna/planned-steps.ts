import type { DataIdentity } from "../../data";
import { distillReads } from "../../distill";
import { rateReads } from "../../rate";
import { filesOf, type MeasuredFront, trainingRecipe } from "../../retrain";
import { limitReads } from "../../search";
import type { SearchSpace } from "../../space";
import { EVIDENCE_FILE, type PlannedStep, placed, planSteps, type StepParts, TEACHER_FILE } from "../../study";
import { teacherParts } from "../../teacher";
import type { ExperimentConfig } from "./config";
import type { PreparedExperiment } from "./prepare-experiment";

/**
 * The steps of an experiment, each with all that it reads: the one place that says what a changed option does again.
 *
 * Not among them are the features, which are named by what they were made from and checked as they are read, and the
 * networks that are retrained: each is known once the search has found it, see `retrainDesigns`.
 */
export function plannedSteps(
  config: ExperimentConfig,
  { architecture, file, blocks, space, latencies }: PreparedExperiment,
  data: DataIdentity | undefined,
): PlannedStep[] {
  const { seed, distill, rate, improve, search } = config;
  const { alongFront, random, tolerance, shrunk, trainings } = config.retrain;
  const { distillation, warmStart, options } = trainingRecipe(config.retrain);
  const numbers = [...space.blocks.keys()];
  const distilled = numbers.map((block) => `distill/block${block}`);
  const rated = numbers.map((block) => `rate/block${block}`);
  const inSequence = distill.guideInput === "student";
  const cuts = blocks.map(({ lastLayer }) => lastLayer);
  const images = { seed, data: data?.training };
  const limits = placed("search", limitReads(search, latencies));
  const { ofFile, featuresOnly, fineTune, training } = teacherParts(config.teacher);
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
      files: () => [TEACHER_FILE],
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
          space: ofBlock(space, block),
          ...placed("distill", distillReads(distill, block)),
        },
        after: ["teacher", ...(inSequence && block > 0 ? [rated[block - 1]] : [])],
        // Read again, once the block is rated, by a retraining that starts from them alone.
        files: () =>
          warmStart
            ? space.blocks[block].cells.map((_, cell) => `checkpoints/block${block}-cell${cell}.safetensors`)
            : [],
      },
      {
        name: rated[block],
        family: "ratings",
        reads: { ...images, ...placed("rate", rateReads(rate)) },
        after: ["teacher", distilled[block]],
        files: () => [`ratings/block${block}.json`],
      },
    ]),
    ...(improve
      ? [
          {
            name: "improve",
            family: "evidence",
            reads: { ...images, ...placed("improve", improve), ...limits },
            after: ["space", ...rated],
            files: () => [EVIDENCE_FILE],
          },
        ]
      : []),
    {
      name: "search",
      family: "search",
      reads: { ...limits, "search.difference": search.difference, "retrain.alongFront": alongFront },
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
        ...placed("retrain", options),
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

/** All that the space says of a block's supernet. */
function ofBlock({ stem, blocks, padding, batchNormEpsilon }: SearchSpace, block: number) {
  return { stem: block === 0 ? stem : [], block: blocks[block], padding, batchNormEpsilon };
}
