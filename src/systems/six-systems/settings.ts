import { SEARCHES } from "../econas";
import { EEEA_ARMS } from "../eeea";
import { STUDY } from "../pnas";

/**
 * How each system searches the space of CSNAS' study (`CSNAS_SETTINGS`: 207 cells, all trained with labels), once and for all:
 * nothing here was chosen by looking at ranks or at choices. What a paper's own study here has fixed is taken from there.
 */
export const SIX_SETTINGS = {
  /** Of searches that look trainings up; of those that train something of their own. */
  seeds: { lookedUp: 10, trained: [1, 2, 3] as readonly number[] },
  /** Networks that searches without a length of their own train at most: as CSNAS' stored searches. */
  evaluations: 60,
  dna: {
    /**
     * The teacher's cell: convolutions of five, an operation that the space does not have, so that it is larger than any of its
     * networks and none of them. It is trained as CSNAS' finals are. The one thing here that was changed after a result: a first
     * teacher, with every operation of the space on every edge, ranked the networks backwards (Spearman -0.45).
     */
    teacher: "sep5(0)+sep5(1) | sep5(0)+sep5(1)" as string,
    distillation: { epochs: 20, batchSize: 32, learningRate: 0.005 },
  },
  pnas: { beam: STUDY.beam, members: STUDY.members, mlp: STUDY.mlp },
  econas: {
    /** Half of the channels and of the resolution, all images, the full number of epochs, a stage each. */
    proxy: "c2r2s0e3" as string,
    stages: 3,
    search: SEARCHES.of.fashion.hierarchical,
    finalists: SEARCHES.of.fashion.finalists,
  },
  eeea: { arm: EEEA_ARMS["ga-50"], population: 10, generations: 6, mutation: 0.1 },
  darts: { epochs: 10, batchSize: 32, order: 1 },
  /** Networks of the table that are trained and scored again for their processor time alone. */
  timed: { cells: 8, seed: 2 },
  /** All that any system chose is trained again from these seeds, as every network of the table was from another. */
  again: { seeds: [31, 32, 33] as readonly number[] },
} as const;

export type SixSettings = {
  readonly [Key in keyof typeof SIX_SETTINGS]: Widened<(typeof SIX_SETTINGS)[Key]>;
};

/** The same form, for settings of one's own. */
type Widened<T> = T extends string
  ? T
  : T extends number
    ? number
    : T extends readonly unknown[]
      ? T
      : { readonly [Key in keyof T]: Widened<T[Key]> };

/** What a system must have before it can search, as its paper has it; "" where it needs none. */
export interface SystemAssumptions {
  readonly title: string;
  readonly labels: string;
  readonly teacher: string;
  readonly sharing: string;
  readonly proxy: string;
}

/** The six systems, by name. */
export const SIX_SYSTEMS = {
  dna: {
    title: "DNA",
    labels: "for the teacher",
    teacher: "a trained one, in blocks",
    sharing: "a supernet a block",
    proxy: "imitation, inherited weights",
  },
  pnas: {
    title: "PNAS",
    labels: "yes",
    teacher: "",
    sharing: "",
    proxy: "smaller cells, a predictor",
  },
  econas: {
    title: "EcoNAS",
    labels: "yes",
    teacher: "",
    sharing: "",
    proxy: "narrow, small images, few epochs",
  },
  eeea: {
    title: "EEEA-Net",
    labels: "yes",
    teacher: "",
    sharing: "",
    proxy: "",
  },
  csnas: {
    title: "CSNAS",
    labels: "to train the choice alone",
    teacher: "",
    sharing: "",
    proxy: "a contrastive loss",
  },
  darts: {
    title: "PocketNet (DARTS)",
    labels: "yes",
    teacher: "",
    sharing: "one mixture",
    proxy: "a differentiable mixture",
  },
} as const satisfies Record<string, SystemAssumptions>;

export type SystemName = keyof typeof SIX_SYSTEMS;
export const SYSTEM_NAMES = Object.keys(SIX_SYSTEMS) as SystemName[];
