/** Jupyter counts cursor positions in code points, JavaScript in UTF-16 units. */
export function fromCodePoints(text: string, position: number): number {
  return Array.from(text).slice(0, position).join("").length;
}

export function toCodePoints(text: string, offset: number): number {
  return Array.from(text.slice(0, offset)).length;
}
