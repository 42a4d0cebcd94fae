/** Every 32nd colour of cividis (Nunez et al. 2018), which is read alike with every common colour blindness. */
export const COLOUR_STOPS = [
  "#00204D",
  "#00336F",
  "#39486B",
  "#575C6D",
  "#707173",
  "#8A8779",
  "#A69D75",
  "#C4B56C",
  "#E4CF5B",
  "#FFEA46",
];
const RGB = COLOUR_STOPS.map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));

/** Writes the colour of a share (0..1, else cut) into `pixels` at `offset`, as red, green and blue. */
export function paint(pixels: Uint8Array, offset: number, share: number): void {
  const at = Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)) * (RGB.length - 1);
  const below = Math.min(RGB.length - 2, Math.floor(at));
  for (let channel = 0; channel < 3; channel++) {
    const [low, high] = [RGB[below][channel], RGB[below + 1][channel]];
    pixels[offset + channel] = Math.round(low + (at - below) * (high - low));
  }
}
