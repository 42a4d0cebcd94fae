import { existsSync } from "node:fs";
import type { Command } from "commander";
import { ConfigError, nearestName, readJson, writeAtomic } from "../../core";
import { type CellNetworkCost, cellNetworkCost, type NetworkCost, networkCost } from "../../cost";
import {
  type Architecture,
  architectureFromTimm,
  architectureNames,
  architecturePreset,
  type CellArchitecture,
  cellDrawings,
  cellNames,
  cellPreset,
  cellSpaceNames,
  cellWords,
  describeLayer,
  formatShape,
  isArchitecturePreset,
  isCellPreset,
  meansCells,
  parseArchitecture,
  parseCellArchitecture,
  parseTimm,
  spaceNames,
} from "../../space";
// Not the room's index: that loads an engine.
import { DNA_B_MISMATCH, publishedCosts } from "../../systems/dna/published";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput, writing } from "../output-file";
import { groupDigits, textTable } from "../table";

interface CostOptions extends OutputOptions {
  readonly input?: string;
  readonly html?: string;
  readonly published?: boolean;
}

/** Reads "224" or "224x192". @throws ConfigError for anything else. */
function parseSize(text: string): { height: number; width: number } {
  const match = /^([1-9]\d*)(?:x([1-9]\d*))?$/.exec(text);
  if (!match) throw new ConfigError(`--input: must be a size such as 224 or 224x192, got ${JSON.stringify(text)}`);
  return { height: Number(match[1]), width: Number(match[2] ?? match[1]) };
}

