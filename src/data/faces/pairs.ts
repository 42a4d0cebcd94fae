import { readFileSync } from "node:fs";
import { checkOptions, DataError, nearestName, type OptionRules, Rng, rule, shown } from "../../core";
import type { FaceSet } from "./types";

/** Two faces, and whether they are of one person. */
export interface FacePair {
  /** Places in the face set. */
  readonly first: number;
  readonly second: number;
  readonly same: boolean;
  /** From 0; a threshold is chosen on the other folds. */
  readonly fold: number;
}

/** What verification is measured on. */
export interface FacePairs {
  readonly folds: number;
  readonly pairs: readonly FacePair[];
}

/**
 * Reads pairs in the form of LFW's `pairs.txt`: a line `folds  pairs` (or `pairs` alone, of one fold, as in `pairsDevTest.txt`),
 * then for each fold so many lines `name i j` (one person) and as many `name i name j` (two people), divided by tabs or spaces.
 * Face `i` of a name is the picture `name/name_000i.*`, whatever the number of zeros.
 * @param faces What {@link readFaces} read.
 * @throws DataError with the line when one is malformed or missing, or names a face that is not there.
 */
export function readPairs(file: string, faces: FaceSet): FacePairs {
  const lines = readLines(file);
  const refused = (line: number, must: string, mend: string): never => {
    const got = line < lines.length ? shown(lines[line]) : "the end of the file";
    throw new DataError(`readPairs: ${file}:${line + 1}: must be ${must}, got ${got}; ${mend}`, {
      file,
      line: line + 1,
    });
  };
  const head = lines[0]?.trim().split(/\s+/) ?? [];
  if (head.length > 2 || !head.every((number) => /^[1-9]\d*$/.test(number))) {
    refused(
      0,
      "the number of folds and of pairs of each kind a fold, e.g. 10 300",
      "take LFW's pairs.txt for a pattern",
    );
  }
  const [folds, count] = head.length === 2 ? head.map(Number) : [1, Number(head[0])];
  const find = facesByNumber(file, faces);
  const pairs: FacePair[] = [];
  let at = 1;
  for (let fold = 0; fold < folds; fold++) {
    for (const same of [true, false]) {
      for (let i = 0; i < count; i++, at++) {
        const words = lines[at]?.trim().split(/\s+/) ?? [];
        const right = same ? /^\S+ \d+ \d+$/ : /^\S+ \d+ \S+ \d+$/;
        if (!right.test(words.join(" "))) {
          const form = same ? "a name and two numbers (one person)" : "a name, a number, a name, a number (two people)";
          refused(at, form, `the first line promises ${count} pairs of each kind in each of ${folds} folds`);
        }
        const [name, number, other, otherNumber] = same ? [words[0], words[1], words[0], words[2]] : words;
        if (!same && name === other) refused(at, "two people", "write a pair of one person as name i j");
        const [first, second] = [find(name, Number(number), at + 1), find(other, Number(otherNumber), at + 1)];
        if (first === second) refused(at, "two different faces", "a face and itself tell nothing");
        pairs.push({ first, second, same, fold });
      }
    }
  }
  if (at < lines.length) refused(at, "the end of the file", `the first line promises ${2 * folds * count} pairs`);
  return { folds, pairs };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").replace(/\s+$/, "").split(/\r?\n/);
  } catch (cause) {
    throw new DataError(
      `readPairs: ${file} must be a text file of pairs, and ${(cause as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read"}; check its path`,
      { file },
      { cause },
    );
  }
}

