import { join } from "node:path";
import { z } from "zod";
import { ConfigError, DataError, packageRoot, readJsonAs, wrongForm } from "../core";
import { enumerateBlock, nasBenchMacroSpace } from "../space";
import { readBenchmark } from "./tables";

/** A network of NAS-Bench-Macro with what its authors measured on CIFAR-10. */
export interface TrueNetwork {
  /** Canonical: eight digits, in a stage the identities before the operations. */
  readonly key: string;
  /** Mean test accuracy of the trainings, percent. */
  readonly accuracy: number;
  /** Test accuracy of each of three trainings, percent. */
  readonly trainings: readonly number[];
  /** Multiply-adds of convolutions and linear layers. */
  readonly macs: number;
  readonly params: number;
}

const entry = z.object({
  test_acc: z.array(z.number()).min(1),
  mean_acc: z.number(),
  params: z.number(),
  flops: z.number(),
});
const schema = z.record(z.string().regex(/^[012]{8}$/), entry);

/**
 * Reads NAS-Bench-Macro (Su et al., CVPR 2021): of its 6,561 keys the canonical ones, which are the 3,969 distinct networks.
 * @param place "nas-bench-macro", the table that ships with the package, or the path of one of the same form.
 * @throws DataError when the file is absent, malformed or lacks a network.
 */
export function readTruth(place = "nas-bench-macro"): TrueNetwork[] {
  const value = readBenchmark("nas-bench-macro", place);
  const table = schema.safeParse(value);
  const Refused = place === "nas-bench-macro" ? DataError : ConfigError;
  if (!table.success) {
    throw new Refused(
      `NAS-Bench-Macro: ${place} must be the benchmark's table, and is not (${wrongForm(table.error, value)}); leave it out for the one that ships with Blockwise`,
      {
        place,
      },
    );
  }
  return canonicalKeys().map((key) => {
    const found = table.data[key];
    if (!found)
      throw new Refused(
        `NAS-Bench-Macro: ${place} must have the network ${key}, and lacks it; leave it out for the table that ships with Blockwise`,
        { place, key },
      );
    return { key, accuracy: found.mean_acc, trainings: found.test_acc, macs: found.flops, params: found.params };
  });
}

/** The 3,969 canonical keys in counting order. */
export function canonicalKeys(): string[] {
  const space = nasBenchMacroSpace();
  const parts = space.blocks.map((_, block) => enumerateBlock(space, block).map(({ path }) => path.join("")));
  return parts.reduce((keys, digits) => keys.flatMap((key) => digits.map((part) => key + part)), [""]);
}

/** The digits of each block's layers of a key, for blocks that end after the given layers: "20111222" at 2, 5 is 20, 111, 222. */
export function blockDigits(key: string, cuts: readonly number[]): string[] {
  const ends = [...cuts, key.length];
  return ends.map((end, i) => key.slice(ends[i - 1] ?? 0, end));
}

const keyList = z.array(z.string().regex(/^[012]{8}$/));
const lists = new Map<string, readonly string[]>();

/** Keys that ship with the package, not a draw: they stay the same, whatever becomes of the generator. */
function keysOf(name: string, what: string): readonly string[] {
  const path = join(packageRoot(), "data", "benchmarks", `nas-bench-macro.${name}.json`);
  const keys = lists.get(name) ?? readJsonAs(path, keyList, { what, mend: "install Blockwise anew" });
  lists.set(name, keys);
  return keys;
}

/**
 * Keys of the networks on which a study may tune; all others are for reporting. A committed list.
 * @throws CheckpointError when the list is absent or malformed.
 */
export function tuningKeys(): readonly string[] {
  return keysOf("tuning", "keys of NAS-Bench-Macro on which studies tune");
}

/**
 * Networks to report on where all are too many, the tuning ones left out, by key; a smaller sample lies inside a larger one:
 * the first of a committed list, in which all of them stand in an order that was drawn once.
 * @throws CheckpointError when the list is absent or malformed.
 */
export function reportedSample(count: number): string[] {
  return keysOf("reported", "keys of NAS-Bench-Macro to report on").slice(0, count).sort();
}
