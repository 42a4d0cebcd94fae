import { describe, expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import { networkCost } from "../../src/cost";
import * as rooms from "../../src/space";
import {
  architectureNames,
  architecturePreset,
  blockSpace,
  cellSpaceNames,
  countBlock,
  countCandidates,
  countNetworks,
  dnaCells,
  hasResidual,
  isArchitecturePreset,
  mbconv,
  nasBenchMacro,
  parseArchitecture,
  roundChannels,
  spaceNames,
  spaceNote,
  spacePreset,
  stageShapes,
  validateArchitecture,
  validateSpace,
} from "../../src/space";
import { conv } from "../../src/space/layers";
import { splitArchitecture } from "../../src/teacher";

const names = architectureNames().filter((name) => !name.includes("<"));
const shape = (size: number, channels: number) => ({ height: size, width: size, channels });

describe("architecture presets", () => {
  it.each(names)("%s is valid and survives as JSON", (name) => {
    const network = architecturePreset(name);
    expect(network.name).toBe(name);
    expect(isArchitecturePreset(name)).toBe(true);
    validateArchitecture(network);
    expect(parseArchitecture(JSON.parse(JSON.stringify(network)))).toEqual(network);
  });

  it("an unknown name is an error that lists the names", () => {
    expect(() => architecturePreset("dna-e")).toThrow(SpaceError);
    expect(() => architecturePreset("dna-e")).toThrow(/dna-a, dna-b.*efficientnet_b7.*nas-bench-macro/);
    expect(() => architecturePreset("toString")).toThrow(/unknown preset/);
  });

  it("DNA's first layers have no residual across widths, its last ones do", () => {
    const { stem, blocks } = architecturePreset("dna-a");
    expect(stem.map(({ kind }) => kind)).toEqual(["conv", "mbconv"]);
    const layers = blocks[3].map((layer) => (layer.kind === "mbconv" ? layer : expect.fail()));
    expect([hasResidual(layers[0], 80), hasResidual(layers[3], 96)]).toEqual([false, true]);
  });

  it("NAS-Bench-Macro reads eight digits and nothing else", () => {
    expect(architecturePreset("nas-bench-macro/01201201").blocks.map((block) => block.map(({ kind }) => kind))).toEqual(
      [
        ["conv", "mbconv"],
        ["mbconv", "identity", "mbconv"],
        ["mbconv", "identity", "mbconv"],
      ],
    );
    for (const key of ["0120120", "012012013", "0120120a", ""])
      expect(() => nasBenchMacro(key)).toThrow(/eight digits/);
  });

  it("NAS-Bench-Macro: in a stage the place of an identity does not matter", () => {
    const [a, b] = ["20100000", "21000000"].map((key) => networkCost(nasBenchMacro(key)));
    expect(a.macs).not.toBe(b.macs);
    const [c, d] = ["00201000", "00210000"].map((key) => networkCost(nasBenchMacro(key)));
    expect([c.params, c.macs]).toEqual([d.params, d.macs]);
  });

  it("channels are rounded to eights, never below 90 %", () => {
    expect([35.2, 17.6, 26.4, 44, 352, 3, 12].map((channels) => roundChannels(channels))).toEqual([
      32, 16, 24, 48, 352, 8, 16,
    ]);
  });

  it.each(names.filter((name) => name.includes("28px")))("%s halves its image at once and ends small", (name) => {
    const outputs = stageShapes(architecturePreset(name)).map(({ output }) => output);
    expect(networkCost(architecturePreset(name)).layers[0].output.height).toBe(14);
    expect(outputs.at(-1)!.height).toBe(4);
  });
});

describe("the search space of DNA", () => {
  it("has the paper's candidates and networks", () => {
    const space = spacePreset("dna");
    validateSpace(space);
    expect(space.blocks.map(countBlock)).toEqual([288n, 1548n, 1548n, 2808n, 16848n, 6n]);
    expect(countCandidates(space)).toBe(23_046n);
    expect(countNetworks(space)).toBe(195_898_498_887_057_408n);
    expect(space.count()).toEqual({ candidates: 23_046n, networks: 195_898_498_887_057_408n });
    // Plain data for files and threads.
    expect(structuredClone(space)).toEqual(space);
    expect(spaceNote("dna")).toMatch(/reconstructed/);
    expect(spaceNote("dna-mini")).toBeUndefined();
  });
});

describe("a space of cells asked for by name", () => {
  const makers = new Map<string, unknown>(Object.entries(rooms));
  it.each(cellSpaceNames())("%s is refused among chains, and told which function makes it", (name) => {
    const call = /cells are searched in (\w+)\(\)$/;
    expect(() => spacePreset(name)).toThrow(call);
    try {
      spacePreset(name);
    } catch (error) {
      const [, maker] = call.exec((error as Error).message)!;
      expect((makers.get(maker) as () => { name: string })().name).toContain(name.slice(0, 4));
    }
  });
});

describe("a space around a teacher's blocks", () => {
  const blocks = [
    { input: shape(28, 1), output: shape(14, 24) },
    { input: shape(14, 24), output: shape(7, 40) },
    { input: shape(7, 40), output: shape(4, 80) },
  ];

  it("is valid by default for every preset and every teacher's stages", () => {
    for (const name of spaceNames()) validateSpace(spacePreset(name));
    for (const name of names) validateSpace(blockSpace(stageShapes(architecturePreset(name))));
  });

  it("is valid by default for every number of blocks, with two widths in each", () => {
    for (const name of names) {
      const architecture = architecturePreset(name);
      for (let count = 1; count <= architecture.blocks.flat().length; count++) {
        const { blocks } = blockSpace(splitArchitecture(architecture, count));
        for (const { cells } of blocks)
          expect(new Set(cells.map(({ width }) => width)).size, `${name}/${count}`).toBe(2);
      }
    }
  });

  it("takes strides from the teacher's maps; the stem takes its part of block 0's", () => {
    expect(blockSpace(blocks).blocks.map(({ stride }) => stride)).toEqual([1, 2, 2]);
    expect(blockSpace(blocks, { stem: [conv(3, 8)] }).blocks[0].stride).toBe(2);
    const whole = blockSpace([{ input: shape(28, 1), output: shape(4, 80) }]);
    expect(whole.blocks[0].stride).toBe(4);
    expect(Math.min(...whole.blocks[0].cells.map(({ depth }) => depth))).toBe(3);
    const flat = blockSpace([
      { input: shape(28, 1), output: shape(28, 16) },
      { input: shape(28, 16), output: shape(14, 16) },
    ]);
    expect([flat.stem[0], flat.blocks[1].stride]).toEqual([conv(3, 8, { stride: 1 }), 2]);
  });

  it("takes ops and cells as given", () => {
    const cells = [[{ depth: 1, width: 8 }], [{ depth: 2, width: 8 }], [{ depth: 3, width: 8 }]];
    const space = blockSpace(blocks, { ops: mbconv([3], [3]), cells, name: "mine" });
    expect([space.name, countCandidates(space)]).toEqual(["mine", 3n]);
    expect(() => blockSpace(blocks, { cells: cells.slice(1) })).toThrow(SpaceError);
    expect(() => blockSpace([])).toThrow(SpaceError);
  });

  it("never gives a cell more channels than the teacher, nor two equal cells", () => {
    for (const channels of [4, 8, 12, 16, 24, 80]) {
      const cells = dnaCells(0, { input: shape(14, 8), output: shape(14, channels) }, 1);
      expect(Math.max(...cells.map(({ width }) => width))).toBeLessThanOrEqual(channels);
      expect(new Set(cells.map(({ depth, width }) => `${depth}/${width}`)).size).toBe(cells.length);
    }
  });
});

describe("an architecture file", () => {
  const network = architecturePreset("dna-a");

  it("may be a found network's record", () => {
    expect(parseArchitecture({ architecture: network, accuracy: 0.9 })).toEqual(network);
  });

  it("names what is wrong in it", () => {
    expect(() => parseArchitecture({ ...network, classes: "ten" }, "net.json")).toThrow(/net.json: classes: /);
    expect(() => parseArchitecture({ ...network, stem: [{ kind: "pool" }] })).toThrow(/stem.0.kind/);
    expect(() => parseArchitecture({ ...network, stem: [conv(2, 8)] })).toThrow(/kernelSize must be odd/);
    expect(() => parseArchitecture(7)).toThrow(SpaceError);
    expect(() => parseArchitecture({ ...network, extra: 1 })).toThrow(/extra/);
  });
});
