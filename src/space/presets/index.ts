import { nearestName, SpaceError } from "../../core";
import { cellSpaceCall } from "../cells/space-presets";
import { CountedSpace } from "../counted-space";
import { layerOutputs, trunkLayers } from "../shapes";
import type { Architecture, SearchSpace } from "../types";
import { type BlockShapes, blockSpace } from "./block-space";
import { DNA_NOTE, dnaNetworks, dnaSpace } from "./dna";
import { efficientNets } from "./efficientnet";
import { mobileNets } from "./mobilenet";
import { nasBenchMacro, nasBenchMacroSpace } from "./nas-bench-macro";
import { resNets } from "./resnet";
import { smallTeachers } from "./teachers";
import { timmNetworks } from "./timm-networks";

const NAS_BENCH_MACRO = "nas-bench-macro/";

/** Names of the architecture presets; NAS-Bench-Macro's are `nas-bench-macro/` and eight digits. */
export function architectureNames(): string[] {
  return [...listed().keys(), `${NAS_BENCH_MACRO}<8 digits>`];
}

function listed(): Map<string, Architecture> {
  return new Map(
    [...dnaNetworks(), ...efficientNets(), ...mobileNets(), ...resNets(), ...smallTeachers(), ...timmNetworks()].map(
      (network) => [network.name, network],
    ),
  );
}

/** Whether {@link architecturePreset} knows a name. */
export function isArchitecturePreset(name: string): boolean {
  return name.startsWith(NAS_BENCH_MACRO) || listed().has(name);
}

/**
 * A published network or a small teacher by name, e.g. "dna-c", "efficientnet_b0", "efficientnet-b0@28px".
 * @throws SpaceError listing the names when there is none of this name.
 */
export function architecturePreset(name: string): Architecture {
  if (name.startsWith(NAS_BENCH_MACRO)) return nasBenchMacro(name.slice(NAS_BENCH_MACRO.length));
  const network = listed().get(name);
  if (!network) {
    const near = nearestName(name, architectureNames());
    const meant = near === undefined ? "" : `did you mean ${near}? `;
    throw new SpaceError(
      `unknown preset ${JSON.stringify(name)}; ${meant}known are ${architectureNames().join(", ")}`,
      {
        name,
        known: architectureNames(),
      },
    );
  }
  return network;
}

/** Feature maps at the ends of an architecture's blocks: what a teacher cut at its stages hands to the search. */
export function stageShapes(architecture: Architecture): BlockShapes[] {
  const outputs = layerOutputs(trunkLayers(architecture), architecture.input);
  let layers = architecture.stem.length;
  let input = architecture.input;
  return architecture.blocks.map((block) => {
    layers += block.length;
    const shapes = { input, output: outputs[layers - 1] };
    input = shapes.output;
    return shapes;
  });
}

const SPACES: Readonly<Record<string, () => SearchSpace>> = {
  dna: dnaSpace,
  "nas-bench-macro": nasBenchMacroSpace,
  "dna-mini": () => blockSpace(stageShapes(architecturePreset("efficientnet-b0@28px"))),
};

/** Names of the search-space presets. */
export function spaceNames(): string[] {
  return Object.keys(SPACES);
}

const NOTES: Readonly<Record<string, string>> = { dna: DNA_NOTE };

/** What one should know of a search space before quoting it, if anything. */
export function spaceNote(name: string): string | undefined {
  return Object.hasOwn(NOTES, name) ? NOTES[name] : undefined;
}

/**
 * A search space by name: "dna" (Li et al., CVPR 2020; its cell table is reconstructed, see {@link dnaSpace}) or "dna-mini"
 * (28x28 images, around the small teacher's stages). `count()` of it gives candidates and networks.
 * @throws SpaceError listing the names when there is none of this name; of a space of cells it says what makes it.
 */
export function spacePreset(name: string): CountedSpace {
  const call = cellSpaceCall(name);
  if (call) {
    throw new SpaceError(
      `spacePreset: ${JSON.stringify(name)} is a space of cells, and must be one of chains of layers: ${spaceNames().join(", ")}; cells are searched in ${call}`,
      { name, known: spaceNames() },
    );
  }
  if (!Object.hasOwn(SPACES, name)) {
    throw new SpaceError(`unknown search space ${JSON.stringify(name)}; known are ${spaceNames().join(", ")}`, {
      name,
      known: spaceNames(),
    });
  }
  return new CountedSpace(SPACES[name]());
}
