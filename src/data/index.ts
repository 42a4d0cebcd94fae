export * from "./batches";
export * from "./check-dataset";
export { findCifar10 } from "./cifar10";
export { dataFolder } from "./data-places";
export * from "./dataset";
export * from "./decode-picture";
export * from "./draw-images";
export * from "./fashion-mnist";
export * from "./holdout";
export * from "./idx";
export * from "./image-folder";
export * from "./image-paths";
export * from "./image-shape";
export {
  type KnownPictures,
  LARGEST_SIDE,
  type PictureOptions,
  type PictureShape,
  readPictures,
} from "./pictures";
export * from "./preprocessing";
export * from "./read-image";
export * from "./registry";
export * from "./share-dataset";
export * from "./synthetic";
export * from "./types";
