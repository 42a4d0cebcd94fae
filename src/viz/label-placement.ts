/** A point to be labelled, in pixels from the upper left of the plot area. */
export interface LabelPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export type TextPosition =
  | "middle right"
  | "top center"
  | "bottom center"
  | "middle left"
  | "top right"
  | "bottom right"
  | "top left"
  | "bottom left";

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const POSITIONS: readonly TextPosition[] = [
  "top center",
  "bottom center",
  "middle right",
  "middle left",
  "top right",
  "bottom right",
  "top left",
  "bottom left",
];
const GAP = 8;
const LINE_HEIGHT = 14;
const CHARACTER_WIDTH = 6.4;

/**
 * Chooses where each label goes so that labels cover neither points nor other labels as far as that is possible.
 * Greedy in the given order; sizes are in pixels.
 */
export function placeLabels(
  points: readonly LabelPoint[],
  area: { readonly width: number; readonly height: number },
  /** More places to keep free, such as the points of a line. */
  obstacles: readonly { readonly x: number; readonly y: number }[] = [],
): TextPosition[] {
  const marks = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  const taken: Box[] = obstacles.map(({ x, y }) => ({ left: x - 2, right: x + 2, top: y - 2, bottom: y + 2 }));
  return points.map((point, index) => {
    const others = marks.filter((_, i) => i !== index);
    let best = POSITIONS[0];
    let least = Number.POSITIVE_INFINITY;
    for (const position of POSITIONS) {
      const box = labelBox(point, position);
      const cost =
        sum(taken, (other) => overlap(box, other)) + sum(others, (other) => overlap(box, other)) + outside(box, area);
      if (cost < least) [best, least] = [position, cost];
    }
    taken.push(labelBox(point, best));
    return best;
  });
}

function labelBox({ x, y, text }: LabelPoint, position: TextPosition): Box {
  const width = text.length * CHARACTER_WIDTH;
  const [vertical, horizontal] = position.split(" ");
  const left = horizontal === "center" ? x - width / 2 : horizontal === "right" ? x + GAP : x - GAP - width;
  const top = vertical === "middle" ? y - LINE_HEIGHT / 2 : vertical === "top" ? y - GAP - LINE_HEIGHT : y + GAP;
  return { left, right: left + width, top, bottom: top + LINE_HEIGHT };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Area of the box that the plot area would cut off; counts double, since it is lost. */
function outside(box: Box, { width, height }: { width: number; height: number }): number {
  const whole = (box.right - box.left) * (box.bottom - box.top);
  return 2 * (whole - overlap(box, { left: 0, right: width, top: 0, bottom: height }));
}

function sum(boxes: readonly Box[], of: (box: Box) => number): number {
  return boxes.reduce((total, box) => total + of(box), 0);
}
