import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, SpaceError } from "../../src/core";
import { networkCost } from "../../src/cost";
import { engine, tf } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { readSafetensors } from "../../src/nn";
import { loadFound, Retrained, saveFound } from "../../src/retrain";
import {
  architecturePreset,
  efficientNets,
  formatTimmNetwork,
  inTimmForm,
  type MBConvLayer,
  mobileNets,
  parseTimmNetwork,
  timmDifference,
} from "../../src/space";
import { openTeacher, Teacher } from "../../src/teacher";
import { pythonHas } from "../teacher/hub";
import { CLASSES, FORMS, ownLogits, pixelsOf, python, teacherOf } from "./forms";

const folder = mkdtempSync(join(tmpdir(), "export-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
const hasTorch = pythonHas("torch");

function expectClose(ours: readonly number[], theirs: readonly number[], within: number): void {
  expect(theirs.length).toBe(ours.length);
  expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])))).toBeLessThan(within);
}

describe.skipIf(!hasTorch)(
  hasTorch ? "as a PyTorch module" : "as a PyTorch module: NOT CHECKED, Debian's python3-torch is absent",
  () => {
    test("each form answers there as here, with its classes, and needs nothing of Blockwise", async () => {
      const forms = Object.keys(FORMS);
      const teachers = forms.map((form) => teacherOf(form));
      for (const [i, form] of forms.entries()) {
        const path = join(folder, `${form}.py`);
        const files = await exportNetwork(teachers[i], "pytorch", path);
        expect(files).toEqual([path, join(folder, `${form}-pytorch.safetensors`)]);
        writeFileSync(join(folder, `${form}.bytes`), pixelsOf(FORMS[form], 2));
      }
      const { height, width, channels } = FORMS.resnet.input;
      const answers = python(
        [
          "import importlib, json, sys, torch",
          "sys.path.insert(0, sys.argv[1])",
          "torch.set_num_threads(1)",
          "answers = []",
          "for form in sys.argv[2:]:",
          "    module = importlib.import_module(form)",
          "    data = bytearray(open(f'{sys.argv[1]}/{form}.bytes', 'rb').read())",
          `    pixels = torch.frombuffer(data, dtype=torch.uint8).reshape(2, ${height}, ${width}, ${channels})`,
          "    with torch.no_grad():",
          "        logits = module.load()(module.preprocess(pixels))",
          "    answers.append([logits.flatten().tolist(), module.CLASSES])",
          "print(json.dumps(answers))",
        ],
        folder,
        ...forms,
      ) as [number[], string[]][];
      for (const [i, form] of forms.entries()) {
        expect(answers[i][1]).toEqual(CLASSES);
        expectClose(ownLogits(teachers[i], pixelsOf(FORMS[form], 2), 2), answers[i][0], 1e-4);
      }
      for (const teacher of teachers) teacher.dispose();
    });
  },
);

