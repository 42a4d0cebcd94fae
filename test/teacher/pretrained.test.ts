import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckpointError, ConfigError, fingerprint, Rng, SpaceError } from "../../src/core";
import { networkCost } from "../../src/cost";
import { engine, tf } from "../../src/engine";
import {
  Network,
  namingOf,
  readSafetensors,
  type StoredTensor,
  saveState,
  stateShapes,
  toPyTorch,
  writeSafetensors,
} from "../../src/nn";
import { type Architecture, architecturePreset, efficientNets, mobileNets, resNets } from "../../src/space";
import { openPyTorchTeacher, openTeacher, type Teacher, teacherFromTorchvision } from "../../src/teacher";
import { dictionary, tensor as pickledTensor, pthBytes } from "../nn/pth-file";
import { countedByTorch, pythonHas, writeHubWeights } from "./hub";

const NETS: readonly (readonly [name: string, height: number, width: number])[] = [
  ["efficientnet_b0", 64, 64],
  ["efficientnet_b3", 65, 48],
  ["mobilenet_v2", 64, 64],
  ["mobilenet_v3_large", 96, 61],
  ["mobilenet_v3_small", 64, 64],
  ["resnet18", 64, 64],
  ["resnet34", 33, 64],
  ["resnet50", 64, 64],
];
const hasTorchvision = pythonHas("torch", "torchvision");
const folder = mkdtempSync(join(tmpdir(), "pretrained-"));
const file = (name: string) => join(folder, `${name}.safetensors`);
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

/** Largest distance of answers from those of PyTorch, as a share of the latter's largest. */
function off(teacher: Teacher, seen: Map<string, StoredTensor>): number {
  const { height, width, channels } = teacher.architecture.input;
  const ours = tf.tidy(() => {
    const images = tf.tensor4d(seen.get("images")!.data, [1, height, width, channels]);
    return teacher.logits(images).dataSync() as Float32Array;
  });
  const theirs = seen.get("logits")!.data;
  const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0) / largest;
}

