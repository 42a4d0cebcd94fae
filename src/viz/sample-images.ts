import { ShapeError } from "../core";
import { axis, type Figure, layoutOf } from "./figure";
import { encodePng } from "./png";

export interface SampleImages {
  readonly dataset: string;
  readonly classes: readonly string[];
  readonly shape: { readonly height: number; readonly width: number; readonly channels: number };
  /** Pixels `[count, height, width, channels]`. */
  readonly images: Uint8Array;
  /** Class index of each image. */
  readonly labels: ArrayLike<number>;
  /** What is seen of each class; its first images unless given. */
  readonly words?: string;
}

const MOST_ROWS = 12;

/**
 * The first images of each class, one class a row, as one picture.
 * @throws ShapeError when the images have neither one nor three channels.
 */
export function sampleImages(sample: SampleImages, columns = 10): Figure {
  const { height, width, channels } = sample.shape;
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`sampleImages: images must have 1 or 3 channels to be drawn, got ${channels}`, { channels });
  }
  const rows = Math.min(MOST_ROWS, sample.classes.length);
  const pitch = { x: width + 2, y: height + 2 };
  const mosaic = { width: columns * pitch.x - 2, height: rows * pitch.y - 2 };
  const pixels = new Uint8Array(mosaic.width * mosaic.height * channels).fill(255);
  for (let row = 0; row < rows; row++) {
    for (const [column, index] of firstOfClass(sample.labels, row, columns).entries()) {
      for (let y = 0; y < height; y++) {
        const from = (index * height + y) * width * channels;
        const to = ((row * pitch.y + y) * mosaic.width + column * pitch.x) * channels;
        pixels.set(sample.images.subarray(from, from + width * channels), to);
      }
    }
  }
  const png = encodePng(pixels, mosaic.width, mosaic.height, channels);
  const scale = Math.max(1, Math.min(2, 640 / mosaic.width, 560 / mosaic.height));
  const left = 24 + 7 * Math.max(...sample.classes.slice(0, rows).map((name) => name.length));
  const size = { width: Math.round(mosaic.width * scale), height: Math.round(mosaic.height * scale) };
  return {
    data: [
      // Without a trace plotly draws no axes; this one puts a (hidden) point on each row.
      {
        type: "scatter",
        mode: "markers",
        x: Array.from({ length: rows }, () => columns / 2),
        y: Array.from({ length: rows }, (_, row) => row),
        marker: { opacity: 0 },
        hoverinfo: "skip",
        showlegend: false,
      },
    ],
    layout: layoutOf({
      title: `Images of ${sample.dataset}`,
      subtitle: `${height}\u00d7${width}\u00d7${channels}; ${sample.words ?? `the first ${columns} of each class`}${rows < sample.classes.length ? `, ${rows} of ${sample.classes.length} classes` : ""}`,
      width: Math.max(420, size.width + left + 24),
      height: size.height + 68 + 16,
      margin: { t: 68, r: 24, b: 16, l: left },
      images: [
        {
          source: `data:image/png;base64,${Buffer.from(png).toString("base64")}`,
          xref: "x",
          yref: "y",
          x: 0,
          y: -0.5,
          sizex: columns,
          sizey: rows,
          sizing: "stretch",
          layer: "below",
        },
      ],
      xaxis: axis("", { range: [0, columns], visible: false, fixedrange: true }),
      yaxis: axis("", {
        range: [rows - 0.5, -0.5],
        tickvals: Array.from({ length: rows }, (_, row) => row),
        ticktext: sample.classes.slice(0, rows),
        showgrid: false,
        showline: false,
        // Unseen ticks keep the names off the pictures.
        tickcolor: "rgba(0,0,0,0)",
        fixedrange: true,
      }),
    }),
  };
}

function firstOfClass(labels: ArrayLike<number>, label: number, most: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < labels.length && found.length < most; i++) if (labels[i] === label) found.push(i);
  return found;
}
