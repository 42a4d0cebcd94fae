import { textWidth } from "./text-size";

/** As much of a DOM element as measuring takes. */
export interface MeasuredElement {
  readonly textContent: string | null;
  readonly tagName: string;
  readonly parentElement: MeasuredElement | null;
  querySelectorAll(selector: string): ArrayLike<MeasuredElement>;
  getAttribute(name: string): string | null;
}

export interface TextBox {
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
}

/** Affine map `x' = a x + c y + e`, `y' = b x + d y + f`. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];
type Point = readonly [x: number, y: number];

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];
const LINE_HEIGHT = 1.3;
/** Share of the font size above the baseline. */
const ASCENT = 0.9;

/** The box around all text of an SVG element, in the coordinates of its own (untransformed) inside. */
export function boxWithin(element: MeasuredElement): TextBox {
  return around(textsOf(element).flatMap((text) => cornersOf(text, element, false)));
}

/** The box around all text of an SVG element, in pixels of the page. */
export function boxOnPage(element: MeasuredElement): TextBox {
  return around(textsOf(element).flatMap((text) => cornersOf(text, element, true)));
}

function textsOf(element: MeasuredElement): MeasuredElement[] {
  const tag = element.tagName.toLowerCase();
  if (tag === "text" || tag === "tspan") return [element];
  return Array.from(element.querySelectorAll("text"));
}

function cornersOf(text: MeasuredElement, container: MeasuredElement, toPage: boolean): Point[] {
  const { left, top, width, height } = flatText(text);
  if (width === 0) return [];
  let matrix = IDENTITY;
  for (let at: MeasuredElement | null = text; at; at = at.parentElement) {
    if (at === container && !toPage) break;
    matrix = times(transformOf(at), matrix);
  }
  const corners: Point[] = [
    [left, top],
    [left + width, top],
    [left, top + height],
    [left + width, top + height],
  ];
  return corners.map(([x, y]) => apply(matrix, x, y));
}

/** The box of a text element before any transform: longest line by number of lines, at its x and y. */
function flatText(text: MeasuredElement) {
  const fontSize = inherited(text, "font-size") ?? 12;
  const bold = (inherited(text, "font-weight") ?? 400) > 500;
  const lines = Array.from(text.querySelectorAll("tspan.line"));
  const widths = (lines.length > 0 ? lines : [text]).map((line) => textWidth(line.textContent ?? "", fontSize, bold));
  const width = Math.max(...widths);
  const style = text.getAttribute("style") ?? "";
  const anchor = /text-anchor:\s*(\w+)/.exec(style)?.[1] ?? text.getAttribute("text-anchor");
  const x = Number.parseFloat(text.getAttribute("x") ?? "0") || 0;
  const y = Number.parseFloat(text.getAttribute("y") ?? "0") || 0;
  return {
    left: x - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0),
    top: y - fontSize * ASCENT,
    width,
    height: fontSize * (1.2 + LINE_HEIGHT * (widths.length - 1)),
  };
}

function inherited(element: MeasuredElement, property: string): number | undefined {
  for (let at: MeasuredElement | null = element; at; at = at.parentElement) {
    const style = at.getAttribute("style") ?? "";
    const value = new RegExp(`${property}:\\s*([0-9.]+|bold)`).exec(style)?.[1] ?? at.getAttribute(property);
    if (value) return value === "bold" ? 700 : Number.parseFloat(value);
  }
  return undefined;
}

function transformOf(element: MeasuredElement): Matrix {
  let matrix = IDENTITY;
  for (const [, name, list] of (element.getAttribute("transform") ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [p = 0, q = 0, r = 0] = list.split(/[\s,]+/).map(Number);
    if (name === "translate") matrix = times(matrix, [1, 0, 0, 1, p, q]);
    else if (name === "scale") matrix = times(matrix, [p, 0, 0, q || p, 0, 0]);
    else if (name === "rotate") {
      const [cos, sin] = [Math.cos((p * Math.PI) / 180), Math.sin((p * Math.PI) / 180)];
      matrix = times(matrix, [cos, sin, -sin, cos, q - cos * q + sin * r, r - sin * q - cos * r]);
    }
  }
  return matrix;
}

function times([a, b, c, d, e, f]: Matrix, [A, B, C, D, E, F]: Matrix): Matrix {
  return [a * A + c * B, b * A + d * B, a * C + c * D, b * C + d * D, a * E + c * F + e, b * E + d * F + f];
}

function apply([a, b, c, d, e, f]: Matrix, x: number, y: number): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

function around(points: readonly Point[]): TextBox {
  const xs = points.length > 0 ? points.map(([x]) => x) : [0];
  const ys = points.length > 0 ? points.map(([, y]) => y) : [0];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  return { x: left, y: top, left, right, top, bottom, width: right - left, height: bottom - top };
}
