export * from "./augment-image";
export * from "./augmentation-schema";
export * from "./colour";
export { type CropBox, cropBox, croppedAndScaled, eraseBox } from "./geometry";
export { drawMixing, type Mixing } from "./mixup";
export * from "./options";
export { RAND_AUGMENT_OPERATIONS, randAugment } from "./rand-augment";
