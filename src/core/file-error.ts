import { BlockwiseError, CheckpointError } from "./errors";

/** The system's name of what made a file operation fail, e.g. "ENOSPC". */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof BlockwiseError) return undefined;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** As {@link systemCode}, also of an error that tells of it in a sentence, see {@link writeFailure}. */
export function failedBy(error: unknown): string | undefined {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const code = one instanceof BlockwiseError ? one.details.system : systemCode(one);
    if (typeof code === "string") return code;
  }
  return undefined;
}

const FULL = "free space and run the same command again: what was complete before is kept";
/** By the system's code: what was met, and how to mend it. */
const WRITING: Readonly<Record<string, readonly [met: string, mend: string]>> = {
  ENOSPC: ["the disk is full", FULL],
  EDQUOT: ["the quota of the disk is used up", FULL],
  EFBIG: ["the disk takes no file of this size", "choose a folder on another disk"],
  EROFS: ["the disk is read-only", "choose a folder that can be written"],
  EACCES: ["this user may not write there", "choose a folder that can be written, or change its rights"],
  EPERM: ["this user may not write there", "choose a folder that can be written, or change its rights"],
  ENOTDIR: ["a part of the path is a file and no folder", "choose another path"],
  EEXIST: ["a part of the path is a file and no folder", "choose another path"],
  EISDIR: ["a folder has that name", "choose another path"],
  ENOENT: ["the system takes no file or folder there", "choose another path"],
  EINVAL: ["the system takes no file or folder there", "choose another path"],
  ELOOP: ["a part of the path is a link to itself", "choose another path"],
  ENOTEMPTY: ["a folder has that name", "choose another path"],
  ENAMETOOLONG: ["the name is too long", "choose a shorter one"],
  // Node's own, before the system is asked.
  ERR_INVALID_ARG_VALUE: ["no path has a null byte in it", "choose another path"],
  EMFILE: ["too many files are open", "raise the limit (ulimit -n) and run the same command again"],
};

/** A failed write as a sentence; errors that are no system's stay what they are. */
export function writeFailure(path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const [met, mend] = WRITING[code] ?? [(error as Error).message, "mend that and run the same command again"];
  return new CheckpointError(
    `write: ${path.includes("\0") ? JSON.stringify(path) : path} must be written, and ${met} (${code}); ${mend}`,
    { path, system: code },
    {
      cause: error,
    },
  );
}

const READING: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a part of the path is a file and no folder",
  EISDIR: "is a folder",
  EACCES: "may not be read by this user",
  EPERM: "may not be read by this user",
  ELOOP: "is a link to itself",
  ENAMETOOLONG: "has a name that is too long",
  EIO: "cannot be read from the disk",
};

/** How to mend it that a file cannot be read: where a folder was named, by naming a file in it. */
export function readMend(error: unknown, mend: string): string {
  return systemCode(error) === "EISDIR" ? "name a file in it" : mend;
}

/** Why a file cannot be read, in words: "does not exist", "is a folder". */
export function readFailure(error: unknown): string {
  const code = systemCode(error);
  return (code && READING[code]) ?? `cannot be read (${(error as Error).message})`;
}
