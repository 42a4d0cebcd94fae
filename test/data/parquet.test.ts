import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { loadDataset, type Split } from "../../src/data";
import { plain, temporaryPlaces } from "./picture-folders";

const { folder } = temporaryPlaces();
const CLASSES = ["T - shirt / top", "bag", "boot"];
const load = (root: string, options = {}) => loadDataset(root, { seed: 1, ...options });
const greys = ({ images, count }: Split) =>
  Array.from({ length: count }, (_, i) => images[i * (images.length / count)]);

interface Rows {
  readonly labels: readonly (number | string)[];
  /** Grey value of the first picture. */
  readonly from: number;
  readonly names?: readonly string[] | null;
  /** Rows whose bytes are elsewhere. */
  readonly absent?: readonly number[];
}

/** A file as `datasets` writes it: a struct of bytes and path, whole numbers, and the features as JSON; three row groups. */
async function putParquet(path: string, { labels, from, names = CLASSES, absent = [] }: Rows): Promise<void> {
  const image = await Promise.all(
    labels.map(async (_, i) => {
      const bytes = absent.includes(i)
        ? null
        : new Uint8Array(
            await plain(from + i)
              .png()
              .toBuffer(),
          );
      return { bytes, path: `${i}.png` };
    }),
  );
  const texts = typeof labels[0] === "string";
  const label = { name: "label", data: texts ? labels : labels.map((one) => BigInt(one)) };
  const features = { image: { _type: "Image" }, label: { names, _type: "ClassLabel" } };
  const bytes = parquetWriteBuffer({
    columnData: [{ name: "image", data: image }, label] as Parameters<typeof parquetWriteBuffer>[0]["columnData"],
    schema: [
      { name: "root", num_children: 2 },
      { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      texts
        ? { name: "label", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }
        : { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
    rowGroupSize: Math.ceil(labels.length / 3),
    kvMetadata: names ? [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }] : [],
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, new Uint8Array(bytes));
}

test("the hub's files are read by part and label, with the classes in the order of ClassLabel", async () => {
  const root = join(folder, "fashion");
  await putParquet(join(root, "data", "train-00000-of-00002.parquet"), { labels: [0, 1, 2, 0], from: 10 });
  await putParquet(join(root, "data", "train-00001-of-00002.parquet"), { labels: [1, 2, 2], from: 20 });
  await putParquet(join(root, "data", "validation-00000-of-00001.parquet"), { labels: [0, 1, 2], from: 30 });
  await putParquet(join(root, "data", "test-00000-of-00001-abc.parquet"), { labels: [2, 1, 0], from: 40 });
  writeFileSync(join(root, "README.md"), "# A data set");
  const data = await load(root);
  expect(data.classes).toEqual(CLASSES);
  expect(data.shape).toEqual({ height: 8, width: 8, channels: 3 });
  expect(greys(data.train)).toEqual([10, 11, 12, 13, 20, 21, 22]);
  expect([...data.train.labels]).toEqual([0, 1, 2, 0, 1, 2, 2]);
  expect([greys(data.validation), greys(data.test)]).toEqual([
    [30, 31, 32],
    [40, 41, 42],
  ]);
  const streaming = await load(root, { memory: 500 });
  expect(streaming.fingerprint).toBe(data.fingerprint);
});

test("one file alone is divided; labels may be texts, and pictures without a label or bytes are told", async () => {
  const root = join(folder, "birds.parquet");
  const labels = Array.from({ length: 24 }, (_, i) => (i % 2 ? "wren" : "owl"));
  await putParquet(root, { labels, from: 1, names: null, absent: [5] });
  const data = await load(root);
  expect([data.name, data.classes]).toEqual(["birds", ["owl", "wren"]]);
  expect(data.train.count + data.validation.count + data.test.count).toBe(23);
  expect(data.remarks?.join()).toMatch(/1 of 24 pictures cannot be read.*#5 \(its bytes are not in the parquet file\)/);
  const unlabelled = join(folder, "unlabelled");
  await putParquet(join(unlabelled, "train.parquet"), { labels: [0, 1, 2, 0, 1, 2, 0, 1, 2], from: 1 });
  await putParquet(join(unlabelled, "test.parquet"), { labels: [-1, -1], from: 50 });
  expect((await load(unlabelled)).remarks?.join()).toMatch(/test.parquet: 2 pictures have no label/);
});

test("a label beyond the classes is an error that names file, row and label, and is not left aside", async () => {
  const root = join(folder, "beyond.parquet");
  await putParquet(root, { labels: [0, 1, 2, 0, 3, 1], from: 1 });
  await expect(load(root)).rejects.toThrow(
    /beyond: .*beyond.parquet: labels must be 0 to 2, the places of the 3 classes .*T - shirt.* got 3 in row 4; .*names of ClassLabel/,
  );
  const huge = join(folder, "huge.parquet");
  await putParquet(huge, { labels: [0, 1, 2_000_000_000], from: 1, names: null });
  await expect(load(huge)).rejects.toThrow(/huge: labels must be places of classes, at most 65535, got 2000000000/);
});

test("damaged files and mixed configurations are errors that say what to do", async () => {
  const root = join(folder, "cut.parquet");
  await putParquet(root, { labels: [0, 1, 2], from: 1 });
  truncateSync(root, 200);
  await expect(load(root)).rejects.toThrow(
    /cut: .*cut.parquet must be a whole parquet file, and is not .*fetch it anew/,
  );
  const two = join(folder, "two");
  for (const config of ["small", "large"]) {
    await putParquet(join(two, config, "train", "0000.parquet"), { labels: [0, 1, 2], from: 1 });
  }
  await expect(load(two)).rejects.toThrow(/one configuration, and has those of large, small; name one of these/);
});

test("a page that says it unpacks to far more than it is packed in is refused before anything is taken for it", async () => {
  const written = parquetWriteBuffer({
    columnData: [
      // Of many values: it is packed.
      { name: "label", data: Array.from({ length: 4000 }, (_, i) => BigInt(i % 3)), encoding: "PLAIN" },
      { name: "image", data: Array.from({ length: 4000 }, () => "x") },
    ] as Parameters<typeof parquetWriteBuffer>[0]["columnData"],
  });
  const bytes = new Uint8Array(written);
  // Thrift's header of the first page, behind "PAR1": its type, its size once it is unpacked, its size, what it has.
  const size = 2 ** 30;
  const varint = Array.from({ length: 5 }, (_, i) => (((2 * size) / 128 ** i) & 127) | (i < 4 ? 128 : 0));
  const pageOf4000 = [0x2c, 0x15, 0xc0, 0x3e, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00, 0x00];
  bytes.set([0x15, 0x00, 0x15, ...varint, 0x15, 0x20, ...pageOf4000], 4);
  const path = join(folder, "bomb.parquet");
  writeFileSync(path, bytes);
  await expect(load(path)).rejects.toThrow(
    /must be a whole parquet file, .*a page of 16 bytes says that it unpacks to 1073741824/,
  );
});
