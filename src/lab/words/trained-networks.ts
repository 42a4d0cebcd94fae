import { ConfigError, shown } from "../../core";
import type { FoundNetwork } from "../../search";
import { LabFound } from "../values/found";
import { LabFront } from "../values/front";
import { NetworkDesign } from "../values/network-design";
import type { TrainedNetwork } from "../values/predictor";
import { LabStudent } from "../values/student";

/** Retrained networks, or networks with accuracies (0..1) from elsewhere. */
export type PredictorItem =
  | LabStudent
  | LabFound
  | { readonly network: NetworkDesign | FoundNetwork; readonly accuracy: number };

/** Trained networks with their accuracies: a front's, retrained ones (validation accuracy), or from elsewhere. */
export type TrainedNetworks = LabFront | Iterable<PredictorItem>;

/** @throws ConfigError naming `where`, for one that was not retrained or whose accuracy is no share. */
export function trainedNetworks(where: string, trained: TrainedNetworks): TrainedNetwork[] {
  if (trained instanceof LabFront) return [...trained.students].map((item, i) => trainedNetwork(where, item, i));
  if (typeof (trained as Partial<Iterable<PredictorItem>> | undefined)?.[Symbol.iterator] === "function") {
    return [...trained].map((item, i) => trainedNetwork(where, item, i));
  }
  throw new ConfigError(
    `${where}: trained networks must be a list, or a front of lab.pareto, got ${shown(trained)}; e.g. [{ network: found, accuracy: 0.91 }]`,
  );
}

function trainedNetwork(where: string, item: PredictorItem, index: number): TrainedNetwork {
  const label = `network ${index + 1}`;
  if (item instanceof LabStudent) return { label, network: item.design.network, accuracy: item.accuracy };
  if (item instanceof LabFound) {
    if (item.student) return trainedNetwork(where, item.student, index);
    throw new ConfigError(
      `${where}: a network must be retrained first; call await found.retrain(), or give { network, accuracy }`,
    );
  }
  const { network, accuracy } = item ?? {};
  if (!(accuracy >= 0 && accuracy <= 1)) {
    throw new ConfigError(`${where}: an accuracy must be a share, 0 to 1, got ${shown(accuracy)}`, { accuracy });
  }
  return { label, network: network instanceof NetworkDesign ? network.network : network, accuracy };
}
