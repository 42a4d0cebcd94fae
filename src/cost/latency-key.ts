import { nearestName, shown } from "../core";
import { ACTIVATION_TOKENS, describeLayer, formatShape, type HiddenLayer, type ImageShape, type Layer } from "../space";

/** Pooling, the hidden layer where there is one, and classifier, measured as one layer. */
export interface Classification {
  readonly kind: "classifier";
  readonly classes: number;
  readonly hidden?: HiddenLayer;
}

/** The row of a CSV for what a call costs whatever the network. */
export const PER_CALL = "per call";

/** Names a layer at its place: equal names, equal work. */
export function latencyKey(layer: Layer | Classification, input: ImageShape): string {
  return `${layerWords(layer)} @ ${formatShape(input)}`;
}

function layerWords(layer: Layer | Classification): string {
  if (layer.kind === "classifier") return classifierWords(layer);
  // A name that a user's model chose could be anything: the word before tells it from a mistyped layer.
  return layer.kind === "foreign" ? `foreign ${layer.name}` : describeLayer(layer);
}

function classifierWords({ hidden, classes }: Classification): string {
  if (!hidden) return `pool and classifier of ${classes}`;
  return `pool, ${hidden.activation} layer of ${hidden.features} and classifier of ${classes}`;
}

const N = "[1-9]\\d*";
const REAL = "\\d+(?:\\.\\d+)?(?:e-?\\d+)?";
const TOKEN = `(?:_(?:${[...Object.values(ACTIVATION_TOKENS), "linear"].join("|")}))?`;
/** What {@link latencyKey} writes before the "@", by the word that it begins with. */
const FORMS: Readonly<Record<string, string>> = {
  cn: `_k${N}_s${N}_c${N}${TOKEN}`,
  ds: `_k${N}_s${N}_e${REAL}_c${N}(?:_se${REAL}(?:v3)?)?${TOKEN}(?:_noskip)?`,
  ir: `_k${N}_s${N}_e${REAL}_c${N}(?:_se${REAL}(?:v3)?)?${TOKEN}(?:_noskip)?`,
  basic: `_k${N}_s${N}_m${N}_c${N}${TOKEN}`,
  bottleneck: `_k${N}_s${N}_m${N}_c${N}${TOKEN}`,
  maxpool: `_k${N}_s${N}`,
  identity: "",
  foreign: " .+",
  pool: `(?:, (?:${Object.keys(ACTIVATION_TOKENS).join("|")}|none) layer of ${N})? and classifier of ${N}`,
};
const KEY = new RegExp(
  `^(?:${Object.entries(FORMS)
    .map(([word, rest]) => word + rest)
    .join("|")}) @ ${N}x${N}x${N}$`,
);

/** What a key that is no layer's must be, what came, and the one that is probably meant; undefined where it is a layer's. */
export function keyMistake(key: string): string | undefined {
  if (KEY.test(key)) return undefined;
  const near = meantKey(key);
  return `must be a layer with what enters it, e.g. "cn_k3_s2_c8 @ 28x28x1" or "pool and classifier of 10 @ 7x7x64", or in CSV "${PER_CALL}", got ${shown(key)}${near === undefined ? "" : `; did you mean "${near}"?`}; blockwise latency <space or run> --template <file.csv> lists the keys`;
}

function meantKey(key: string): string | undefined {
  const bare = key.toLowerCase().replace(/[\s_-]/g, "");
  if (bare === PER_CALL.replace(" ", "") || nearestName(key, [PER_CALL])) return PER_CALL;
  const tidy = key
    .toLowerCase()
    .replace(/×/g, "x")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/ ?@ ?/, " @ ")
    .replace(/ ?x ?(?=\d)/g, "x");
  const others = Object.keys(FORMS).map((word) => tidy.replace(/^[a-z]+/, word));
  return nearestName(
    key,
    [tidy, ...others].filter((one) => KEY.test(one)),
  );
}

/** What is wrong with the order of an entry's times; undefined where nothing is. */
export function spreadMistake(entry: {
  readonly medianMs: number;
  readonly lowMs?: number;
  readonly highMs?: number;
}): string | undefined {
  const { lowMs, medianMs, highMs } = entry;
  if (lowMs !== undefined && lowMs > medianMs) return `lowMs must be at most medianMs, ${medianMs}, got ${lowMs}`;
  if (highMs !== undefined && highMs < medianMs) return `highMs must be at least medianMs, ${medianMs}, got ${highMs}`;
  return undefined;
}
