import { formatDuration, type ProgressEvent } from "../../core";
import type { MimeBundle } from "../../display-protocol";
import { escapeHtml } from "../../viz/escape-html";
import { seriesColour } from "../../viz/figure";

export type BarState = "running" | "done" | "stopped";

/** A task as it stands, with the curves of its loss so far, one a cell where several are trained at once. */
export interface TaskBar {
  readonly event: ProgressEvent;
  readonly state: BarState;
  readonly curves: readonly (readonly number[])[];
}

/** Blocks that are done one after the other, as one task with a bar of its own. */
export interface BlockProgress {
  /** "distill" */
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly state: BarState;
  /** The blocks that were begun, in order. */
  readonly blocks: readonly TaskBar[];
}

const COLOUR: Record<BarState, string> = { running: "#0072B2", done: "#009E73", stopped: "#D55E00" };
const MARK: Record<BarState, string> = { running: "", done: "\u2713 ", stopped: "\u25a0 " };
const TEXT_WIDTH = 20;
/** Units done from which on the time left is told: the first ones pay for the start. */
const TRUSTED = 3;

/** A task as a bar in HTML and in text; in the end it is one line. */
export function progressBar(task: TaskBar): MimeBundle {
  return {
    "text/html": `<div class="blockwise-progress" style="max-width:1000px;padding:2px 0;font-size:13px">${taskHtml(task)}</div>`,
    "text/plain": taskText(task),
  };
}

/** A bar for all blocks, with one for the block that is being worked on below it; in the end one line that opens. */
export function blockBars(progress: BlockProgress): MimeBundle {
  const { name, done, total, state, blocks } = progress;
  const facts = blockFacts(progress);
  const inner = blocks.map((block) => taskHtml(block)).join("");
  const all = `<div style="padding-left:1.5em">${inner}</div>`;
  const line = heading(name, facts, state);
  const whole =
    state === "running"
      ? `${line}${bar(total > 0 ? done / total : 1, state)}${all}`
      : `<details><summary>${line.replace(/^<div>|<\/div>$/g, "")}</summary>${all}</details>`;
  const current = blocks[blocks.length - 1];
  return {
    "text/html": `<div class="blockwise-progress" style="max-width:1000px;padding:2px 0;font-size:13px">${whole}</div>`,
    "text/plain":
      state === "done"
        ? `${name} ${textBar(1)} ${facts}`
        : `${name} ${textBar(done / total)} ${facts} | ${taskText(current)}`,
  };
}

function taskHtml({ event, state, curves }: TaskBar): string {
  const line = heading(event.task, taskFacts(event, state), state, sparkline(curves));
  return state === "running" ? `${line}${bar(shareOf(event), state)}` : line;
}

function taskText({ event, state }: TaskBar): string {
  return `${event.task} ${textBar(shareOf(event))} ${taskFacts(event, state)}`;
}

function heading(name: string, facts: string, state: BarState, after = ""): string {
  const mark = MARK[state] && `<span style="color:${COLOUR[state]}">${MARK[state]}</span>`;
  return `<div>${mark}<b>${escapeHtml(name)}</b> <span style="opacity:.75">${escapeHtml(facts)}</span>${after}</div>`;
}

function bar(share: number, state: BarState): string {
  const percent = 100 * share;
  return `<div role="progressbar" aria-valuenow="${Math.round(percent)}" style="background:rgba(128,128,128,.3);border-radius:4px;height:8px"><div style="background:${COLOUR[state]};border-radius:4px;height:8px;width:${percent.toFixed(1)}%"></div></div>`;
}

function textBar(share: number): string {
  const filled = Math.round(share * TEXT_WIDTH);
  return `[${"#".repeat(filled)}${"-".repeat(TEXT_WIDTH - filled)}]`;
}

function shareOf({ done, total }: ProgressEvent): number {
  return total > 0 ? Math.min(1, done / total) : 1;
}

/** "12/40 batches, loss 0.123, accuracy 91.2 %, 4.1 batches/s, 3 s, 7 s left". */
function taskFacts(event: ProgressEvent, state: BarState): string {
  const { done, total, unit, metrics, elapsedMs, perSecond, remainingMs } = event;
  return [
    `${done}/${total} ${unit}`,
    ...Object.entries(metrics).map(([name, value]) => `${words(name)} ${formatMetric(name, value)}`),
    ...(perSecond === undefined ? [] : [`${formatRate(perSecond)} ${unit}/s`]),
    formatDuration(elapsedMs),
    ...left(state, done < TRUSTED ? undefined : remainingMs),
    ...stopped(state),
  ].join(", ");
}

/** "1/4 blocks, 12 s, 36 s left". */
function blockFacts({ done, total, state, blocks }: BlockProgress): string {
  const elapsedMs = blocks.reduce((sum, { event }) => sum + event.elapsedMs, 0);
  const { event: current, state: currentState } = blocks[blocks.length - 1];
  const afterCurrent = total - done - (currentState === "done" ? 0 : 1);
  // The blocks that were not begun are taken for as long as those that were.
  const ownMs = current.done < TRUSTED ? undefined : current.remainingMs;
  const remainingMs = ownMs === undefined ? undefined : ownMs + ((elapsedMs + ownMs) / blocks.length) * afterCurrent;
  return [`${done}/${total} blocks`, formatDuration(elapsedMs), ...left(state, remainingMs), ...stopped(state)].join(
    ", ",
  );
}

function left(state: BarState, remainingMs: number | undefined): string[] {
  return state === "running" && remainingMs !== undefined ? [`${formatDuration(remainingMs)} left`] : [];
}

function stopped(state: BarState): string[] {
  return state === "stopped" ? ["stopped"] : [];
}

function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toPrecision(2) : String(Math.round(perSecond));
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

/** The losses as small curves beside the words. */
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
