export type { Danfo, DataFrame, Grouped, Series } from "./danfo-types";
export { danfo } from "./data-frame";
export {
  type Comm,
  type CommMessage,
  type Comms,
  DISPLAY,
  type Displayable,
  isDisplayable,
  type MimeBundle,
  NOTEBOOK_HOST,
  type NotebookHost,
  notebookHost,
} from "./display-protocol";
export type { LabDistillOptions } from "./distillation-job";
export type { LabFeatureOptions } from "./feature-maps";
export { FigureView } from "./figure-view";
export { Findings } from "./findings";
export type { FrontNetwork } from "./front-network";
export type { LabImproveOptions } from "./improve-ratings";
export { clearOutput, comms, input, page } from "./interaction";
export { type LabDataOptions, type LabTeacherOptions, type LatencySource, lab } from "./lab";
export type { LabAgreement, LabAgreementOptions, Ranking, TruthItem } from "./lab-agreement";
export type { LabAlternatives } from "./lab-alternatives";
export type { LabBenchmark } from "./lab-benchmark";
export type { LabBlocks } from "./lab-blocks";
export type { LabCalibration } from "./lab-calibration";
export type { LabData } from "./lab-data";
export type { LabDistillation } from "./lab-distillation";
export type { AtEqualMacsOptions, LabFound } from "./lab-found";
export type { LabFront, LabFrontOptions } from "./lab-front";
export type { LabLatency } from "./lab-latency";
export type { LabNetwork } from "./lab-network";
export type { LabPredictor, TrainedNetwork } from "./lab-predictor";
export { random } from "./lab-random";
export type { CalibrateOptions, DiverseOptions, LabRatings } from "./lab-ratings";
export type { LabShrunk, ShrunkOptions } from "./lab-shrunk";
export type { LabStudent } from "./lab-student";
export type { LabStudy, LabStudyRunOptions } from "./lab-study";
export type { LabSupernet, SupernetSaveOptions } from "./lab-supernet";
export type { LabSweep, LabSweepOptions } from "./lab-sweep";
export type { LabTeacher } from "./lab-teacher";
export type { LabBudget, LabLimits } from "./limits";
export { notebookContext } from "./notebook-context";
export { standardError } from "./numbers";
export type { NetworkSource } from "./own-networks";
export type { OwnScores, OwnScoresOptions, ScoredCandidate } from "./own-scores";
export type { ParetoItem, ParetoRecipe } from "./pareto";
export { progressBar } from "./progress-bar";
export type { LabRateOptions } from "./rating-job";
export type { RecordOptions } from "./record";
export type { RetrainRecipe } from "./retrain-recipe";
export type { StoredOptions } from "./stored";
export { Table } from "./table";
export type { PredictorItem, TrainedNetworks } from "./trained-networks";
export { viewOf } from "./view";
export { type SliderOptions, Widget, widgets } from "./widgets";
