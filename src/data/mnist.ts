import type { DatasetSource } from "./dataset-source";
import { defineIdxSet, readIdxSet } from "./idx-set";

/** LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998. */
const MNIST = defineIdxSet({
  name: "mnist",
  torchvision: "MNIST",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  files: {
    "train-images-idx3-ubyte.gz": { sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609" },
    "train-labels-idx1-ubyte.gz": { sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c" },
    "t10k-images-idx3-ubyte.gz": { sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6" },
    "t10k-labels-idx1-ubyte.gz": { sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6" },
  },
  mirrors: [
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "http://yann.lecun.com/exdb/mnist",
  ],
  testLabels: [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5, 9, 7, 3, 4],
});

/** Clanuwat et al., "Deep learning for classical Japanese literature", arXiv 1812.01718; the classes by their sounds. */
const KMNIST = defineIdxSet({
  name: "kmnist",
  torchvision: "KMNIST",
  classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
  files: {
    "train-images-idx3-ubyte.gz": { md5: "bdb82020997e1d708af4cf47b453dcf7" },
    "train-labels-idx1-ubyte.gz": { md5: "e144d726b3acfaa3e44228e80efcd344" },
    "t10k-images-idx3-ubyte.gz": { md5: "5c965bf0a639b31b8f53240b1b52f4d7" },
    "t10k-labels-idx1-ubyte.gz": { md5: "7320c461ea6c1c855c0b718fb2a4b134" },
  },
  mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist"],
});

/** MNIST: handwritten digits, 60,000 + 10,000 greyscale images of 28x28, found as `readIdxSet` finds them. */
export const mnist: DatasetSource = (root, context, options) => readIdxSet(MNIST, root, context, options);

/** Kuzushiji-MNIST: cursive Japanese characters in MNIST's form. */
export const kmnist: DatasetSource = (root, context, options) => readIdxSet(KMNIST, root, context, options);
