import { ConfigError, shown } from "../../core";
import type { AtEqualMacsOptions, LabFound } from "../values/found";

/** Random networks to compare a found one with. */
export const random = {
  /**
   * Networks of the same space and MACs near a found one's; see `found.random.atEqualMacs`.
   * @throws ConfigError when the first argument is no found network.
   */
  atEqualMacs(found: LabFound, count: number, options: AtEqualMacsOptions = {}): LabFound[] {
    if (typeof found?.random?.atEqualMacs === "function") return found.random.atEqualMacs(count, options);
    const number = typeof found === "number" ? found : 6;
    throw new ConfigError(
      `random.atEqualMacs: the first argument must be the network that the random ones are compared with, as ratings.search gives it, got ${shown(found)}; write random.atEqualMacs(found, ${number}), or found.random.atEqualMacs(${number})`,
    );
  },
};
