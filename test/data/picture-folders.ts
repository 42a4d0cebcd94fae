import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll } from "vitest";

/** A folder for a test file, and a cache of its own, both removed at the end. */
export function temporaryPlaces(): { readonly folder: string; readonly cache: string } {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-pictures-"));
  const cache = join(folder, "cache");
  const before = { ...process.env };
  beforeAll(() => {
    process.env.BLOCKWISE_CACHE = cache;
    delete process.env.BLOCKWISE_DATA;
  });
  afterAll(() => {
    for (const name of ["BLOCKWISE_CACHE", "BLOCKWISE_DATA", "BLOCKWISE_OFFLINE"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, cache };
}

/** A picture of one colour: a grey value, or red, green and blue. */
export function plain(value: number | readonly [number, number, number], side = 8, width = side): sharp.Sharp {
  const [r, g, b] = typeof value === "number" ? [value, value, value] : value;
  return sharp({ create: { width, height: side, channels: 3, background: { r, g, b } } });
}

export async function put(path: string, picture: sharp.Sharp | string | Uint8Array): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof picture === "string" || picture instanceof Uint8Array) writeFileSync(path, picture);
  else await picture.toFile(path);
}

/** `<root>/<part>/<class>/<i>.png`, each picture of a grey value of its own that names class and place. */
export async function putClasses(
  root: string,
  counts: Readonly<Record<string, Readonly<Record<string, number>>>>,
  side = 8,
): Promise<string> {
  let value = 0;
  for (const [part, classes] of Object.entries(counts)) {
    for (const [label, count] of Object.entries(classes)) {
      mkdirSync(join(root, part, label), { recursive: true });
      for (let i = 0; i < count; i++) await put(join(root, part, label, `${i}.png`), plain(value++ % 256, side).png());
    }
  }
  return root;
}

/** Central directory and files of a zip file, stored without compression. */
export function zipBytes(files: Readonly<Record<string, Uint8Array>>, crc32: (bytes: Uint8Array) => number): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const path = Buffer.from(name);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x0800, 2);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(bytes.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), head, path, bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), head, tail, path]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
