import { createHash } from "node:crypto";
import { totalmem } from "node:os";
import sharp from "sharp";
import { breathe, DataError, fingerprint, formatCount, Progress, type StepContext } from "../core";
import { decodePicture, pictureHeader } from "./decode-picture";
import { type ImageShape, imageSize } from "./image-shape";
import { type DecodedPictures, keptPictures } from "./picture-cache";
import { type PictureFile, pictureFiles, TOGETHER } from "./picture-files";
import { type LabelledFile, listed, pictureLayout } from "./picture-layout";
import { emptyLabels, type RawDataset, type Split } from "./types";

/**
 * The shape that pictures are brought to: the side of a square, `[height, width]`, `[height, width, channels]`, or by name.
 * Channels are 3 unless given, 1 where all pictures are grey.
 */
export type PictureShape =
  | number
  | readonly [height: number, width: number]
  | readonly [height: number, width: number, channels: number]
  | { readonly height: number; readonly width: number; readonly channels?: number };

export interface PictureOptions {
  /** The size that all pictures have, unless given; refused when they differ, or are larger than {@link LARGEST_SIDE}. */
  readonly shape?: PictureShape;
  /** A picture that cannot be read is an error; otherwise it is left out and listed in the remarks. */
  readonly strict?: boolean;
}

export interface KnownPictures {
  /** The classes in their order, those of the folders when left out. */
  readonly classes?: readonly string[];
  /** Pictures of another size are not scaled, but count as damaged. */
  readonly exact?: boolean;
}

/** Largest side, in pixels, that is taken from the pictures themselves. */
export const LARGEST_SIDE = 512;

/**
 * Reads pictures that are sorted into folders, from a folder or a zip file of it; see {@link pictureLayout} for the layouts
 * and {@link decodePicture} for what is done to a picture. What was decoded is kept in the cache under the content of all
 * files, so that another call takes a moment.
 * @throws DataError when there is no such place or layout, a class has no readable picture, sizes differ and no shape is given,
 *   or the pictures do not fit into memory; InterruptedError when stopped.
 */
export async function readPictures(
  name: string,
  place: string,
  { shape: wanted, strict = false }: PictureOptions,
  context: StepContext,
  { classes: known, exact = false }: KnownPictures = {},
): Promise<RawDataset> {
  const request = wanted === undefined ? {} : parsedShape(name, wanted);
  const found = await pictureFiles(name, place);
  try {
    const layout = pictureLayout(name, place, found, known);
    const parts = [layout.train, layout.validation ?? [], layout.test ?? []];
    const files = parts.flat();
    const some = files.map(({ file }) => file);
    const key = fingerprint({
      pictures: await found.digest(some, context),
      paths: parts.map((part) => part.map(({ file }) => file.path)),
      request,
      exact,
      // Another decoder may round otherwise.
      decoder: sharp.versions.vips,
    });
    const decoded = await keptPictures(key, () => decodeAll(name, parts, request, exact, context));
    const { shape, unreadable, alsoInTrain } = decoded.facts;
    if (strict && unreadable.length > 0) throw allMustBeReadable(name, unreadable, files.length);
    const remarks = [...layout.remarks];
    if (unreadable.length > 0) {
      remarks.push(
        `${unreadable.length} of ${files.length} pictures cannot be read and are left out: ${told(unreadable)}.`,
      );
    }
    if (alsoInTrain > 0) {
      remarks.push(
        `${alsoInTrain} pictures of the other parts are also in train, byte for byte: accuracies on them mean less.`,
      );
    }
    const splits = new Splits(name, decoded, layout.classes, parts);
    return {
      name,
      classes: layout.classes,
      shape,
      train: splits.take(0, "train"),
      ...(layout.validation && { validation: splits.take(1, "validation") }),
      ...(layout.test && { test: splits.take(2, "test") }),
      ...(remarks.length > 0 && { remarks }),
    };
  } finally {
    found.close();
  }
}

/** What is kept beside the pixels. */
interface Facts {
  readonly shape: ImageShape;
  /** Path and reason, by the place among all files. */
  readonly unreadable: readonly { readonly at: number; readonly path: string; readonly why: string }[];
  /** Pictures of validation and test whose bytes are those of a training picture. */
  readonly alsoInTrain: number;
}

type ShapeRequest = Partial<ImageShape>;

async function decodeAll(
  name: string,
  parts: readonly (readonly LabelledFile[])[],
  request: ShapeRequest,
  exact: boolean,
  context: StepContext,
): Promise<DecodedPictures<Facts>> {
  const files = parts.flat().map(({ file }) => file);
  const shape = await commonShape(name, files, request, context);
  const size = imageSize(shape);
  checkMemory(name, files.length, shape);
  const values = new Uint8Array(files.length * size);
  const digests: string[] = [];
  const unreadable = new Map<number, { at: number; path: string; why: string }>();
  await together(`decode ${name}`, files, context, async (file, at) => {
    try {
      const bytes = await file.read();
      digests[at] = createHash("sha256").update(bytes).digest("base64");
      values.set((await decodePicture(bytes, shape, { exact })).values, at * size);
    } catch (error) {
      unreadable.set(at, { at, path: file.path, why: shortReason(error) });
    }
  });
  const ofTrain = new Set(digests.slice(0, parts[0].length));
  const alsoInTrain = digests.slice(parts[0].length).filter((digest) => digest && ofTrain.has(digest)).length;
  const inOrder = [...unreadable.values()].sort((a, b) => a.at - b.at);
  return { facts: { shape, unreadable: inOrder, alsoInTrain }, values };
}

