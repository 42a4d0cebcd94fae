/** What rounds alike, in a word or two: "native (avx512)". */
export function engineLabel({ backend, isa }: { backend?: string; isa?: string }): string {
  return `${backend ?? "none"}${isa === undefined ? "" : ` (${isa})`}`;
}
