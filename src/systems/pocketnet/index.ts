export { type BlockwiseStudent, searchBlockwise } from "./block-wise";
export * from "./experiment";
export { type FaceData, faceData } from "./face-data";
export { embeddingTeacherArchitecture, searchedArchitecture, studentArchitecture } from "./networks";
export * from "./results-file";
export { longerEpochs, type NetworkSize, type PocketNetRuns, runPocketNet, type StudentRun } from "./run-study";
export * from "./settings";
export * from "./summary";
export {
  type FaceTeacher,
  type MeasuredEmbedding,
  sameProgress,
  trainFaceTeacher,
  trainMeasured,
} from "./train-students";
