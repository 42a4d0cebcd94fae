import { type CellOp, NAS_BENCH_201_OPS, nasBench201Cell } from "../space";

/** Data sets of NAS-Bench-201, by their names in its table. */
export const NAS_BENCH_201_DATA = {
  cifar10: { title: "CIFAR-10", size: 32, classes: 10, trainImages: 25_000 },
  cifar100: { title: "CIFAR-100", size: 32, classes: 100, trainImages: 50_000 },
  imagenet16: { title: "ImageNet16-120", size: 16, classes: 120, trainImages: 151_700 },
} as const satisfies Record<string, NasBench201Data>;

interface NasBench201Data {
  readonly title: string;
  /** Height and width of an image. */
  readonly size: number;
  readonly classes: number;
  /** On which the networks were trained whose validation accuracy the table has (paper, section 2.2). */
  readonly trainImages: number;
}

export type NasBench201DataName = keyof typeof NAS_BENCH_201_DATA;

/** Of a kernel, by op. */
const WEIGHTS: Readonly<Partial<Record<CellOp, number>>> = { conv1: 1, conv3: 9 };
const STEM = 16;
const CELLS_A_STAGE = 5;
/** Channels, and by how much the maps of a stage are smaller than the image in each direction. */
const STAGES = [
  { channels: STEM, shrink: 1 },
  { channels: 2 * STEM, shrink: 2 },
  { channels: 4 * STEM, shrink: 4 },
];

/**
 * Multiply-adds of convolutions and the linear layer (biases none), and parameters, of NAS-Bench-201's network of a cell
 * (paper, section 2.1): a 3x3 stem of 16 channels; three stages of five cells of 16, 32 and 64 channels, each op a ReLU, a
 * convolution and a batch norm; residual blocks of stride 2 between them, whose shortcut is an average pool and a 1x1
 * convolution; batch norm, global pooling, linear.
 *
 * The same as counting the whole network (`cellNetworkCost`), and quick enough for all cells at once.
 * @throws SpaceError for anything but six digits of 0..4.
 */
export function nasBench201Size(
  key: string,
  data: NasBench201DataName = "cifar10",
): { readonly macs: number; readonly params: number } {
  const { size, classes } = NAS_BENCH_201_DATA[data];
  const pixels = (shrink: number) => (size / shrink) ** 2;
  nasBench201Cell(key); // refuses what is no key
  const kernels = Array.from(key, (digit) => WEIGHTS[NAS_BENCH_201_OPS[Number(digit)]] ?? 0);
  let macs = pixels(1) * 9 * 3 * STEM;
  let params = 9 * 3 * STEM + 2 * STEM;
  for (const [i, { channels, shrink }] of STAGES.entries()) {
    for (const kernel of kernels.filter((one) => one > 0)) {
      macs += CELLS_A_STAGE * pixels(shrink) * kernel * channels ** 2;
      params += CELLS_A_STAGE * (kernel * channels ** 2 + 2 * channels);
    }
    const next = STAGES[i + 1];
    if (!next) continue;
    const weights = 9 * channels * next.channels + 9 * next.channels ** 2 + channels * next.channels;
    macs += pixels(next.shrink) * weights;
    params += weights + 2 * 2 * next.channels;
  }
  const last = STAGES[STAGES.length - 1].channels;
  return { macs: macs + last * classes, params: params + 2 * last + last * classes + classes };
}
