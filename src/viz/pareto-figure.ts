import { DataError, paretoFront } from "../core";
import { type CountAxis, countAxis, rangeAround } from "./axis-range";
import { type BudgetLine, budgetLines } from "./budget-lines";
import { type CostOf, latencyCost, MACS } from "./cost-axis";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf, type Trace } from "./figure";
import { drawLabels, type Label, type Obstacles, placeLabels, type Segment, stepSegments } from "./label-placement";
import { hoverFacts, type NetworkFacts } from "./network-facts";

export type NetworkKind = "teacher" | "found" | "random" | "shrunk" | "own";

/** A trained network with its true accuracy. */
export interface MeasuredNetwork extends NetworkFacts {
  readonly dataset: string;
  readonly label: string;
  readonly kind: NetworkKind;
  /** Of the test split, in [0, 1]. */
  readonly accuracy: number;
  /** One standard error of the accuracy, a share; drawn as a bar. */
  readonly standardError?: number;
  /** Networks of one kind that name one curve are joined. */
  readonly curve?: string;
}

/** A network that was rated, not trained. */
export interface PredictedNetwork extends NetworkFacts {
  readonly label?: string;
  readonly kind?: NetworkKind;
  /** Sum of the block ratings; lower is better. */
  readonly score: number;
}

/** A network as it was published: trained by others, in their way. */
export interface PublishedNetwork extends NetworkFacts {
  readonly dataset: string;
  readonly label: string;
  /** As printed, in [0, 1]. */
  readonly accuracy: number;
  /** Where the number is printed, e.g. "DNA, table 2". */
  readonly source?: string;
}

export interface ParetoRecord {
  readonly measured: readonly MeasuredNetwork[];
  /** What the x axis is of; "macs" unless given. With "latencyMs" each network must have one, and budgets are not drawn. */
  readonly cost?: "macs" | "latencyMs";
  /** What the standard errors are of: "of the 10000 test images". */
  readonly errorWords?: string;
  /** Where the accuracies come from: "training", by who draws (default), or "table", the trainings of others looked up. */
  readonly accuraciesFrom?: "training" | "table";
  /** Limits to draw as lines. */
  readonly budgets?: readonly BudgetLine[];
  /** Networks of others on the same data set. */
  readonly published?: readonly PublishedNetwork[];
  /** All networks of the rated front. */
  readonly predictedFront?: readonly PredictedNetwork[];
  /** Ratings of the networks that were also measured. */
  readonly predicted?: readonly PredictedNetwork[];
  /** Name of what was rated by, where it is not the usual one. */
  readonly measure?: string;
}

/** What follows the names of networks that were trained by who draws. */
const RETRAINED = ", retrained";

export const KINDS: Record<NetworkKind, { name: string; colour: string; symbol: string }> = {
  teacher: { name: "teacher", colour: COLOURS.black, symbol: "star" },
  found: { name: `found by rating${RETRAINED}`, colour: COLOURS.blue, symbol: "circle" },
  random: { name: `random at equal MACs${RETRAINED}`, colour: COLOURS.vermilion, symbol: "diamond-open" },
  shrunk: { name: "teacher shrunk uniformly", colour: COLOURS.orange, symbol: "triangle-up" },
  own: { name: "own networks", colour: COLOURS.purple, symbol: "square" },
};
const PUBLISHED_MARKS: Trace = {
  type: "scatter",
  mode: "markers",
  name: "published, trained by others",
  marker: { color: COLOURS.green, symbol: "square-open", size: 10, line: { width: 2 } },
  cliponaxis: false,
};
/** Pixels of the plot area of one panel where there are two. */
const PANEL = { width: 354, height: 296 };
const WHOLE = { width: 824, height: PANEL.height };

/**
 * True accuracy against MACs, or against latency, with the rated (predicted) front in a second panel where it is given.
 * @throws DataError when the networks were measured on different data sets, when there are none, or when the x axis is of
 *   latency and a network has none, or they are of several places.
 */
