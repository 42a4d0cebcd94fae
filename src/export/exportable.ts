import type { NetworkCost } from "../cost";
import { networkCost } from "../cost";
import type { Preprocessing } from "../data";
import type { Network } from "../nn";
import { type FoundRecord, LoadedNetwork, type Origin, originSchema, Retrained } from "../retrain";
import type { Architecture } from "../space";
import { Teacher } from "../teacher";
import type { TrainingHistory } from "../train";

/** An accuracy with what it was measured on. */
export type MeasuredAccuracy = FoundRecord["measured"][number];

/** A trained network with all that leaves with it. */
export interface Exportable {
  readonly kind: "teacher" | "network";
  readonly network: Network;
  readonly architecture: Architecture;
  readonly cost: NetworkCost;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
  readonly dataset: string;
  readonly measured: readonly MeasuredAccuracy[];
  /** How it was found, where it is known. */
  readonly origin?: FoundRecord["origin"];
  readonly training?: Readonly<Record<string, unknown>>;
  /** Of a teacher: its own record of its training, and what is to be known of how it was read or tuned. */
  readonly history?: TrainingHistory;
  readonly remarks?: readonly string[];
}

/** What may be exported: a teacher, what `retrain` gave, or what `loadFound` read. */
export type ExportSource = Teacher | Retrained | LoadedNetwork;

/** What is known of a network that does not hold it itself. */
export interface ExportFacts {
  readonly origin?: Origin;
  readonly measured?: readonly MeasuredAccuracy[];
}

export function asExportable(source: ExportSource, { origin, measured = [] }: ExportFacts = {}): Exportable {
  const of = held(source);
  return { ...of, measured: [...of.measured, ...measured], ...(origin && { origin: originSchema.parse(origin) }) };
}

function held(source: ExportSource): Exportable {
  if (source instanceof Teacher) {
    const { network, architecture, cost, preprocessing, classes, dataset, history, remarks } = source;
    return {
      ...{ kind: "teacher", network, architecture, cost, preprocessing, classes, dataset, history, remarks },
      measured: validation(dataset, history.validationImages, history.accuracy),
    };
  }
  if (source instanceof LoadedNetwork) {
    const { architecture, preprocessing, classes, measured, origin, training } = source.record;
    const dataset = measured[0]?.dataset ?? "unknown";
    const cost = networkCost(architecture);
    const { network } = source;
    return {
      kind: "network",
      network,
      architecture,
      cost,
      preprocessing,
      classes,
      dataset,
      measured,
      origin,
      training,
    };
  }
  const { network, architecture, cost, preprocessing, dataset, history, training } = source;
  const { name, classes } = dataset;
  return {
    ...{ kind: "network", network, architecture, cost, preprocessing, classes, dataset: name, training },
    measured: validation(name, history.validationImages, history.accuracy),
  };
}

/** Whether a value is one that `asExportable` takes. */
export function isExportSource(value: unknown): value is ExportSource {
  return value instanceof Teacher || value instanceof LoadedNetwork || value instanceof Retrained;
}

function validation(dataset: string, images: number, accuracy: number | undefined): MeasuredAccuracy[] {
  return accuracy === undefined ? [] : [{ dataset, split: "validation", images, accuracy }];
}
