import { SourceMap } from "node:module";
import { basename, dirname, sep } from "node:path";
import { type EditedText, originalColumn } from "../language/text-edits";

/** Frames of this script are the kernel's call of a cell. */
export const CALL_SCRIPT = "blockwise:call";

/** Where this kernel's own code lies, compiled file by file or into one. */
export const OWN_FOLDER = (basename(__dirname) === "cells" ? dirname(__dirname) : __dirname) + sep;

/** A file that was compiled here: cells and local files. */
interface CompiledFile {
  readonly code: EditedText;
  readonly sourceMap: string;
  /** Lines that the source has above what the user wrote. */
  readonly above: number;
  map?: SourceMap;
}

/** Makes stacks point at the lines that the user wrote: `err.stack`, `console.log(err)`, tracebacks. */
export class StackPositions {
  private readonly files = new Map<string, CompiledFile>();

  add(path: string, code: EditedText, sourceMap: string, above = 0): void {
    this.files.set(path, { code, sourceMap, above });
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  /** From here on every stack is written with places of the sources, and without the kernel's frames below a cell. */
  install(): void {
    Error.prepareStackTrace = (error, sites) => {
      const head = headOf(error);
      const frames = this.frames(sites);
      return frames.length > 0 ? `${head}\n${frames.map((frame) => `    at ${frame}`).join("\n")}` : head;
    };
  }

  private frames(sites: readonly NodeJS.CallSite[]): string[] {
    const isUsers = (site: NodeJS.CallSite): boolean => this.files.has(site.getFileName() ?? "");
    const last = sites.reduce((found, site, index) => (isUsers(site) ? index : found), -1);
    if (last < 0) return sites.map(String);
    // What called the cell is the kernel and Node.
    const told = sites.filter((site, index) => !isOwn(site) && (index <= last || !isNodes(site)));
    return told.map((site) => (isUsers(site) ? this.located(site) : String(site)));
  }

  private located(site: NodeJS.CallSite): string {
    const file = site.getFileName()!;
    const [compiledLine, compiledColumn] = [site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1];
    const [line, column] = this.sourcePlace(file, compiledLine, compiledColumn);
    return String(site)
      .replace(`${file}:${compiledLine}:${compiledColumn}`, () => `${file}:${line}:${column}`)
      .replaceAll(/[\u200c\u200d]/g, "");
  }

  /** Lines and columns count from 1. */
  private sourcePlace(path: string, line: number, column: number): [number, number] {
    const file = this.files.get(path)!;
    file.map ??= new SourceMap(JSON.parse(file.sourceMap));
    const entry = file.map.findEntry(line - 1, originalColumn(file.code, line - 1, column - 1));
    if (!("originalLine" in entry)) return [line, column];
    return [Math.max(1, entry.originalLine + 1 - file.above), entry.originalColumn + 1];
  }
}

function isOwn(site: NodeJS.CallSite): boolean {
  const file = site.getFileName() ?? "";
  return file === CALL_SCRIPT || file.startsWith(OWN_FOLDER);
}

function isNodes(site: NodeJS.CallSite): boolean {
  return site.getFileName()?.startsWith("node:") ?? false;
}

function headOf(error: Error): string {
  try {
    return String(Error.prototype.toString.call(error));
  } catch {
    return "Error";
  }
}
