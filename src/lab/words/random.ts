import { ConfigError } from "../../core";
import type { AtEqualMacsOptions, LabFound } from "../values/found";

let latest: LabFound | undefined;

/** Makes a found network the one that {@link random} compares with. */
export function rememberFound(found: LabFound): void {
  latest = found;
}

/** Random networks to compare with the network that was found last in this process. */
export const random = {
  /**
   * Networks of the same space and MACs near the found one's; see `found.random.atEqualMacs`.
   * @throws ConfigError when nothing was found yet.
   */
  atEqualMacs(count: number, options: AtEqualMacsOptions = {}): LabFound[] {
    if (!latest) {
      throw new ConfigError("random.atEqualMacs: a network must be found first; call ratings.search({ macs: ... })");
    }
    return latest.random.atEqualMacs(count, options);
  },
};
