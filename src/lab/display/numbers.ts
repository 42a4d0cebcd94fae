export { percent } from "../../core";
export { meanOf, standardError } from "../../systems/dna";

/** "1 network", "3 networks". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
