import { z } from "zod";
import { ConfigError } from "../core";
import { OBJECT_NAME } from "./object-store";
import { SENT } from "./stored-values";

/** Bytes of JSON that one message may have; what is larger belongs into blobs. */
export const MOST_BYTES = 2 ** 20;

/** A call of the executor, and its tasks' ids: a random UUID. */
const CALL = z.uuid();

/**
 * A task on the queue. It has no code and no path: the worker looks the name up among the tasks that it was started with, and
 * blobs are objects of the worker's own store.
 */
export const TASK_MESSAGE = z.strictObject({
  call: CALL,
  task: z.string().min(1).max(100),
  input: SENT,
  /** Objects of the blobs that the input refers to, by their fingerprints. */
  blobs: z.record(z.string().regex(/^[0-9a-f]{16}$/), z.string().regex(OBJECT_NAME)),
  /** The last note that a killed attempt's work can be taken up from. */
  reached: SENT.optional(),
});

export type TaskMessage = z.infer<typeof TASK_MESSAGE>;

/** What became of a task. */
export const OUTCOME = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("done"), output: SENT }),
  /** With a `Thrown`. */
  z.strictObject({ kind: z.literal("failed"), thrown: SENT }),
]);

export type JobOutcome = z.infer<typeof OUTCOME>;

/**
 * Reads a message.
 * @param what For messages, e.g. "a task".
 * @throws ConfigError for one that is too large or of another form.
 */
export function parseMessage<Message>(schema: z.ZodType<Message>, what: string, given: unknown): Message {
  const size = Buffer.byteLength(JSON.stringify(given) ?? "");
  if (size > MOST_BYTES) {
    throw new ConfigError(
      `queue: ${what} must have at most ${MOST_BYTES} bytes, got ${size}; what is large belongs into blobs`,
      { size, most: MOST_BYTES },
    );
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new ConfigError(
    `queue: ${what} must be as Blockwise writes it, and ${path.length > 0 ? path.join(".") : "it"} is not: ${message}; it is refused`,
    { path: path.map(String) },
  );
}
