import type { NetworkFacts } from "./network-facts";
import type { NetworkKind } from "./network-kinds";

/** A trained network with its true accuracy. */
export interface MeasuredNetwork extends NetworkFacts {
  readonly dataset: string;
  readonly label: string;
  readonly kind: NetworkKind;
  /** Of the test split, in [0, 1]. */
  readonly accuracy: number;
  /** One standard error of the accuracy, a share; drawn as a bar. */
  readonly standardError?: number;
  /** Networks of one kind that name one curve are joined. */
  readonly curve?: string;
}

/** A network that was rated, not trained. */
export interface PredictedNetwork extends NetworkFacts {
  readonly label?: string;
  readonly kind?: NetworkKind;
  /** Sum of the block ratings; lower is better. */
  readonly score: number;
}

/** A network as it was published: trained by others, in their way. */
export interface PublishedNetwork extends NetworkFacts {
  readonly dataset: string;
  readonly label: string;
  /** As printed, in [0, 1]. */
  readonly accuracy: number;
  /** Where the number is printed, e.g. "DNA, table 2". */
  readonly source?: string;
}
