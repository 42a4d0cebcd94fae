import { join } from "node:path";
import { Progress, type StepContext } from "../../core";
import { networkCost } from "../../cost";
import type { Dataset } from "../../data";
import { engine } from "../../engine";
import { macsOf } from "../../search";
import { hasTimmWords, networkId, timmStages } from "../../space";
import type { Teacher } from "../../teacher";
import type { Evaluation } from "../../train";
import { saveFound } from "../found-file";
import type { Origin } from "../found-schema";
import type { Retrained } from "../retrain";
import type { BudgetSearch, Design } from "./designs";
import type { FrontPoint, MeasuredFront } from "./measured-front";
import { networkOrigin } from "./network-origin";
import type { RatedBy } from "./rated-by";
import { meanOf } from "./standard-error";

/** Where the networks are kept, and what they have in common. */
export interface DesignPlace {
  /** Networks are written into its `found/`. */
  readonly directory: string;
  /** Name of the search space. */
  readonly space: string;
  /** Of the search. */
  readonly seed: number;
}

/** What is measured beside the networks, and where all is kept. */
export interface MeasureSources extends DesignPlace {
  readonly data: Dataset;
  readonly teacher: Teacher;
  /** The teacher's file inside the directory. */
  readonly teacherFile: string;
  /** Its answers are not the data's classes: it is not measured. */
  readonly featuresOnly?: boolean;
  /** Of the trainings of each network. */
  readonly seeds: readonly number[];
}

/** What was searched and trained; `retrained` is `[design][training]`. */
export interface TrainedDesigns {
  readonly searches: readonly BudgetSearch[];
  readonly rated: RatedBy;
  readonly designs: readonly Design[];
  readonly retrained: readonly (readonly Retrained[])[];
}

/** Reads the test split, for the first and only time, and writes a file for every trained network. */
export async function measureDesigns(
  sources: MeasureSources,
  { searches, rated, designs, retrained }: TrainedDesigns,
  context: StepContext,
): Promise<MeasuredFront> {
  const { data, seeds } = sources;
  const common = { dataset: data.name, images: data.test.count };
  const measured: FrontPoint[] = await measureTeacher(sources, common, context);
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
  for (const [i, design] of designs.entries()) {
    const { label, kind, network, by, beside } = design;
    const [first] = retrained[i];
    const { mean, standardError } = meanOf(retrained[i].map((one) => tested.get(one)!.accuracy));
    const file = saveDesign(sources, design, first, { test: tested.get(first)!, rated });
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
  { data, teacher, teacherFile: file, featuresOnly }: MeasureSources,
  common: Pick<FrontPoint, "dataset" | "images">,
  context: StepContext,
): Promise<FrontPoint[]> {
  if (featuresOnly) return [];
  const { macs, params } = teacher.cost;
  const { accuracy } = await teacher.evaluate(data.test, context);
  const named = { label: "teacher", kind: "teacher", file } as const;
  return [{ ...common, ...named, macs, params, accuracy, validationAccuracy: teacher.accuracy }];
}

function isSame({ network: a }: Design, { network: b }: Design): boolean {
  return a !== undefined && b !== undefined && networkId(a.choice) === networkId(b.choice);
}

/**
 * Writes a retrained network with its accuracy on the test split into `found/`.
 * @returns The file's place inside the directory.
 */
export function saveDesign(
  { directory, space, seed }: DesignPlace,
  { label, kind, network, by, limits = {} }: Design,
  retrained: Retrained,
  { test, rated: { score, evidence } }: { readonly test: Evaluation; readonly rated: RatedBy },
): string {
  const { architecture } = retrained;
  const seeds = { all: seed };
  const origin: Origin =
    network && kind !== "shrunk"
      ? networkOrigin({
          kind,
          space,
          network,
          limits,
          rating: score,
          ...(evidence && {
            evidence: { networks: evidence.networks, epochs: evidence.epochs, images: evidence.images },
          }),
          seeds,
        })
      : {
          method: `teacher shrunk by ${by === "compound" ? "depth and width" : "width"}`,
          budget: { macs: networkCost(architecture).macs },
          seeds,
        };
  const file = foundFile(label);
  saveFound(join(directory, file), retrained, {
    origin,
    test,
    ...(hasTimmWords(architecture) && { timm: timmStages(architecture).flat() }),
    versions: engine.info().versions,
  });
  return file;
}

/** Where a network of a label lies in its directory: "found/shrunk-1.json" of "shrunk 1 (width)". */
export function foundFile(label: string): string {
  return `found/${label.replace(/ \(.*$/, "").replace(" ", "-")}.json`;
}

/** A network's file and that of its weights. */
export function filesOf(file: string): string[] {
  return file.endsWith(".json") ? [file, file.replace(/\.json$/, ".safetensors")] : [file];
}
