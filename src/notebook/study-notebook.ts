import { join } from "node:path";
import { packageRoot } from "../core";
import { type Notebook, readNotebook } from "./notebook-file";

/**
 * An annotated experiment to start from: own image folder, own teacher, ablation over the number of blocks.
 * @param name Of the study.
 * @param file Where it will lie, for the commands in its words.
 */
export function studyNotebook(name: string, file: string): Notebook {
  const template = readNotebook(join(packageRoot(), "notebooks", "templates", "study.ipynb"));
  const cells = template.cells.map((cell) => ({
    ...cell,
    source: cell.source.replaceAll("STUDY_NAME", name).replaceAll("STUDY_FILE", file),
  }));
  return { ...template, cells };
}
