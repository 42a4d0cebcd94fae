/** Networks that are trained briefly, in so many rounds, and for how long. */
export const BRIEF_DEFAULTS = { networks: 48, rounds: 4, epochs: 2 } as const;
