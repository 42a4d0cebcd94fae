import { describe, it } from "vitest";
import {
  chainSpace,
  nasBench201Cells,
  nasBenchMacroChains,
  nasBenchMacroSpace,
  type Space,
  spacePreset,
} from "../../src";
import { spaceContract } from "./index";

const SPACES = [
  nasBench201Cells(),
  nasBenchMacroChains(),
  chainSpace(nasBenchMacroSpace()),
  chainSpace(spacePreset("dna")),
  chainSpace(spacePreset("dna-mini")),
] as readonly Space<unknown, unknown>[];

describe.each(SPACES)("space $name", (space) => {
  for (const { title, run } of spaceContract(space)) it(title, run);
});
