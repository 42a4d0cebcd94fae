import type { MessagePort } from "node:worker_threads";
import type { CompiledCell } from "./cell-compiler";
import type { FileForm, FileScript } from "./file-script";
import type { PreludePackage } from "./package";

/** What the language thread is started with. */
export interface LanguageSettings {
  readonly prelude: PreludePackage;
  /** The notebook's folder. */
  readonly cwd: string;
  /** To the main thread, which runs the cells. */
  readonly main: MessagePort;
  /** To the wire thread, which asks about code that is not run. */
  readonly wire: MessagePort;
  /** One number: of answers to the main thread so far, for those that it waits for standing still. */
  readonly answered: SharedArrayBuffer;
}

/** What the main thread asks of the language thread. */
export type LanguageTask =
  /** @param run number of the run that the guards name. */
  | { readonly kind: "compile"; readonly source: string; readonly run: number }
  | { readonly kind: "translate"; readonly path: string; readonly text: string; readonly form: FileForm }
  /** The local file that a specifier without a path means by the `paths` of the user's configuration. */
  | { readonly kind: "resolve"; readonly specifier: string; readonly from: string };

export interface Results {
  compile: CompiledCell;
  translate: FileScript;
  resolve: string | undefined;
}

/** From the main thread to the language thread. */
export type ToLanguage =
  | { readonly kind: "task"; readonly id: number; readonly task: LanguageTask }
  /** The cell compiled by that task came to this mark of its script; cells of other shells know what it declared by then. */
  | { readonly kind: "reached"; readonly id: number; readonly at: number }
  /**
   * The cell compiled by that task is over. Later cells know what it declared, as far as it ran: up to this mark of its
   * script; undefined when it did not begin.
   */
  | { readonly kind: "over"; readonly id: number; readonly at: number | undefined }
  /** A module that cells import by its name, though no file exists. */
  | { readonly kind: "virtual-file"; readonly path: string; readonly text: string };

/** From the language thread to the main thread. */
export type FromLanguage =
  /** Of the user's configuration, before anything else. */
  | { readonly kind: "options"; readonly hasPaths: boolean }
  | { readonly kind: "done"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly name: string; readonly message: string };

/** From the wire thread to the language thread. */
export interface Question {
  readonly id: number;
  /** Of the request. */
  readonly type: string;
  readonly content: Record<string, unknown>;
}

/** From the language thread to the wire thread: JSON text of the reply's content. */
export interface Answer {
  readonly id: number;
  readonly content: string;
}
