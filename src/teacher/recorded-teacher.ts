import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core";
// Not the room's index: that loads an engine.
import { parseHeader } from "../nn/safetensors-header";
import { type Architecture, parseArchitecture } from "../space";

/**
 * The architecture of a run's teacher, read without its weights.
 * @throws CheckpointError when its file is absent, damaged or something else.
 */
export function recordedTeacher(run: string): Architecture {
  const path = join(run, "teacher.safetensors");
  try {
    const metadata = parseHeader(readFileSync(path)).json.__metadata__ as { readonly teacher?: string } | undefined;
    const { architecture } = JSON.parse(metadata?.teacher ?? "{}") as { readonly architecture?: unknown };
    return parseArchitecture(architecture, path);
  } catch (cause) {
    throw new CheckpointError(
      `teacher: ${path} must be the teacher of the run, and is not there or damaged; the same blockwise run again makes it anew`,
      { path },
      { cause },
    );
  }
}
