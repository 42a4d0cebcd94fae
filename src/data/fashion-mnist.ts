import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError, type StepContext } from "../core";
import { cacheFolder } from "./cache-folder";
import { findData, hasFiles } from "./data-places";
import { type Download, downloadAll } from "./download";
import { readIdx } from "./idx";
import type { PictureOptions } from "./pictures";
import { refuseShape } from "./refuse-shape";
import type { RawDataset, Split } from "./types";

/** Where Debian's package `dataset-fashion-mnist` puts its files. */
export const DEBIAN_FASHION_MNIST = "/usr/share/datasets/fashion-mnist";

/** Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv 1708.07747. */
const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** The published gzip files and their SHA-256 (Debian's have equal content, packed anew). */
const FILES: Record<string, string> = {
  "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
  "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
  "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
  "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
};

const MIRRORS = [
  "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
  "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
];

/** SHA-256 of the 10,000 test labels, which tell the set from MNIST and others whose files have the same names. */
const TEST_LABELS = "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9";

/**
 * Fashion-MNIST: 60,000 + 10,000 greyscale images of 28x28 in 10 classes.
 *
 * Looks into `root` alone if given, otherwise into the folder of `BLOCKWISE_DATA` (its `fashion-mnist`, torchvision's
 * `FashionMNIST/raw`, or the four files themselves), Debian's folder and the cache, then downloads into the cache.
 * @throws DataError when the files cannot be found or fetched, or are damaged.
 */
export async function fashionMnist(
  root: string | undefined,
  context: StepContext,
  options: PictureOptions = {},
): Promise<RawDataset> {
  refuseShape("fashion-mnist", options);
  const folder = root ?? findFashionMnist() ?? (await downloaded(context));
  const train = readPair(folder, "train");
  const test = readPair(folder, "t10k");
  return { name: "fashion-mnist", classes: CLASSES, shape: { height: 28, width: 28, channels: 1 }, train, test };
}

/** The folder of this machine that has all four files, undefined when there is none. */
export function findFashionMnist(): string | undefined {
  const look = (folder: string) => {
    const own = [join(folder, "fashion-mnist"), join(folder, "FashionMNIST", "raw")].find(hasAll);
    return own ?? (hasAll(folder) && isFashion(folder) ? folder : undefined);
  };
  return findData(look, hasAll(DEBIAN_FASHION_MNIST) ? [DEBIAN_FASHION_MNIST] : []);
}

function hasAll(folder: string): boolean {
  return (
    hasFiles(folder, Object.keys(FILES)) ||
    hasFiles(
      folder,
      Object.keys(FILES).map((file) => file.slice(0, -3)),
    )
  );
}

function isFashion(folder: string): boolean {
  const { data } = readIdx(findFile(folder, "t10k-labels", "idx1-ubyte"), 1);
  return createHash("sha256").update(data).digest("hex") === TEST_LABELS;
}

async function downloaded(context: StepContext): Promise<string> {
  const folder = join(cacheFolder(), "fashion-mnist");
  const downloads: Download[] = Object.entries(FILES).map(([file, sha256]) => ({
    urls: MIRRORS.map((mirror) => `${mirror}/${file}`),
    sha256,
    path: join(folder, file),
  }));
  await downloadAll(
    "fashion-mnist",
    downloads,
    `install Debian's package (sudo apt-get install dataset-fashion-mnist), or set BLOCKWISE_DATA to a folder with fashion-mnist/${Object.keys(FILES)[0]} and the other three files (or name their folder with \`root\`)`,
    context,
  );
  return folder;
}

function readPair(folder: string, part: "train" | "t10k"): Split {
  const images = readIdx(findFile(folder, `${part}-images`, "idx3-ubyte"), 3);
  const labels = readIdx(findFile(folder, `${part}-labels`, "idx1-ubyte"), 1);
  const [count, height, width] = images.shape;
  if (height !== 28 || width !== 28) {
    throw new DataError(
      `fashion-mnist: images in ${folder} must be 28x28, got ${height}x${width}; this is another data set, name its folder's own loader`,
      { folder, shape: images.shape },
    );
  }
  if (labels.shape[0] !== count) {
    throw new DataError(
      `fashion-mnist: ${folder} must have one label an image in ${part}, got ${count} images and ${labels.shape[0]} labels; fetch the files anew`,
      { folder, images: count, labels: labels.shape[0] },
    );
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES.length);
  if (wrong >= 0) {
    throw new DataError(
      `fashion-mnist: labels in ${folder} must be 0..9, got ${labels.data[wrong]} at image ${wrong} of ${part}; fetch the files anew`,
      { folder, at: wrong, label: labels.data[wrong] },
    );
  }
  return { count, images: images.data, labels: labels.data };
}

/** The file under any of its usual names: gzipped or plain, with a dash or (Kaggle) a dot. */
function findFile(folder: string, stem: string, kind: string): string {
  const names = [`${stem}-${kind}.gz`, `${stem}-${kind}`, `${stem}.${kind}.gz`, `${stem}.${kind}`];
  const found = names.find((name) => existsSync(join(folder, name)));
  if (!found) {
    throw new DataError(
      `fashion-mnist: ${folder} must hold ${names[0]} or ${names[1]}, and has neither; name the folder with the four IDX files with \`root\``,
      { folder, names },
    );
  }
  return join(folder, found);
}
