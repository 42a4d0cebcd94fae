import { describe, it } from "vitest";
import {
  chainSpace,
  dartsSpace,
  econasSpace,
  eeeaSpace,
  nasBench201Cells,
  nasBenchMacroChains,
  nasBenchMacroSpace,
  pnasCellSpace,
  type Space,
  spacePreset,
} from "../../src";
import { smallCellSpace } from "../../src/systems/econas";
import { spaceContract } from "./index";

const SPACES = [
  dartsSpace(),
  econasSpace(),
  eeeaSpace(),
  pnasCellSpace(),
  nasBench201Cells(),
  smallCellSpace(),
  nasBenchMacroChains(),
  chainSpace(nasBenchMacroSpace()),
  chainSpace(spacePreset("dna")),
  chainSpace(spacePreset("dna-mini")),
] as readonly Space<unknown, unknown>[];

describe.each(SPACES)("space $name", (space) => {
  for (const { title, run } of spaceContract(space)) it(title, run);
});