/** Finds a face by its identity and the number at the end of its picture's name. */
function facesByNumber(file: string, { name: set, paths, identities, faces }: FaceSet) {
  if (!paths) throw new DataError(`readPairs: ${set} must be faces with names of files, as readFaces reads them`);
  const known = new Set(identities);
  const places = new Map<string, number>();
  for (const [place, path] of paths.entries()) {
    const identity = identities[faces.labels[place]];
    const picture = path.slice(path.lastIndexOf("/") + 1);
    const number = picture.startsWith(`${identity}_`) && /^(\d+)\.\w+$/.exec(picture.slice(identity.length + 1));
    if (number) places.set(`${identity}/${Number(number[1])}`, place);
  }
  return (name: string, number: number, line: number): number => {
    const place = places.get(`${name}/${number}`);
    if (place !== undefined) return place;
    const at = `readPairs: ${file}:${line}`;
    if (known.has(name)) {
      throw new DataError(
        `${at}: ${set} must have the picture ${name}/${name}_${String(number).padStart(4, "0")}.*, and has not`,
        {
          line,
        },
      );
    }
    const meant = nearestName(name, [...known]);
    throw new DataError(
      `${at}: ${set} must have the identity ${JSON.stringify(name)}, and has not${meant ? `; did you mean ${meant}?` : ""}`,
      { line, name },
    );
  };
}

export interface DrawnPairsOptions {
  readonly seed: number;
  /** Default 10. Each has people of its own, as LFW's have. */
  readonly folds?: number;
  /** Pairs of one person in a fold, and pairs of two people. */
  readonly pairs: number;
}

const DRAWN_RULES: OptionRules<DrawnPairsOptions> = {
  seed: rule.whole,
  folds: rule.wholeFrom(2),
  pairs: rule.wholeFrom(1),
};

/**
 * Draws pairs as LFW's were drawn: people are divided over the folds, no pair comes twice.
 * @throws DataError when a fold has not as many different pairs.
 */
export function drawPairs(faces: FaceSet, options: DrawnPairsOptions): FacePairs {
  checkOptions("drawPairs", options, DRAWN_RULES);
  const { seed, folds = 10, pairs: count } = options;
  const rng = new Rng(seed).fork("face-pairs");
  const members: number[][] = faces.identities.map(() => []);
  faces.faces.labels.forEach((label, place) => {
    members[label].push(place);
  });
  const order = rng.permutation(members.length);
  const pairs: FacePair[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const people = Array.from(order)
      .filter((_, i) => i % folds === fold)
      .map((identity) => members[identity]);
    const some = people.filter((own) => own.length >= 2);
    const all = people.filter((own) => own.length >= 1);
    const sum = all.reduce((total, own) => total + own.length, 0);
    const room = {
      same: some.reduce((total, own) => total + (own.length * (own.length - 1)) / 2, 0),
      different: (sum ** 2 - all.reduce((total, own) => total + own.length ** 2, 0)) / 2,
    };
    for (const [kind, most] of Object.entries(room)) {
      if (most >= count) continue;
      throw new DataError(
        `drawPairs: fold ${fold + 1} of ${folds} must have ${count} different pairs of ${kind === "same" ? "one person" : "two people"}, and has ${most}; ask for fewer pairs or folds, or give more faces`,
        { fold, most, count },
      );
    }
    const drawing = rng.fork(`fold${fold}`);
    const same = distinct(count, () => two(drawing.pick(some), drawing));
    const different = distinct(count, () => {
      const [one, other] = two(all, drawing);
      return [drawing.pick(one), drawing.pick(other)];
    });
    pairs.push(...same.map(([first, second]) => ({ first, second, same: true, fold })));
    pairs.push(...different.map(([first, second]) => ({ first, second, same: false, fold })));
  }
  return { folds, pairs };
}

/** Two different items. */
function two<T>(items: readonly T[], rng: Rng): [T, T] {
  const first = rng.int(items.length);
  const second = (first + 1 + rng.int(items.length - 1)) % items.length;
  return [items[first], items[second]];
}

function distinct(count: number, draw: () => [number, number]): [number, number][] {
  const drawn = new Map<string, [number, number]>();
  while (drawn.size < count) {
    const [a, b] = draw();
    drawn.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
  }
  return [...drawn.values()];
}
