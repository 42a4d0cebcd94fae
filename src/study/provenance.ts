import { type CodeVersion, codeVersion, packageRoot } from "../core";
import { environment } from "./environment";
import type { Environment } from "./sittings";

/** Where committed numbers come from. */
export interface Provenance extends CodeVersion {
  readonly command: string;
  /** When the last of them was measured, ISO 8601. */
  readonly finished: string;
  readonly environment: Environment;
}

/** The provenance of what a command has just measured. */
export function provenanceOf(command: string): Provenance {
  return { command, ...codeVersion(packageRoot()), finished: new Date().toISOString(), environment: environment() };
}