/** The shape asked for, completed by what all pictures have in common. */
async function commonShape(
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

/** Does something for every file, {@link TOGETHER} at once. @throws InterruptedError when stopped. */
async function together(
  task: string,
  files: readonly PictureFile[],
  context: StepContext,
  work: (file: PictureFile, at: number) => Promise<void>,
): Promise<void> {
  const progress = new Progress(context, task, files.length, "images");
  for (let from = 0; from < files.length; from += TOGETHER) {
    const group = files.slice(from, from + TOGETHER);
    await Promise.all(group.map((file, i) => work(file, from + i)));
    progress.advance(group.length);
    await breathe();
  }
}

/** Cuts the decoded values into splits, without the pictures that cannot be read. */
class Splits {
  private readonly unreadable: ReadonlySet<number>;

  constructor(
    private readonly name: string,
    private readonly decoded: DecodedPictures<Facts>,
    private readonly classes: readonly string[],
    private readonly parts: readonly (readonly LabelledFile[])[],
  ) {
    this.unreadable = new Set(decoded.facts.unreadable.map(({ at }) => at));
  }

  /** @throws DataError when a class has pictures, and none can be read. */
  take(part: number, title: string): Split {
    const start = this.parts.slice(0, part).reduce((sum, { length }) => sum + length, 0);
    const files = this.parts[part];
    const good = files.flatMap((_, i) => (this.unreadable.has(start + i) ? [] : [i]));
    this.checkClasses(files, good, title);
    const { facts, values } = this.decoded;
    const size = imageSize(facts.shape);
    const images = new Uint8Array(good.length * size);
    const labels = emptyLabels(good.length, this.classes.length);
    good.forEach((i, at) => {
      images.set(values.subarray((start + i) * size, (start + i + 1) * size), at * size);
      labels[at] = files[i].label;
    });
    return { count: good.length, images, labels };
  }

  private checkClasses(files: readonly LabelledFile[], good: readonly number[], title: string): void {
    const readable = new Set(good.map((i) => files[i].label));
    const lost = [...new Set(files.map(({ label }) => label))].filter((label) => !readable.has(label));
    if (lost.length === 0) return;
    const { unreadable } = this.decoded.facts;
    throw new DataError(
      `${this.name}: every class must have a readable picture, and in ${title} none of ${listed(lost.map((label) => this.classes[label]))} can be read: ${told(unreadable)}; replace them or remove the folder`,
      { lost: lost.map((label) => this.classes[label]) },
    );
  }
}

function allMustBeReadable(name: string, unreadable: Facts["unreadable"], total: number): DataError {
  const count = unreadable.length || total;
  const which = unreadable.length > 0 ? `: ${told(unreadable)}` : "";
  return new DataError(
    `${name}: every image must be readable, ${count} of ${total} are not${which}; delete or replace them`,
    { damaged: unreadable.map(({ path }) => path) },
  );
}

function told(unreadable: Facts["unreadable"]): string {
  return listed(unreadable.map(({ path, why }) => `${path} (${why})`));
}

/** The first line of what the decoder says, without its name for a buffer. */
function shortReason(error: unknown): string {
  return (error as Error).message
    .split("\n")[0]
    .replace(/^Input buffer /, "")
    .replace(/[.:;]+$/, "");
}

function parsedShape(name: string, shape: PictureShape): ShapeRequest {
  const sides = typeof shape === "number" ? [shape, shape] : Array.isArray(shape) ? shape : undefined;
  const { height, width, channels } = sides
    ? { height: sides[0], width: sides[1], channels: sides[2] as number | undefined }
    : ((shape ?? {}) as { height: number; width: number; channels?: number });
  const side = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 4096;
  const right = side(height) && side(width) && (channels === undefined || channels === 1 || channels === 3);
  if (right && (!sides || sides.length <= 3)) return { height, width, ...(channels !== undefined && { channels }) };
  throw new DataError(
    `${name}: shape must be a side of 1 to 4096 pixels, [height, width], or [height, width, channels] with 1 or 3 channels, got ${JSON.stringify(shape)}`,
    { shape },
  );
}

/** @throws DataError when the values of all pictures would not fit into half of the machine's memory. */
function checkMemory(name: string, count: number, shape: ImageShape): void {
  const bytes = count * imageSize(shape);
  const most = Math.min(totalmem() / 2, 2 ** 32 - 1);
  if (bytes <= most) return;
  throw new DataError(
    `${name}: ${count} pictures of ${shape.height}x${shape.width}x${shape.channels} take ${formatCount(bytes)} bytes, and at most ${formatCount(most)} fit here; give a smaller \`shape\`, or fewer pictures`,
    { bytes, most },
  );
}
