import { CheckpointError } from "../core";
import { engine } from "./engine";
import { tf } from "./tf";

/**
 * Names what rounds alike: the engine in use and the kind of its device. Equal computations give equal bytes inside one
 * class, and may differ in the last digits from class to class.
 */
export function roundingClass(): string {
  const { backend = tf.getBackend() || "none", device } = engine.info();
  return `${backend} on ${device.replace(/:\d+$/, "")}`;
}

/**
 * Refuses to go on, with another engine, from a state that is not complete: the result would be neither engine's.
 * @param begun {@link roundingClass} of the state; undefined in files that do not say.
 * @throws CheckpointError naming both.
 */
export function checkRounding(begun: string | undefined, place: string): void {
  const now = roundingClass();
  if (begun === undefined || begun === now) return;
  const [name, device] = begun.split(" on ");
  throw new CheckpointError(
    `the state in ${place} was begun with the engine ${begun}, and ${now} is in use: they round differently, so that the result would be neither's; go on with engine.use("${name}"${device === "cpu" ? "" : `, { device: "${device}" }`}) (BLOCKWISE_ENGINE=${name} on the command line), or delete the state to begin anew`,
    { place, begun, now },
  );
}
