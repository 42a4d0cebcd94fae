import { existsSync } from "node:fs";
import { CheckpointError, fingerprint, type StepContext } from "../../core";
import { type CellCheckpoints, fileCheckpoints, supernetWeights } from "../../distill";
import { engine } from "../../engine";
import { saveState } from "../../nn";
import { type Retrained, retrain, saveFound } from "../../retrain";
import type { FoundNetwork, RatingTable } from "../../search";
import { assemble, hasTimmWords, networkId, timmStages } from "../../space";
import type { RunDirectory } from "../../study";
import type { Evaluation } from "../../teacher";
import { macsOf } from "./along-front";
import type { ExperimentConfig } from "./config";
import type { FrontPoint, MeasuredFront } from "./measured-front";
import { identifyData } from "./planned-steps";
import type { Supernets } from "./rate-blocks";
import { freshIfForeign, type RunContext } from "./run-context";
import { randomRivals, type SearchResult } from "./steps";

/** A network to be trained, with its place among the others. */
export interface Design {
  /** "found 1", "random 2", ...; numbered by rising MACs. */
  readonly label: string;
  readonly kind: "found" | "random";
  readonly network: FoundNetwork;
}

/**
 * What is retrained: networks along the front, and random ones to compare with. A random one that is also a found one stays
 * a rival: leaving it out would spare the found network the rivals that are as good. It is trained once and counts twice.
 */
export function designsOf(
  { seed, retrain: { random: count, tolerance } }: ExperimentConfig,
  table: RatingTable,
  { best, along }: SearchResult,
): Design[] {
  const rivals = randomRivals(table, best, { seed, count, tolerance }).sort((a, b) => macsOf(a) - macsOf(b));
  const labelled = (kind: Design["kind"], networks: readonly FoundNetwork[]) =>
    networks.map((network, i): Design => ({ label: `${kind} ${i + 1}`, kind, network }));
  return [...labelled("found", along), ...labelled("random", rivals)];
}

/**
 * Trains a network from scratch; a complete training is only loaded from its checkpoint, which is named by all that decides
 * it: a network that another search finds again, under whatever label, is not trained again.
 */
export async function retrainDesign(
  supernets: Supernets,
  { label, network }: Pick<Design, "label" | "network">,
  context: RunContext,
): Promise<Retrained> {
  const { config, run, data, teacher, space } = supernets;
  const { distillation, warmStart, options } = recipeOf(config);
  const reads = retrainReads(supernets, network);
  const { architecture } = reads;
  const checkpoint = run.file("checkpoints", `retrain-${fingerprint(reads)}.safetensors`);
  if (existsSync(checkpoint) && !run.result(`retrain/${label}`)) {
    context.onNote?.(`${label} is a network that was trained this way before: it goes on from there`);
  }
  const retrained = await freshIfForeign(checkpoint, context, () =>
    retrain(
      architecture,
      data,
      {
        ...options,
        ...(distillation && { distillation: { ...distillation, teacher } }),
        ...(warmStart && {
          warmStart: {
            name: `supernets of seed ${config.seed}`,
            tensors: supernetWeights(space, network.choice, learntStates(run, context)),
            // The supernets learnt from images as the teacher sees them.
            preprocessing: teacher.preprocessing,
          },
        }),
        seed: config.seed,
        checkpoint,
        task: `retrain ${label}`,
      },
      context,
    ),
  );
  await run.step(`retrain/${label}`, () => ({ id: networkId(network.choice), history: retrained.history }), {
    reads,
    output: () => fingerprint(saveState(retrained.network)),
  });
  return retrained;
}

function recipeOf({ retrain }: ExperimentConfig) {
  const { alongFront: _, random: __, tolerance: ___, distillation, warmStart, ...options } = retrain;
  return { distillation, warmStart, options };
}

