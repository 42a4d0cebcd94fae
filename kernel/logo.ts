const BLOCKS = [
  { x: 6, height: 20, fill: "#0072B2" },
  { x: 24, height: 34, fill: "#009E73" },
  { x: 42, height: 48, fill: "#D55E00" },
];

/** The kernel's picture in Jupyter: three blocks that grow, as an SVG of 64 x 64. */
export function logo(): string {
  const bars = BLOCKS.map(
    ({ x, height, fill }) => `<rect x="${x}" y="${58 - height}" width="16" height="${height}" rx="2" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${bars.join("")}</svg>\n`;
}
