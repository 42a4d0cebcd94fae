export { compareResults, type Tolerances, type ValueComparison } from "./compare-results";
export { type Execution, type ExecutionStatus, executeNotebook } from "./execute-notebook";
export { type Cell, cellTitle, type Notebook, readNotebook, writeNotebook } from "./notebook-file";
export { notebookPage } from "./notebook-page";
export { declaredParameters, type Parameters, readParameters, withParameters } from "./parameters";
export {
  type NotebookProvenance,
  notebookProvenance,
  provenance,
  provenanceLine,
  provenanceQuestions,
} from "./provenance";
export { RemainingTime } from "./remaining-time";
export {
  parseTolerance,
  RESULT_TYPE,
  type ResultRecord,
  type ResultValue,
  recordsOf,
  resultRecordSchema,
  type Tolerance,
} from "./result-record";
export { type StaleCell, StaleTracker, staleCells, staleNote, withStaleNotes } from "./stale-cells";
export { stripVolatile, withoutOutputs } from "./strip-volatile";
export { studyNotebook } from "./study-notebook";
export { fromMarkdown, toMarkdown } from "./text/markdown-text";
export { isText, openNotebook, withKeptOutputs } from "./text/open-notebook";
export { fromScript, type ScriptText, toScript } from "./text/percent-script";
export { type UncaughtErrors, uncaughtErrors, withUncaught } from "./uncaught-errors";
