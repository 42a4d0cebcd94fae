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
} from "../display-protocol";
export type { Danfo, DataFrame, Grouped, Series } from "./display/danfo-types";
export { danfo } from "./display/data-frame";
export { FigureView } from "./display/figure-view";
export { standardError } from "./display/numbers";
export { Table } from "./display/table";
export { viewOf } from "./display/view";
export { lab } from "./lab";
export { progressBar } from "./progress/progress-bar";
export type { LabDistillOptions } from "./session/distillation-job";
export { notebookContext } from "./session/notebook-context";
export type { LabRateOptions } from "./session/rating-job";
export type { LabUseOptions } from "./session/task-queue";
export type { LabAgreement, LabAgreementOptions, Ranking, TruthItem } from "./values/agreement";
export type { LabAlternatives } from "./values/alternatives";
export type { LabBenchmark } from "./values/benchmark";
export type { BlockCountScatterOptions, LabBlockCounts } from "./values/block-count-study";
export type { LabBlocks } from "./values/blocks";
export type { LabCalibration } from "./values/calibration";
export type { LabCells } from "./values/cells";
export type { LabComparison } from "./values/comparison";
export type { ConfusionOptions, LabConfusion } from "./values/confusion";
export type { LabCsnas } from "./values/csnas";
export type { LabData, ShowOptions } from "./values/data";
export type { LabDistillation } from "./values/distillation";
export type { LabEconas } from "./values/econas";
export type { LabEeea } from "./values/eeea";
export type { LabTrainedEeea } from "./values/eeea-trained";
export type { AtEqualMacsOptions, LabFound } from "./values/found";
export type { LabFoundAtShare } from "./values/found-at-share";
export type { LabFront, LabFrontOptions } from "./values/front";
export type { FrontNetwork } from "./values/front-network";
export type { LabImproveProxy } from "./values/improve-proxy";
export type { LabImprovement } from "./values/improvement";
export type { LabLatency } from "./values/latency";
export type { LabMeasures } from "./values/measures";
export type { LabNetwork } from "./values/network";
export type { LabPlainRatings, PlainTargets } from "./values/plain-ratings";
export type { LabPnas } from "./values/pnas";
export type { LabPocketNet } from "./values/pocketnet";
export type { LabPredictor, TrainedNetwork } from "./values/predictor";
export type { CalibrateOptions, DiverseOptions, LabRatings } from "./values/ratings";
export type { LabRetraining } from "./values/retraining";
export type { LabSearches, LabSearchesOptions } from "./values/searches";
export type { LabSettings, LabSettingsOptions } from "./values/settings";
export type { LabShrunk, ShrunkOptions } from "./values/shrunk";
export { type LabSplits, type LabSplitsOptions, type SplitRound, teacherDeepCells } from "./values/splits";
export type { LabStudent } from "./values/student";
export type { LabStudy, LabStudyRunOptions } from "./values/study";
export type { LabStudyRanking, RankingSampleOptions } from "./values/study-ranking";
export type { LabSupernet, SupernetSaveOptions } from "./values/supernet";
export type { LabSweep, LabSweepOptions } from "./values/sweep";
export type { LabSystems } from "./values/systems";
export type { LabTeacher } from "./values/teacher";
export type { LabTeachers } from "./values/teachers";
export type { LabTrials } from "./values/trials";
export type { LabDataOptions } from "./words/data";
export type { LabFeatureOptions } from "./words/feature-maps";
export { Findings } from "./words/findings";
export type { LabImproveOptions } from "./words/improve-ratings";
export { clearOutput, comms, input, page } from "./words/interaction";
export type { LatencySource } from "./words/latency";
export type { LabBudget, LabLimits } from "./words/limits";
export type { NetworkSource } from "./words/own-networks";
export type { OwnScores, OwnScoresOptions, ScoredCandidate } from "./words/own-scores";
export type { ParetoItem, ParetoRecipe } from "./words/pareto";
export { random } from "./words/random";
export type { RecordOptions } from "./words/record";
export type { RetrainRecipe } from "./words/retrain-recipe";
export { markStale } from "./words/stale-marks";
export type { StoredOptions } from "./words/stored";
export type { LabTeacherOptions, TeacherSource } from "./words/teacher";
export type { PredictorItem, TrainedNetworks } from "./words/trained-networks";
export type { LabTrialsOptions } from "./words/trials";
export { type SliderOptions, Widget, widgets } from "./words/widgets";
