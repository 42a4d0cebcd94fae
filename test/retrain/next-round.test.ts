import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SpaceError } from "../../src/core";
import { distillBlock, memoryCheckpoints, supernetWeights } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { saveState } from "../../src/nn";
import { asTeacher, loadFound, retrain, saveFound } from "../../src/retrain";
import { assemble, enumerateBlock } from "../../src/space";
import { trainTeacher } from "../../src/teacher";
import { tinyFeatures, tinySpace } from "../distill/tiny";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const recipe = { ...tinyOptions, epochs: 1 };

describe("the student as the next teacher", () => {
  test("answers as it did, is cut and taught from like any teacher, also when read from its file", async () => {
    const student = await retrain(tinyArchitecture, tinyData, recipe);
    const path = join(mkdtempSync(join(tmpdir(), "next-")), "found.json");
    saveFound(path, student, { origin: { method: "given" } });
    const read = loadFound(path);
    const [teacher, again] = [asTeacher(student), asTeacher(read)];
    expect([again.fingerprint(), again.accuracy, again.dataset]).toEqual([
      teacher.fingerprint(),
      teacher.accuracy,
      teacher.dataset,
    ]);
    expect(teacher.accuracy).toBe(student.accuracy);
    expect(again.split({ after: ["block0.1"] }).map(({ output }) => output.channels)).toEqual([6, 8]);
    // The second round: it teaches another network.
    const next = await retrain(tinyArchitecture, tinyData, {
      ...recipe,
      distillation: { teacher: again, weight: 0.5, temperature: 2 },
    });
    expect(next.training.distillation).toMatchObject({ teacher: teacher.fingerprint() });
    const plain = await trainTeacher(tinyArchitecture, tinyData, recipe);
    for (const of of [next, teacher, again, plain]) of.dispose();
  });
});

describe("a warm start", () => {
  const space = tinySpace();
  const choice = [enumerateBlock(space, 0)[3], enumerateBlock(space, 1)[1]];

  async function distilled() {
    const checkpoints = memoryCheckpoints();
    for (const block of [0, 1]) {
      const options = { seed: 2, epochs: 1, batchSize: 8 };
      const { supernet } = await distillBlock(space, block, tinyFeatures(space, 32), options, {
        checkpoints,
        workers: 0,
      });
      supernet.dispose();
    }
    return checkpoints;
  }

  test("takes over what the supernets learnt, where it fits", async () => {
    const checkpoints = await distilled();
    const tensors = supernetWeights(space, choice, checkpoints);
    const before = tf.memory().numTensors;
    // At this rate a training changes nothing that one could see.
    const still = { ...recipe, learningRate: 1e-12, weightDecay: 0 };
    const warm = await retrain(assemble(space, choice), tinyData, { ...still, warmStart: { name: "tiny", tensors } });
    const cold = await retrain(assemble(space, choice), tinyData, still);
    const [started, drawn] = [warm, cold].map(({ network }) => saveState(network));
    const names = [...warm.network.parameters().keys()];
    const taken = names.filter((name) => tensors.get(name)?.shape.join() === started.get(name)!.shape.join());
    for (const name of taken) {
      for (const [i, value] of started.get(name)!.data.entries()) {
        expect(value).toBeCloseTo(tensors.get(name)!.data[i], 6);
      }
    }
    // All of the stem and of cells, which an adapter follows; not what takes in the teacher's channels.
    expect(taken).toContain("trunk.0.kernel");
    expect(taken).toContain("trunk.1.project.kernel");
    expect(taken).toContain("trunk.2.project.kernel");
    expect(taken).not.toContain("trunk.3.expand.kernel");
    for (const name of names.filter((of) => !taken.includes(of))) {
      for (const [i, value] of started.get(name)!.data.entries()) {
        expect(value).toBeCloseTo(drawn.get(name)!.data[i], 6);
      }
    }
    expect([warm.training.startFrom, cold.training.startFrom]).toEqual(["tiny", undefined]);
    for (const of of [warm, cold]) of.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("a cell that was never distilled is an error", () => {
    expect(() => supernetWeights(space, choice, memoryCheckpoints())).toThrow(SpaceError);
  });
});
