import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DataError, decoderReason, MOST, Progress, type StepContext } from "../core";
import type { PictureFile, PictureFiles } from "./picture-files";
import { isPicture } from "./picture-files";
import { type LabelledFile, listed, type PictureLayout } from "./picture-layout";

/** Parquet files of a data set as the Hugging Face hub has them: a column of images, and one of labels. */
export interface ParquetFiles {
  /** From the place; "" where the place is the one file. */
  readonly paths: readonly string[];
  readonly place: string;
}

const PART = /^(?:partial-)?(train(?:ing)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)(?=[-._/]|$)/i;
type Part = "train" | "validation" | "test";
/** Bytes that a page may be unpacked to, however few it has in the file: those that writers make have about one MiB. */
const MOST_PAGE = 2 ** 26;
/** How many times its bytes in the file: what deflate can do. Pages of pictures have about as many as in the file. */
const MOST_PACKED = 1032;
/** Row groups that are held while their pictures are read one after another. */
const HELD = 3;

/** The parquet files of a place, where it has no pictures of its own. */
export function parquetFiles(place: string, found?: Pick<PictureFiles, "files">): ParquetFiles | undefined {
  if (!found) return /\.parquet$/i.test(place) && isFile(place) ? { place, paths: [""] } : undefined;
  const paths = found.files.map(({ path }) => path).filter((path) => /\.parquet$/i.test(path));
  return paths.length > 0 && !found.files.some(isPicture) ? { place, paths } : undefined;
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/**
 * Pictures of parquet files by part and class: images are structs of `bytes` and `path` (the hub's `Image`), labels whole numbers
 * with the names of `ClassLabel`, or texts. Parts are named by the files (`train-00000-of-00001.parquet`) or their folders.
 * @throws DataError when a file is no parquet file, has no such columns or several of them, or two configurations are mixed.
 */
export async function parquetLayout(name: string, { place, paths }: ParquetFiles): Promise<PictureLayout> {
  checkOneConfiguration(name, place, paths);
  const opened = [];
  for (const path of paths)
    opened.push({
      part: partOf(path || place),
      file: await openParquet(name, join(place, path), path || basename(place)),
    });
  const classes = classNames(
    name,
    opened.map(({ file }) => file),
  );
  const remarks: string[] = [];
  const parts = new Map<Part, LabelledFile[]>();
  for (const { part, file } of opened) {
    const { pictures, unlabelled } = labelled(name, place, file, classes);
    if (unlabelled > 0) {
      remarks.push(`${file.path}: ${unlabelled} pictures have no label and are left aside.`);
    }
    parts.set(part, [...(parts.get(part) ?? []), ...pictures]);
  }
  const of = (part: Part) => (parts.get(part)?.length ? parts.get(part) : undefined);
  const [train, validation, test] = [of("train"), of("validation"), of("test")];
  if (!train) {
    throw new DataError(`${name}: ${place} must have labelled training pictures (train-*.parquet), and has none`, {
      place,
    });
  }
  if (validation && !test) {
    remarks.push(`${place}: validation is used as the test images; validation images are held out of train.`);
    return { classes, train, test: validation, remarks };
  }
  if (!test) remarks.push(`${place} has no test part: test images are drawn from train.`);
  return { classes, train, ...(validation && { validation }), ...(test && { test }), remarks };
}

/** Names all bytes of the files (hexadecimal). */
export async function parquetDigest(
  name: string,
  { place, paths }: ParquetFiles,
  context: StepContext,
): Promise<string> {
  const hash = createHash("sha256");
  const progress = new Progress(context, `check ${name}`, paths.length, "files");
  for (const path of paths) {
    hash.update(`${path}\n${statSync(join(place, path)).size}\n`);
    for await (const chunk of createReadStream(join(place, path), { highWaterMark: 2 ** 20 })) {
      hash.update(chunk as Buffer);
      progress.throwIfStopped();
    }
    progress.advance();
  }
  return hash.digest("hex");
}

function partOf(path: string): Part {
  const word = [basename(path), basename(dirname(path))].map((text) => PART.exec(text)?.[1]).find(Boolean) ?? "train";
  if (/^test/i.test(word)) return "test";
  return /^train/i.test(word) ? "train" : "validation";
}

/** @throws DataError when files of several data sets lie in one folder. */
function checkOneConfiguration(name: string, place: string, paths: readonly string[]): void {
  const folders = paths.map((path) => {
    const folder = dirname(path);
    return PART.test(basename(folder)) ? dirname(folder) : folder;
  });
  const different = [...new Set(folders)];
  if (different.length <= 1) return;
  throw new DataError(
    `${name}: ${place} must hold the parquet files of one configuration, and has those of ${listed(different)}; name one of these folders`,
    { place, folders: different },
  );
}

/** A parquet file with what is known of its columns. */
interface OpenParquet {
  readonly path: string;
  readonly labels: readonly unknown[];
  /** Names of the classes, where the file tells them. */
  readonly names?: readonly string[];
  readonly read: (row: number) => Promise<Uint8Array>;
}

async function openParquet(name: string, place: string, path: string): Promise<OpenParquet> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const compressors = boundedCompressors((await import("hyparquet-compressors")).compressors);
  const damaged = (cause: unknown) =>
    new DataError(
      `${name}: ${place} must be a whole parquet file, and is not (${decoderReason(cause)}); fetch it anew`,
      { place },
      { cause },
    );
  const whole = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw damaged(cause);
    });
  const file = await whole(asyncBufferFromFile(place));
  const metadata = await whole(parquetMetadataAsync(file));
  const columns = columnsOf(name, place, metadata);
  const read = (column: string, rowStart: number, rowEnd: number) =>
    parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd, compressors, utf8: false });
  const rows = Number(metadata.num_rows);
  const labels = (await whole(read(columns.label, 0, rows))).map((row) => row[columns.label] as unknown);
  const groups: { readonly start: number; readonly end: number }[] = [];
  for (const { num_rows } of metadata.row_groups) {
    const start = groups.at(-1)?.end ?? 0;
    groups.push({ start, end: start + Number(num_rows) });
  }
  const held = new Map<number, Promise<Record<string, unknown>[]>>();
  const groupOf = (at: number): Promise<Record<string, unknown>[]> => {
    const known = held.get(at);
    if (known) return known;
    const { start, end } = groups[at];
    const group = read(columns.image, start, end);
    held.set(at, group);
    for (const old of [...held.keys()].slice(0, -HELD)) held.delete(old);
    return group;
  };
  return {
    path,
    labels,
    ...(columns.names && { names: columns.names }),
    read: async (row) => {
      const at = groups.findIndex(({ end }) => row < end);
      const image = (await groupOf(at))[row - groups[at].start][columns.image] as
        | Uint8Array
        | { readonly bytes?: unknown }
        | null;
      const bytes = image instanceof Uint8Array ? image : image?.bytes;
      if (!(bytes instanceof Uint8Array)) throw new Error("its bytes are not in the parquet file");
      return bytes;
    },
  };
}