describe.skipIf(!hasTorchvision)(
  hasTorchvision
    ? "weights of torchvision"
    : "weights of torchvision: NOT CHECKED, Debian's python3-torchvision is absent",
  () => {
    beforeAll(() => {
      const specs = NETS.map(([name, height, width]) => `${name}:${height}x${width}`);
      specs[4] += ":half";
      writeHubWeights(folder, specs);
    });

    test.each(NETS)("%s is known by its tensors, and answers and costs what it does there", (name, height, width) => {
      const before = tf.memory().numTensors;
      const teacher = openTeacher(file(name), { input: { height, width } });
      expect([teacher.architecture.name, teacher.classes.length]).toEqual([name, 1000]);
      expect(teacher.preprocessing.mean).toEqual([0.485, 0.456, 0.406]);
      const { params, macs } = teacher.cost;
      expect({ params, macs }).toEqual(countedByTorch(folder, name));
      const { tensors } = readSafetensors(file(`${name}-seen`));
      expect(off(teacher, tensors)).toBeLessThan(1e-3);
      // Not because all answers are alike.
      const logits = tensors.get("logits")!.data;
      expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(1);
      teacher.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test("half precision of both kinds answers as float32 does, to its precision", () => {
      const { tensors } = readSafetensors(file("mobilenet_v3_small-seen"));
      const answers = ["-half", "-bfloat"].map((kind) => {
        const teacher = openTeacher(file(`mobilenet_v3_small${kind}`), { input: { height: 64, width: 64 } });
        const far = off(teacher, tensors);
        teacher.dispose();
        return far;
      });
      expect(answers[0]).toBeLessThan(0.02);
      expect(answers[1]).toBeLessThan(0.15);
      expect(answers[0]).toBeLessThan(answers[1]);
    });

    test("such a teacher can be split, saved and read again", () => {
      const teacher = teacherFromTorchvision(file("resnet18"), "resnet18", { dataset: "mine", accuracy: 0.7 });
      const blocks = teacher.split("stages");
      expect(blocks.map(({ output }) => [output.height, output.channels])).toEqual([
        [56, 64],
        [28, 128],
        [14, 256],
        [7, 512],
      ]);
      const path = file("saved");
      teacher.save(path);
      const read = openTeacher(path);
      expect([read.fingerprint(), read.accuracy, read.dataset]).toEqual([teacher.fingerprint(), 0.7, "mine"]);
      for (const of of [teacher, read]) of.dispose();
      expect(() => openTeacher(path, { arch: "resnet18" })).toThrow(/arch is for weights of torchvision or timm/);
    });

    test("a missing tensor, one too many, another network's file and another network are refused, and leave no tensor", () => {
      const before = tf.memory().numTensors;
      const { tensors } = readSafetensors(file("resnet18"));
      const torn = new Map(tensors);
      torn.delete("layer2.0.downsample.1.running_var");
      writeSafetensors(file("torn"), torn);
      expect(() => openTeacher(file("torn"))).toThrow(/layer2\.0\.downsample\.1\.running_var/);
      expect(() => teacherFromTorchvision(file("torn"), "resnet18")).toThrow(/layer2\.0\.downsample\.1\.running_var/);
      // ResNet-34 has all that ResNet-18 has, and more.
      expect(() => openTeacher(file("resnet34"), { arch: "resnet18" })).toThrow(/"layer1\.2\.\S+" is no tensor of it/);
      expect(() => teacherFromTorchvision(file("resnet18"), "efficientnet_b0")).toThrow(CheckpointError);
      expect(() => teacherFromTorchvision(file("resnet18"), "dna-a")).toThrow(SpaceError);
      expect(() => openTeacher(file("resnet18"), { arch: "resnet19" })).toThrow(/unknown preset/);
      const ten = { ...architecturePreset("resnet18"), classes: 10 };
      expect(() => teacherFromTorchvision(file("resnet18"), ten)).toThrow(/"fc.weight" must be \[10,512\], got/);
      expect(() => openTeacher(file("resnet18"), { classes: ["a"] })).toThrow(/classes must name the 1000/);
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);

/** A network's weights under a library's names. */
function written(path: string, network: Network, library: "torchvision" | "timm", prefix = ""): void {
  const naming = namingOf(library, network.architecture);
  const tensors = [...saveState(network)].map(([own, tensor]): [string, StoredTensor] => {
    const { name, rank } = naming(own);
    return [prefix + name, toPyTorch(tensor, own, rank)];
  });
  writeSafetensors(path, new Map(tensors));
}

function small(name: string): Architecture {
  return { ...architecturePreset(name), input: { height: 32, width: 32, channels: 3 }, classes: 7 };
}

describe("weights of timm", () => {
  test.each([
    ["mobilenetv3_small_100", "plain", "symmetric", 1e-5],
    ["mobilenetv3_small_100", "tf_mobilenetv3_small_100.in1k", "same", 1e-3],
    ["mobilenetv2_100", "anything", "symmetric", 1e-5],
    ["tf_efficientnet_b0", "tf_efficientnet_b0.ns_jft_in1k", "same", 1e-3],
  ] as const)(
    "%s in a file called %s is known with its classes, padding and epsilon",
    (name, called, padding, epsilon) => {
      const network = new Network(small(name), new Rng(1));
      written(file(called), network, "timm");
      const teacher = openTeacher(file(called), { input: { height: 32, width: 32 } });
      expect(teacher.architecture).toMatchObject({ padding, batchNormEpsilon: epsilon, classes: 7 });
      expect(fingerprint(saveState(teacher.network))).toBe(fingerprint(saveState(network)));
      const isTold = called !== "plain" || teacher.remarks.some((remark) => remark.includes(`arch: "tf_${name}"`));
      expect(isTold).toBe(true);
      for (const of of [network, teacher]) of.dispose();
    },
  );

  test("the hub's description beside the file says how it sees images, and whose weights it is", () => {
    const own = mkdtempSync(join(folder, "hub-"));
    const network = new Network(small("mobilenetv3_small_100"), new Rng(1));
    written(join(own, "model.safetensors"), network, "timm");
    const mean = [0.5, 0.5, 0.5];
    const config = { architecture: "tf_mobilenetv3_small_100", num_classes: 7, pretrained_cfg: { mean, std: mean } };
    writeFileSync(join(own, "config.json"), JSON.stringify(config));
    const teacher = openTeacher(join(own, "model.safetensors"));
    expect([teacher.preprocessing, teacher.architecture.name]).toEqual([
      { mean, std: mean },
      "tf_mobilenetv3_small_100",
    ]);
    teacher.dispose();
    const bytes = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
    expect(() => openTeacher(join(own, "model.safetensors"), { preprocessing: bytes })).toThrow(
      /scale 0\.\.1.*divide them by 255: \{ mean: \[0\.485, 0\.456, 0\.406\], std: \[0\.229, 0\.224, 0\.225\] \}/,
    );
    const itself = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };
    openTeacher(join(own, "model.safetensors"), { preprocessing: itself }).dispose();
    writeFileSync(join(own, "config.json"), JSON.stringify({ ...config, pretrained_cfg: { mean: "half" } }));
    expect(() => openTeacher(join(own, "model.safetensors"))).toThrow(/config\.json.*mean/s);
    network.dispose();
  });

  test.each(["module.", "model.module.", "_orig_mod."])("names behind %s are those of the network", (prefix) => {
    const network = new Network(small("mobilenetv3_small_100"), new Rng(1));
    written(file("wrapped"), network, "timm", prefix);
    const teacher = openTeacher(file("wrapped"));
    expect(teacher.architecture.name).toBe("mobilenetv3_small_100");
    for (const of of [network, teacher]) of.dispose();
  });

  test("a variance below 0 and a weight that is not finite are refused under the names that the file has", () => {
    const network = new Network(small("mobilenetv3_small_100"), new Rng(1));
    const naming = namingOf("timm", network.architecture);
    for (const [part, value, message] of [
      [
        "runningVariance",
        -1,
        /teacher: .*odd\.safetensors: tensor "[\w.]+\.running_var" must be a variance, 0 or above/,
      ],
      ["kernel", Number.NaN, /tensor "[\w.]+\.weight" must have finite values only, and has NaN at place/],
    ] as const) {
      const tensors = [...saveState(network)].map(([own, tensor]): [string, StoredTensor] => {
        const { name, rank } = naming(own);
        return [name, toPyTorch(tensor, own, rank)];
      });
      const own = [...saveState(network).keys()].findIndex((name) => name.endsWith(part));
      tensors[own][1].data[1] = value;
      writeSafetensors(file("odd"), new Map(tensors));
      expect(() => openTeacher(file("odd"))).toThrow(message);
    }
    network.dispose();
  });

  test("of a training script's .pth the running mean of the weights is the teacher, which says so", async () => {
    const [raw, mean] = [1, 2].map((seed) => new Network(small("mobilenetv3_small_100"), new Rng(seed)));
    const naming = namingOf("timm", raw.architecture);
    const values: Record<string, Uint8Array> = {};
    const state = (network: Network, prefix: string) =>
      dictionary(
        Object.fromEntries(
          [...saveState(network)].map(([own, tensor]) => {
            const { name, rank } = naming(own);
            const { shape, data } = toPyTorch(tensor, own, rank);
            const key = `${Object.keys(values).length}`;
            values[key] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
            return [prefix + name, pickledTensor(key, { count: data.length, shape })];
          }),
        ),
      );
    const path = join(folder, "checkpoint.pth");
    writeFileSync(
      path,
      pthBytes(dictionary({ state_dict: state(raw, ""), state_dict_ema: state(mean, "module.") }), values),
    );
    const teacher = await openPyTorchTeacher(path);
    expect(fingerprint(saveState(teacher.network))).toBe(fingerprint(saveState(mean)));
    expect(teacher.remarks[0]).toMatch(/state_dict_ema was taken, the running mean .* and state_dict left aside/);
    for (const of of [raw, mean, teacher]) of.dispose();
  });

  test("what is no network that is known is refused with the names that it has", () => {
    writeSafetensors(file("odd"), new Map([["encoder.weight", { shape: [1], data: new Float32Array(1) }]]));
    expect(() => openTeacher(file("odd"))).toThrow(/torchvision's or timm's names of .*"encoder\.weight"/);
    expect(() => openTeacher(file("odd"), { arch: "resnet18" })).toThrow(CheckpointError);
    expect(() => openTeacher(file("odd"), { kind: 1 } as never)).toThrow(ConfigError);
  });
});

test.each([...efficientNets(), ...mobileNets(), ...resNets()].map((each) => [each.name, each] as const))(
  "%s has a name of each library for each of its tensors, no name twice, and its parameters",
  (_, architecture) => {
    const shapes = stateShapes(architecture);
    for (const library of ["torchvision", "timm"] as const) {
      const names = [...shapes.keys()].map((own) => namingOf(library, architecture)(own).name);
      expect(new Set(names).size).toBe(shapes.size);
      expect(names.filter((name) => /undefined|NaN|-1/.test(name))).toEqual([]);
    }
    const trained = [...shapes].filter(([name]) => !name.includes("running"));
    const params = trained.reduce((sum, [, shape]) => sum + shape.reduce((product, n) => product * n, 1), 0);
    expect(params).toBe(networkCost(architecture).params);
  },
);

test.each(["mobilenet_v3_small", "resnet18", "efficientnet-tiny@28px"])(
  "the sizes of %s's tensors are those of the network that is built",
  (name) => {
    const network = new Network(architecturePreset(name), new Rng(0));
    const built = [...saveState(network)].map(([own, { shape }]) => [own, shape] as const);
    expect(new Map(built)).toEqual(stateShapes(network.architecture));
    network.dispose();
  },
);