describe("in timm's words", () => {
  test.each(["efficientnet", "mobilenet_v2", "mobilenet_v3"])(
    "%s comes back with equal parameters and MACs, and its weights under timm's names",
    async (form) => {
      const teacher = teacherOf(form);
      const path = join(folder, `${form}-timm.safetensors`);
      const [weights, description] = await exportNetwork(teacher, "timm", path);
      const { network, num_classes: classes } = JSON.parse(readFileSync(description, "utf8"));
      const again = parseTimmNetwork(network);
      const { params, macs } = networkCost(again);
      expect([params, macs, again.classes, classes]).toEqual([teacher.cost.params, teacher.cost.macs, 5, 5]);
      expect(formatTimmNetwork(again)).toBe(network);
      expect([...readSafetensors(weights).tensors.keys()]).toContain("conv_stem.weight");
      const read = openTeacher(weights, { arch: again, preprocessing: teacher.preprocessing });
      const pixels = pixelsOf(teacher.architecture, 2);
      expectClose(ownLogits(teacher, pixels, 2), ownLogits(read, pixels, 2), 1e-6);
      for (const of of [teacher, read]) of.dispose();
    },
  );

  test.each([...efficientNets(), ...mobileNets()].map((each) => [each.name, each] as const))(
    "%s is one line that says all of it, and what timm's builder makes of it",
    (name, architecture) => {
      const { dropout: _, dropConnect: __, ...kept } = inTimmForm(architecture);
      expect(parseTimmNetwork(formatTimmNetwork(architecture), name)).toEqual(kept);
      expect(timmDifference(architecture)).toBeUndefined();
    },
  );

  test("what timm's builder would make otherwise is refused with the reason", async () => {
    const [first, second] = FORMS.mobilenet_v2.blocks[0] as MBConvLayer[];
    const narrow = { ...FORMS.mobilenet_v2, blocks: [[{ ...first, outChannels: 12 }, second]] };
    expect(timmDifference(narrow)).toMatch(/multiple of 8, 40, here 36 \(blocks\.0\.1\)/);
    const gated = {
      ...narrow,
      blocks: [
        [
          { ...first, outChannels: 56 },
          { ...second, seRatio: 0.0625 },
        ],
      ],
    };
    expect(timmDifference(gated)).toMatch(/squeezes to 4 channels, here 3/);
    const teacher = teacherOf("resnet");
    await expect(exportNetwork(teacher, "timm", join(folder, "r.safetensors"))).rejects.toThrow(SpaceError);
    expect(existsSync(join(folder, "r.safetensors"))).toBe(false);
    teacher.dispose();
  });

  test.each([
    ["stem_k3_s2_c8 head_k1_s1_c8 fc_c2 pad_same eps_0.001", /"in_\.\.\." is missing/],
    ["in_8x8x3 stem_k3_s2_c8 head_k1_s1_c8 fc_c2 pad_even eps_0.001", /"pad_even" must be same or symmetric/],
    ["in_8x8x3 stem_k3_s2_c8 ir_r1 head_k1_s1_c8 fc_c2 pad_same eps_0.001", /"ir_r1".*missing/],
    ["in_8x8x3 stem_k3_s2_c8 head_k1_s1_c8 fc_c2 fc_c3 pad_same eps_0.001", /"fc" comes twice/],
    ["in_8x8x3 stem_k3_s2_c8 head_k1_s1_c8 hidden_c9 fc_c2 pad_same eps_0.001", /hidden_c9" must be/],
  ])("%s is refused", (text, message) => {
    expect(() => parseTimmNetwork(text)).toThrow(SpaceError);
    expect(() => parseTimmNetwork(text)).toThrow(message);
  });
});

test("weights and record in one file are a teacher again", async () => {
  const teacher = teacherOf("mobilenet_v3");
  const [path] = await exportNetwork(teacher, "safetensors", join(folder, "again.safetensors"));
  const read = openTeacher(path);
  expect([read.fingerprint(), read.accuracy, read.classes]).toEqual([teacher.fingerprint(), 0.75, CLASSES]);
  expect([read.history, read.remarks]).toEqual([teacher.history, teacher.remarks]);
  for (const of of [teacher, read]) of.dispose();
});

test("the folder of a layers model has labels and preprocessing, in files and in the model", async () => {
  const teacher = teacherOf("mobilenet_v3");
  const files = await exportNetwork(teacher, "layers-model", join(folder, "web"));
  expect(files).toEqual(["model.json", "weights.bin", "labels.json"].map((name) => join(folder, "web", name)));
  const labels = JSON.parse(readFileSync(files[2], "utf8"));
  expect(labels).toEqual({ classes: CLASSES, preprocessing: teacher.preprocessing });
  const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(readFileSync(files[0], "utf8"));
  expect(userDefinedMetadata).toEqual(labels);
  const weightData = new Uint8Array(readFileSync(files[1])).buffer;
  const weightSpecs = weightsManifest[0].weights;
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
  expect(model.outputs[0].shape).toEqual([null, 5]);
  model.dispose();
  teacher.dispose();
});

test("the card says what the network is, costs and reaches, and escapes what it is told", async () => {
  const teacher = teacherOf("efficientnet");
  const [path] = await exportNetwork(teacher, "card", join(folder, "card.html"));
  const page = readFileSync(path, "utf8");
  expect(page).toMatch(/^<!DOCTYPE html>/);
  expect(page).toContain("<svg");
  expect(page).not.toContain("<script");
  expect(page).toMatch(/top-1 accuracy, validation split.*75\.00 ?%.*40 images of pictures/s);
  expect(page).toContain("the &quot;dog&quot;");
  expect(page).toContain("not known here: ask whoever gave the images");
  teacher.dispose();
});

test("the card of a teacher that was tuned says so, and its own file keeps that", async () => {
  const { network, architecture, preprocessing, classes, dataset } = teacherOf("mobilenet_v2");
  const epoch = { epoch: 1, loss: 1, trainAccuracy: 0.5, validationAccuracy: 0.5, learningRate: 0.1, durationMs: 1 };
  const history = { epochs: [epoch], accuracy: 0.5, validationImages: 4, imagesPerSecond: 1 };
  const remarks = ["Fine-tuned from a <network>."];
  const teacher = new Teacher(network, { architecture, preprocessing, classes, dataset, history, remarks });
  const [card] = await exportNetwork(teacher, "card", join(folder, "tuned.html"));
  expect(readFileSync(card, "utf8")).toContain("Fine-tuned from a &lt;network&gt;.");
  const [file] = await exportNetwork(teacher, "safetensors", join(folder, "tuned.safetensors"));
  const read = openTeacher(file);
  expect([read.history, read.remarks]).toEqual([history, remarks]);
  for (const of of [teacher, read]) of.dispose();
});

describe("a found network", () => {
  const training = { epochs: 1 };
  const history = { epochs: [], accuracy: 0.5, validationImages: 10, imagesPerSecond: 1 };

  function found(): string {
    const teacher = teacherOf("efficientnet");
    const { network, preprocessing, architecture } = teacher;
    const dataset = { name: "pictures", classes: CLASSES, shape: architecture.input, fingerprint: "f" };
    const retrained = new Retrained(network, dataset, preprocessing, history, training);
    const path = join(folder, "found.json");
    saveFound(path, retrained, { origin: { method: "exact search", budget: { macs: "4M" }, score: 0.125 } });
    teacher.dispose();
    return path;
  }

  test("says on its card how it was found", async () => {
    const network = loadFound(found());
    const [path] = await exportNetwork(network, "card", join(folder, "found.html"));
    expect(readFileSync(path, "utf8")).toMatch(/exact search.*macs 4000000.*0\.12500.*epochs 1/s);
    network.dispose();
  });

  test("keeps its own weights: an export that would take their place is refused, and so are unknown forms and endings", async () => {
    const network = loadFound(found());
    const before = readFileSync(join(folder, "found.safetensors"));
    for (const format of ["safetensors", "timm"] as const) {
      await expect(exportNetwork(network, format, join(folder, "found.safetensors"))).rejects.toThrow(
        /holds the weights of .*found\.json/,
      );
    }
    await exportNetwork(network, "pytorch", join(folder, "found.py"));
    expect(readFileSync(join(folder, "found.safetensors")).equals(before)).toBe(true);
    await expect(exportNetwork(network, "onxx" as never, join(folder, "x"))).rejects.toThrow(/onnx/);
    await expect(exportNetwork(network, "onnx", join(folder, "x.bin"))).rejects.toThrow(/must end with \.onnx/);
    await expect(exportNetwork(network, "card", join(folder, "x.html"), { preprocessing: true })).rejects.toThrow(
      ConfigError,
    );
    await expect(exportNetwork({} as never, "card")).rejects.toThrow(/must be a teacher, or a network/);
    network.dispose();
  });
});

test("a preset's name leaves as it came", () => {
  expect(parseTimmNetwork(formatTimmNetwork(architecturePreset("efficientnet-b0@28px"))).input.channels).toBe(1);
});
