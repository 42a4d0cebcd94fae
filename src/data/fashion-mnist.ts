import type { DatasetSource } from "./dataset-source";
import { defineIdxSet, findIdxSet, readIdxSet } from "./idx-set";

/** Where Debian's package `dataset-fashion-mnist` puts its files. */
export const DEBIAN_FASHION_MNIST = "/usr/share/datasets/fashion-mnist";

/** Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv 1708.07747. Debian's files have equal content, packed anew. */
const FASHION_MNIST = defineIdxSet({
  name: "fashion-mnist",
  torchvision: "FashionMNIST",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  files: {
    "train-images-idx3-ubyte.gz": { sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84" },
    "train-labels-idx1-ubyte.gz": { sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845" },
    "t10k-images-idx3-ubyte.gz": { sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073" },
    "t10k-labels-idx1-ubyte.gz": { sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5" },
  },
  mirrors: [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
  ],
  usual: [DEBIAN_FASHION_MNIST],
  install: "install Debian's package (sudo apt-get install dataset-fashion-mnist)",
  testLabels: "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
});

/** Fashion-MNIST: 60,000 + 10,000 greyscale images of 28x28 in 10 classes, found as `readIdxSet` finds them. */
export const fashionMnist: DatasetSource = (root, context, options) =>
  readIdxSet(FASHION_MNIST, root, context, options);

/** The folder of this machine that has all four files, undefined when there is none. */
export function findFashionMnist(): string | undefined {
  return findIdxSet(FASHION_MNIST);
}
