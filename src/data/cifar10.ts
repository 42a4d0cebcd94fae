import { type CifarSet, findCifar, readCifar } from "./cifar";
import type { DatasetSource } from "./dataset-source";

const CIFAR_10: CifarSet = {
  name: "cifar-10",
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  folder: "cifar-10-batches-bin",
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: "test_batch.bin",
  labelBytes: 1,
  archive: {
    file: "cifar-10-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  },
  pictures: ["cifar-10", "cifar10", "cifar-10.zip", "cifar10.zip", "cifar10-jpeg.zip", "cifar10-jpeg"],
};

/** CIFAR-10: 50,000 + 10,000 colour images of 32x32 in 10 classes, found as {@link readCifar} finds them. */
export const cifar10: DatasetSource = (root, context, options) => readCifar(CIFAR_10, root, context, options);

/** Where the images lie on this machine, undefined when they do not. */
export function findCifar10(): string | undefined {
  return findCifar(CIFAR_10);
}
