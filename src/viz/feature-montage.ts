import { ShapeError } from "../core";
import { COLOUR_STOPS, paint } from "./colour-map";
import { axis, type Figure, layoutOf } from "./figure";
import { encodePng } from "./png";

/** A feature map of one image as numbers `[height, width, channels]`. */
export interface FeatureMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float32Array;
}

export interface FeaturePair {
  /** What stands beside the row, e.g. the image's class. */
  readonly label: string;
  readonly teacher: FeatureMap;
  readonly student: FeatureMap;
}

export interface FeatureMontageRecord {
  readonly title: string;
  readonly subtitle?: string;
  /** One row an image. */
  readonly pairs: readonly FeaturePair[];
  /** Channels to show, each as teacher's and student's side by side. */
  readonly channels: readonly number[];
}

/** Pixels of one map on the screen, and between the columns. */
const CELL = 64;
const GAP = { within: 2, between: 14, row: 8 };
/** Room for the colour bar. */
const RIGHT = 120;
/** The colour bar: the maps are pictures, so it belongs to unseen points. */
const SCALE = {
  marker: {
    size: CELL,
    symbol: "square",
    opacity: 0,
    color: [0],
    cmin: 0,
    cmax: 1,
    colorscale: COLOUR_STOPS.map((colour, i) => [i / (COLOUR_STOPS.length - 1), colour]),
    colorbar: {
      tickvals: [0, 1],
      ticktext: ["least", "teacher's<br>greatest"],
      thickness: 12,
      len: 1,
      x: 1.02,
      outlinewidth: 0,
    },
  },
};

/**
 * Feature maps of teacher and student side by side, a row an image and a pair a channel. Both maps of a pair have one
 * colour scale, that of the teacher's, so that equal colours are equal values.
 * @throws ShapeError when shapes of a pair differ, or a channel is not there.
 */
export function featureMontage({ title, subtitle, pairs, channels }: FeatureMontageRecord): Figure {
  for (const pair of pairs) check(pair, channels);
  const step = { x: 2 * CELL + GAP.within + GAP.between, y: CELL + GAP.row };
  const size = {
    width: Math.max(1, channels.length * step.x - GAP.between),
    height: Math.max(1, pairs.length * step.y - GAP.row),
  };
  const tiles = pairs.flatMap((pair, row) =>
    channels.flatMap((channel, column) => {
      const range = rangeOf(pair.teacher, channel);
      return [pair.teacher, pair.student].map((map, side) => ({
        map,
        range,
        channel,
        name: side === 0 ? "teacher" : "student",
        label: pair.label,
        error: relativeError(pair, channel),
        x: column * step.x + side * (CELL + GAP.within),
        y: row * step.y,
      }));
    }),
  );
  const left = 24 + 7 * Math.max(4, ...pairs.map(({ label }) => label.length));
  const heads = channels.flatMap((channel, column) => [
    heading(`channel ${channel}`, column * step.x + CELL + GAP.within / 2, 18),
    heading("teacher", column * step.x + CELL / 2, 2),
    heading("student", column * step.x + CELL * 1.5 + GAP.within, 2),
  ]);
  return {
    data: [
      {
        type: "scatter",
        mode: "markers",
        x: tiles.map(({ x }) => x + CELL / 2),
        y: tiles.map(({ y }) => y + CELL / 2),
        showlegend: false,
        ...SCALE,
        customdata: tiles.map(
          ({ label, name, channel, error }) =>
            `${label}, channel ${channel}: ${name}<br>mean |difference| / spread of the teacher: ${error.toFixed(3)}`,
        ),
        hovertemplate: "%{customdata}<extra></extra>",
      },
    ],
    layout: layoutOf({
      title,
      subtitle: subtitle ?? "one scale a pair: the teacher's least to greatest value",
      width: Math.max(460, size.width + left + RIGHT),
      height: size.height + 124,
      margin: { t: 108, r: RIGHT, b: 16, l: left },
      images: tiles.map(({ map, channel, range, x, y }) => ({
        source: pictureOf(map, channel, range),
        xref: "x",
        yref: "y",
        x,
        y,
        sizex: CELL,
        sizey: CELL,
        sizing: "stretch",
        layer: "below",
      })),
      annotations: heads,
      xaxis: axis("", { range: [0, size.width], visible: false, fixedrange: true }),
      yaxis: axis("", {
        range: [size.height, 0],
        tickvals: pairs.map((_, row) => row * step.y + CELL / 2),
        ticktext: pairs.map(({ label }) => label),
        showgrid: false,
        showline: false,
        tickcolor: "rgba(0,0,0,0)",
        fixedrange: true,
      }),
    }),
  };
}

function heading(text: string, x: number, yshift: number) {
  const place = { x, y: 0, xanchor: "center", yanchor: "bottom", yshift };
  return { ...place, text, showarrow: false, font: { size: yshift > 10 ? 11 : 9 } };
}

function pictureOf(map: FeatureMap, channel: number, [low, high]: readonly [number, number]): string {
  // Enlarged here, where a browser would blur.
  const scale = Math.max(1, Math.round(CELL / Math.max(map.height, map.width)));
  const [height, width] = [map.height * scale, map.width * scale];
  const pixels = new Uint8Array(3 * height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = Math.floor(y / scale) * map.width + Math.floor(x / scale);
      const share = (map.values[from * map.channels + channel] - low) / (high - low || 1);
      paint(pixels, 3 * (y * width + x), share);
    }
  }
  return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height, 3)).toString("base64")}`;
}

function ofChannel({ values, channels }: FeatureMap, channel: number): number[] {
  return Array.from({ length: values.length / channels }, (_, i) => values[i * channels + channel]);
}

function rangeOf(map: FeatureMap, channel: number): readonly [number, number] {
  const values = ofChannel(map, channel);
  return [Math.min(...values), Math.max(...values)];
}

/** Mean |Y - Y'| / std(Y) of one channel, as rating measures whole maps (DNA, eq. 6). */
function relativeError({ teacher, student }: FeaturePair, channel: number): number {
  const [y, copy] = [ofChannel(teacher, channel), ofChannel(student, channel)];
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const deviation = Math.sqrt(y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length);
  return y.reduce((sum, value, i) => sum + Math.abs(value - copy[i]), 0) / y.length / (deviation + 1e-9);
}

function check({ label, teacher, student }: FeaturePair, channels: readonly number[]): void {
  const shapes = [teacher, student].map(({ height, width, channels: count }) => `${height}x${width}x${count}`);
  if (shapes[0] !== shapes[1]) {
    throw new ShapeError(
      `featureMontage: the student's map of ${label} must have the teacher's shape ${shapes[0]}, got ${shapes[1]}`,
      { shapes },
    );
  }
  const absent = channels.find((channel) => !(channel >= 0 && channel < teacher.channels));
  if (absent !== undefined) {
    throw new ShapeError(`featureMontage: channels must lie in 0..${teacher.channels - 1}, got ${absent}`, { absent });
  }
}
