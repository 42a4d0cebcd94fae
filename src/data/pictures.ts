import sharp from "sharp";
import { DataError, fingerprint, type OptionRule, parseCount, quarterOfMemory, type StepContext } from "../core";
import { allMustBeReadable, commonShape, type DecodeFacts, decodeAll, type ShapeRequest, told } from "./decode-all";
import { imageSize } from "./image-shape";
import { parquetDigest, parquetFiles, parquetLayout } from "./parquet";
import { keptBytes, keptPictures } from "./picture-cache";
import { type PictureFiles, pictureFiles } from "./picture-files";
import { type LabelledFile, listed, type PictureLayout, pictureLayout } from "./picture-layout";
import { picturesInFile, storedFacts } from "./picture-store";
import { storedSplit } from "./stored-pictures";
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
  /**
   * Most bytes of decoded pictures that are held in memory, a number or text such as "2G"; a quarter of the machine's memory unless
   * given. What is more stays in a file of the cache and is read batch by batch: the results are the same.
   */
  readonly memory?: number | string;
}

/** What `memory` must be. */
export const MEMORY_RULE: OptionRule = {
  must: 'a number of bytes above 0, or text such as "2G"',
  holds: (value) => {
    try {
      return parseCount(value as string) > 0;
    } catch {
      return false;
    }
  },
};

function memoryOf(memory: PictureOptions["memory"]): number {
  return memory === undefined ? quarterOfMemory() : parseCount(memory);
}

export interface KnownPictures {
  /** The classes in their order, those of the folders when left out. */
  readonly classes?: readonly string[];
  /** Pictures of another size are not scaled, but count as damaged. */
  readonly exact?: boolean;
}

/**
 * Reads pictures that are sorted into folders, from a folder or a zip file of it; see `pictureLayout` for the layouts
 * (and `parquetLayout` for the Hugging Face hub's parquet files, by their folder or one of them)
 * and {@link decodePicture} for what is done to a picture. What was decoded is kept in the cache under the content of all
 * files, so that another call takes a moment.
 * @throws DataError when there is no such place or layout, a class has no readable picture, sizes differ and no shape is given,
 *   or neither memory nor disk has room; InterruptedError when stopped.
 */
export async function readPictures(
  name: string,
  place: string,
  { shape: wanted, strict = false, memory }: PictureOptions,
  context: StepContext,
  { classes: known, exact = false }: KnownPictures = {},
): Promise<RawDataset> {
  const request = wanted === undefined ? {} : parsedShape(name, wanted);
  const found = await sortedPictures(name, place, known);
  try {
    const { layout } = found;
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
    const decoded = await decodedPictures({ name, parts, request, exact, key, most: memoryOf(memory) }, context);
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

interface Request {
  readonly name: string;
  readonly parts: readonly (readonly LabelledFile[])[];
  readonly request: ShapeRequest;
  readonly exact: boolean;
  /** Names the pictures and what is asked of them. */
  readonly key: string;
  /** Bytes that they may take in memory. */
  readonly most: number;
}

/** Pictures of a place by part and class, not yet read. */
interface SortedPictures extends Pick<PictureFiles, "digest" | "close"> {
  readonly layout: PictureLayout;
}

async function sortedPictures(name: string, place: string, known?: readonly string[]): Promise<SortedPictures> {
  const single = parquetFiles(place);
  const found = single ? undefined : await pictureFiles(name, place);
  const parquet = single ?? parquetFiles(place, found);
  if (parquet) {
    found?.close();
    return {
      layout: await parquetLayout(name, parquet),
      digest: (_, context) => parquetDigest(name, parquet, context),
      close: () => {},
    };
  }
  return { ...found!, layout: pictureLayout(name, place, found!, known) };
}

/** Decoded pictures in memory, or in a file. */
interface Decoded {
  readonly facts: DecodeFacts;
  readonly values?: Uint8Array;
  readonly file?: string;
}

async function decodedPictures(
  { name, parts, request, exact, key, most }: Request,
  context: StepContext,
): Promise<Decoded> {
  const files = parts.flat().map(({ file }) => file);
  let known = storedFacts<DecodeFacts>(key)?.facts.shape;
  const shape = async () => {
    known ??= await commonShape(name, files, request, context);
    return known;
  };
  const inMemory = async () => {
    const common = await shape();
    const values = new Uint8Array(files.length * imageSize(common));
    const write = (at: number, one: Uint8Array) => values.set(one, at);
    return { facts: await decodeAll({ name, parts, shape: common, exact }, write, context), values };
  };
  const kept = keptBytes(key);
  if (kept > 0 && kept <= most) return keptPictures(key, inMemory);
  const common = await shape();
  const bytes = files.length * imageSize(common);
  if (bytes <= most) return keptPictures(key, inMemory);
  const decode = (write: (at: number, values: Uint8Array) => void) =>
    decodeAll({ name, parts, shape: common, exact }, write, context);
  return picturesInFile(name, key, bytes, decode, context);
}

/** Cuts the decoded values into splits, without the pictures that cannot be read. */
class Splits {
  private readonly unreadable: ReadonlySet<number>;

  constructor(
    private readonly name: string,
    private readonly decoded: Decoded,
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
    const { facts, values, file } = this.decoded;
    const size = imageSize(facts.shape);
    const labels = emptyLabels(good.length, this.classes.length);
    good.forEach((i, at) => {
      labels[at] = files[i].label;
    });
    if (file !== undefined) {
      const places = Uint32Array.from(good, (i) => start + i);
      return storedSplit({ file, start: 0, size, places }, labels);
    }
    const images = new Uint8Array(good.length * size);
    good.forEach((i, at) => {
      images.set(values!.subarray((start + i) * size, (start + i + 1) * size), at * size);
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
