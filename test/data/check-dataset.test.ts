import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core";
import {
  checkDataset,
  type Dataset,
  datasetFingerprint,
  prepareDataset,
  splitFingerprint,
  syntheticDataset,
  syntheticImages,
} from "../../src/data";

const data = syntheticDataset({ count: 24, validationCount: 8, testCount: 8, classes: 4 });
const { train } = data;

/** What a source may get wrong, with words of the message. */
const wrong: [what: string, changes: Record<string, unknown>, message: RegExp][] = [
  ["no training images", { train: empty() }, /train: count must be a whole number from 1, got 0/],
  ["no validation images", { validation: empty() }, /validation: count must be .* from 1, got 0/],
  ["no test images", { test: empty() }, /test: count must be .* from 1, got 0/],
  ["half an image", { train: { ...train, count: 1.5 } }, /count must be a whole number from 1, got 1\.5/],
  ["no split", { train: undefined }, /train: count must be .* got undefined/],
  ["a label beyond the classes", { test: labelled(data.test, 4) }, /test: labels must be 0 to 3.* got 4 for image 3/],
  ["a negative label", { train: signed(train, -1) }, /train: labels must be 0 to 3.* got -1 for image 3/],
  ["images that are too short", { train: cut(train, "images") }, /images must have 16 x 64 = 1024 bytes.* got 1023/],
  ["labels that are too short", { train: cut(train, "labels") }, /labels must be 16, one an image, got 15/],
  ["images as an array", { train: { ...train, images: [...train.images] } }, /images must be a Uint8Array.* got Array/],
  ["images as floats", { train: { ...train, images: Float32Array.from(train.images) } }, /got Float32Array/],
  [
    "labels as an array",
    { train: { ...train, labels: [...train.labels] } },
    /labels must be a typed array.* got Array/,
  ],
  ["labels that are no whole numbers", { train: { ...train, labels: new Float32Array(16).fill(0.5) } }, /got 0\.5 for/],
  ["a mean that is NaN", { preprocessing: { mean: [Number.NaN], std: [1] } }, /finite mean .* got mean \["NaN"\]/],
  ["a deviation of 0", { preprocessing: { mean: [0], std: [0] } }, /std above 0/],
  ["an infinite deviation", { preprocessing: { mean: [0], std: [1 / 0] } }, /std \["Infinity"\]/],
  ["means of three channels", { preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] } }, /each of 1 channels/],
  [
    "a mean on the scale 0..255",
    { preprocessing: { mean: [51], std: [25.5] } },
    /scale 0\.\.1.*mean: \[0\.2\], std: \[0\.1\]/,
  ],
  ["no preprocessing", { preprocessing: undefined }, /got mean undefined/],
  ["a class name twice", { classes: ["a", "b", "c", "b"] }, /class names must differ, got "b" twice/],
  ["no classes", { classes: [] }, /classes must be a list of names, at least one/],
  ["numbers for classes", { classes: [0, 1, 2, 3] }, /classes must be a list of names/],
  ["a side that is none", { shape: { height: 8, width: 0, channels: 1 } }, /shape must be/],
  ["no name", { name: "" }, /name must be a text/],
];

describe("a data set is checked when it is made", () => {
  it("passes when it is whole, whatever the width of its labels", () => {
    checkDataset(data);
    checkDataset({ ...data, train: { ...train, labels: Int32Array.from(train.labels) as unknown as Uint8Array } });
  });

  for (const [what, changes, message] of wrong) {
    it(`is refused with ${what}`, () => {
      const check = () => checkDataset({ ...data, ...changes } as Dataset);
      expect(check).toThrow(DataError);
      expect(check).toThrow(message);
      const { validation, preprocessing, ...source } = changes;
      if (Object.keys(source).length === 0) return;
      const raw = { ...syntheticImages({ count: 16, testCount: 8 }), ...source } as never;
      expect(() => prepareDataset(raw, { seed: 1, validationCount: 4 })).toThrow(DataError);
    });
  }

  it("is refused when a part would have no images, with the option that says so", () => {
    const divide = (options: object) => () =>
      prepareDataset(syntheticImages({ count: 16 }), { seed: 1, validationCount: 4, ...options });
    expect(divide({ validationCount: 0 })).toThrow(/validationCount must be a whole number from 1, got 0/);
    expect(divide({ validationCount: 16 })).toThrow(
      /16 training images .* need 17: 16 to validate on, 1 at least to train on/,
    );
    expect(divide({ trainCount: 0 })).toThrow(/trainCount/);
    expect(divide({ testCount: 0 })).toThrow(/testCount/);
    expect(divide({ validationCount: Number.NaN })).toThrow(DataError);
  });
});

describe("a data set's fingerprint", () => {
  it("changes with everything that changes a result", () => {
    const flip = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, i) => (i === 5 ? byte ^ 1 : byte));
    const variants: Dataset[] = [
      data,
      { ...data, preprocessing: { ...data.preprocessing, mean: [0.9] } },
      { ...data, preprocessing: { ...data.preprocessing, std: [0.05] } },
      { ...data, shape: { height: 4, width: 16, channels: 1 } },
      { ...data, classes: ["a", ...data.classes.slice(1)] },
      { ...data, classes: [...data.classes].reverse() },
      { ...data, train: data.validation, validation: data.train },
      { ...data, test: data.validation, validation: data.test },
      ...(["train", "validation", "test"] as const).flatMap((name) => [
        { ...data, [name]: { ...data[name], images: flip(data[name].images) } },
        { ...data, [name]: { ...data[name], labels: flip(Uint8Array.from(data[name].labels)) } },
      ]),
    ];
    expect(new Set(variants.map(datasetFingerprint)).size).toBe(variants.length);
    expect(data.fingerprint).toBe(datasetFingerprint(data));
  });

  it("does not change with the width of labels or the name", () => {
    const wide = { ...train, labels: Uint16Array.from(train.labels) as unknown as Uint8Array };
    expect(splitFingerprint(wide)).toBe(splitFingerprint(train));
    expect(datasetFingerprint({ ...data, train: wide })).toBe(data.fingerprint);
  });
});

function empty() {
  return { count: 0, images: new Uint8Array(), labels: new Uint8Array() };
}

function labelled(split: Dataset["train"], label: number) {
  return { ...split, labels: split.labels.map((own, i) => (i === 3 ? label : own)) };
}

function signed(split: Dataset["train"], label: number) {
  return { ...split, labels: Int32Array.from(split.labels, (own, i) => (i === 3 ? label : own)) };
}

function cut(split: Dataset["train"], name: "images" | "labels") {
  return { ...split, [name]: split[name].subarray(1) };
}
