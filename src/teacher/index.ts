export * from "./architecture-schema";
export * from "./feature-store";
export * from "./pretrained";
export * from "./recognise";
export * from "./shared-features";
export * from "./split";
export * from "./teacher";
export * from "./train-teacher";
