import { countAxis, rangeAround } from "./axis-range";
import { type BudgetLine, budgetLines } from "./budget-lines";
import type { CostOf } from "./cost-axis";
import type { MeasuredNetwork, PublishedNetwork } from "./drawn-networks";
import { COLOURS, type Trace } from "./figure";
import { frontLine, labelled, nonDominated, type PanelSize } from "./front-panel";
import { stepSegments } from "./label-placement";
import { hoverFacts } from "./network-facts";
import { DRAWN, errorBars, KINDS, markers, RETRAINED } from "./network-kinds";

const PUBLISHED_MARKS: Trace = {
  type: "scatter",
  mode: "markers",
  name: "published, trained by others",
  marker: { color: COLOURS.green, symbol: "square-open", size: 10, line: { width: 2 } },
  cliponaxis: false,
};

/** More random networks are drawn as a cloud, small and without names: of accuracies with bars, and of those without. */
const CLOUD = { trained: 3, lookedUp: 6 };

/** The panel of true accuracies in percent against cost. @param isLookedUp Accuracies of a table, which nobody here trained. */
export function measuredPanel(
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
  panel: PanelSize,
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
  const most = isLookedUp ? CLOUD.lookedUp : CLOUD.trained;
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
