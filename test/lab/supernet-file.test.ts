import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CheckpointError, ConfigError, DataError } from "../../src/core";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { conv, mbconv } from "../../src/space";
import { tinySupernet, tinyTeacher } from "./tiny";

type Flow = Awaited<ReturnType<typeof tinySupernet>>;

const folder = mkdtempSync(join(tmpdir(), "blockwise-supernet-file-"));
const whole = join(folder, "supernet.safetensors");
const half = join(folder, "half.safetensors");
let flow: Flow;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  flow = await tinySupernet();
  await flow.supernet.distill({ epochs: 2, batchSize: 16 });
  flow.supernet.save(whole);
  flow.supernet.save(half, { half: true });
});

const space = {
  ops: mbconv([3, 5], [2]),
  cells: [
    [{ depth: 1, width: 8 }],
    [
      { depth: 1, width: 8 },
      { depth: 2, width: 8 },
    ],
  ],
  stem: [conv(3, 4, { stride: 2 })],
  head: [conv(1, 8)],
};

/** The same space around the same teacher, not distilled. */
function again({ teacher }: Pick<Flow, "teacher">) {
  return lab.supernet(teacher.split([1]), space);
}

const scores = async (supernet: Flow["supernet"]) =>
  (await supernet.rate()).table.blocks.flatMap((rows) => rows.map(({ score }) => score));

describe("a distilled supernet that was saved", () => {
  it("is there again without training: the same losses, and ratings to the last bit", async () => {
    const loaded = again(flow);
    await loaded.load(whole);
    expect(loaded.history()).toEqual(flow.supernet.history());
    expect(await scores(loaded)).toEqual(await scores(flow.supernet));
    loaded.dispose();
  });

  it("with kernels in half precision is smaller, rates nearly alike, and saved again it is the same file", async () => {
    expect(statSync(half).size).toBeLessThan(statSync(whole).size);
    const loaded = again(flow);
    await loaded.load(half);
    const expected = await scores(flow.supernet);
    const rounded = await scores(loaded);
    expect(rounded).not.toEqual(expected);
    for (const [i, score] of rounded.entries()) expect(Math.abs(score / expected[i] - 1)).toBeLessThan(0.01);
    const copy = join(folder, "copy.safetensors");
    loaded.save(copy, { half: true });
    expect(readFileSync(copy).equals(readFileSync(half))).toBe(true);
    loaded.dispose();
  });

  it("gives a found network its weights to start from", async () => {
    const loaded = again(flow);
    await loaded.load(whole);
    const found = (await loaded.rate()).search();
    const student = await found.retrain({ epochs: 1, batchSize: 16, warmStart: true });
    expect(student.accuracy).toBeGreaterThan(0);
    loaded.dispose();
  });

  it("is refused for another teacher, and for another space; what was there before stays", async () => {
    const teacher = await lab.teacher(tinyTeacher, { data: flow.data, epochs: 1, batchSize: 16, seed: 9 });
    const other = again({ teacher });
    await expect(other.load(whole)).rejects.toThrow(CheckpointError);
    const one = [{ depth: 1, width: 8 }];
    const fewer = lab.supernet(flow.teacher.split([1]), { ops: mbconv([3, 5], [2]), cells: [one, one] });
    await expect(fewer.load(whole)).rejects.toThrow(/1 \+ 1 by block, got 1 \+ 2/);
    const ops = lab.supernet(flow.teacher.split([1]), { ...space, ops: mbconv([3, 5], [3]) });
    await expect(ops.load(whole)).rejects.toThrow(CheckpointError);
    const before = await scores(flow.supernet);
    await expect(flow.supernet.load(join(folder, "absent.safetensors"))).rejects.toThrow(DataError);
    expect(await scores(flow.supernet)).toEqual(before);
  });

  it("is refused when a byte of it changed, and when it is something else", async () => {
    const bytes = readFileSync(whole);
    bytes[bytes.length - 5] ^= 1;
    const damaged = join(folder, "damaged.safetensors");
    writeFileSync(damaged, bytes);
    await expect(again(flow).load(damaged)).rejects.toThrow(CheckpointError);
    const teacher = join(folder, "teacher.safetensors");
    flow.teacher.save(teacher);
    await expect(again(flow).load(teacher)).rejects.toThrow(/must be a supernet's file/);
  });
});

it("what is not distilled, or was fed by students, cannot be saved", async () => {
  expect(() => again(flow).save(join(folder, "none.safetensors"))).toThrow(/must be distilled first/);
  const guided = again(flow);
  await guided.distill({ epochs: 1, batchSize: 16, guideInput: "student" });
  expect(() => guided.save(join(folder, "guided.safetensors"))).toThrow(ConfigError);
  guided.dispose();
});
