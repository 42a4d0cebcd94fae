import { extname } from "node:path";
import { DataError } from "../core";
import { isPicture, type PictureFile, type PictureFiles } from "./picture-files";

/** A picture with its class. */
export interface LabelledFile {
  readonly file: PictureFile;
  readonly label: number;
}

/** Pictures by part and class. */
export interface PictureLayout {
  readonly classes: readonly string[];
  /** Class by class, each in alphabetical order. */
  readonly train: readonly LabelledFile[];
  readonly validation?: readonly LabelledFile[];
  readonly test?: readonly LabelledFile[];
  readonly remarks: readonly string[];
}

/** Names of a part's folder, as they are found in the wild. */
const PARTS = {
  train: /^train(ing)?$/i,
  validation: /^(val|valid|validation|dev)$/i,
  test: /^test(ing)?$/i,
} as const;
type Part = keyof typeof PARTS;
/** How many names a message lists. */
const LISTED = 5;
const LAYOUTS =
  "train/<class>/* and test/<class>/* (or val/), or <class>/* alone, which is then divided; name the folder above these";

/**
 * Finds the parts and classes of pictures that are sorted into folders: `train/` and `test/` with a folder a class each;
 * `train/` and `val/`, which then is the test part (ImageNet's way: its accuracies are those on `val/`); all three; or one
 * folder a class alone, to be divided. A single folder around all that is looked into. Pictures may lie deeper in a class.
 * @param known The classes in their order; those that the training folder has, in alphabetical order, when left out.
 * @throws DataError when there is no such layout, a class of the training part has no picture, or another part has a class
 *   that training lacks.
 */
export function pictureLayout(
  name: string,
  place: string,
  { files, folders }: Pick<PictureFiles, "files" | "folders">,
  known?: readonly string[],
): PictureLayout {
  const tree = new Tree(files, folders);
  const root = tree.withoutWrapper();
  const remarks: string[] = [];
  const at = (folder: string) => (folder === "" ? place : `${place}/${folder}`);
  const found = partsOf(name, at(root), tree, root);
  if (found.train === undefined && (found.test !== undefined || found.validation !== undefined)) {
    if (tree.folders(root).every(isPart)) {
      throw new DataError(
        `${name}: ${at(root)} must have a folder train, and has only ${tree.folders(root).join(", ")}`,
        {
          place,
        },
      );
    }
  }
  const trainFolder = found.train ?? root;
  const training = tree.classesIn(trainFolder);
  const classes = known ?? [...training.keys()].sort();
  checkClasses(name, at(trainFolder), tree, trainFolder, classes, training);
  const names = new Set(classes);
  const labelled = (part: string, folder: string) => {
    const byClass = tree.classesIn(folder);
    const strangers = [...byClass].filter(([label, { pictures }]) => !names.has(label) && pictures.length > 0);
    if (strangers.length > 0) {
      throw new DataError(
        `${name}: ${at(folder)} must have the classes of ${known ? "the data set" : "train"}, ${listed(classes)}, got also ${listed(strangers.map(([label]) => label))}`,
        { folder: at(folder) },
      );
    }
    remarks.push(...leftAside(part, tree, folder, byClass));
    return classes.flatMap((label, i) => (byClass.get(label)?.pictures ?? []).map((file) => ({ file, label: i })));
  };
  const train = labelled("train", trainFolder);
  if (found.train === undefined) {
    remarks.push(`${at(root)} has one folder a class and no train/: test and validation images are drawn from it.`);
    return { classes, train, remarks };
  }
  const beside = tree.folders(root).filter((folder) => !isPart(folder));
  if (beside.length > 0) remarks.push(`${at(root)}: ${listed(beside)} beside train are left aside.`);
  const parts: { validation?: readonly LabelledFile[]; test?: readonly LabelledFile[] } = {};
  for (const part of ["validation", "test"] as const) {
    const folder = found[part];
    if (folder === undefined) continue;
    const pictures = labelled(part, folder);
    if (pictures.length > 0) parts[part] = pictures;
    else if (part === "validation" || found.validation === undefined) {
      throw new DataError(
        `${name}: ${at(folder)} must have pictures in one folder a class, and has none; sort them, or remove it`,
        {
          folder: at(folder),
        },
      );
    } else {
      remarks.push(`${at(folder)} has no picture in a class's folder (no labels), and is left aside.`);
    }
  }
  if (parts.test === undefined && parts.validation !== undefined) {
    remarks.push(
      `${at(found.validation as string)} is used as the test images; validation images are held out of train.`,
    );
    return { classes, train, test: parts.validation, remarks };
  }
  if (parts.test === undefined) remarks.push(`${at(root)} has no test/ or val/: test images are drawn from train.`);
  return { classes, train, ...parts, remarks };
}

/** Folders and files by the folder that they lie in. */
class Tree {
  private readonly inside = new Map<string, { folders: Set<string>; files: PictureFile[] }>();

  constructor(
    private readonly all: readonly PictureFile[],
    folders: readonly string[],
  ) {
    this.at("");
    for (const folder of folders) this.at(folder);
    for (const file of all) this.at(parent(file.path)).files.push(file);
  }

