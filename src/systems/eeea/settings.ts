/** What all searches of one place have in common. */
export interface SearchPlan {
  /** Searches of each arm, by seeds from 1. */
  readonly seeds: number;
  readonly population: number;
  readonly generations: number;
  /** Of a child. */
  readonly mutation: number;
}

/** What is run on NAS-Bench-201, once and for all: nothing here was chosen by looking at results. */
export const EEEA_SETTINGS = {
  /** Of NAS-Bench-201's table: accuracies after 12 epochs. */
  data: "cifar10",
  seeds: 10,
  /** Half of the paper's 40, for a space of 15,625 cells in place of 6e20. */
  population: 20,
  generations: 20,
  /** The released code's. */
  mutation: 0.1,
} as const satisfies SearchPlan & { data: string };

/** Networks that every search of a plan evaluates. */
export function evaluationsOf({ population, generations }: SearchPlan): number {
  return population * generations;
}

export const EVALUATIONS = evaluationsOf(EEEA_SETTINGS);
/** One way to search. */
export interface EeeaArm {
  /** Short: it stands above a panel. Percentages are those of `exit`. */
  readonly title: string;
  /**
   * Early exit (section 3.2): the first generation has no network larger than so large a share of all cells. Stands for the
   * paper's beta of 3, 4 and 5 million parameters.
   */
  readonly exit?: number;
  /** Whether later generations are held to it, too. */
  readonly children?: boolean;
  /** What is minimised beside the validation error. */
  readonly minimise: readonly ("params" | "macs")[];
  /** One generation of all evaluations, which is random search. */
  readonly random?: boolean;
}

const THREE = ["macs", "params"] as const;

/** All searches by name; the first is what the others are held against. */
export const EEEA_ARMS = {
  ga: { title: "no early exit (EA-Net)", minimise: THREE },
  "ga-75": { title: "early exit at 75 %", exit: 0.75, minimise: THREE },
  "ga-50": { title: "early exit at 50 %", exit: 0.5, minimise: THREE },
  "ga-25": { title: "early exit at 25 %", exit: 0.25, minimise: THREE },
  "ga-50-children": { title: "at 50 %, children too", exit: 0.5, children: true, minimise: THREE },
  "ga-two": { title: "two objectives", minimise: ["params"] },
  random: { title: "random search", minimise: THREE, random: true },
  "random-50": { title: "random search within 50 %", exit: 0.5, minimise: THREE, random: true },
} as const satisfies Record<string, EeeaArm>;

export type EeeaArmName = keyof typeof EEEA_ARMS;
export const EEEA_ARM_NAMES = Object.keys(EEEA_ARMS) as EeeaArmName[];

export function isRandom(name: EeeaArmName): boolean {
  const arm: EeeaArm = EEEA_ARMS[name];
  return arm.random === true;
}