type Compressors = typeof import("hyparquet-compressors").compressors;

/** Unpacks no page that says it is far larger than what it is packed in: that much would be allocated before it is looked at. */
function boundedCompressors(compressors: Compressors): Compressors {
  const bounded = Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (packed: Uint8Array, size: number) => {
      if (size <= Math.max(MOST_PAGE, MOST_PACKED * packed.length)) return unpack(packed, size);
      throw new Error(`a page of ${packed.length} bytes says that it unpacks to ${size}`);
    },
  ]);
  return Object.fromEntries(bounded) as Compressors;
}

/** What the hub writes beside the columns. */
interface HubFeature {
  readonly _type?: string;
  readonly names?: readonly string[];
}

interface Columns {
  readonly image: string;
  readonly label: string;
  readonly names?: readonly string[];
}

/** Names of label columns, the likelier first, where several are there. */
const LABELS = ["label", "labels", "fine_label"];

function columnsOf(
  name: string,
  place: string,
  {
    schema,
    key_value_metadata: notes = [],
  }: {
    readonly schema: readonly { readonly name: string; readonly num_children?: number }[];
    readonly key_value_metadata?: readonly { readonly key: string; readonly value?: string }[];
  },
): Columns {
  const features = hubFeatures(notes.find(({ key }) => key === "huggingface")?.value);
  const top = topColumns(schema);
  const names = top.map((column) => column.name);
  const images = Object.keys(features).filter((column) => features[column]._type === "Image");
  const candidates =
    images.length > 0 ? images : top.filter(({ fields }) => fields.includes("bytes")).map((c) => c.name);
  const plain = names.filter((column) => /^(image|img|picture)$/i.test(column));
  const image = one(name, place, "image", candidates.length > 0 ? candidates : plain, names, ["image", "img"]);
  const classLabels = Object.keys(features).filter((column) => features[column]._type === "ClassLabel");
  const others = names.filter((column) => LABELS.includes(column));
  const label = one(name, place, "label", classLabels.length > 0 ? classLabels : others, names, LABELS);
  return { image, label, ...(features[label]?.names && { names: features[label].names }) };
}

