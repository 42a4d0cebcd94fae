import { formatCount, percent } from "../core";
import { formatShape } from "../space";
import { architectureDiagram, cardPage, type TableRecord } from "../viz";
import type { Exportable } from "./exportable";
import { diagramLayers } from "./network-diagram";

/** What is known of the licences of data sets by their names. */
const LICENCES: Readonly<Record<string, string>> = {
  "fashion-mnist": "MIT (Zalando SE)",
  "cifar-10": "none stated by its authors (Krizhevsky, 2009)",
  imagenet: "ImageNet's terms of access: research and education, not commercial",
};

/** One page that says what a network is, costs and reaches, how it was found, and what its data may be used for. */
export async function networkCard(network: Exportable): Promise<string> {
  const { architecture, cost, measured, dataset, classes, preprocessing, kind } = network;
  const { name, input } = architecture;
  const numbers = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(5))).join(", ");
  const facts: [string, string][] = [
    ["multiply-adds (MACs)", formatCount(cost.macs)],
    ["parameters", formatCount(cost.params)],
    ["weights in float32", `${formatCount(4 * cost.params)}B`],
    ["activations of one image", `${formatCount(cost.activationBytes)}B`],
    ["input", `${formatShape(input)}, bytes / 255, then (x - mean) / std`],
    ["mean, std", `${numbers(preprocessing.mean)}; ${numbers(preprocessing.std)}`],
    ["classes", classesInWords(classes)],
    ...measured.map(({ split, dataset: of, images, accuracy }): [string, string] => [
      `top-1 accuracy, ${split} split`,
      `${percent(accuracy)} of ${formatCount(images)} images of ${of}`,
    ]),
    ...(measured.length === 0 ? [["top-1 accuracy", "not measured"] as [string, string]] : []),
    ["data", dataset],
    ["licence of the data", LICENCES[dataset] ?? "not known here: ask whoever gave the images"],
  ];
  const diagram = architectureDiagram({ title: name, layers: diagramLayers(architecture, cost) });
  const tables = [
    { columns: ["what", "value"], rows: facts },
    { title: "How it came about", columns: ["what", "value"], rows: originRows(network) },
    layersTable(network),
  ];
  return cardPage(`${kind === "teacher" ? "Teacher" : "Network"} ${name}`, diagram, tables);
}

const MOST_CLASSES = 20;

function classesInWords(classes: readonly string[]): string {
  const listed = classes.slice(0, MOST_CLASSES).join(", ");
  return classes.length > MOST_CLASSES ? `${classes.length}: ${listed}, ...` : `${classes.length}: ${listed}`;
}

function originRows({ origin, training, kind, remarks = [] }: Exportable): [string, string][] {
  if (!origin && !training) {
    if (remarks.length > 0) return remarks.map((remark) => ["remark", remark]);
    return [
      [
        "method",
        kind === "teacher" ? "trained or loaded as a teacher" : "not recorded: export its found.json for that",
      ],
    ];
  }
  const entries = (values: object) =>
    Object.entries(values)
      .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join(", ") || "none";
  return [
    ...(origin
      ? ([
          ["method", origin.method],
          ["search space", origin.space ?? "not recorded"],
          ["limits", entries(origin.budget)],
          ["summed rating", origin.score === undefined ? "none" : origin.score.toPrecision(5)],
          ["seeds", entries(origin.seeds)],
        ] as [string, string][])
      : []),
    ...(training ? ([["training", entries(training)]] as [string, string][]) : []),
  ];
}

function layersTable({ cost }: Exportable): TableRecord {
  return {
    title: "Layers",
    columns: ["name", "layer", "output", "MACs", "parameters"],
    rows: cost.layers.map(({ name, layer, output, macs, params }) => [name, layer, formatShape(output), macs, params]),
  };
}
