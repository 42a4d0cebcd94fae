import { readFileSync } from "node:fs";
import { cpus } from "node:os";

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** The processor's name with its family and model, which tell apart what one name is given to: "AMD EPYC (family 26, model 2)". */
export function processorKind(cpuinfo = readFileSync("/proc/cpuinfo", "utf8")): string {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(cpuinfo)?.[1].trim();
  const [family, model] = [field("cpu family"), field("model")];
  const name = field("model name") ?? "unknown";
  return family && model ? `${name} (family ${family}, model ${model})` : name;
}

/** The processor, and how busy the machine is besides: a timing is worth little without both. */
export function machine(): { cpu: string; cores: number; load: number } {
  const load = Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
  return { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length, load };
}
