import {
  BENCHMARKS,
  type BenchmarkName,
  benchmarkNames,
  readTrueCells,
  readTruth,
  type TrueCell,
  type TrueNetwork,
} from "../../benchmark";
import { ConfigError, nearestName } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { studyBars, type TableValue } from "../../viz";
import type { DataFrame } from "../display/danfo-types";
import { dataFrame } from "../display/data-frame";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, type Table } from "../display/table";

/** What a histogram and a frame take from a network of a benchmark. */
interface Form<Network> {
  /** What the accuracies are of. */
  readonly measured: string;
  readonly accuracy: (network: Network) => number;
  readonly columns: readonly string[];
  readonly row: (network: Network) => readonly TableValue[];
}

/** Networks of a space with the accuracies that they truly reach once trained. */
export class LabBenchmark<Network extends { readonly key: string }> implements Displayable {
  constructor(
    readonly name: BenchmarkName,
    /** All distinct networks, in the order of their keys. */
    readonly networks: readonly Network[],
    private readonly form: Form<Network>,
  ) {}

  /** The network of a key. @throws ConfigError when there is none. */
  network(key: string): Network {
    const found = this.networks.find((one) => one.key === key);
    if (found) return found;
    throw new ConfigError(
      `${this.name}: the key must be one of the table's ${this.networks.length}, such as ${this.networks[0].key}, got ${JSON.stringify(key)}`,
      { key },
    );
  }

  /** Where the table comes from, and between which accuracies its networks lie. */
  table(): Table {
    const { title, paper, source, licence } = BENCHMARKS[this.name];
    const { accuracy, measured } = this.form;
    const sorted = [...this.networks].sort((a, b) => accuracy(a) - accuracy(b));
    const of = (network: Network) => `${accuracy(network).toFixed(2)} % (${network.key})`;
    return propertyTable(`${title}: ${this.networks.length.toLocaleString("en-US")} distinct networks`, {
      accuracies: measured,
      best: of(sorted[sorted.length - 1]),
      median: of(sorted[Math.floor(sorted.length / 2)]),
      worst: of(sorted[0]),
      paper,
      source,
      licence,
    });
  }

  /** How many networks reach which accuracy. @param bins Of equal width, from the worst network to the best. */
  histogram(bins = 20): FigureView {
    if (!Number.isInteger(bins) || bins < 1 || bins > 200) {
      throw new ConfigError(`${this.name}: bins must be a whole number from 1 to 200, got ${bins}`, { bins });
    }
    const values = this.networks.map(this.form.accuracy);
    const low = values.reduce((a, b) => Math.min(a, b));
    const width = (values.reduce((a, b) => Math.max(a, b)) - low) / bins || 1;
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) counts[Math.min(bins - 1, Math.floor((value - low) / width))]++;
    return new FigureView(
      studyBars({
        title: `${BENCHMARKS[this.name].title}: accuracies of ${values.length.toLocaleString("en-US")} networks`,
        subtitle: this.form.measured,
        groups: counts.map((_, i) => `${(low + i * width).toFixed(1)} to ${(low + (i + 1) * width).toFixed(1)}`),
        series: [{ name: "networks", y: counts }],
        xTitle: "accuracy (%)",
        yTitle: "networks",
      }),
    );
  }

  /** All networks as a danfojs-node DataFrame. */
  frame(): Promise<DataFrame> {
    const { columns, row } = this.form;
    return dataFrame({ columns, rows: this.networks.map(row) });
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.histogram());
  }
}

const macro: Form<TrueNetwork> = {
  measured: "CIFAR-10, test, mean of three trainings",
  accuracy: ({ accuracy }) => accuracy,
  columns: ["key", "accuracy", "macs", "params"],
  row: ({ key, accuracy, macs, params }) => [key, accuracy, macs, params],
};

const cells: Form<TrueCell> = {
  measured: "CIFAR-10, test, after 12 epochs",
  accuracy: ({ cifar10 }) => cifar10.test,
  columns: ["key", ...["cifar10", "cifar100", "imagenet16"].flatMap((of) => [`${of} validation`, `${of} test`])],
  row: ({ key, cifar10, cifar100, imagenet16 }) => [
    key,
    ...[cifar10, cifar100, imagenet16].flatMap(({ validation, test }) => [validation, test]),
  ],
};

/**
 * A table of trained networks that ships with the package: "nas-bench-macro" (Su et al., CVPR 2021: 3,969 networks of eight
 * layers) or "nas-bench-201" (Dong and Yang, ICLR 2020: 15,625 cells, after 12 epochs).
 * @throws ConfigError for another name.
 */
export function benchmark(name: "nas-bench-macro"): LabBenchmark<TrueNetwork>;
export function benchmark(name: "nas-bench-201"): LabBenchmark<TrueCell>;
export function benchmark(name: BenchmarkName): LabBenchmark<TrueNetwork> | LabBenchmark<TrueCell> {
  if (name === "nas-bench-macro") return new LabBenchmark(name, readTruth(), macro);
  if (name === "nas-bench-201") return new LabBenchmark(name, readTrueCells(), cells);
  const meant = nearestName(String(name), benchmarkNames());
  throw new ConfigError(
    `lab.benchmark: the name must be one of ${benchmarkNames().join(", ")}, got ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ""} (a table of your own goes to lab.study as \`truth\`)`,
    { name },
  );
}
