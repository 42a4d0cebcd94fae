export * from "./augment";
export * from "./batches";
export * from "./check-dataset";
export { findCifar10 } from "./cifar10";
export { dataFolder } from "./data-places";
export * from "./data-schema";
export * from "./dataset";
export * from "./dataset-source";
export { LARGEST_SIDE } from "./decode-all";
export * from "./decode-picture";
export { type Download, downloadAll } from "./download";
export * from "./draw-images";
export * from "./faces";
export * from "./fashion-mnist";
export * from "./holdout";
export * from "./identify-data";
export * from "./idx";
export * from "./image-folder";
export * from "./image-paths";
export * from "./image-shape";
export {
  type KnownPictures,
  MEMORY_RULE,
  type PictureOptions,
  type PictureShape,
  readPictures,
} from "./pictures";
export * from "./preprocessing";
export * from "./read-image";
export * from "./reduce-dataset";
export * from "./registry";
export * from "./share-dataset";
export {
  imageAt,
  imageChunks,
  imagesInMemory,
  isStored,
  readAhead,
} from "./stored-pictures";
export * from "./synthetic";
export * from "./types";