  folders(folder: string): string[] {
    return [...this.at(folder).folders].sort();
  }

  files(folder: string): readonly PictureFile[] {
    return this.at(folder).files;
  }

  /** The folder below single folders that lie around everything, as zip files often have one. */
  withoutWrapper(): string {
    let root = "";
    for (;;) {
      const folders = this.folders(root);
      const only = joined(root, folders[0] ?? "");
      const wraps = folders.length === 1 && !pictures(this.files(root)).length && this.folders(only).length > 0;
      if (!wraps || isPart(folders[0])) return root;
      root = only;
    }
  }

  /** Pictures and other files of each class, whose folders are the names directly inside; composed Unicode (NFC). */
  classesIn(folder: string): Map<string, { pictures: PictureFile[]; others: PictureFile[] }> {
    const classes = new Map<string, { pictures: PictureFile[]; others: PictureFile[] }>();
    const of = (label: string) => {
      const entry = classes.get(label.normalize("NFC")) ?? { pictures: [], others: [] };
      classes.set(label.normalize("NFC"), entry);
      return entry;
    };
    for (const label of this.folders(folder)) of(label);
    const start = folder === "" ? "" : `${folder}/`;
    for (const file of this.all) {
      if (!file.path.startsWith(start)) continue;
      const rest = file.path.slice(start.length);
      const end = rest.indexOf("/");
      if (end < 0) continue;
      const entry = of(rest.slice(0, end));
      (isPicture(file) ? entry.pictures : entry.others).push(file);
    }
    return classes;
  }

  private at(folder: string): { folders: Set<string>; files: PictureFile[] } {
    const known = this.inside.get(folder);
    if (known) return known;
    const entry = { folders: new Set<string>(), files: [] };
    this.inside.set(folder, entry);
    if (folder !== "") this.at(parent(folder)).folders.add(folder.slice(folder.lastIndexOf("/") + 1));
    return entry;
  }
}

/** @throws DataError when two folders stand for one part. */
function partsOf(name: string, where: string, tree: Tree, root: string): Partial<Record<Part, string>> {
  const found: Partial<Record<Part, string>> = {};
  for (const [part, names] of Object.entries(PARTS) as [Part, RegExp][]) {
    const folders = tree.folders(root).filter((folder) => names.test(folder));
    if (folders.length > 1) {
      throw new DataError(
        `${name}: ${where} must have one folder for ${part} images, got ${folders.join(" and ")}; join them or rename one`,
        { folders },
      );
    }
    if (folders.length === 1) found[part] = joined(root, folders[0]);
  }
  return found;
}

function isPart(folder: string): boolean {
  return Object.values(PARTS).some((names) => names.test(folder));
}

function checkClasses(
  name: string,
  where: string,
  tree: Tree,
  folder: string,
  classes: readonly string[],
  found: ReadonlyMap<string, { readonly pictures: readonly PictureFile[]; readonly others: readonly PictureFile[] }>,
): void {
  if (classes.length === 0) {
    const stray = pictures(tree.files(folder)).length;
    throw new DataError(
      `${name}: ${where} must hold one folder a class, and has none${stray > 0 ? `, but ${stray} pictures without a class` : ""}; expected are ${LAYOUTS}`,
      { where },
    );
  }
  const empty = classes.filter((label) => !found.get(label)?.pictures.length);
  if (empty.length > 0) {
    const why = (label: string) => {
      const others = found.get(label)?.others;
      if (others === undefined) return "has no folder";
      return others.length > 0 ? `holds no picture, only ${kinds(others)}` : "is empty";
    };
    throw new DataError(
      `${name}: every class in ${where} must have pictures (PNG, JPEG, WebP, TIFF, GIF, AVIF), and ${empty.length} of ${classes.length} have none: ${listed(empty.map((label) => `${label} ${why(label)}`))}; add pictures or remove the folder`,
      { empty },
    );
  }
  if (classes.length === 1) {
    throw new DataError(
      `${name}: ${where} must have at least two classes, got only ${classes[0]}; expected are ${LAYOUTS}`,
      { where },
    );
  }
}

function leftAside(
  part: string,
  tree: Tree,
  folder: string,
  classes: ReadonlyMap<string, { readonly others: readonly PictureFile[] }>,
): string[] {
  const stray = pictures(tree.files(folder));
  const others = [...classes.values()].flatMap((of) => of.others);
  return [
    ...(stray.length > 0
      ? [
          `${part}: ${stray.length} pictures lie in no class's folder and are left aside (${listed(stray.map(({ path }) => path))}).`,
        ]
      : []),
    ...(others.length > 0
      ? [`${part}: ${others.length} files that are no pictures are left aside (${kinds(others)}).`]
      : []),
  ];
}

function pictures(files: readonly PictureFile[]): PictureFile[] {
  return files.filter(isPicture);
}

/** "3 .bmp, 1 .txt" */
function kinds(files: readonly PictureFile[]): string {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const kind = extname(path).toLowerCase() || "without a suffix";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return listed([...counts].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${count} ${kind}`));
}

/** The first names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return `${names.slice(0, LISTED).join(", ")}${more}`;
}

function parent(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "" : path.slice(0, end);
}

function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
