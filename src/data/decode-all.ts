import { createHash } from "node:crypto";
import { breathe, DataError, decoderReason, Progress, type StepContext } from "../core";
import { decodePicture, pictureHeader } from "./decode-picture";
import { type ImageShape, imageSize } from "./image-shape";
import { type PictureFile, TOGETHER } from "./picture-files";
import { type LabelledFile, listed } from "./picture-layout";

/** Largest side, in pixels, that is taken from the pictures themselves. */
export const LARGEST_SIDE = 512;

/** What is kept beside the pixels. */
export interface DecodeFacts {
  readonly shape: ImageShape;
  /** Path and reason, by the place among all files. */
  readonly unreadable: readonly { readonly at: number; readonly path: string; readonly why: string }[];
  /** Pictures of validation and test whose bytes are those of a training picture. */
  readonly alsoInTrain: number;
}

export type ShapeRequest = Partial<ImageShape>;

/** What to decode. */
export interface Decoding {
  readonly name: string;
  /** Training, validation and test pictures. */
  readonly parts: readonly (readonly LabelledFile[])[];
  readonly shape: ImageShape;
  /** Pictures of another size are not scaled, but count as damaged. */
  readonly exact: boolean;
}

/**
 * Decodes all pictures beside the main thread, a bounded number of them at once, and hands each over as it is done.
 * @param write Takes a picture's values at their place, in bytes.
 * @throws InterruptedError when stopped.
 */
export async function decodeAll(
  { name, parts, shape, exact }: Decoding,
  write: (at: number, values: Uint8Array) => void,
  context: StepContext,
): Promise<DecodeFacts> {
  const files = parts.flat().map(({ file }) => file);
  const size = imageSize(shape);
  const digests: string[] = [];
  const unreadable = new Map<number, { at: number; path: string; why: string }>();
  await together(`decode ${name}`, files, context, async (file, at) => {
    let values: Uint8Array;
    try {
      const bytes = await file.read();
      digests[at] = createHash("sha256").update(bytes).digest("base64");
      values = (await decodePicture(bytes, shape, { exact })).values;
    } catch (error) {
      unreadable.set(at, { at, path: file.path, why: shortReason(error) });
      return;
    }
    write(at * size, values);
  });
  const ofTrain = new Set(digests.slice(0, parts[0].length));
  const alsoInTrain = digests.slice(parts[0].length).filter((digest) => digest && ofTrain.has(digest)).length;
  const inOrder = [...unreadable.values()].sort((a, b) => a.at - b.at);
  return { shape, unreadable: inOrder, alsoInTrain };
}

/** The shape asked for, completed by what all pictures have in common. */
export async function commonShape(
  name: string,
  files: readonly PictureFile[],
  request: ShapeRequest,
  context: StepContext,
): Promise<ImageShape> {
  const { height, width, channels } = request;
  if (height !== undefined && width !== undefined && channels !== undefined) return { height, width, channels };
  const sizes = new Map<string, { count: number; example: string; height: number; width: number }>();
  let grey = true;
  await together(`measure ${name}`, files, context, async (file) => {
    // What cannot be read is told when it is decoded.
    const header = await file
      .read()
      .then(pictureHeader)
      .catch(() => undefined);
    if (!header) return;
    grey &&= header.grey;
    const size = `${header.height}x${header.width}`;
    const of = sizes.get(size) ?? { count: 0, example: file.path, height: header.height, width: header.width };
    sizes.set(size, { ...of, count: of.count + 1 });
  });
  if (sizes.size === 0) throw allMustBeReadable(name, [], files.length);
  const common = { channels: channels ?? (grey ? 1 : 3) };
  if (height !== undefined && width !== undefined) return { height, width, ...common };
  const [first, ...others] = [...sizes].sort(([, a], [, b]) => b.count - a.count);
  if (others.length > 0) {
    const kinds = [first, ...others].map(([size, { count, example }]) => `${size} (${count}, e.g. ${example})`);
    throw new DataError(
      `${name}: pictures must have one size when no \`shape\` is given, and have ${sizes.size}: ${listed(kinds)} (height x width); give the size that all are scaled to, e.g. \`shape: 64\` for 64x64 (in an experiment's file \`"data": { "shape": 64 }\`)`,
      { sizes: [...sizes.keys()] },
    );
  }
  const [size, of] = first;
  if (of.height > LARGEST_SIDE || of.width > LARGEST_SIDE) {
    throw new DataError(
      `${name}: all pictures are ${size} (height x width), and sizes above ${LARGEST_SIDE} are taken only when given; give \`shape\`, e.g. \`shape: 64\` to scale them to 64x64`,
      { size },
    );
  }
  return { height: of.height, width: of.width, ...common };
}

/** Does something for every file: {@link TOGETHER} at once, the next as soon as one is done. @throws InterruptedError when stopped. */
async function together(
  task: string,
  files: readonly PictureFile[],
  context: StepContext,
  work: (file: PictureFile, at: number) => Promise<void>,
): Promise<void> {
  const progress = new Progress(context, task, files.length, "images");
  let next = 0;
  const inTurn = async () => {
    try {
      while (next < files.length) {
        const at = next++;
        await work(files[at], at);
        progress.advance();
        if (at % TOGETHER === 0) await breathe();
      }
    } catch (error) {
      // The others end with what they have begun.
      next = files.length;
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: TOGETHER }, inTurn));
  const failed = ended.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

export function allMustBeReadable(name: string, unreadable: DecodeFacts["unreadable"], total: number): DataError {
  const count = unreadable.length || total;
  const which = unreadable.length > 0 ? `: ${told(unreadable)}` : "";
  return new DataError(
    `${name}: every image must be readable, ${count} of ${total} are not${which}; delete or replace them`,
    { damaged: unreadable.map(({ path }) => path) },
  );
}

export function told(unreadable: DecodeFacts["unreadable"]): string {
  return listed(unreadable.map(({ path, why }) => `${path} (${why})`));
}

/** What the decoder says, without its names for a buffer and for its parts ("vipspng:"). */
function shortReason(error: unknown): string {
  return decoderReason(error).replace(/^(Input buffer|vips\w+:) /, "");
}
