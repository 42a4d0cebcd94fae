import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticDataset } from "../../src/data";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab, type ParetoItem } from "../../src/lab";
import { loadFound, retrain } from "../../src/retrain";
import { type Architecture, conv, placeCandidate, residual } from "../../src/space";
import { tinySupernet, tinyTeacher } from "../lab/tiny";

const folder = mkdtempSync(join(tmpdir(), "own-networks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const recipe = { epochs: 1, batchSize: 16 };

async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

describe("own networks beside found ones", () => {
  let flow: Awaited<ReturnType<typeof tinySupernet>>;
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    flow = await tinySupernet();
  });

  it("an architecture, a training of one's own, and files stand on one front with found networks and the teacher", async () => {
    const { data, teacher, supernet } = flow;
    const found = supernet.withScores(({ ops }) => ops.length).search();
    const saved = await found.retrain(recipe);
    const path = saved.save(join(folder, "found.json"));
    // docs: own-networks
    const mine: Architecture = {
      ...tinyTeacher,
      name: "mine",
      blocks: [[placeCandidate(residual([3])[0], 8, 12, 2)], [conv(3, 16)]],
    };
    const trained = await retrain(mine, data.dataset, { seed: 3, epochs: 1, batchSize: 16 });
    const front = await lab.pareto(
      [
        teacher,
        found,
        mine, // an architecture: retrained as the found networks were
        trained, // what retrain(...) gave: measured as it is
        lab.network("cn_r1_k3_s2_c12 ds_r1_k3_s1_c16", { data, label: "by timm" }),
        path, // a file of found.save(...), of this or an earlier session
      ],
      { epochs: 1, batchSize: 16 },
    );
    // end
    expect(front.networks.map(({ label, kind }) => `${kind} ${label}`)).toEqual([
      "teacher teacher",
      "found found 1",
      "own mine",
      "own mine (2)",
      "own by timm",
      expect.stringMatching(/^own dna-mini\//),
    ]);
    for (const { accuracy, macs, dataset } of front.networks) {
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(macs).toBeGreaterThan(0);
      expect(dataset).toBe("synthetic");
    }
    const [, foundRow, , trainedRow, , fileRow] = front.networks;
    expect(fileRow).toMatchObject({ accuracy: foundRow.accuracy, macs: foundRow.macs });
    expect(trainedRow.accuracy).toBe((await trained.evaluate(data.test)).accuracy);
    expect(await shown(front)).toMatch(/The most accurate own network, [\s\S]*figure: Accuracy against cost/);
    expect(JSON.stringify(front.figure().figure.data.map(({ name }) => name))).toContain("own networks");
    expect(front.parallel().figure.data).toHaveLength(6);
    // The training of one's own had another seed.
    expect(front.caveat).toMatch(/not all trained with the same settings/);
  });

  it("stand alone, too, where they say which data they belong to", async () => {
    const { data } = flow;
    const network = lab.network(tinyTeacher, { data, label: "alone" });
    expect(await shown(network)).toMatch(/Network alone on synthetic[\s\S]*not measured/);
    const front = await lab.pareto([network, network], recipe);
    expect(front.networks).toHaveLength(1);
    expect(front.caveat).toBeUndefined();
    expect(front.verdict()).toMatch(/The most accurate own network, alone \(/);
    await lab.latency(tinyTeacher, { rounds: 1 } as object);
  });

  it("a ResNet teacher, which timm's strings cannot say, is compared as others are", async () => {
    const { data } = flow;
    const resnet: Architecture = {
      ...tinyTeacher,
      name: "resnet",
      blocks: [[placeCandidate(residual([3], { activation: "relu" })[0], 8, 16, 2)]],
    };
    const teacher = await lab.teacher(resnet, { data, epochs: 1, batchSize: 16 });
    const front = await lab.pareto([teacher]);
    expect(front.networks[0].architecture![0]).toMatch(/^stage 1: basic_k3_s2_m16_c16/);
  });

  it("of other data are refused with a sentence, before any training", async () => {
    const { data, teacher } = flow;
    const others = syntheticDataset({ seed: 2, count: 96, validationCount: 32, testCount: 32 });
    const elsewhere = await retrain(tinyTeacher, others, { seed: 1, epochs: 1, batchSize: 16 });
    await expect(lab.pareto([teacher, elsewhere])).rejects.toThrow(/divided or prepared in another way/);
    await expect(lab.pareto([teacher, "efficientnet_b0"])).rejects.toThrow(/must take 8x8x1 and give 4 classes/);
    const renamed = { ...others, name: "other" };
    const other = await retrain(tinyTeacher, renamed, { seed: 1, epochs: 1, batchSize: 16 });
    await expect(lab.pareto([teacher, other])).rejects.toThrow(/was trained on other, and the data is synthetic/);
    const otherData = await lab.data(renamed);
    await expect(lab.pareto([teacher, lab.network(tinyTeacher, { data: otherData })])).rejects.toThrow(
      /must belong to one data set, got synthetic, other/,
    );
    expect(data.name).toBe("synthetic");
  });

  it("what is no network is refused with what may be one", async () => {
    const { teacher, data, supernet } = flow;
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ format: "something" }));
    const refused = (items: unknown, message: RegExp) =>
      expect(lab.pareto(items as ParetoItem[])).rejects.toThrow(message);
    await refused([], /at least one, got none; a network may be a teacher, found or random/);
    await refused(teacher, /must be a list of at least one, got a LabTeacher/);
    await refused([teacher, supernet], /network 2 must be a teacher, found .* got a LabSupernet/);
    await refused([teacher, null], /network 2 must be .* got null/);
    await refused([teacher, { macs: 1 }], /got an object with macs/);
    await refused([teacher, "nosuch"], /"nosuch" is neither a preset nor a file/);
    await refused([teacher, "nosuch.json"], /does not exist/);
    await refused([teacher, file], /must be a found network/);
    await refused([tinyTeacher], /must be told which data they belong to; give one as lab.network/);
    await refused([teacher, { ...tinyTeacher, stem: "none" }], /stem/);
    expect(() => lab.network(tinyTeacher, {} as never)).toThrow(/data must be what lab.data gave/);
    expect(() => lab.network(7 as never, { data })).toThrow(/the network must be/);
    await expect(lab.latency({} as never)).rejects.toThrow(/lab.latency: it must be a supernet/);
    await expect(lab.network(tinyTeacher, { data }).testAccuracy()).rejects.toThrow(/must be trained first/);
  });

  it("equal choices of different spaces are different networks", async () => {
    const { teacher } = flow;
    const space = (width: number) =>
      lab.supernet(teacher.split([1]), {
        ops: conv([3]),
        cells: [[{ depth: 1, width }], [{ depth: 1, width: 8 }]],
      });
    const [narrow, wide] = [4, 8].map((width) =>
      space(width)
        .withScores(() => 1)
        .search(),
    );
    expect(narrow.id).toBe(wide.id);
    const front = await lab.pareto([narrow, wide], recipe);
    expect(front.networks).toHaveLength(2);
    const path = front.students[0].save(join(folder, "narrow.json"));
    const network = loadFound(path);
    expect(network.record.architecture.blocks[0][0]).toMatchObject({ kind: "conv", outChannels: 4 });
    network.dispose();
  });
});
