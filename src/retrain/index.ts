export * from "./as-teacher";
export * from "./found-file";
export * from "./found-schema";
export * from "./layers-model";
export * from "./predict";
export * from "./retrain";
export * from "./retrain-all";
export * from "./trainings-progress";
