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
export type { LabFeatureOptions } from "./feature-maps";
export { FigureView } from "./figure-view";
export type { FrontNetwork } from "./front-network";
export { clearOutput, comms, input, page } from "./interaction";
export { type LabDataOptions, type LabTeacherOptions, lab } from "./lab";
export type { LabBlocks } from "./lab-blocks";
export type { LabData } from "./lab-data";
export type { LabDistillation } from "./lab-distillation";
export type { AtEqualMacsOptions, LabFound } from "./lab-found";
export type { LabFront, LabFrontOptions } from "./lab-front";
export { random } from "./lab-random";
export type { LabBudget, LabRatings } from "./lab-ratings";
export type { LabStudent } from "./lab-student";
export type { LabRateOptions, LabSupernet } from "./lab-supernet";
export type { LabTeacher } from "./lab-teacher";
export { notebookContext } from "./notebook-context";
export { progressBar } from "./progress-bar";
export type { RecordOptions } from "./record";
export type { RetrainRecipe } from "./retrain-recipe";
export { Table } from "./table";
export { viewOf } from "./view";
