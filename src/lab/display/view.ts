import { inspect } from "node:util";
import { DISPLAY, type Displayable, isDisplayable, type MimeBundle } from "../../display-protocol";
import { type TableValue, tableHtml, tableText } from "../../viz";
import { completeFigure, isPlotlyFigure } from "../../viz/foreign-figure";
import type { DataFrame } from "./danfo-types";
import { frameBundle } from "./data-frame";
import { FigureView } from "./figure-view";
import { encodedPicture, isImageTensor, isTensor, tensorPicture } from "./picture";

/**
 * How a notebook shows a value that says nothing of it itself: plotly figures `{ data, layout }`, data frames and series
 * of danfojs-node, and bytes of a PNG, JPEG or GIF. Undefined for all others.
 */
export function viewOf(value: unknown): Displayable | undefined {
  if (isDisplayable(value)) return value;
  if (value instanceof Uint8Array) return shown(encodedPicture(value));
  if (isDataFrame(value)) return shown(frameBundle(value));
  if (isSeries(value)) return shown(seriesBundle(value));
  if (isPlotlyFigure(value)) return new FigureView(completeFigure(value));
  return undefined;
}

/** As {@link viewOf}, and for whoever asks to be shown: image tensors as pictures, all else as text. */
export function viewOfAny(value: unknown): Displayable {
  const known = viewOf(value);
  if (known) return known;
  if (isTensor(value) && isImageTensor(value)) return { [DISPLAY]: () => tensorPicture(value) };
  const text = typeof value === "string" ? value : inspect(value);
  return { [DISPLAY]: () => ({ "text/plain": text }) };
}

function shown(bundle: MimeBundle | undefined): Displayable | undefined {
  return bundle && { [DISPLAY]: () => bundle };
}

/** As much of danfo's frames and series as tells them: by their looks, since the class may come from the user's own copy. */
interface FrameLike {
  readonly index: readonly (string | number)[];
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
  readonly $isSeries: boolean;
}

interface SeriesLike extends FrameLike {
  readonly values: readonly TableValue[];
}

function isFrameLike(value: unknown): value is FrameLike {
  if (value === null || typeof value !== "object") return false;
  const { index, columns, values, $isSeries } = value as Partial<FrameLike>;
  return Array.isArray(index) && Array.isArray(columns) && Array.isArray(values) && typeof $isSeries === "boolean";
}

function isDataFrame(value: unknown): value is DataFrame {
  return isFrameLike(value) && !value.$isSeries;
}

function isSeries(value: unknown): value is SeriesLike {
  return isFrameLike(value) && value.$isSeries;
}

function seriesBundle({ index, values, columns }: SeriesLike): MimeBundle {
  const record = { columns: ["", columns[0] ?? "0"], rows: values.map((value, i) => [index[i], value]) };
  return { "text/html": tableHtml(record), "text/plain": tableText(record) };
}