/** A preset, a file or timm block strings, whichever the text is; with a note on what was not in the text. */
function resolveArchitecture(text: string): { architecture: Architecture | CellArchitecture; note?: string } {
  if (isArchitecturePreset(text)) return { architecture: architecturePreset(text) };
  if (isCellPreset(text)) return { architecture: cellPreset(text) };
  if (existsSync(text)) {
    const value = readJson(text, { what: "an architecture", byUser: true });
    return { architecture: isCells(value) ? parseCellArchitecture(value, text) : parseArchitecture(value, text) };
  }
  if (/^\s*(\[|[a-z]{2,4}_[a-z]+\d)/.test(text)) {
    const architecture = architectureFromTimm(parseTimm(text));
    const { stem, head, classes, input } = architecture;
    const note =
      `timm's strings name blocks only; counted around them are EfficientNet's stem (${stem.map(describeLayer).join(", ")}), ` +
      `head (${head.map(describeLayer).join(", ")}), ${classes} classes and an image of ${input.channels} channels. ` +
      "A network with others costs otherwise: give its file";
    return { architecture, note };
  }
  if ([...spaceNames(), ...cellSpaceNames()].includes(text)) {
    throw new ConfigError(
      `cost: ${JSON.stringify(text)} must be a network, and is a search space, which npx blockwise space ${text} counts; networks have other names, e.g. dna-a, darts-v2 or nas-bench-201/334133`,
    );
  }
  const names = [...architectureNames(), ...cellNames()];
  const near = nearestName(text, names);
  throw new ConfigError(
    `cost: ${JSON.stringify(text)} must be a preset, a file or timm block strings; ${near === undefined ? "" : `did you mean ${near}? `}presets are ${names.join(", ")}`,
  );
}

/** Whether a file holds a network of cells, itself or under `architecture`. */
function isCells(value: unknown): boolean {
  const held = typeof value === "object" && value !== null && "architecture" in value ? value.architecture : value;
  return meansCells(held);
}

/** One table of what is counted beside what is printed, each column labelled with its counter. */
function printPublished(output: Output): void {
  const costs = publishedCosts();
  output.result({ networks: costs, note: DNA_B_MISMATCH }, () => publishedTable(costs));
}

function publishedTable(costs: ReturnType<typeof publishedCosts>): string {
  const millions = (count: number) => `${(count / 1e6).toFixed(2)}M`;
  const header = [
    "network",
    "params, exact",
    "published",
    "FLOPs, papers' counter",
    "published",
    "MACs, conv + linear",
    "top-1 / top-5, published",
  ];
  const rows = costs.map(({ name, params, flops, macs, published, agrees }) => [
    name,
    groupDigits(params),
    `${published.params.toFixed(1)}M${agrees.params ? "" : " (differs)"}`,
    millions(flops),
    `${published.flops}M${agrees.flops ? "" : " (differs)"}`,
    millions(macs),
    `${published.top1.toFixed(1)} / ${published.top5.toFixed(1)} %`,
  ]);
  return `${textTable(header, rows)}\n\npapers' counter: MACs + 2 per batch-norm input + 1 per pooling input\n${DNA_B_MISMATCH}`;
}

/** `blockwise cost <network>`: parameters, MACs and the papers' FLOPs, by layer and in all. */
export function registerCost(program: Command): void {
  withOutput(program.command("cost"))
    .description("parameters, MACs and FLOPs (the papers' counter) of a network, by layer and in all")
    .argument(
      "[network]",
      'preset, architecture file, or timm strings: "ds_r1_k3_s1_e1_c16_se0.25 ir_r2_k3_s2_e6_c24_se0.25"',
    )
    .option("--input <size>", "height and width of the image, e.g. 224 or 224x192; the network's own when left out")
    .option("--html <file>", "write a page with the graphs of a network's cells and its costs, too")
    .option("--published", "DNA-a to DNA-d and EfficientNet-B0 beside the published figures, instead of a network")
    .action(async (text: string | undefined, options: CostOptions) => {
      const output = new Output(options);
      if (options.html !== undefined) checkOutput("cost: --html", options.html);
      if (options.published && options.html !== undefined) {
        throw new ConfigError("cost: --html is for one network of cells, and --published names others; leave one out");
      }
      if (options.published) return printPublished(output);
      if (text === undefined) {
        throw new ConfigError("cost: a network must be named, or --published given; blockwise cost --help tells more");
      }
      const { architecture, note } = resolveArchitecture(text);
      const { channels } = architecture.input;
      const input = options.input !== undefined ? { ...parseSize(options.input), channels } : architecture.input;
      if ("cells" in architecture) {
        const cost = cellNetworkCost(architecture, input);
        if (options.html !== undefined) await writeCells(options.html, architecture, cost);
        return output.result(cost, () => cellsTable(architecture, cost));
      }
      if (options.html !== undefined) {
        throw new ConfigError(
          `cost: --html draws networks of cells, e.g. blockwise cost darts-v2 --html cells.html; ${architecture.name} has none`,
        );
      }
      const cost = networkCost(architecture, input);
      const counted = note === undefined ? cost : { ...cost, note };
      output.result(counted, () => [costTable(cost), ...(note === undefined ? [] : [note])].join("\n"));
    });
}

function costTable(cost: NetworkCost): string {
  const rows = cost.layers.map(({ name, layer, output, params, macs, flops }) => {
    return [name, layer, formatShape(output), params, macs, flops];
  });
  return [textTable(["name", "layer", "output", "params", "macs", "flops"], rows), ...totals(cost)].join("\n");
}

/** A page that needs no other file: the cells as graphs, and what each part costs. */
async function writeCells(path: string, architecture: CellArchitecture, cost: CellNetworkCost): Promise<void> {
  // Loaded here: plotly takes a second that other calls should not wait for.
  const { cellGraph, selfContainedPage } = await import("../../viz/index.js");
  const { name, params, macs, parts } = cost;
  const page = await selfContainedPage(name, [
    {
      heading: "Cells",
      words: `${groupDigits(params)} parameters, ${groupDigits(macs)} multiply-adds of convolutions and linear layers at ${formatShape(cost.input)}`,
      figures: [cellGraph({ title: `Cells of ${name}`, cells: cellDrawings(architecture) })],
    },
    {
      heading: "Costs",
      tables: [
        {
          maxRows: parts.length,
          columns: ["part", "what", "output", "parameters", "MACs"],
          rows: parts.map((part) => [part.name, part.layer, formatShape(part.output), part.params, part.macs]),
        },
      ],
    },
  ]);
  writing("cost: --html", path, () => writeAtomic(path, page));
}

/** A row a cell: its operations are under `layers` in the JSON. */
function cellsTable(architecture: CellArchitecture, cost: CellNetworkCost): string {
  const rows = cost.parts.map(({ name, layer, output, params, macs, flops }) => {
    return [name, layer, formatShape(output), params, macs, flops];
  });
  return [
    textTable(["name", "layer", "output", "params", "macs", "flops"], rows),
    "",
    ...cellWords(architecture),
    ...totals(cost),
  ].join("\n");
}

function totals(cost: NetworkCost): string[] {
  return [
    `\n${cost.name} at ${formatShape(cost.input)}`,
    `params ${groupDigits(cost.params)}`,
    `macs   ${groupDigits(cost.macs)}  (convolution and linear multiply-adds)`,
    `flops  ${groupDigits(cost.flops)}  (the papers' counter: macs + 2 per batch-norm input + 1 per pooling input)`,
  ];
}