function hubFeatures(text: string | undefined): Readonly<Record<string, HubFeature>> {
  if (text === undefined) return {};
  try {
    const { info } = JSON.parse(text) as { readonly info?: { readonly features?: Record<string, HubFeature> } };
    return info?.features ?? {};
  } catch {
    return {};
  }
}

/** The columns of the first level, with the names of what is directly in them. */
function topColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]) {
  const columns: { readonly name: string; readonly fields: readonly string[] }[] = [];
  let at = 1;
  const skip = (): string => {
    const { name, num_children = 0 } = schema[at++];
    for (let i = 0; i < num_children; i++) skip();
    return name;
  };
  while (at < schema.length) {
    const { name, num_children = 0 } = schema[at++];
    columns.push({ name, fields: Array.from({ length: num_children }, skip) });
  }
  return columns;
}

function one(
  name: string,
  place: string,
  what: string,
  found: readonly string[],
  all: readonly string[],
  likely: readonly string[],
): string {
  const column = found.length === 1 ? found[0] : likely.find((word) => found.includes(word));
  if (column !== undefined) return column;
  throw new DataError(
    `${name}: ${place} must have one column of ${what === "image" ? "images (structs of bytes and path)" : "labels, e.g. label"}, got ${found.length === 0 ? "none" : listed(found)} among ${listed(all)}; rename the one that is meant to "${what}"`,
    { place, columns: all },
  );
}

function classNames(name: string, files: readonly OpenParquet[]): string[] {
  const told = files.filter((file) => file.names);
  const [first] = told;
  const other = told.find((file) => file.names!.join("\n") !== first.names!.join("\n"));
  if (other) {
    throw new DataError(
      `${name}: all parquet files must name the same classes, and ${first.path} and ${other.path} differ; fetch them anew`,
    );
  }
  if (first) return [...first.names!];
  const labels = new Set(files.flatMap((file) => file.labels.filter((label) => label !== null && label !== undefined)));
  const texts = [...labels].filter((label) => typeof label === "string");
  if (texts.length === labels.size) return texts.sort();
  const most = [...labels].reduce((high: number, label) => Math.max(high, Number(label)), -1);
  if (!Number.isSafeInteger(most)) {
    throw new DataError(`${name}: labels must be whole numbers or texts, got ${listed([...labels].map(String))}`);
  }
  if (most >= MOST.classes) {
    throw new DataError(
      `${name}: labels must be places of classes, at most ${MOST.classes - 1}, got ${most}, and the files do not name the classes (ClassLabel); number them from 0`,
      { label: most },
    );
  }
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

/**
 * The pictures of a file that have a label; the hub marks those without by -1.
 * @throws DataError for a label that is of none of the classes: its picture would be left out, or learnt as another's, without a
 *   word.
 */
function labelled(name: string, place: string, { path, labels, read }: OpenParquet, classes: readonly string[]) {
  const places = new Map(classes.map((each, i) => [each, i]));
  const pictures: LabelledFile[] = [];
  labels.forEach((given, row) => {
    if (given === null || given === undefined) return;
    const label = typeof given === "string" ? places.get(given) : Number(given);
    if (label === -1) return;
    if (label === undefined || !Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new DataError(
        `${name}: ${join(place, path)}: labels must be 0 to ${classes.length - 1}, the places of the ${classes.length} classes that its files name (${listed(classes)}), or -1 for none, got ${String(given)} in row ${row}; fetch the files of one configuration, or correct the names of ClassLabel`,
        { place, row, classes: classes.length },
      );
    }
    const file: PictureFile = { path: `${path}#${row}`, read: () => read(row) };
    pictures.push({ file, label });
  });
  return { pictures, unlabelled: labels.length - pictures.length };
}
