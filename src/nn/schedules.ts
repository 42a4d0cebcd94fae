/** Learning rate at a step (from 0). */
export type Schedule = (step: number) => number;

/** Rises linearly over `warmup` steps, then falls along half a cosine to 0 at `total`. */
export function cosine({ base, total, warmup = 0 }: { base: number; total: number; warmup?: number }): Schedule {
  return (step) => {
    if (step < warmup) return (base * (step + 1)) / warmup;
    const done = (step - warmup) / Math.max(1, total - warmup);
    return (base * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2;
  };
}

/** `base x factor^step`; the released DNA code multiplies by 0.9 each epoch. */
export function exponential({ base, factor }: { base: number; factor: number }): Schedule {
  return (step) => base * factor ** step;
}
