export { architectureDiagram, type DiagramLayer, type DiagramRecord } from "./architecture-diagram";
export type { BudgetLine } from "./budget-lines";
export { cardPage } from "./card-page";
export { type CellGraphRecord, cellGraph, type DrawnCell, type DrawnEdge, type DrawnOpKind } from "./cell-graph";
export {
  type ClassAccuracyRecord,
  type ConfusionRecord,
  classAccuracyFigure,
  confusionFigure,
} from "./confusion-figure";
export { costBars, type NetworkCosts } from "./cost-bars";
export { type CostValuePoint, type CostValueRecord, costValueFigure } from "./cost-value-figure";
export type { MeasuredNetwork, PredictedNetwork, PublishedNetwork } from "./drawn-networks";
export { escapeHtml } from "./escape-html";
export { type EvidenceFrontRecord, type EvidencePoint, type ExpectedPoint, evidenceFront } from "./evidence-front";
export { type FeatureMap, type FeatureMontageRecord, type FeaturePair, featureMontage } from "./feature-montage";
export { COLOURS, type Figure, type FigureLayout, type Trace } from "./figure";
export { figureBundle } from "./figure-bundle";
export { type FigureFileOptions, saveFigure } from "./figure-file";
export { type FigureHtmlOptions, figureHtml, figureTitle } from "./figure-html";
export { nonDominated } from "./front-panel";
export { latencyFitFigure, type PredictedLatency } from "./latency-fit";
export { type LossCurve, lossCurves } from "./loss-curves";
export { MORE_SCRIPT, MORE_STYLE } from "./more-to-see";
export type { NetworkFacts } from "./network-facts";
export type { NetworkKind } from "./network-kinds";
export { type PageSection, selfContainedPage } from "./page";
export { type ParallelNetwork, parallelView } from "./parallel-view";
export { type ParetoRecord, paretoFigure } from "./pareto-figure";
export { PLOTLY_FILE, packedPlotly, plotlyPath } from "./plotly-script";
export { type RankPoint, type RankScatterRecord, rankScatter } from "./rank-scatter";
export { type RatedFrontRecord, ratedFrontFigure } from "./rated-front-figure";
export { type OpEffect, opEffects, type RatedBlock, type RatedPath, ratingMap } from "./rating-map";
export { type ReliabilityPoint, type ReliabilityRecord, reliabilityFigure } from "./reliability-figure";
export { type RocRecord, type RocSeries, rocFigure } from "./roc-figure";
export { type RunPoints, runsFigure } from "./runs-figure";
export { type SampleImages, sampleImages } from "./sample-images";
export { staticSvg } from "./static-svg";
export { type StudyDotsRecord, studyDots } from "./study-dots";
export {
  type StudyBarsRecord,
  type StudyCurveRecord,
  type StudySeries,
  studyBars,
  studyCurve,
} from "./study-figures";
export { type StudyPanelsRecord, studyPanels } from "./study-panels";
export { type SketchedBlock, scientific, supernetSketch } from "./supernet-sketch";
export { type SweepRow, sweepFigure } from "./sweep-figure";
export { type TableLimits, type TableRecord, type TableValue, tableHtml, tableText } from "./table";
export { type LatexOptions, saveTable, tableCsv, tableLatex } from "./table-file";
export { type TrainingEpoch, trainingCurve } from "./training-curve";
export { type DrawnTrial, type TrialsRecord, trialsFigure } from "./trials-figure";
