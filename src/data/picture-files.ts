import { createHash } from "node:crypto";
import { createReadStream, type Dirent, statSync } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, openPromise, type ZipFile } from "yauzl";
import { breathe, DataError, decoderReason, Progress, type StepContext } from "../core";

/** A file in a folder or a zip file, not yet read. */
export interface PictureFile {
  /** From the root, with "/" between folders. */
  readonly path: string;
  /** @throws Error with a short reason when it cannot be read whole. */
  readonly read: () => Promise<Uint8Array>;
}

/** All files below a place, without what systems and editors leave there. */
export interface PictureFiles {
  /** In alphabetical order. */
  readonly files: readonly PictureFile[];
  /** All folders, the empty ones too. */
  readonly folders: readonly string[];
  /** Names the paths and all bytes of some of the files (hexadecimal): equal digests, equal files. */
  readonly digest: (some: readonly PictureFile[], context: StepContext) => Promise<string>;
  readonly close: () => void;
}

/** Most bytes of one picture's file: a zip file may promise more than any memory has. */
const MOST_BYTES = 512 * 1024 ** 2;
/** Most files and folders that are listed: links to folders above each other could multiply without end. */
const MOST_FILES = 20_000_000;
/** Zip files up to this size, in bytes, are held in memory. */
const MOST_IN_MEMORY = 2 ** 30;
/** Files read at once, between two breaths. */
export const TOGETHER = 64;

/** Folders and files that are not the user's: Jupyter's, macOS's, Windows's, Synology's, and all hidden ones. */
const LEFTOVERS = /^(\..*|__MACOSX|Thumbs\.db|desktop\.ini|@eaDir)$/i;

const PICTURE = /\.(png|jpe?g|jfif|webp|tiff?|gif|avif)$/i;

/** Whether a file's name says that it is a picture. */
export function isPicture({ path }: Pick<PictureFile, "path">): boolean {
  return PICTURE.test(path);
}

/**
 * Lists a folder, following links (also to folders), or a zip file.
 * @throws DataError when the place is neither, or the zip file is damaged.
 */
export async function pictureFiles(name: string, place: string): Promise<PictureFiles> {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) {
    throw new DataError(
      `${name}: ${place} must be a folder or a zip file of pictures, and does not exist; check its path`,
      { place, byUser: true },
    );
  }
  if (found.isDirectory()) return inFolder(name, place);
  if (/\.zip$/i.test(place)) return zipped(name, place);
  throw new DataError(
    `${name}: ${place} must be a folder or a zip file (.zip) of pictures, and is another file; unpack it into a folder`,
    { place },
  );
}

async function inFolder(name: string, root: string): Promise<PictureFiles> {
  const files: PictureFile[] = [];
  const folders: string[] = [];
  /** `above` are the real paths of the folders around: a link to one of them leads in a circle. */
  const list = async (path: string, above: readonly string[]): Promise<void> => {
    const folder = join(root, path);
    const real = await realpath(folder);
    if (above.includes(real)) return;
    for (const entry of sortedByName(await readdir(folder, { withFileTypes: true }))) {
      if (LEFTOVERS.test(entry.name)) continue;
      const inside = path === "" ? entry.name : `${path}/${entry.name}`;
      if (files.length + folders.length >= MOST_FILES) {
        throw new DataError(`${name}: ${root} must hold at most ${MOST_FILES} files; are there links in a circle?`);
      }
      if (await isFolder(join(root, inside), entry)) {
        folders.push(inside);
        await list(inside, [...above, real]);
      } else {
        files.push({ path: inside, read: () => wholeFile(join(root, inside)) });
      }
    }
  };
  try {
    await list("", []);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      `${name}: all folders in ${root} must be readable: ${(cause as Error).message}`,
      { root },
      { cause },
    );
  }
  sortByPath(files);
  return { files, folders, digest: (some, context) => digestOf(name, some, context), close: () => {} };
}

async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  // A link that leads nowhere counts as a file that cannot be read.
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function wholeFile(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === "ENOENT" ? "a link that leads nowhere" : reason(error));
  });
  // Reading a pipe or a device would wait for ever.
  if (!found.isFile()) throw new Error("it is no regular file");
  checkSize(found.size);
  return readFile(path).catch((error) => {
    throw new Error(reason(error));
  });
}

/** Without the path, which differs from machine to machine. */
function reason(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? error.message : `it cannot be read (${error.code})`;
}

async function digestOf(name: string, files: readonly PictureFile[], context: StepContext): Promise<string> {
  const hash = createHash("sha256");
  const progress = new Progress(context, `check ${name}`, files.length, "files");
  for (let from = 0; from < files.length; from += TOGETHER) {
    const group = files.slice(from, from + TOGETHER);
    const digests = await Promise.all(
      group.map(({ read }) =>
        read().then(
          (bytes) => createHash("sha256").update(bytes).digest("hex"),
          (error) => (error as Error).message,
        ),
      ),
    );
    group.forEach(({ path }, i) => {
      hash.update(JSON.stringify([path, digests[i]]));
    });
    progress.advance(group.length);
    await breathe();
  }
  return hash.digest("hex");
}

async function zipped(name: string, place: string): Promise<PictureFiles> {
  const damaged = (cause: unknown) =>
    new DataError(
      `${name}: ${place} must be a whole zip file, and is not (${decoderReason(cause)}); fetch it anew`,
      { place },
      { cause },
    );
  const zip = await openedZip(place).catch((cause) => {
    throw damaged(cause);
  });
  const unpacked = async (entry: Entry): Promise<Uint8Array> => {
    if (entry.isEncrypted()) throw new Error("it is encrypted");
    checkSize(entry.uncompressedSize);
    const stream = await zip.openReadStreamPromise(entry);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (crc32(bytes) !== entry.crc32) throw new Error("its bytes do not match their checksum in the zip file");
    return bytes;
  };
  const files = new Map<string, PictureFile>();
  const folders = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const path = entry.fileName.normalize("NFC");
      const parts = path.split("/");
      if (parts.some((part) => LEFTOVERS.test(part))) continue;
      for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join("/"));
      if (!path.endsWith("/")) files.set(path, { path, read: () => unpacked(entry) });
    }
  } catch (cause) {
    zip.close();
    throw damaged(cause);
  }
  const sorted = sortByPath([...files.values()]);
  return { files: sorted, folders: [...folders], digest: () => fileDigest(place), close: () => zip.close() };
}

/** In memory where it has room there: the directory of a zip file is read in very small pieces. */
async function openedZip(place: string): Promise<ZipFile> {
  const options = { autoClose: false, lazyEntries: true };
  const inMemory = statSync(place).size <= MOST_IN_MEMORY;
  return inMemory ? fromBufferPromise(await readFile(place), options) : openPromise(place, options);
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function checkSize(bytes: number): void {
  if (bytes > MOST_BYTES) throw new Error(`it has ${bytes} bytes, more than ${MOST_BYTES}`);
}

function sortByPath(files: PictureFile[]): PictureFile[] {
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sortedByName(entries: Dirent[]): Dirent[] {
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
