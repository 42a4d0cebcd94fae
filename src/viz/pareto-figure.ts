import { DataError } from "../core";
import { countAxis, rangeAround } from "./axis-range";
import { type BudgetLine, budgetLines } from "./budget-lines";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf, type Trace } from "./figure";
import { placeLabels } from "./label-placement";
import { hoverFacts, type NetworkFacts } from "./network-facts";

export type NetworkKind = "teacher" | "found" | "random" | "own";

/** A trained network with its true accuracy. */
export interface MeasuredNetwork extends NetworkFacts {
  readonly dataset: string;
  readonly label: string;
  readonly kind: NetworkKind;
  /** Of the test split, in [0, 1]. */
  readonly accuracy: number;
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
  /** Limits to draw as lines. */
  readonly budgets?: readonly BudgetLine[];
  /** Networks of others on the same data set. */
  readonly published?: readonly PublishedNetwork[];
  /** All networks of the rated front. */
  readonly predictedFront?: readonly PredictedNetwork[];
  /** Ratings of the networks that were also measured. */
  readonly predicted?: readonly PredictedNetwork[];
}

export const KINDS: Record<NetworkKind, { name: string; colour: string; symbol: string }> = {
  teacher: { name: "teacher", colour: COLOURS.black, symbol: "star" },
  found: { name: "found by rating, retrained", colour: COLOURS.blue, symbol: "circle" },
  random: { name: "random at equal FLOPs, retrained", colour: COLOURS.vermilion, symbol: "diamond" },
  own: { name: "own networks", colour: COLOURS.purple, symbol: "square" },
};
const PUBLISHED_MARKS: Trace = {
  type: "scatter",
  mode: "markers+text",
  name: "published, trained by others",
  marker: { color: COLOURS.green, symbol: "square-open", size: 10, line: { width: 2 } },
  textfont: { size: 11, color: COLOURS.green },
  cliponaxis: false,
};
const PANEL = { width: 350, height: 290 };

/**
 * True accuracy against MACs, with the rated (predicted) front in a second panel where it is given.
 * @throws DataError when the networks were measured on different data sets, or when there are none.
 */
