import { dirname, extname, join } from "node:path";
import { ConfigError, checkOptions, type OptionRules, rule, shown, writeAtomic } from "../core";
import type { Figure } from "./figure";
import { needsWholePlotly } from "./foreign-figure";
import { staticSvg } from "./static-svg";

/** Of a figure that is written into a file. */
export interface FigureFileOptions {
  /** Pixels; the figure is laid out anew. Default: the figure's own. */
  readonly width?: number;
  /** Pixels; the figure is laid out anew. Default: the figure's own. */
  readonly height?: number;
  /** Of a PNG: pixels of the picture a pixel of the figure. Default: 2. */
  readonly scale?: number;
}

const MOST_PIXELS = 10_000;
const RULES: OptionRules<FigureFileOptions> = {
  width: rule.within(50, MOST_PIXELS),
  height: rule.within(50, MOST_PIXELS),
  scale: rule.within(0.1, 20),
};
/** Points of a PDF: a pixel is 1/96 of an inch, a point 1/72. */
const POINTS_A_PIXEL = 0.75;

const WRITERS: Readonly<
  Record<string, (svg: string, options: FigureFileOptions) => string | Uint8Array | Promise<Uint8Array>>
> = { ".svg": (svg) => svg, ".png": png, ".pdf": pdf };

/**
 * Writes a figure as it looks in a notebook, by the ending of the file's name: `.svg`, `.png` or `.pdf` (with text and lines,
 * no pixels). It takes neither a browser nor fonts of the machine: PNG and PDF are set in Arimo, of Arial's widths.
 * Folders are made.
 * @returns the path.
 * @throws ConfigError for another ending, or a figure that only a browser draws; CheckpointError when it cannot be written.
 */
export async function saveFigure(figure: Figure, path: string, options: FigureFileOptions = {}): Promise<string> {
  const ending = typeof path === "string" ? extname(path).toLowerCase() : "";
  const write = Object.hasOwn(WRITERS, ending) ? WRITERS[ending] : undefined;
  if (!write) {
    throw new ConfigError(
      `figure.save: the file's name must end with ${Object.keys(WRITERS).join(", ")}, got ${shown(path)}; write e.g. figure.save("front.svg")`,
    );
  }
  checkOptions("figure.save", options, RULES);
  if (options.scale !== undefined && ending !== ".png") {
    throw new ConfigError(`figure.save: scale must be given for .png alone, got ${shown(path)}; give width and height`);
  }
  if (needsWholePlotly(figure)) {
    throw new ConfigError(
      "figure.save: must get a figure in two dimensions, got one that only a browser draws (3D, a map, a Sankey diagram); save it by the camera button above it",
    );
  }
  const { width = figure.layout.width, height = figure.layout.height } = options;
  const isOwn = width === figure.layout.width && height === figure.layout.height;
  const sized = isOwn ? figure : { ...figure, layout: { ...figure.layout, width, height } };
  writeAtomic(path, await write(await staticSvg(sized), options));
  return path;
}

/** The fonts that pictures are set in, by weight and slant. */
function fonts(): Record<"regular" | "bold" | "italic" | "boldItalic", string> {
  const folder = dirname(require.resolve("@expo-google-fonts/arimo/package.json"));
  const file = (style: string) => join(folder, style, `Arimo_${style}.ttf`);
  return {
    regular: file("400Regular"),
    bold: file("700Bold"),
    italic: file("400Regular_Italic"),
    boldItalic: file("700Bold_Italic"),
  };
}

/** Paper is white: the style for dark pages goes. */
function forPaper(svg: string): string {
  return svg.replace(/<style>[^<]*<\/style>/g, "");
}

async function png(svg: string, { scale = 2 }: FigureFileOptions): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = { fontFiles: Object.values(fonts()), loadSystemFonts: false, defaultFontFamily: "Arimo" };
  return new Resvg(forPaper(svg), { font, fitTo: { mode: "zoom", value: scale } }).render().asPng();
}

async function pdf(svg: string): Promise<Uint8Array> {
  const { default: PdfDocument } = await import("pdfkit");
  // It has no types of its own.
  const drawSvg = require("svg-to-pdfkit") as DrawSvg;
  const [width, height] = ["width", "height"].map((name) =>
    Number(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)`).exec(svg)?.[1]),
  );
  const size: [number, number] = [width * POINTS_A_PIXEL, height * POINTS_A_PIXEL];
  // Equal figures give equal files: no time of making.
  const document = new PdfDocument({ size, margin: 0, info: { CreationDate: new Date(0) } });
  const chunks: Uint8Array[] = [];
  const done = new Promise<Uint8Array>((resolve, reject) => {
    document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    document.on("end", () => resolve(Buffer.concat(chunks)));
    document.on("error", reject);
  });
  for (const [name, path] of Object.entries(fonts())) document.registerFont(name, path);
  drawSvg(document, withoutEmptyDashes(forPaper(svg)), 0, 0, {
    assumePt: false,
    width: size[0],
    height: size[1],
    preserveAspectRatio: "none",
    fontCallback: (_family, bold, italic) => (bold ? (italic ? "boldItalic" : "bold") : italic ? "italic" : "regular"),
  });
  document.end();
  return done;
}

/** PDFKit refuses dashes of no length, which plotly writes for lines that begin or end with a gap. */
function withoutEmptyDashes(svg: string): string {
  return svg.replace(/(stroke-dasharray:|stroke-dasharray=")([^;"]+)/g, (_, name, dashes: string) => {
    return name + dashes.replace(/(?<![\d.])0(?:\.0+)?(?=px|[\s,]|$)/g, "0.001");
  });
}

type DrawSvg = (
  document: PDFKit.PDFDocument,
  svg: string,
  x: number,
  y: number,
  options: {
    assumePt: boolean;
    width: number;
    height: number;
    preserveAspectRatio: string;
    fontCallback(family: string, bold: boolean, italic: boolean): string;
  },
) => void;
