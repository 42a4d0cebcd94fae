import {
  engineWords,
  isArchitecture,
  knownLatency,
  type LatencyTable,
  latencyAgreementWords,
  networkLatencyRange,
  rangeWords,
} from "../cost";
import type { Architecture, SearchSpace } from "../space";
import { textTable } from "./table";

/** What a latency table is of: a network, or a space with the teacher that its networks are found for. */
interface Subject {
  readonly subject: Architecture | SearchSpace;
  readonly teacher?: Architecture;
}

/** A latency table for people. */
export function latencyText({ subject: measured, teacher }: Subject, table: LatencyTable): string {
  const { batch, entries, subject, perCallMs } = table;
  const ms = (value: number) => value.toFixed(3);
  const rows = entries.map(({ key, medianMs, lowMs, highMs, runs }) => [
    key,
    ms(medianMs),
    lowMs === undefined || highMs === undefined ? "not given" : `${ms(lowMs)} - ${ms(highMs)}`,
    runs ?? "not given",
  ]);
  return [
    textTable(["layer @ what enters", "median, ms", "10 - 90 %", "runs"], rows),
    `\n${subject}: ${entries.length} distinct layers, ${batch} image${batch > 1 ? "s" : ""} at once, on ${engineWords(table)}`,
    ...(perCallMs === undefined ? [] : [`a call costs ${ms(perCallMs)} ms beside the layers, once a network`]),
    ...(isArchitecture(measured)
      ? [`sum over the network's layers ${rangeWords(networkLatencyRange(table, measured))}`]
      : []),
    ...teacherWords(table, teacher),
    ...[latencyAgreementWords(table)].filter((words) => words !== undefined),
  ].join("\n");
}

function teacherWords(table: LatencyTable, teacher: Architecture | undefined): string[] {
  const known = teacher && knownLatency(table, teacher) !== undefined;
  if (!known) return [];
  return [`the teacher's layers, measured with them, take ${rangeWords(networkLatencyRange(table, teacher))} in all`];
}
