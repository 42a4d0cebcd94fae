/** A share as percent, to the third decimal: as outcomes have accuracies. */
export function roundedPercent(share: number): number {
  return Number((100 * share).toFixed(3));
}
