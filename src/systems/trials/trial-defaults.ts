import { CSNAS_SEARCHES, CSNAS_SETTINGS } from "../csnas";
import { ECONAS_SETTINGS } from "../econas";

/** Systems that search trial by trial by an experiment file. */
export const TRIAL_SYSTEMS = ["csnas", "econas"] as const;
export type TrialSystem = (typeof TRIAL_SYSTEMS)[number];

/** Spaces of small networks, each with its searchers' view of it. */
export const TRIAL_SPACES = ["csnas-repaired", "csnas-released", "econas-small", "eeea-small", "pnas-small"] as const;
export type TrialSpaceName = (typeof TRIAL_SPACES)[number];

const { epochs, training, stages } = ECONAS_SETTINGS;

/** What an experiment of a system leaves out. */
export const TRIAL_DEFAULTS: Readonly<Record<TrialSystem, Readonly<Record<string, unknown>>>> = {
  csnas: {
    space: "csnas-repaired",
    searcher: { kind: "tpe", ...CSNAS_SEARCHES.tpe },
    evaluator: { kind: "label-free", ...CSNAS_SETTINGS.contrastive },
    evaluations: CSNAS_SEARCHES.evaluations,
  },
  econas: {
    space: "econas-small",
    searcher: {
      kind: "staged-evolution",
      stages,
      cycles: 4,
      initial: 6,
      parents: [2, 1, 1],
      promoted: [2, 1],
      finalists: 2,
    },
    evaluator: { kind: "trained-accuracy", epochs, proxy: "c2r2s0e3", ...training },
    evaluations: 60,
  },
};
