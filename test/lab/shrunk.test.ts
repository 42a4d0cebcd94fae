import { beforeAll, describe, expect, it } from "vitest";
import { DISPLAY } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { tinyData, tinySupernet, tinyTeacher } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

describe("teacher.shrunk", () => {
  it("takes MACs, parameters and shares of the teacher's, by width, by depth and width, or both", async () => {
    const data = await tinyData();
    const wide = {
      ...tinyTeacher,
      blocks: tinyTeacher.blocks.map((block) => block.map((layer) => ({ ...layer, outChannels: 60 }))),
      dropout: 0.3,
    };
    const teacher = await lab.teacher(wide, { data, epochs: 1, batchSize: 16 });
    const half = teacher.shrunk("50%");
    expect(half.kind).toBe("shrunk");
    expect(half.label).toBe("shrunk 50%");
    expect(Math.abs(half.macs / teacher.macs - 0.5)).toBeLessThan(0.015);
    expect(teacher.shrunk({ macs: "50%" }).architecture).toEqual(half.architecture);
    expect(teacher.shrunk(teacher.macs / 2).architecture).toEqual(half.architecture);
    const few = teacher.shrunk({ params: "9k" });
    expect(Math.abs(few.params / 9000 - 1)).toBeLessThan(0.03);
    const [byWidth, compound] = teacher.shrunk("50%", { by: ["width", "compound"] });
    expect(byWidth.architecture).toEqual(half.architecture);
    expect(compound.label).toBe("shrunk 50% (compound)");
    expect(compound.architecture.blocks[1]).toHaveLength(1);
    // As students are trained, which have none.
    expect(half.architecture.dropout).toBeUndefined();
    expect(String((await compound[DISPLAY]())["text/plain"])).toContain("shrunk by depth and width to 50% MACs");
    teacher.teacher.dispose();
  });

  it("says what it cannot do, in words that mend it", async () => {
    const data = await tinyData();
    const teacher = await lab.teacher(tinyTeacher, { data, epochs: 1, batchSize: 16 });
    expect(() => teacher.shrunk("150%")).toThrow(/above 0 and at most the teacher's macs, \d+, got "150%"/);
    expect(() => teacher.shrunk("0%")).toThrow(/above 0/);
    expect(() => teacher.shrunk("half")).toThrow(
      /macs must be a count such as 2.5M or a share such as "45%", got "half"/,
    );
    expect(() => teacher.shrunk({ latencyMs: "50%" })).toThrow(/which is measured; shrink to the found network's MACs/);
    expect(() => teacher.shrunk({ macs: "50%", params: "50%" })).toThrow(/must be one of/);
    expect(() => teacher.shrunk({ mac: "50%" } as never)).toThrow(/macs/);
    expect(() => teacher.shrunk("50%", { by: "depth" as never })).toThrow(/"width" or "compound"/);
    expect(() => teacher.shrunk("50%", { bye: "width" } as never)).toThrow(/did you mean by\?/);
    expect(() => teacher.shrunk(20)).toThrow(/one channel a layer/);
    teacher.teacher.dispose();
  });

  it("is trained as the found network was, stands on the front and in the verdict", async () => {
    const { teacher, supernet } = await tinySupernet();
    const found = supernet.withScores(({ ops }) => ops.length).search();
    await found.retrain({ epochs: 1, batchSize: 16, learningRate: 0.004 });
    const alone = await teacher.shrunk({ macs: found.macs }).retrain();
    expect(alone.training).toEqual(found.student!.retrained.training);
    const front = await lab.pareto([teacher, found, teacher.shrunk({ macs: found.macs })]);
    expect(front.networks.map(({ kind }) => kind)).toEqual(["teacher", "found", "shrunk"]);
    expect(front.caveat).toBeUndefined();
    expect(front.verdict()).toMatch(
      /The shrunk teacher of .*MACs.* \(shrunk \d+%\) reaches .* %: found 1 .*standard error/,
    );
    expect(front.figure().figure.data.map(({ name }) => name)).toContain("teacher shrunk uniformly");
    alone.dispose();
    supernet.dispose();
    teacher.teacher.dispose();
  });
});
