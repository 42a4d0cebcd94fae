export * from "./face-folder";
export * from "./open-set";
export * from "./pairs";
export { SYNTHETIC_FACES, type SyntheticFacesOptions, syntheticFaces } from "./synthetic-faces";
export * from "./types";