export function paretoFigure({
  measured,
  cost = "macs",
  predictedFront = [],
  predicted = [],
  budgets = [],
  published = [],
  measure,
  errorWords,
  accuraciesFrom = "training",
}: ParetoRecord): Figure {
  const dataset = onlyDataset([...measured, ...published]);
  const hasPrediction = predictedFront.length + predicted.length > 0;
  const { title, at, equal } =
    cost === "macs" ? MACS : latencyCost([...measured, ...published, ...predictedFront, ...predicted]);
  const drawn = cost === "macs" ? budgets : [];
  const size = hasPrediction ? PANEL : WHOLE;
  const parts = { networks: measured, published, budgets: drawn, at, equal };
  const left = measuredPanel(parts, size, accuraciesFrom === "table");
  // The rated front is one of multiply-adds: against latency only what none beats there is left of it.
  const rated = cost === "macs" ? predictedFront : nonDominated(predictedFront, (one) => [at(one), one.score]);
  const right = hasPrediction ? predictedPanel(rated, predicted, drawn, at) : undefined;
  const heading = (text: string, panel: number) => ({
    text: `<b>${text}</b>`,
    x: panel === 1 ? 0 : 0.57,
    xref: "paper",
    y: 1.01,
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 13 },
  });
  return {
    data: [...left.data, ...(right?.data ?? [])],
    layout: layoutOf({
      title: `Accuracy against cost on ${dataset}`,
      // One line has no room for both.
      subtitle: `up is better, left is cheaper${errorWords ? `; bars: one standard error ${errorWords}` : measured.length > 0 ? "; the line joins the networks that no other one beats in both" : ""}`,
      width: 920,
      height: 480,
      margin: { t: 124, r: 28, b: 60, l: 68 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.08, yanchor: "bottom", font: { size: 12 } },
      xaxis: axis(title, { ...left.x.options, domain: hasPrediction ? [0, 0.43] : [0, 1] }),
      yaxis: axis("test accuracy (%)", left.y),
      shapes: [...left.shapes, ...(right?.shapes ?? [])],
      annotations: [
        heading(measured.length > 0 ? "Measured: test accuracy" : "Published: test accuracy", 1),
        ...(right ? [heading("Predicted: rating", 2)] : []),
        ...left.annotations,
        ...(right?.annotations ?? []),
      ],
      ...(right && {
        xaxis2: axis(title, { ...right.x.options, domain: [0.57, 1], anchor: "y2" }),
        yaxis2: axis(
          `predicted: ${measure ? escapeHtml(measure) : "rating"} summed over blocks<br>(lower is better; axis reversed)`,
          {
            ...right.y,
            anchor: "x2",
          },
        ),
      }),
    }),
  };
}

function onlyDataset(measured: readonly { dataset: string; label: string }[]): string {
  const datasets = [...new Set(measured.map((network) => network.dataset))];
  if (datasets.length === 1) return datasets[0];
  if (datasets.length === 0) {
    throw new DataError("paretoFigure: there must be at least one measured network, got none; retrain one first");
  }
  throw new DataError(
    `paretoFigure: all networks must be measured on one data set, got ${datasets.join(", ")}; draw one figure each`,
    { datasets, networks: measured.map(({ label, dataset }) => ({ label, dataset })) },
  );
}

/** More random networks are drawn as a cloud, small and without names: where accuracies are, with bars or without, and where ratings are. */
const CLOUD = { measured: 3, lookedUp: 6, predicted: 6 };

/** Kinds in the order in which they are drawn: what is small comes above what is large. */
const DRAWN: readonly NetworkKind[] = ["random", "own", "shrunk", "found", "teacher"];

