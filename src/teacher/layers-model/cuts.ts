import { nearestName, SpaceError } from "../../core";
import type { ImageShape } from "../../space";
import { articulations, type ModelGraph } from "./graph";

/** A place where a model can be cut: behind a node, whose output is all that goes on. */
export interface CutPoint {
  readonly node: number;
  readonly name: string;
  readonly shape: ImageShape;
  /** How often the image was halved. */
  readonly halvings: number;
}

/** Layers that belong to the convolution before them: nobody cuts between. */
const FOLLOWING =
  /^(BatchNormalization|LayerNormalization|Activation|ReLU|LeakyReLU|ELU|PReLU|ThresholdedReLU|(Spatial)?Dropout(2D)?|GaussianNoise|GaussianDropout)$/;
/** Layers that only prepare the image, or change nothing. */
const PASSING = /^(InputLayer|Rescaling|Normalization|(Spatial)?Dropout(2D)?)$/;

/**
 * Where a model can be cut, from the image on: every path passes the layer, and its map is the image halved some times, sizes
 * rounded up, as the maps of students are.
 * @param shapes Of each node's output for one image, `[1, ...]`.
 */
export function cutPoints(graph: ModelGraph, shapes: readonly (readonly number[])[]): CutPoint[] {
  const [, height, width] = shapes[0];
  let before = 0;
  return articulations(graph).flatMap((node): CutPoint[] => {
    const halvings = shapes[node].length === 4 ? halvingsTo(shapes[node], height, width) : undefined;
    if (halvings === undefined || halvings < before || PASSING.test(graph[node].layer.getClassName())) return [];
    before = halvings;
    const [, h, w, channels] = shapes[node];
    return [{ node, name: graph[node].name, shape: { height: h, width: w, channels }, halvings }];
  });
}

function halvingsTo([, h, w]: readonly number[], height: number, width: number): number | undefined {
  for (let halvings = 0, y = height, x = width; y >= h && x >= w; halvings++) {
    if (y === h && x === w) return halvings;
    if (y === 1 && x === 1) return undefined;
    y = Math.ceil(y / 2);
    x = Math.ceil(x / 2);
  }
  return undefined;
}

/**
 * Of the cut points those at the end of a convolution with all that belongs to it, and outside of inverted residuals: not
 * where more channels leave than a later layer lets through.
 */
export function usualCuts(graph: ModelGraph, points: readonly CutPoint[]): CutPoint[] {
  const ends = points.filter(({ node, shape }) => {
    const users = graph.filter(({ inputs }) => inputs.includes(node));
    const isPooled = shape.height === 1 && shape.width === 1;
    return !isPooled && !(users.length === 1 && FOLLOWING.test(users[0].layer.getClassName()));
  });
  return ends.filter(({ shape: { channels } }, i) => {
    const next = ends.slice(i + 1).find(({ shape }) => shape.channels !== channels);
    return next === undefined || next.shape.channels > channels;
  });
}

/**
 * The cut points of the given names, which end one block each.
 * @throws SpaceError for a name that no layer has, a layer that cannot be cut behind, or an order that does not rise.
 */
export function namedCuts(
  graph: ModelGraph,
  points: readonly CutPoint[],
  names: readonly string[],
  shapes: readonly (readonly number[])[],
): CutPoint[] {
  const possible = usualCuts(graph, points).map(({ name }) => name);
  const list = possible.length > 0 ? `it can be cut behind ${possible.join(", ")}` : "it can be cut nowhere";
  const cuts = names.map((name) => {
    const point = points.find((each) => each.name === name);
    if (point) return point;
    const node = graph.findIndex((each) => each.name === name);
    if (node < 0) {
      const near = nearestName(
        name,
        graph.map((each) => each.name),
      );
      throw new SpaceError(
        `teacher: cuts: "${name}" is no layer of the model${near ? `; perhaps "${near}" is meant` : ""}; ${list}`,
        { cut: name },
      );
    }
    const why = articulations(graph).includes(node)
      ? `its output, [${shapes[node].slice(1)}], is not the image halved some times (sizes rounded up), as students' maps are`
      : "another path leads past it";
    throw new SpaceError(`teacher: cuts: "${name}" is a layer that cannot end a block: ${why}; ${list}`, { cut: name });
  });
  const falls = cuts.findIndex(({ node }, i) => i > 0 && node <= cuts[i - 1].node);
  if (cuts.length === 0 || falls > 0) {
    const got = cuts.length === 0 ? "none" : `"${names[falls]}" behind "${names[falls - 1]}"`;
    throw new SpaceError(
      `teacher: cuts must be at least one layer, in the order in which images pass them, got ${got}; ${list}`,
    );
  }
  return cuts;
}