/** All that decides how a network is retrained. */
export function retrainReads(
  { config, run, data, teacher, space }: Supernets,
  { choice }: Pick<FoundNetwork, "choice">,
) {
  const { distillation, warmStart, options } = recipeOf(config);
  return {
    architecture: assemble(space, choice),
    data: identifyData(data).training,
    seed: config.seed,
    options,
    ...(distillation && { distillation, teacher: teacher.fingerprint() }),
    ...(warmStart && { supernets: choice.map(({ block }) => run.fingerprintOf(`distill/block${block}`) ?? "") }),
  };
}

/** The supernets' states as a retraining reads them: none is made here. */
function learntStates(run: RunDirectory, { onWarning }: RunContext): CellCheckpoints {
  const again = "the same blockwise run again distils the cell anew";
  const states = fileCheckpoints(run.file("checkpoints"), { onWarning, redo: again });
  return {
    ...states,
    read(block, cell) {
      const state = states.read(block, cell);
      if (state) return state;
      const path = states.place(block, cell);
      throw new CheckpointError(
        `retrain: ${path} must hold what the supernet learnt, for a retraining that starts from it (retrain.warmStart), and is missing or damaged; run the same blockwise run again, which distils the cell`,
        { path, block, cell },
      );
    },
  };
}

/** What was searched and trained; `retrained` is in the order of `designs`. */
export interface Trained {
  readonly budget: Readonly<Record<string, number>>;
  readonly found: SearchResult;
  readonly designs: readonly Design[];
  readonly retrained: readonly Retrained[];
}

/** Reads the test split, for the first and only time, and writes a file for every trained network. */
export async function measureDesigns(
  supernets: Supernets,
  { budget, found, designs, retrained }: Trained,
  context: StepContext,
): Promise<MeasuredFront> {
  const { data, teacher } = supernets;
  const common = { dataset: data.name, images: data.test.count };
  const { macs, params } = teacher.cost;
  const { accuracy } = await teacher.evaluate(data.test, context);
  const measured: FrontPoint[] = [
    {
      ...common,
      label: "teacher",
      kind: "teacher",
      macs,
      params,
      accuracy,
      validationAccuracy: teacher.accuracy,
      file: "teacher.safetensors",
    },
  ];
  for (const [i, design] of designs.entries()) {
    const { label, kind, network } = design;
    const { cost, accuracy: validationAccuracy } = retrained[i];
    const { test, file } = await saveDesign(supernets, design, retrained[i], budget, context);
    const { macs, params } = cost;
    const { accuracy } = test;
    const { score } = network;
    const id = networkId(network.choice);
    const same = designs.slice(0, i).find((other) => networkId(other.network.choice) === id);
    const twice = same && { sameAs: same.label };
    measured.push({ ...common, label, kind, macs, params, accuracy, validationAccuracy, score, file, ...twice });
  }
  return {
    measured,
    predictedFront: found.front.map(({ cost, score }) => ({ macs: cost.macs!, params: cost.params!, score })),
    predicted: designs.map(({ label, kind, network }) => ({
      label,
      kind,
      macs: macsOf(network),
      score: network.score,
    })),
  };
}

/**
 * Measures a retrained network on the test split and writes it into the run's `found/`.
 * @returns The file's place inside the run directory.
 */
export async function saveDesign(
  { config, run, data, space }: Supernets,
  { label, kind, network }: Design,
  retrained: Retrained,
  budget: Readonly<Record<string, number>>,
  context: StepContext,
): Promise<{ test: Evaluation; file: string }> {
  const { architecture } = retrained;
  const test = await retrained.evaluate(data.test, context);
  const file = foundFile(label);
  saveFound(run.file(file), retrained, {
    origin: {
      method: kind === "found" ? "exact search over ratings" : "random",
      space: space.name,
      budget: kind === "found" ? { ...budget } : {},
      candidates: network.choice.map(({ block, cell, path, score }) => ({ block, cell, path: [...path], score })),
      score: network.score,
      seeds: { all: config.seed },
    },
    test,
    ...(hasTimmWords(architecture) && { timm: timmStages(architecture).flat() }),
    versions: engine.info().versions,
  });
  return { test, file };
}

/** Where a network of a label lies in its run's directory. */
export function foundFile(label: string): string {
  return `found/${label.replace(" ", "-")}.json`;
}