function measuredPanel(
  {
    networks,
    published,
    budgets,
    at,
    equal,
  }: {
    readonly networks: readonly MeasuredNetwork[];
    readonly published: readonly PublishedNetwork[];
    readonly budgets: readonly BudgetLine[];
    readonly at: CostOf;
    readonly equal: string;
  },
  panel: { readonly width: number; readonly height: number },
  isLookedUp: boolean,
) {
  const all = [...networks, ...published];
  const x = countAxis([...all.map(at), ...budgets.map(({ macs }) => macs)]);
  const percent = (network: { readonly accuracy: number }) => 100 * network.accuracy;
  const bar = (network: MeasuredNetwork) => 100 * (network.standardError ?? 0);
  const ends = networks.flatMap((network) => [percent(network) - bar(network), percent(network) + bar(network)]);
  const y = rangeAround([...ends, ...published.map(percent)], 0.16);
  const pixel = (network: MeasuredNetwork | PublishedNetwork) => ({
    x: x.position(at(network)) * panel.width,
    y: (1 - (percent(network) - y[0]) / (y[1] - y[0])) * panel.height,
  });
  const front = nonDominated(networks, (network) => [at(network), -network.accuracy]);
  const limits = budgetLines(budgets, x, panel);
  const most = isLookedUp ? CLOUD.lookedUp : CLOUD.measured;
  const isCloud = networks.filter(({ kind }) => kind === "random").length > most;
  const labels = labelled(
    all
      .map((network, i) => ({
        y: percent(network),
        at: at(network),
        text: network.label,
        colour: i < networks.length ? KINDS[networks[i].kind].colour : COLOURS.green,
        pixel: pixel(network),
      }))
      .filter((_, i) => !(isCloud && networks[i]?.kind === "random")),
    { x, panel, lines: stepSegments(front.map(pixel)), limits: limits.obstacles },
    { xref: "x", yref: "y" },
  );
  const line: Trace = {
    ...frontLine("measured front", COLOURS.grey, "dot"),
    x: front.map(at),
    y: front.map(percent),
  };
  const marks = DRAWN.flatMap((kind): Trace[] => {
    const ours = networks.filter((network) => network.kind === kind);
    if (ours.length === 0) return [];
    return [
      {
        ...markers(kind, kind === "random" && isCloud),
        name: KINDS[kind].name.replace("equal MACs", `equal ${equal}`).replace(isLookedUp ? RETRAINED : "", ""),
        ...(ours.some(({ standardError }) => standardError !== undefined) && errorBars(kind, ours.map(bar))),
        x: ours.map(at),
        y: ours.map(percent),
        text: ours.map(({ label }) => label),
        customdata: ours.map(hoverFacts),
        hovertemplate: "%{text}: %{y:.2f} %<br>%{customdata}<extra></extra>",
      },
    ];
  });
  const others: Trace = {
    ...PUBLISHED_MARKS,
    x: published.map(at),
    y: published.map(percent),
    text: published.map((network) => network.label),
    customdata: published.map((network) => [hoverFacts(network), network.source ? ` (${network.source})` : ""]),
    hovertemplate: "%{text}, published%{customdata[1]}: %{y:.2f} %<br>%{customdata[0]}<extra></extra>",
  };
  const ours = networks.length > 0 ? [line, ...curves(networks, at, percent), ...marks] : [];
  return {
    data: [...ours, ...(published.length > 0 ? [others] : [])],
    x,
    y: { range: [...y] },
    shapes: limits.shapes,
    annotations: [...limits.annotations, ...labels],
  };
}

function predictedPanel(
  front: readonly PredictedNetwork[],
  chosen: readonly PredictedNetwork[],
  budgets: readonly BudgetLine[],
  at: CostOf,
) {
  const all = [...front, ...chosen];
  const x = countAxis([...all.map(at), ...budgets.map(({ macs }) => macs)]);
  const y = rangeAround(
    all.map((network) => network.score),
    0.16,
  );
  const pixel = (network: PredictedNetwork) => ({
    x: x.position(at(network)) * PANEL.width,
    y: ((network.score - y[0]) / (y[1] - y[0])) * PANEL.height,
  });
  const axes = { xaxis: "x2", yaxis: "y2" };
  const sorted = [...front].sort((a, b) => at(a) - at(b));
  const limits = budgetLines(budgets, x, PANEL, "x2");
  const isCloud = chosen.filter(({ kind }) => kind === "random").length > CLOUD.predicted;
  const labels = labelled(
    chosen.map((network) => ({
      y: network.score,
      at: at(network),
      text: isCloud && network.kind === "random" ? "" : (network.label ?? ""),
      colour: KINDS[network.kind ?? "found"].colour,
      pixel: pixel(network),
    })),
    { x, panel: PANEL, lines: stepSegments(sorted.map(pixel)), limits: limits.obstacles },
    { xref: "x2", yref: "y2" },
  );
  const { hoverinfo: _, ...look } = frontLine("predicted front", COLOURS.sky, "solid");
  const line: Trace = {
    ...look,
    ...axes,
    x: sorted.map(at),
    y: sorted.map((network) => network.score),
    customdata: sorted.map(hoverFacts),
    hovertemplate: "predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
  };
  const marks = DRAWN.flatMap((kind): Trace[] => {
    const ours = chosen.filter((network) => network.kind === kind);
    if (ours.length === 0) return [];
    return [
      {
        ...markers(kind, kind === "random" && isCloud),
        ...axes,
        showlegend: false,
        x: ours.map(at),
        y: ours.map(({ score }) => score),
        text: ours.map(({ label = "" }) => label),
        customdata: ours.map(hoverFacts),
        hovertemplate: "%{text}, predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
      },
    ];
  });
  return {
    data: [...(front.length > 0 ? [line] : []), ...marks],
    x,
    y: { range: [y[1], y[0]] },
    shapes: limits.shapes,
    annotations: [...limits.annotations, ...labels],
  };
}

