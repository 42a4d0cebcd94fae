/** Specs of tfjs-core that are not run on the native backend, by a part of their full name, and why. */
const EXCLUSIONS: readonly { part: RegExp; reason: string }[] = [];

/** Why the spec of this full name is not run, or undefined. */
export function exclusionFor(name: string): string | undefined {
  return EXCLUSIONS.find(({ part }) => part.test(name))?.reason;
}
