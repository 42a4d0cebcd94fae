import { formatDuration, type ProgressEvent } from "../core";
import { escapeHtml } from "../viz/escape-html";
import { seriesColour } from "../viz/figure";
import type { MimeBundle } from "./display-protocol";

export type BarState = "running" | "done" | "stopped";

const COLOUR: Record<BarState, string> = { running: "#0072B2", done: "#009E73", stopped: "#D55E00" };
const TEXT_WIDTH = 20;

/** A progress event as a bar in HTML and in text, with the curves of the loss so far. */
export function progressBar(
  event: ProgressEvent,
  state: BarState,
  curves: readonly (readonly number[])[] = [],
): MimeBundle {
  const { task, done, total } = event;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const facts = barFacts(event, state);
  const filled = Math.round(share * TEXT_WIDTH);
  return {
    "text/html": `<div class="blockwise-progress" style="max-width:1000px;padding:2px 0;font-size:13px"><div><b>${escapeHtml(task)}</b> <span style="color:#595959">${escapeHtml(facts)}</span>${sparkline(curves)}</div><div role="progressbar" aria-valuenow="${Math.round(100 * share)}" style="background:#e5e5e5;border-radius:4px;height:8px"><div style="background:${COLOUR[state]};border-radius:4px;height:8px;width:${(100 * share).toFixed(1)}%"></div></div></div>`,
    "text/plain": `${task} [${"#".repeat(filled)}${"-".repeat(TEXT_WIDTH - filled)}] ${facts}`,
  };
}

/** "12/40 batches, loss 0.123, accuracy 91.2 %, 3 s, 12 s left". */
function barFacts({ done, total, unit, metrics, elapsedMs, remainingMs }: ProgressEvent, state: BarState): string {
  const left = state === "running" && remainingMs !== undefined ? [`${formatDuration(remainingMs)} left`] : [];
  return [
    `${done}/${total} ${unit}`,
    ...Object.entries(metrics).map(([name, value]) => `${words(name)} ${formatMetric(name, value)}`),
    formatDuration(elapsedMs),
    ...left,
    ...(state === "stopped" ? ["stopped"] : []),
  ].join(", ");
}

/** "learningRate" -> "learning rate". */
function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, low: string, high: string) => `${low} ${high.toLowerCase()}`);
}

function formatMetric(name: string, value: number): string {
  // Cells are counted from 0 in code, from 1 in tables.
  if (name === "cell") return String(value + 1);
  if (/accuracy/i.test(name)) return `${(100 * value).toFixed(1)} %`;
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** The losses as small curves beside the words, one a cell where several are trained at once. */
function sparkline(series: readonly (readonly number[])[]): string {
  const drawn = series.filter((losses) => losses.length >= 3);
  if (drawn.length === 0) return "";
  const [width, height] = [120, 20];
  // Logarithms, since a loss falls by factors; an early spike would flatten everything else.
  const logs = drawn.map((losses) => losses.map((loss) => Math.log(Math.max(loss, 1e-12))));
  const [low, high] = [Math.min(...logs.flat()), Math.max(...logs.flat())];
  const lines = logs.map((values, i) => {
    const points = values.map((value, at) => {
      const x = (at / (values.length - 1)) * width;
      const y = high > low ? 1 + ((high - value) / (high - low)) * (height - 2) : height / 2;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${seriesColour(i)}" stroke-width="1.5"/>`;
  });
  return ` <svg width="${width}" height="${height}" style="vertical-align:middle" role="img" aria-label="loss so far">${lines.join("")}</svg>`;
}