interface NamedPoint extends Omit<Label, "x"> {
  readonly at: number;
  readonly pixel: { readonly x: number; readonly y: number };
}

/** The networks' names, clear of points, lines and budgets. */
function labelled(
  points: readonly NamedPoint[],
  {
    x,
    panel,
    lines,
    limits,
  }: {
    x: CountAxis;
    panel: { readonly width: number; readonly height: number };
    lines: readonly Segment[];
    limits: Required<Obstacles>;
  },
  axes: { xref: string; yref: string },
) {
  const placements = placeLabels(
    points.map(({ pixel, text }) => ({ ...pixel, text })),
    panel,
    { lines: [...lines, ...limits.lines], boxes: limits.boxes },
  );
  const labels = points.map(({ at, y, text, colour }) => ({ x: at, y, text, colour }));
  return drawLabels(labels, placements, { ...axes, isLog: x.type === "log" });
}

function markers(kind: NetworkKind, isCloud = false): Trace {
  const { name, colour, symbol } = KINDS[kind];
  const look =
    kind === "random"
      ? { size: isCloud ? 7 : 11, line: { width: isCloud ? 1.5 : 2 } }
      : { size: kind === "teacher" ? 13 : 9, line: { color: "#FFFFFF", width: 1 } };
  return {
    type: "scatter",
    mode: "markers",
    name,
    legendgroup: kind,
    marker: { color: colour, symbol, ...(isCloud && { opacity: 0.7 }), ...look },
    cliponaxis: false,
  };
}

/** One standard error up and down, in points. */
function errorBars(kind: NetworkKind, array: readonly number[]): Trace {
  const colour = `${KINDS[kind].colour}${kind === "random" ? "66" : "CC"}`;
  return {
    error_y: { type: "data", array, visible: true, color: colour, thickness: kind === "random" ? 1 : 1.5, width: 3 },
  };
}

/** Networks that belong to one curve, joined by rising cost. */
function curves(
  networks: readonly MeasuredNetwork[],
  at: CostOf,
  percent: (network: MeasuredNetwork) => number,
): Trace[] {
  const names = new Set(networks.flatMap(({ kind, curve }) => (curve === undefined ? [] : [`${kind} ${curve}`])));
  return [...names].flatMap((name): Trace[] => {
    const points = networks.filter(({ kind, curve }) => `${kind} ${curve}` === name).sort((a, b) => at(a) - at(b));
    if (points.length < 2) return [];
    const { kind, curve } = points[0];
    return [
      {
        type: "scatter",
        mode: "lines",
        name: curve,
        legendgroup: kind,
        showlegend: false,
        line: { color: KINDS[kind].colour, width: 1.5 },
        x: points.map(at),
        y: points.map(percent),
        hoverinfo: "skip",
      },
    ];
  });
}

/** Steps, because a budget between two networks buys the cheaper one. */
function frontLine(name: string, color: string, dash: string): Trace {
  return { type: "scatter", mode: "lines", name, line: { color, dash, width: 2, shape: "hv" }, hoverinfo: "skip" };
}

/** The items that no other item equals or beats in both costs while beating it in one, by ascending first cost. */
export function nonDominated<T>(items: readonly T[], costs: (item: T) => readonly [number, number]): T[] {
  const points = items.map((item) => ({ item, cost: costs(item)[0], value: costs(item)[1] }));
  return paretoFront(points).map(({ item }) => item);
}
