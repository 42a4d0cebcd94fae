import { CheckpointError } from "../core";
import { engine } from "./engine";
import { tf } from "./tf";

/**
 * Names what rounds alike: the engine in use, the kind of its device, and the instruction set of the native kernels, as
 * "native on cpu with avx512". Equal computations give equal bytes inside one class, and may differ in the last digits from
 * class to class.
 */
export function roundingClass(): string {
  const { backend = tf.getBackend() || "none", device, isa } = engine.info();
  return `${backend} on ${device.replace(/:\d+$/, "")}${isa === undefined ? "" : ` with ${isa}`}`;
}

/** Before there were wider kernels, states did not name their instruction set: it was no wider than avx2. */
function mayBe(begun: string, now: string): boolean {
  return begun === now || (/^native on cpu$/.test(begun) && /^native on cpu with (base|avx2)$/.test(now));
}

/**
 * Refuses to go on, with another engine, from a state that is not complete: the result would be neither engine's.
 * @param begun {@link roundingClass} of the state; undefined in files that do not say.
 * @throws CheckpointError naming both.
 */
export function checkRounding(begun: string | undefined, place: string): void {
  const now = roundingClass();
  if (begun === undefined || mayBe(begun, now)) return;
  const [name, where] = begun.split(" on ");
  const [device, isa = name === "native" && where === "cpu" ? "avx2" : undefined] = where.split(" with ");
  const environment = `BLOCKWISE_ENGINE=${name}${isa === undefined ? "" : ` BLOCKWISE_ISA=${isa}`}`;
  throw new CheckpointError(
    `the state in ${place} was begun with the engine ${begun}, and ${now} is in use: they round differently, so that the result would be neither's; go on with engine.use("${name}"${device === "cpu" ? "" : `, { device: "${device}" }`}) (${environment} on the command line), or delete the state to begin anew`,
    { place, begun, now },
  );
}
