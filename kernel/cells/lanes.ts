import type { Cell, Lane } from "./notebook-host";

/** The shell that every kernel has and its subshells: cells of one run while those of others await. */
export class Lanes {
  private readonly lanes = new Map<string | undefined, Lane>();

  of(subshell: string | undefined): Lane {
    const lane = this.lanes.get(subshell) ?? { queue: [], current: undefined };
    this.lanes.set(subshell, lane);
    return lane;
  }

  /** The cells that run now, in the order in which their shells were first used. */
  running(): Cell[] {
    return [...this.lanes.values()].flatMap(({ current }) => current ?? []);
  }
}
