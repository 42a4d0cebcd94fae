import { spearman } from "../../benchmark";
import { ConfigError, writeAtomic, writeJson } from "../../core";
import {
  engineWords,
  isArchitecture,
  isUnsteady,
  type LatencyAgreement,
  type LatencyRange,
  type LatencyTable,
  latencyAgreement,
  latencyAgreementWords,
  latencyCsv,
  networkLatency,
  networkLatencyRange,
  parseLatencyTable,
  placeWords,
  rangeWords,
  readLatencyTable,
  unsteadyWords,
} from "../../cost";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { Architecture, SearchSpace } from "../../space";
import { latencyFitFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { plural } from "../display/numbers";
import { Table } from "../display/table";

/** How near sums of layers come to whole networks, and who orders those better. */
export interface LabLatencyAgreement extends LatencyAgreement {
  /** Spearman's rank correlation of the sums with the measured latencies. */
  readonly rhoOfSums: number;
  /** The same of multiply-adds. */
  readonly rhoOfMacs: number;
}

/** Measured latencies of layers on this machine and engine: a cost to search by. */
export class LabLatency implements Displayable {
  constructor(
    /** Plain JSON, as `blockwise latency --out` writes it. */
    readonly latencies: LatencyTable,
    /** What was measured, where it is known. */
    private readonly subject?: Architecture | SearchSpace,
  ) {}

  /** Milliseconds of a network, the sum of its layers'. @throws ConfigError when one of them was not measured. */
  of({ architecture }: { readonly architecture: Architecture }): number {
    return networkLatency(this.latencies, architecture);
  }

  /** The same with the sums of the layers' tenth and ninetieth percentiles: how uncertain it is. */
  rangeOf({ architecture }: { readonly architecture: Architecture }): LatencyRange {
    return networkLatencyRange(this.latencies, architecture);
  }

  /** How near the sums come to whole networks; undefined unless `lab.latency(..., { place, networks })` timed some. */
  get agreement(): LabLatencyAgreement | undefined {
    const errors = latencyAgreement(this.latencies);
    const { networks = [] } = this.latencies;
    if (errors === undefined || networks.length < 2) return undefined;
    const measured = networks.map(({ medianMs }) => medianMs);
    const against = (values: readonly number[]) => spearman(values, measured);
    const sums = networks.map(({ predictedMs }) => predictedMs);
    return { ...errors, rhoOfSums: against(sums), rhoOfMacs: against(networks.map(({ macs }) => macs)) };
  }

  /** Sums of layers against whole networks. @throws ConfigError when no whole network was timed. */
  figure(): FigureView {
    const { networks } = this.latencies;
    if (networks === undefined) {
      throw new ConfigError(
        'latency.figure: whole networks must have been timed with the layers, and none was; lab.latency(ratings, { place: "chromium-wasm", networks: 20 }) does',
      );
    }
    return new FigureView(latencyFitFigure(networks, placeWords(this.latencies)));
  }

  /** Writes the table as JSON, which `lab.latency(path)` and an experiment's `search.latencyTable` read; returns the path. */
  save(path: string): string {
    writeJson(path, this.latencies);
    return path;
  }

  /** One layer a row, the slowest first. */
  table(): Table {
    const { subject, batch, perCallMs, scaledBy, entries } = this.latencies;
    const whole =
      this.subject && isArchitecture(this.subject) ? networkLatencyRange(this.latencies, this.subject) : undefined;
    const warning = unsteadyWords(this.latencies);
    return new Table({
      title: `Latency of ${subject}: ${plural(entries.length, "distinct layer")}, ${plural(batch, "image")} at once`,
      columns: ["layer @ what enters", "median, ms", "10 %, ms", "90 %, ms", "runs", ...(warning ? ["steady"] : [])],
      rows: [...entries]
        .sort((a, b) => b.medianMs - a.medianMs)
        .map(({ key, medianMs, lowMs, highMs, runs }) => [
          key,
          medianMs,
          lowMs ?? null,
          highMs ?? null,
          runs ?? null,
          ...(warning ? [isUnsteady({ medianMs, lowMs, highMs }) ? "no" : "yes"] : []),
        ]),
      note: [
        ...(warning ? [warning] : []),
        `Measured on ${engineWords(this.latencies)}.`,
        ...(whole === undefined ? [] : [`The network's layers take ${rangeWords(whole)} in all.`]),
        `A network's latency is the sum of its layers', each measured alone${scaledBy === undefined ? "" : ` and scaled by ${scaledBy.toFixed(2)} to whole networks'`}${perCallMs === undefined ? "" : `, and ${perCallMs} ms a call`}.`,
        ...[latencyAgreementWords(this.latencies)].filter((words) => words !== undefined),
      ].join(" "),
    });
  }

  /** As CSV, for spreadsheets; `lab.latency(path)` reads it, too. Returns the path. */
  saveCsv(path: string): string {
    writeAtomic(path, latencyCsv(this.latencies));
    return path;
  }

  [DISPLAY](): Promise<MimeBundle> {
    return this.table()[DISPLAY]();
  }
}

/** Latencies from what a user has of them: measured in a cell, plain JSON, or a file. */
export function latencyTableFrom(source: LabLatency | LatencyTable | string): LatencyTable {
  if (source instanceof LabLatency) return source.latencies;
  return typeof source === "string" ? readLatencyTable(source) : parseLatencyTable(source);
}
