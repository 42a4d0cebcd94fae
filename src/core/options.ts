import { ConfigError } from "./errors";
import { nearestName } from "./nearest-name";

/** What an option's value must be. */
export interface OptionRule {
  /** In words that follow "must be". */
  readonly must: string;
  holds(value: unknown): boolean;
  /** Of an option that has options itself. */
  readonly inner?: Readonly<Record<string, OptionRule>>;
}

/** A rule for each option of a type: the compiler finds an option that has none. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The rules that options are made of. NaN and infinities hold none of those for numbers. */
export const rule = {
  whole: { must: "a whole number", holds: Number.isSafeInteger } as OptionRule,
  wholeFrom: (least: number): OptionRule => ({
    must: `a whole number from ${least}`,
    holds: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  }),
  above: (low: number): OptionRule => ({
    must: `a number above ${low}`,
    holds: (value) => isNumber(value) && value > low,
  }),
  from: (low: number): OptionRule => ({
    must: `a number, ${low} or more`,
    holds: (value) => isNumber(value) && value >= low,
  }),
  /** From `low` to `high`, ends included. */
  within: (low: number, high: number): OptionRule => ({
    must: `a number in [${low}, ${high}]`,
    holds: (value) => isNumber(value) && value >= low && value <= high,
  }),
  /** Without the upper end. */
  below: (low: number, high: number): OptionRule => ({
    must: `a number in [${low}, ${high})`,
    holds: (value) => isNumber(value) && value >= low && value < high,
  }),
  /** Without the lower end. */
  upTo: (low: number, high: number): OptionRule => ({
    must: `a number in (${low}, ${high}]`,
    holds: (value) => isNumber(value) && value > low && value <= high,
  }),
  boolean: { must: "true or false", holds: (value) => typeof value === "boolean" } as OptionRule,
  text: { must: "a text that is not empty", holds: (value) => typeof value === "string" && value !== "" } as OptionRule,
  oneOf: (...values: readonly string[]): OptionRule => ({
    must: values.length <= 2 ? values.map((value) => `"${value}"`).join(" or ") : `one of ${values.join(", ")}`,
    holds: (value) => values.includes(value as string),
  }),
  /** An array or typed array, each entry by the rule. */
  list: (of: OptionRule, least = 1): OptionRule => ({
    must: `a list of at least ${least}, each ${of.must}`,
    holds: (value) =>
      (Array.isArray(value) || ArrayBuffer.isView(value)) &&
      (value as ArrayLike<unknown>).length >= least &&
      Array.from(value as ArrayLike<unknown>).every((entry) => of.holds(entry)),
  }),
  /** One for all, or a list of one for each. */
  each: (of: OptionRule): OptionRule => ({
    must: of.must,
    holds: (value) => of.holds(value) || rule.list(of).holds(value),
  }),
  either: (a: OptionRule, b: OptionRule): OptionRule => ({
    must: `${a.must}, or ${b.must}`,
    holds: (value) => a.holds(value) || b.holds(value),
  }),
  /** An object with options of its own. */
  options: <Inner>(inner: OptionRules<Inner>): OptionRule => ({
    must: `an object with ${Object.keys(inner).join(", ")}`,
    holds: isPlain,
    inner,
  }),
  /** Checked elsewhere, or by the compiler alone. */
  any: { must: "given", holds: () => true } as OptionRule,
};

/**
 * Refuses options that are not known, with the nearest that is, and values that break their rule. An option that is
 * undefined counts as not given.
 * @throws ConfigError naming the option, what it must be and what came.
 */
export function checkOptions<Options>(where: string, given: unknown, rules: OptionRules<Options>): void {
  check(where, "", given, rules);
}

function check(where: string, prefix: string, given: unknown, rules: Readonly<Record<string, OptionRule>>): void {
  const known = Object.keys(rules);
  if (!isPlain(given)) {
    throw new ConfigError(
      `${where}: options must be an object, e.g. { ${known.slice(0, 2).join(": ..., ")}: ... }, got ${shown(given)}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(rules, name)) continue;
    throw new ConfigError(`${where}: ${unknownName(`option "${prefix}${name}"`, name, known, prefix)}`, {
      option: prefix + name,
      known,
    });
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const { must, holds, inner } = rules[name];
    if (!holds(value)) {
      throw new ConfigError(`${where}: ${prefix}${name} must be ${must}, got ${shown(value)}`, {
        option: prefix + name,
      });
    }
    if (inner) check(where, `${prefix}${name}.`, value, inner);
  }
}

/** 'option "lr" is not known, did you mean learningRate? Known are ...'. */
export function unknownName(what: string, name: string, known: readonly string[], prefix = ""): string {
  const near = nearestName(name, known);
  const next = near === undefined ? "; known are" : `; did you mean ${prefix}${near}? Known are`;
  return `${what} is not known${next} ${known.join(", ")}`;
}

/** A value in a message: short, and NaN as NaN. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint" || value === undefined) return String(value);
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (isPlain(value) && Object.getPrototypeOf(value) !== Object.prototype) return `a ${value.constructor?.name}`;
  return JSON.stringify(value, (_, of) => (typeof of === "number" && !Number.isFinite(of) ? String(of) : of)).slice(
    0,
    120,
  );
}
