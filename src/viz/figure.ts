/** A plotly figure as plain data: what `Plotly.newPlot(element, data, layout)` takes. */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: FigureLayout;
  /** Of an animation, as `Plotly.addFrames` takes them. */
  readonly frames?: readonly Readonly<Record<string, unknown>>[];
}

export type Trace = Readonly<Record<string, unknown>>;

export interface FigureLayout extends Readonly<Record<string, unknown>> {
  readonly title: { readonly text: string };
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/** Okabe and Ito's colours: told apart with every common colour blindness, and in grey. */
export const COLOURS = {
  blue: "#0072B2",
  orange: "#E69F00",
  green: "#009E73",
  vermilion: "#D55E00",
  sky: "#56B4E9",
  purple: "#CC79A7",
  yellow: "#F0E442",
  black: "#000000",
  grey: "#8A8A8A",
  // Of Paul Tol's muted scheme, for figures of more than six series.
  wine: "#882255",
  olive: "#999933",
  indigo: "#332288",
  teal: "#44AA99",
} as const;

/** The colour of the i-th series where the series have no meaning of their own; black and grey are left to references. */
export function seriesColour(index: number): string {
  const order = ["blue", "vermilion", "green", "purple", "orange", "sky", "wine", "olive", "indigo", "teal"] as const;
  return COLOURS[order[index % order.length]];
}

export const FONT_FAMILY = "Arial, Helvetica, 'DejaVu Sans', sans-serif";
// In a dark page these become others: see theme.ts.
export const TEXT_COLOUR = "#262626";
export const MUTED_COLOUR = "#595959";
export const GRID_COLOUR = "#E5E5E5";
/** Behind words that cross lines; not quite white, since white stays white in a dark page. */
export const GROUND_COLOUR = "#FDFDFD";
/** Of boxes with words in them: what a graph is made of, and where it begins and ends. */
export const BOX_COLOUR = "#E7F0F7";
export const END_BOX_COLOUR = "#EFEFEF";

export interface LayoutOptions {
  title: string;
  /** One smaller line below the title. */
  subtitle?: string;
  /** Pixels. */
  width?: number;
  /** Pixels. */
  height?: number;
  /** Pixels around the plot areas. */
  margin?: { t?: number; r?: number; b?: number; l?: number };
  /** Anything else of plotly's layout; wins over what the house sets. */
  [key: string]: unknown;
}

/** The house's layout: white ground, one font, title at the left, legend in a row below the title. */
export function layoutOf({ title, subtitle, width = 860, height = 420, margin, ...rest }: LayoutOptions): FigureLayout {
  return {
    title: {
      text: subtitle ? `${title}<br><span style="font-size:12px;color:${MUTED_COLOUR}">${subtitle}</span>` : title,
      font: { size: 16, color: TEXT_COLOUR },
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      pad: { t: 20, l: 16 },
    } as FigureLayout["title"],
    width,
    height,
    font: { family: FONT_FAMILY, size: 12, color: TEXT_COLOUR },
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 12 } },
    hovermode: "closest",
    ...rest,
    // Room for labels is ours to choose: finding it by drawing again and again takes plotly seconds without a browser.
    margin: { t: 88, r: 24, b: 56, l: 68, autoexpand: false, ...margin },
  };
}

/** An axis in the house's look; options are plotly's. */
export function axis(title: string, options: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: { text: title, font: { size: 13 }, standoff: 10 },
    gridcolor: GRID_COLOUR,
    linecolor: COLOURS.grey,
    showline: true,
    zeroline: false,
    ticks: "outside",
    tickcolor: COLOURS.grey,
    ticklen: 4,
    ...options,
  };
}

/** The title of an axis of MACs: the field's word, and which counting it is. */
export const FLOPS_AXIS = "FLOPs (multiply-adds)";

/** plotly's name of the id-th axis (from 1) in a trace: "x", "x2". */
export function axisName(letter: "x" | "y", id: number): string {
  return id === 1 ? letter : `${letter}${id}`;
}

/** plotly's name of the id-th axis (from 1) in a layout: "xaxis", "xaxis2". */
export function layoutKey(letter: "x" | "y", id: number): string {
  return id === 1 ? `${letter}axis` : `${letter}axis${id}`;
}
