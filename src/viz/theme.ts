import { BOX_COLOUR, COLOURS, END_BOX_COLOUR, GRID_COLOUR, GROUND_COLOUR, MUTED_COLOUR, TEXT_COLOUR } from "./figure";

/** What the house's light colours become on a dark ground; all others are readable on both. */
export const DARK_COLOURS: Readonly<Record<string, string>> = {
  [TEXT_COLOUR]: "#E6E6E6",
  [MUTED_COLOUR]: "#B8B8B8",
  [GRID_COLOUR]: "#3D3D3D",
  [COLOURS.black]: "#F2F2F2",
  [COLOURS.blue]: "#4FA8E0",
  [COLOURS.sky]: "#A9DBFF",
  [COLOURS.grey]: "#A0A0A0",
  [COLOURS.vermilion]: "#F07F3C",
  [COLOURS.green]: "#2DBE95",
  [COLOURS.wine]: "#D3709F",
  [COLOURS.indigo]: "#9C8FF0",
  [GROUND_COLOUR]: "#1E1E1E",
  [BOX_COLOUR]: "#24384A",
  [END_BOX_COLOUR]: "#363636",
};

/** The ground of a static picture in a dark page: a picture cannot know its page, so it brings its own. */
const DARK_GROUND = "#1E1E1E";

/**
 * The style that makes a static picture dark where its reader prefers dark (`prefers-color-scheme`).
 * @param scope Class of the picture's root, so that the style of an inlined picture does not reach its page.
 */
export function darkSvgStyle(scope: string): string {
  const rule = (property: "fill" | "stroke", from: string, to: string) =>
    `.${scope} [style*="${property}: ${rgb(from)}"]{${property}:${to}!important}`;
  const rules = Object.entries(DARK_COLOURS).flatMap(([from, to]) => [
    rule("fill", from, to),
    rule("stroke", from, to),
  ]);
  const ground = `.${scope}>rect{fill:${DARK_GROUND}!important}`;
  return `<style>@media (prefers-color-scheme: dark){${[ground, ...rules].join("")}}</style>`;
}

/** "#1A2B3C" as plotly writes it into a style: "rgb(26, 43, 60)". */
function rgb(hex: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgb(${red}, ${green}, ${blue})`;
}
