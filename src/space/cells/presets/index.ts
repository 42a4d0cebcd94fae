import { SpaceError, unknownName } from "../../../core";
import type { CellArchitecture } from "../types";
import { dartsNetwork } from "./darts";
import { PUBLISHED_CELLS } from "./darts-cells";
import { nasBench201 } from "./nas-bench-201";
import { PNAS_NETWORKS } from "./pnasnet";
import { POCKET_NETWORKS } from "./pocketnet";

const NAS_BENCH_201 = "nas-bench-201/";

/** Published networks of DARTS' design have 20 cells and 36 channels. */
const PRESETS: Readonly<Record<string, () => CellArchitecture>> = {
  ...Object.fromEntries(
    Object.entries(PUBLISHED_CELLS).map(([name, cells]) => [
      name,
      () => dartsNetwork(name, cells(), { channels: 36, layers: 20 }),
    ]),
  ),
  ...POCKET_NETWORKS,
  ...PNAS_NETWORKS,
};

/** Names of the published networks of cells; NAS-Bench-201's are `nas-bench-201/` and six digits. */
export function cellNames(): string[] {
  return [...Object.keys(PRESETS), `${NAS_BENCH_201}<6 digits>`];
}

/** Whether {@link cellPreset} knows a name. */
export function isCellPreset(name: string): boolean {
  return name.startsWith(NAS_BENCH_201) || Object.hasOwn(PRESETS, name);
}

/**
 * A published network of cells by name, e.g. "darts-v2", "pnasnet-5-mobile", "nas-bench-201/334133".
 * @throws SpaceError with the nearest name when there is none of this name.
 */
export function cellPreset(name: string): CellArchitecture {
  if (name.startsWith(NAS_BENCH_201)) return nasBench201(name.slice(NAS_BENCH_201.length));
  if (!Object.hasOwn(PRESETS, name)) {
    throw new SpaceError(`cellPreset: ${unknownName(`network "${name}"`, name, cellNames())}`, {
      name,
      known: cellNames(),
    });
  }
  return PRESETS[name]();
}
