// Keeps built addons outside the clone, so that no source is compiled twice: neither after `npm ci`, nor in a second clone.
// A binary's name is the hash of all that went into it; see `binaryKey`.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** So many binaries are kept, the last used ones. */
const KEPT = 8;

export function digest(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/**
 * The name of a binary: hash of the sources with their flags, of libtorch (version, place, C++ ABI), of compiler and
 * processor, and of the Node ABI, which is N-API's version: such an addon works in every Node that has that.
 */
export function binaryKey({ sources, libtorch, compiler, arch, napiVersion, link }) {
  const { version, lib, cxx11Abi, cuda } = libtorch;
  return digest(
    ...sources,
    version,
    lib,
    `abi${cxx11Abi}`,
    `cuda${cuda}`,
    compiler,
    arch,
    `napi${napiVersion}`,
    ...link,
  );
}

/** Where binaries are kept: BLOCKWISE_NATIVE_CACHE ("off": nowhere), else the user's cache folder. */
export function cacheFolder(env = process.env) {
  if (env.BLOCKWISE_NATIVE_CACHE === "off") return undefined;
  return env.BLOCKWISE_NATIVE_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "blockwise", "native");
}

/** Copies under another name first, so that nobody finds half a file. */
function copyWhole(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const partial = `${to}.${process.pid}`;
  copyFileSync(from, partial);
  renameSync(partial, to);
}

/** Puts the binary of this key at `target`; false if there is none. */
export function takeBinary(key, target, folder) {
  const kept = folder && join(folder, `${key}.node`);
  if (!kept || !existsSync(kept)) return false;
  copyWhole(kept, target);
  const now = new Date();
  try {
    utimesSync(kept, now, now);
  } catch {
    // A cache that may only be read is a cache all the same.
  }
  return true;
}

/** Keeps a binary for the next time, and drops those not used for long. A cache that cannot be written is no error. */
export function keepBinary(key, binary, folder) {
  if (!folder) return;
  try {
    copyWhole(binary, join(folder, `${key}.node`));
    const old = readdirSync(folder)
      .filter((name) => name.endsWith(".node"))
      .map((name) => ({ path: join(folder, name), used: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.used - a.used)
      .slice(KEPT);
    for (const { path } of old) rmSync(path, { force: true });
  } catch (error) {
    process.stderr.write(`native engine: the built addon could not be kept in ${folder} (${error.message})\n`);
  }
}
