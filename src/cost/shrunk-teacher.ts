import type { Architecture } from "../space";
import { type ShrinkBy, type ShrunkNetwork, shrinkArchitecture } from "./shrink";

/** Trained like the students: with their classes, and without dropout, which they do not have. */
export function studentLike(
  { dropout: _, dropConnect: __, ...architecture }: Architecture,
  classes: number,
): Architecture {
  return { ...architecture, classes };
}

/**
 * A teacher shrunk uniformly to so many multiply-adds: what a found network of that cost must beat.
 * @throws BudgetInfeasibleError when one channel a layer still costs more, ConfigError for more than the teacher has.
 */
export function shrunkTo(teacher: Architecture, classes: number, macs: number, by: ShrinkBy): ShrunkNetwork {
  return shrinkArchitecture(studentLike(teacher, classes), macs, { cost: "macs", by });
}
