import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { BlockSupernet } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { saveState } from "../../src/nn";
import { rateBlock, rateChains, rateNaive } from "../../src/rate";
import { applyReadout, fitReadout } from "../../src/rate/readout";
import { type Candidate, enumerateBlock } from "../../src/space";
import { parseExperiment } from "../../src/systems/dna";
import { tinyFeatures, tinySpace } from "../distill/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
const mean = (y: tf.Tensor4D) => tf.mean(y, [1, 2]) as tf.Tensor2D;
const features = (seed = 1) => ({
  calibration: tinyFeatures(space, 24, seed),
  rating: tinyFeatures(space, 11, seed + 1000),
  rest: mean,
});
const options = { seed: 1, calibrationImages: 24, batchSize: 8, readout: "linear" } as const;

const normal = (rng: Rng, shape: [number, number, number, number]) =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
    shape,
  );
const mse = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.squaredDifference(a, b)).dataSync()[0];
const mixed = (x: tf.Tensor4D, rng: Rng, outputs: number) =>
  tf.tidy(() => {
    const mix = tf.tensor2d(
      Float32Array.from({ length: x.shape[3] * outputs }, () => rng.normal()),
      [x.shape[3], outputs],
    );
    const y = tf.matMul(tf.reshape(x, [-1, x.shape[3]]) as tf.Tensor2D, mix);
    return tf.add(tf.reshape(y, [...x.shape.slice(0, 3), outputs]), 3) as tf.Tensor4D;
  });

describe("a readout", () => {
  const seeds = fc.integer({ min: 1, max: 10_000 });

  test("gives the teacher's maps back where they are a linear map of the candidate's", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), (seed, inputs, outputs) => {
        const rng = new Rng(seed);
        const x = normal(rng, [9, 4, 4, inputs]);
        const y = mixed(x, rng, outputs);
        const variance = tf.moments(y).variance.dataSync()[0];
        const read = applyReadout(fitReadout(x, y), x);
        expect(read.shape).toEqual(y.shape);
        expect(mse(read, y)).toBeLessThan(1e-4 * (variance + 1));
      }),
      { numRuns: 20 },
    );
  });

  test("no other linear map comes nearer to the teacher's maps, but for what the ridge costs", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = new Rng(seed);
        const x = normal(rng, [9, 4, 4, 3]);
        const y = tf.add(mixed(x, rng, 4), normal(rng, [9, 4, 4, 4])) as tf.Tensor4D;
        const { kernel, bias } = fitReadout(x, y);
        const reached = mse(applyReadout({ kernel, bias }, x), y);
        for (const step of [0.01, 0.1]) {
          const moved = tf.tensor2d(
            kernel.dataSync().map((value) => value + step * rng.normal()),
            [3, 4],
          );
          expect(mse(applyReadout({ kernel: moved, bias }, x), y)).toBeGreaterThan(reached - 1e-4);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("constant and equal channels break nothing: then the mean, or one of them, is read", () => {
    const rng = new Rng(1);
    const y = normal(rng, [9, 4, 4, 2]);
    const constant = tf.fill([9, 4, 4, 3], 7) as tf.Tensor4D;
    const read = applyReadout(fitReadout(constant, y), constant);
    expect(mse(read, y)).toBeCloseTo(mse(tf.mean(y, [0, 1, 2]), y), 4);
    const one = normal(rng, [9, 4, 4, 1]);
    const twice = tf.concat([one, one], 3) as tf.Tensor4D;
    expect(mse(applyReadout(fitReadout(twice, one), twice), one)).toBeLessThan(1e-4);
  });
});

describe("rating behind a readout", () => {
  const withSupernets = async <T>(seed: number, work: (supernets: BlockSupernet[]) => Promise<T>) => {
    const supernets = space.blocks.map((_, block) => new BlockSupernet(space, block, seed));
    try {
      return await work(supernets);
    } finally {
      for (const supernet of supernets) supernet.dispose();
    }
  };

  test("by feature sharing equals rating every candidate on its own, here and by workers", async () => {
    await withSupernets(3, async (supernets) => {
      for (const supernet of supernets) {
        const given = features(3);
        const [shared, naive] = [await rateBlock(supernet, given, options), rateNaive(supernet, given, options)];
        for (const [i, { score, mse: error, path }] of shared.entries()) {
          expect(path).toEqual(naive[i].path);
          expect(score / naive[i].score).toBeCloseTo(1, 4);
          expect(error / naive[i].mse).toBeCloseTo(1, 4);
        }
        const { rest: _, ...plain } = given;
        const alone = await rateBlock(supernet, plain, options, { workers: 0 });
        expect(await rateBlock(supernet, plain, options, { workers: 2 })).toEqual(alone);
      }
    });
  });

  test("it sees what can be read from a candidate, whatever its last layer makes of it", async () => {
    await withSupernets(4, async ([, supernet]) => {
      const given = features(4);
      const rated = (readout: "none" | "linear") =>
        rateBlock(supernet, given, { ...options, readout, score: "relativeMse" });
      const [before, plainBefore] = [await rated("linear"), await rated("none")];
      // Other scales and shifts of what every op emits; the ops before the last are calibrated anew, so only the end counts.
      for (const cell of supernet.cells) {
        for (const op of cell.layers.at(-1)!) {
          for (const [name, variable] of op.parameters()) {
            if (name === "project.norm.gamma") variable.assign(tf.mul(variable, 1.7));
            if (name === "project.norm.beta") variable.assign(tf.add(variable, 0.4));
          }
        }
      }
      const [after, plainAfter] = [await rated("linear"), await rated("none")];
      const end = ({ path, cell }: Candidate) => supernet.cells[cell].adapter === undefined && path.length === 1;
      const places = before.map((_, i) => i).filter((i) => end(before[i]));
      expect(places.length).toBeGreaterThan(0);
      for (const i of places) {
        expect(after[i].score / before[i].score).toBeCloseTo(1, 2);
        expect(Math.abs(plainAfter[i].score / plainBefore[i].score - 1)).toBeGreaterThan(0.05);
      }
    });
  });

  test("of a chain it is fitted at the chain's end; one block's is its candidates'", async () => {
    await withSupernets(5, async (supernets) => {
      const given = features(5);
      const asked = { ...options, score: "divergence" as const };
      const chains = enumerateBlock(space, 1).map((candidate) => [candidate]);
      const rated = await rateChains([supernets[1]], chains, given, asked);
      const expected = await rateBlock(supernets[1], given, asked);
      expect(rated.map(({ score }) => score)).toEqual(expected.map(({ score }) => score));
      const [network] = await rateChains(supernets, [[enumerateBlock(space, 0)[0], chains[0][0]]], given, asked);
      expect(network.score).toBeGreaterThan(0);
      expect(network.score).not.toBe(expected[0].score);
    });
  });

  test("nothing stays allocated, and the supernet is as it was", async () => {
    await withSupernets(6, async ([supernet]) => {
      const state = () =>
        JSON.stringify(supernet.cells.map((cell) => [...saveState(cell)].map(([, { data }]) => [...data])));
      const [before, { numTensors }] = [state(), tf.memory()];
      await rateBlock(supernet, features(6), options);
      expect(state()).toBe(before);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  test("without calibration images there is nothing to fit it on: refused before any work", async () => {
    await withSupernets(7, async ([supernet]) => {
      const rating = rateBlock(supernet, features(7), { ...options, recalibrate: false });
      await expect(rating).rejects.toThrow(ConfigError);
    });
    const file = { rate: { readout: "linear", recalibrate: false } } as const;
    expect(() => parseExperiment(file, "experiment.json")).toThrow(/calibration images/);
  });
});
