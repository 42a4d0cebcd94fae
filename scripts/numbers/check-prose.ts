import { z } from "zod";
import { numbersIn } from "./prose";
import { type Source, sourceSchema, storedValue } from "./stored-value";

/** A piece of prose with its numbers in braces: where each is stored, or why it is no result. */
const phraseSchema = z.union([
  z.strictObject({ text: z.string(), from: z.array(sourceSchema).min(1) }),
  z.strictObject({ text: z.string(), given: z.string().min(3) }),
]);
export type Phrase = z.output<typeof phraseSchema>;

/** By file: every number that its prose states. */
export const numbersSchema = z.record(z.string(), z.array(phraseSchema));

/** What does not hold of a file's prose: a number that nobody answers for, or one that is stored otherwise. */
export interface ProseProblem {
  readonly message: string;
  /** For a number that is stored otherwise: where it stands, and what should stand there. */
  readonly correction?: { readonly at: number; readonly length: number; readonly text: string };
}

const BRACED = /\{([^{}]+)\}/g;

/** Compares each number of a prose with what the phrases say of it. */
export function checkProse(prose: string, phrases: readonly Phrase[], root: string): ProseProblem[] {
  const stated = numbersIn(prose);
  const open = new Map(stated.map((number) => [number.at, number]));
  const places = new Set(open.keys());
  const problems = phrases.flatMap((phrase) => checkPhrase(prose, phrase, root, places, (at) => open.delete(at)));
  return [
    ...problems,
    ...[...open.values()].map(({ text, at }) => ({
      message: `no phrase answers for ${text} in "${around(prose, at, text.length)}"`,
    })),
  ];
}

function checkPhrase(
  prose: string,
  phrase: Phrase,
  root: string,
  places: ReadonlySet<number>,
  answer: (at: number) => void,
): ProseProblem[] {
  const pattern = new RegExp(
    phrase.text
      .split(BRACED)
      .map((part, i) => (i % 2 === 0 ? literal(part) : NUMERAL))
      .join(""),
    "dg",
  );
  // The same words in code or in a citation state nothing.
  const matches = [...prose.matchAll(pattern)].filter(({ indices }) =>
    indices!.slice(1).every(([at]) => places.has(at)),
  );
  if (matches.length === 0) return [{ message: `no such text: "${phrase.text}"` }];
  const numerals = [...phrase.text.matchAll(BRACED)].map(([, text]) => text);
  if ("from" in phrase && phrase.from.length !== numerals.length) {
    return [{ message: `"${phrase.text}" has ${numerals.length} numbers and ${phrase.from.length} sources` }];
  }
  return matches.flatMap((match) =>
    numerals.flatMap((listed, i): ProseProblem[] => {
      const [at, end] = match.indices![i + 1];
      answer(at);
      const said = prose.slice(at, end);
      let right = listed;
      try {
        if ("from" in phrase) right = printed(phrase.from[i], said, root);
      } catch (error) {
        return [{ message: `"${phrase.text}": ${(error as Error).message}` }];
      }
      if (said === right) return [];
      const message = `says ${said}, ${"from" in phrase ? `stored is ${right}` : `listed is ${right}`}: "${around(prose, at, said.length)}"`;
      return [{ message, correction: { at, length: said.length, text: right } }];
    }),
  );
}

const NUMERAL = String.raw`([-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e\d+)?)`;

/** Any white space matches any: prose may be wrapped anew, tables are padded. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
}

/** A stored value as the prose prints numbers: with as many decimals, grouped or not. */
function printed(source: Source, like: string, root: string): string {
  const decimals = /\.(\d+)$/.exec(like)?.[1].length ?? 0;
  const value = storedValue(source, root);
  const plain = value.toFixed(decimals);
  return like.includes(",") || (Math.abs(value) >= 1000 && decimals === 0)
    ? Number(plain).toLocaleString("en-US", { minimumFractionDigits: decimals })
    : plain;
}

function around(prose: string, at: number, length: number): string {
  return prose.slice(Math.max(0, at - 40), at + length + 30).replace(/\s+/g, " ");
}