export function paretoFigure({
  measured,
  predictedFront = [],
  predicted = [],
  budgets = [],
  published = [],
}: ParetoRecord): Figure {
  const dataset = onlyDataset([...measured, ...published]);
  const hasPrediction = predictedFront.length + predicted.length > 0;
  const panels = hasPrediction ? 2 : 1;
  const limits = budgets.map(({ macs }) => macs);
  const left = measuredPanel(measured, published, limits, panels === 1 ? 2 * PANEL.width : PANEL.width);
  const right = hasPrediction ? predictedPanel(predictedFront, predicted, limits) : undefined;
  const lines = [budgetLines(budgets, left.x), ...(right ? [budgetLines(budgets, right.x, "x2")] : [])];
  const heading = (text: string, panel: number) => ({
    text: `<b>${text}</b>`,
    x: panel === 1 || panels === 1 ? 0 : 0.57,
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
      subtitle: `up is better, left is cheaper${measured.length > 0 ? "; the line joins the networks that no other one beats in both" : ""}`,
      width: 920,
      height: 480,
      margin: { t: 124, r: 28, b: 60, l: 68 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.08, yanchor: "bottom", font: { size: 12 } },
      xaxis: axis(FLOPS_AXIS, { ...left.x.options, domain: hasPrediction ? [0, 0.43] : [0, 1] }),
      yaxis: axis("test accuracy (%)", left.y),
      shapes: lines.flatMap(({ shapes }) => shapes),
      annotations: [
        heading(measured.length > 0 ? "Measured: test accuracy" : "Published: test accuracy", 1),
        ...(right ? [heading("Predicted: rating", 2)] : []),
        ...lines.flatMap(({ annotations }) => annotations),
      ],
      ...(right && {
        xaxis2: axis(FLOPS_AXIS, { ...right.x.options, domain: [0.57, 1], anchor: "y2" }),
        yaxis2: axis("predicted: rating summed over blocks<br>(lower is better; axis reversed)", {
          ...right.y,
          anchor: "x2",
        }),
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

function measuredPanel(
  networks: readonly MeasuredNetwork[],
  published: readonly PublishedNetwork[],
  limits: readonly number[],
  width: number,
) {
  const all = [...networks, ...published];
  const x = countAxis([...all.map((network) => network.macs), ...limits]);
  const percent = (network: { readonly accuracy: number }) => 100 * network.accuracy;
  const y = rangeAround(all.map(percent), 0.16);
  const positions = placeLabels(
    all.map((network) => ({
      x: x.position(network.macs) * width,
      y: (1 - (percent(network) - y[0]) / (y[1] - y[0])) * PANEL.height,
      text: network.label,
    })),
    { width, height: PANEL.height },
  );
  const front = nonDominated(networks, (network) => [network.macs, -network.accuracy]);
  const line: Trace = {
    ...frontLine("measured front", COLOURS.grey, "dot"),
    x: front.map((network) => network.macs),
    y: front.map(percent),
  };
  const marks = (Object.keys(KINDS) as NetworkKind[]).flatMap((kind): Trace[] => {
    const ours = networks.flatMap((network, i) => (network.kind === kind ? [{ network, position: positions[i] }] : []));
    if (ours.length === 0) return [];
    return [
      {
        ...markers(kind),
        x: ours.map(({ network }) => network.macs),
        y: ours.map(({ network }) => percent(network)),
        text: ours.map(({ network }) => network.label),
        textposition: ours.map(({ position }) => position),
        customdata: ours.map(({ network }) => hoverFacts(network)),
        hovertemplate: "%{text}: %{y:.2f} %<br>%{customdata}<extra></extra>",
      },
    ];
  });
  const others: Trace = {
    ...PUBLISHED_MARKS,
    x: published.map((network) => network.macs),
    y: published.map(percent),
    text: published.map((network) => network.label),
    textposition: positions.slice(networks.length),
    customdata: published.map((network) => [hoverFacts(network), network.source ? ` (${network.source})` : ""]),
    hovertemplate: "%{text}, published%{customdata[1]}: %{y:.2f} %<br>%{customdata[0]}<extra></extra>",
  };
  const ours = networks.length > 0 ? [line, ...marks] : [];
  return { data: [...ours, ...(published.length > 0 ? [others] : [])], x, y: { range: [...y] } };
}

function predictedPanel(
  front: readonly PredictedNetwork[],
  chosen: readonly PredictedNetwork[],
  limits: readonly number[],
) {
  const all = [...front, ...chosen];
  const x = countAxis([...all.map((network) => network.macs), ...limits]);
  const y = rangeAround(
    all.map((network) => network.score),
    0.16,
  );
  const place = (network: PredictedNetwork) => ({
    x: x.position(network.macs) * PANEL.width,
    y: ((network.score - y[0]) / (y[1] - y[0])) * PANEL.height,
    text: network.label ?? "",
  });
  const positions = placeLabels(chosen.map(place), PANEL, front.map(place));
  const axes = { xaxis: "x2", yaxis: "y2" };
  const sorted = [...front].sort((a, b) => a.macs - b.macs);
  const { hoverinfo: _, ...look } = frontLine("predicted front", COLOURS.sky, "solid");
  const line: Trace = {
    ...look,
    ...axes,
    x: sorted.map((network) => network.macs),
    y: sorted.map((network) => network.score),
    customdata: sorted.map(hoverFacts),
    hovertemplate: "predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
  };
  const marks = (Object.keys(KINDS) as NetworkKind[]).flatMap((kind): Trace[] => {
    const ours = chosen.flatMap((network, i) => (network.kind === kind ? [{ network, position: positions[i] }] : []));
    if (ours.length === 0) return [];
    return [
      {
        ...markers(kind),
        ...axes,
        showlegend: false,
        x: ours.map(({ network }) => network.macs),
        y: ours.map(({ network }) => network.score),
        text: ours.map(({ network }) => network.label ?? ""),
        textposition: ours.map(({ position }) => position),
        customdata: ours.map(({ network }) => hoverFacts(network)),
        hovertemplate: "%{text}, predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
      },
    ];
  });
  return { data: [...(front.length > 0 ? [line] : []), ...marks], x, y: { range: [y[1], y[0]] } };
}

function markers(kind: NetworkKind): Trace {
  const { name, colour, symbol } = KINDS[kind];
  return {
    type: "scatter",
    mode: "markers+text",
    name,
    legendgroup: kind,
    marker: { color: colour, symbol, size: kind === "teacher" ? 13 : 10, line: { color: "#FFFFFF", width: 1 } },
    textfont: { size: 11, color: colour },
    cliponaxis: false,
  };
}

/** Steps, because a budget between two networks buys the cheaper one. */
function frontLine(name: string, color: string, dash: string): Trace {
  return { type: "scatter", mode: "lines", name, line: { color, dash, width: 2, shape: "hv" }, hoverinfo: "skip" };
}

/** The items that no other item equals or beats in both costs while beating it in one, by ascending first cost. */
export function nonDominated<T>(items: readonly T[], costs: (item: T) => readonly [number, number]): T[] {
  const sorted = [...items].sort((a, b) => costs(a)[0] - costs(b)[0] || costs(a)[1] - costs(b)[1]);
  let least = Number.POSITIVE_INFINITY;
  return sorted.filter((item) => {
    const second = costs(item)[1];
    if (second >= least) return false;
    least = second;
    return true;
  });
}
