import type { Dataset, Labels, Split } from "./types";

/** The same data set with its images and labels in memory that all threads of the process read: nothing is copied to them. */
export function shareDataset(dataset: Dataset): Dataset {
  const { train, validation, test } = dataset;
  return { ...dataset, train: shareSplit(train), validation: shareSplit(validation), test: shareSplit(test) };
}

function shareSplit(split: Split): Split {
  // Images in a file are read there by every thread.
  if (split.stored) return split;
  const { count, images, labels } = split;
  return { count, images: shared(images), labels: shared(labels) };
}

function shared<Values extends Uint8Array | Labels>(values: Values): Values {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const Kind = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new Kind(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
