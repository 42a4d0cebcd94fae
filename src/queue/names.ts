/** Begins all of Blockwise's keys in a Redis. */
export const PREFIX = "blockwise";

/** The queue of all that round alike and have the same tasks: whoever does not never sees them. */
export function queueName(kind: string): string {
  return `tasks-${kind}`;
}

/** Exists as long as somebody waits for the call's tasks. */
export function callKey(call: string): string {
  return `${PREFIX}:call:${call}`;
}

/** Where it is told that a call's tasks shall stop. */
export const STOP_CHANNEL = `${PREFIX}:stop`;

/** A list of the notes that a task has told and nobody has heard. */
export function notesKey(job: string): string {
  return `${PREFIX}:notes:${job}`;
}

/** A call whose key was not renewed for so long has nobody who waits (in s). */
export const CALL_SECONDS = 120;
