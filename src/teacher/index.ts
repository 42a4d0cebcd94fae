export * from "./architecture-schema";
export * from "./feature-store";
export * from "./shared-features";
export * from "./split";
export * from "./teacher";
export * from "./torchvision";
export * from "./train-teacher";
