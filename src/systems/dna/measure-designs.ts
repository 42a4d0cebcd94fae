import { Progress, type StepContext } from "../../core";
import { networkCost } from "../../cost";
import { engine } from "../../engine";
import type { FrontPoint, MeasuredFront, RatedBy } from "../../retrain";
import { meanOf, type Origin, type Retrained, saveFound } from "../../retrain";
import { flatLimits, macsOf } from "../../search";
import { hasTimmWords, networkId, timmStages } from "../../space";
import type { Evaluation } from "../../train";
import type { BudgetSearch, Design } from "./designs";
import type { Supernets } from "./rate-blocks";
import { trainingSeeds } from "./retrain-designs";

/** What was searched and trained; `retrained` is `[design][training]`. */
export interface Trained {
  readonly searches: readonly BudgetSearch[];
  readonly rated: RatedBy;
  readonly designs: readonly Design[];
  readonly retrained: readonly (readonly Retrained[])[];
}

/** Reads the test split, for the first and only time, and writes a file for every trained network. */
export async function measureDesigns(
  supernets: Supernets,
  { searches, rated, designs, retrained }: Trained,
  context: StepContext,
): Promise<MeasuredFront> {
  const { data } = supernets;
  const common = { dataset: data.name, images: data.test.count };
  const measured: FrontPoint[] = await measureTeacher(supernets, common, context);
  const tested = new Map<Retrained, Evaluation>();
  const networks = new Set(retrained.flat());
  const progress = new Progress(
    context,
    `measure ${networks.size} networks on the test images`,
    networks.size,
    "networks",
  );
  for (const one of networks) {
    // Measuring one is short; a report for each would only be in the way.
    const evaluation = await one.evaluate(data.test, { signal: context.signal });
    tested.set(one, evaluation);
    progress.advance(1, { accuracy: evaluation.accuracy });
  }
  const seeds = trainingSeeds(supernets);
  for (const [i, design] of designs.entries()) {
    const { label, kind, network, by, beside } = design;
    const [first] = retrained[i];
    const { mean, standardError } = meanOf(retrained[i].map((one) => tested.get(one)!.accuracy));
    const file = saveDesign(supernets, design, first, { test: tested.get(first)!, rated });
    const twin = designs.slice(0, i).find((other) => isSame(other, design));
    measured.push({
      ...common,
      label,
      kind,
      macs: first.cost.macs,
      params: first.cost.params,
      accuracy: mean,
      ...(seeds.length > 1 && { standardError, seeds }),
      validationAccuracy: meanOf(retrained[i].map((one) => one.accuracy)).mean,
      ...(network && { score: network.score }),
      file,
      ...(by && { curve: by }),
      ...(beside !== undefined && { beside }),
      ...(twin && { sameAs: twin.label }),
    });
  }
  const [{ result }] = searches;
  return {
    measured,
    ratedBy: rated,
    predictedFront: result.front.map(({ cost, score }) => ({ macs: cost.macs!, params: cost.params!, score })),
    predicted: designs.flatMap(({ label, kind, network }) =>
      network && kind !== "shrunk" ? [{ label, kind, macs: macsOf(network), score: network.score }] : [],
    ),
  };
}

/** The teacher's place; none where its answers are not the data's classes. */
async function measureTeacher(
  { config, data, teacher }: Supernets,
  common: Pick<FrontPoint, "dataset" | "images">,
  context: StepContext,
): Promise<FrontPoint[]> {
  if (config.teacher.featuresOnly) return [];
  const { macs, params } = teacher.cost;
  const { accuracy } = await teacher.evaluate(data.test, context);
  const named = { label: "teacher", kind: "teacher", file: "teacher.safetensors" } as const;
  return [{ ...common, ...named, macs, params, accuracy, validationAccuracy: teacher.accuracy }];
}

function isSame({ network: a }: Design, { network: b }: Design): boolean {
  return a !== undefined && b !== undefined && networkId(a.choice) === networkId(b.choice);
}

/**
 * Writes a retrained network with its accuracy on the test split into the run's `found/`.
 * @returns The file's place inside the run directory.
 */
export function saveDesign(
  { config, run, space }: Supernets,
  { label, kind, network, by, limits = {} }: Design,
  retrained: Retrained,
  { test, rated: { score, evidence } }: { readonly test: Evaluation; readonly rated: RatedBy },
): string {
  const { architecture } = retrained;
  const origin: Origin = network
    ? {
        method:
          kind === "random"
            ? "random"
            : `exact search over ratings${evidence ? ` calibrated by ${evidence.networks} brief trainings` : ""}`,
        space: space.name,
        budget: kind === "found" ? flatLimits(limits) : {},
        candidates: network.choice.map(({ block, cell, path, score }) => ({ block, cell, path: [...path], score })),
        score: network.score,
        rating: score,
        ...(evidence && {
          evidence: { networks: evidence.networks, epochs: evidence.epochs, images: evidence.images },
        }),
        seeds: { all: config.seed },
      }
    : {
        method: `teacher shrunk by ${by === "compound" ? "depth and width" : "width"}`,
        budget: { macs: networkCost(architecture).macs },
        seeds: { all: config.seed },
      };
  const file = foundFile(label);
  saveFound(run.file(file), retrained, {
    origin,
    test,
    ...(hasTimmWords(architecture) && { timm: timmStages(architecture).flat() }),
    versions: engine.info().versions,
  });
  return file;
}

/** Where a network of a label lies in its run's directory: "found/shrunk-1.json" of "shrunk 1 (width)". */
export function foundFile(label: string): string {
  return `found/${label.replace(/ \(.*$/, "").replace(" ", "-")}.json`;
}
