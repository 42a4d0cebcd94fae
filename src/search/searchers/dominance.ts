import { ConfigError, shown } from "../../core";

/** Objectives of one architecture, all to be minimised. */
export type Point = readonly number[];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Point, b: Point): boolean {
  let better = false;
  for (let i = 0; i < a.length; i++) {
    // So that NaN beats nothing.
    if (!(a[i] <= b[i])) return false;
    better ||= a[i] < b[i];
  }
  return better;
}

/** As `points`, with every objective infinite where one is NaN: such a point is dominated by all that were measured. */
function measured(points: readonly Point[]): Point[] {
  return points.map((point) => (point.some(Number.isNaN) ? point.map(() => Number.POSITIVE_INFINITY) : point));
}

/**
 * Fast non-dominated sort (Deb et al., 2002, section III.A): the fronts by their points' places, the undominated ones first;
 * within a front in the order given.
 */
export function nonDominatedSort(given: readonly Point[]): number[][] {
  const points = measured(given);
  const dominated: number[][] = points.map(() => []);
  const dominators = new Array<number>(points.length).fill(0);
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      if (dominates(points[i], points[j])) {
        dominated[i].push(j);
        dominators[j]++;
      } else if (dominates(points[j], points[i])) {
        dominated[j].push(i);
        dominators[i]++;
      }
    }
  }
  const fronts: number[][] = [];
  let front = [...points.keys()].filter((i) => dominators[i] === 0);
  while (front.length > 0) {
    fronts.push(front);
    const next: number[] = [];
    for (const i of front) {
      for (const j of dominated[i]) if (--dominators[j] === 0) next.push(j);
    }
    front = next.sort((a, b) => a - b);
  }
  return fronts;
}

/**
 * Crowding distance of each point of a front (Deb et al., 2002, section III.B): the sum over objectives of the gap between
 * its neighbours as a share of the range; infinite at the ends, 0 for what was not measured.
 */
export function crowdingDistances(front: readonly Point[]): number[] {
  const distances = front.map(() => 0);
  const finite = [...front.keys()].filter((i) => front[i].every(Number.isFinite));
  const objectives = finite.length === 0 ? 0 : front[finite[0]].length;
  for (let objective = 0; objective < objectives; objective++) {
    const order = [...finite].sort((a, b) => front[a][objective] - front[b][objective]);
    const [first, last] = [order[0], order[order.length - 1]];
    const range = front[last][objective] - front[first][objective];
    distances[first] = Number.POSITIVE_INFINITY;
    distances[last] = Number.POSITIVE_INFINITY;
    if (range === 0) continue;
    for (let i = 1; i < order.length - 1; i++) {
      distances[order[i]] += (front[order[i + 1]][objective] - front[order[i - 1]][objective]) / range;
    }
  }
  return distances;
}

/**
 * Volume that some points dominate up to a reference point, all objectives minimised, exactly and for any number of them
 * (slicing along the last one); in the product of the objectives' units. Points that are not below the reference in every
 * objective add nothing, nor do those that were not measured.
 * @throws ConfigError when the reference point is not finite, or has another number of objectives.
 */
export function dominatedVolume(points: readonly Point[], reference: Point): number {
  if (reference.length === 0 || !reference.every(Number.isFinite)) {
    throw new ConfigError(`dominatedVolume: the reference point must have finite objectives, got ${shown(reference)}`);
  }
  const other = points.find(({ length }) => length !== reference.length);
  if (other) {
    throw new ConfigError(
      `dominatedVolume: each point must have ${reference.length} objectives as the reference point has, got ${shown(other)}`,
    );
  }
  return sliced(
    points.filter((point) => point.every((value, i) => Number.isFinite(value) && value < reference[i])),
    reference,
  );
}

function sliced(points: readonly Point[], reference: Point): number {
  if (points.length === 0) return 0;
  const last = reference.length - 1;
  if (last === 0) return reference[0] - Math.min(...points.map(([value]) => value));
  const order = [...points].sort((a, b) => a[last] - b[last]);
  let volume = 0;
  let below: Point[] = [];
  for (let i = 0; i < order.length; i++) {
    const point = order[i].slice(0, last);
    // Only what no other of the slice is as good as.
    below = [...below.filter((one) => !point.every((value, at) => value <= one[at])), point];
    const height = (order[i + 1]?.[last] ?? reference[last]) - order[i][last];
    if (height > 0) volume += height * sliced(below, reference.slice(0, last));
  }
  return volume;
}
