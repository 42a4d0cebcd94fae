import {
  NAS_BENCH_201_DATA,
  type NasBench201DataName,
  nasBench201Size,
  readTrueCells,
  readTruth,
  type TrueCell,
  type TrueNetwork,
} from "../benchmark";
import { ConfigError, nearestName, shown } from "../core";
import { type TableEntry, type TableEvaluator, type TableLevel, tableEvaluator } from "./table-evaluator";

/** The networks' size: nothing is trained, so it costs nothing. */
const SIZE: TableLevel = { name: "size", cost: () => 0 };

/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as an evaluator of cells, by their keys: accuracies after 12 epochs on one of its
 * data sets. Search by `validation`, report `test`.
 *
 * The table has one length of training alone, so cheaper budgets are proxies: level 1 is the network's multiply-adds, which
 * costs nothing; for CIFAR-100 and ImageNet16-120 level 2 is the validation accuracy on CIFAR-10, the cheapest of the three
 * data sets; the last level is the validation accuracy itself.
 * @param cells The table; the one that ships with Blockwise when left out.
 * @throws ConfigError when there is no such data set.
 */
export function nasBench201Evaluator(
  data: NasBench201DataName = "cifar10",
  cells: readonly TrueCell[] = readTrueCells(),
): TableEvaluator {
  const names = Object.keys(NAS_BENCH_201_DATA);
  if (!names.includes(data)) {
    const meant = nearestName(String(data), names);
    throw new ConfigError(
      `nasBench201Evaluator: the data set must be one of ${names.join(", ")}, got ${shown(data)}${meant ? `; did you mean ${meant}?` : ""}`,
      { data },
    );
  }
  const entries = new Map<string, TableEntry>();
  let total = 0;
  for (const cell of cells) {
    const { macs, params } = nasBench201Size(cell.key, data);
    const proxies = { size: macs, cifar10: cell.cifar10.validation };
    entries.set(cell.key, { ...cell[data], macs, params, proxies });
    total += macs;
  }
  // All trainings are of 12 epochs: what differs is the images, and their size, which scales the multiply-adds.
  const images = NAS_BENCH_201_DATA.cifar10.trainImages / NAS_BENCH_201_DATA[data].trainImages;
  const scale = (NAS_BENCH_201_DATA.cifar10.size / NAS_BENCH_201_DATA[data].size) ** 2;
  const onCifar10: TableLevel = {
    name: "cifar10",
    cost: ({ macs }) => (images * scale * macs) / (total / cells.length),
  };
  const { title } = NAS_BENCH_201_DATA[data];
  return tableEvaluator({
    name: `NAS-Bench-201, ${title}`,
    entries,
    levels: data === "cifar10" ? [SIZE] : [SIZE, onCifar10],
  });
}

/**
 * NAS-Bench-Macro (Su et al., CVPR 2021) as an evaluator of networks, by their canonical keys. Its authors trained each three
 * times and measured all three on the test images, so there is no validation accuracy: `validation` is the accuracy of the
 * first training, which a search sees, and `test` the mean of the other two, which it does not.
 *
 * Level 1 of its budgets is the network's multiply-adds, which costs nothing, level 2 the accuracy of the first training.
 * @param networks The table; the one that ships with Blockwise when left out.
 */
export function nasBenchMacroEvaluator(networks: readonly TrueNetwork[] = readTruth()): TableEvaluator {
  const entries = new Map<string, TableEntry>();
  for (const { key, trainings, macs, params } of networks) {
    const [validation, ...others] = trainings;
    const test = others.length > 0 ? others.reduce((sum, one) => sum + one, 0) / others.length : Number.NaN;
    entries.set(key, { validation, test, macs, params, proxies: { size: macs } });
  }
  return tableEvaluator({ name: "NAS-Bench-Macro", entries, levels: [SIZE] });
}
