import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Cores that do arithmetic of their own: two hardware threads of one core share its vector units. */
export function physicalCores(): number {
  const root = "/sys/devices/system/cpu";
  try {
    const siblings = readdirSync(root)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => readFileSync(`${root}/${name}/topology/thread_siblings_list`, "utf8").trim());
    return Math.max(1, Math.min(new Set(siblings).size, availableParallelism()));
  } catch {
    return availableParallelism();
  }
}
