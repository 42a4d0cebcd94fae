import { ConfigError, nearestName } from "../core";
import { type Cell, hasTag, type Notebook } from "./notebook-file";
import { type DeclaredParameter, declarationsOf, type ParameterType, written } from "./parameter-types";

/** Tags of papermill's: the cell of defaults, and the one that overrides them. */
const DEFAULTS = "parameters";
const INJECTED = "injected-parameters";

/** Decimal notation, with the underscores of TypeScript; `010` is eight to some and ten to others. */
const DECIMAL = /^[-+]?((0|[1-9](_?\d)*)(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;
/** What other languages, or JavaScript itself, write for values, and JSON does not: it may be meant as text or as value. */
const NO_JSON =
  /^([-+]?(nan|inf|infinity)|undefined|true|false|none|null|nil|[-+]?(0[xob][\da-f_]*|[\d_]*\.?\d[\d_]*\.?(e[-+]?\d+)?)n?|)$/i;

/** Name -> number, boolean, string, or any other JSON. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Names that the notebook's cell tagged `parameters` declares, with the types of their defaults. */
export function declaredParameters({ cells }: Notebook): Map<string, DeclaredParameter> {
  const cell = cells.find((one) => hasTag(one, DEFAULTS));
  return cell ? declarationsOf(cell.source) : new Map();
}

/**
 * Reads `name=value` as the command line gives it, by the type of the notebook's default: what is text there stays text
 * (`1.10`, `007`, `null`), numbers are decimal and exact, lists and objects are JSON with items of the default's types.
 * Where the default does not tell its type, JSON is taken as such and all else as text.
 * @throws ConfigError when there is no such parameter, naming the nearest, or the value is not of its type.
 */
export function readParameters(given: readonly string[], notebook: Notebook): Parameters {
  const declared = declaredParameters(notebook);
  return Object.fromEntries(
    given.map((argument) => {
      const [, name, value] = argument.match(/^([A-Za-z_$][\w$]*)=([\s\S]*)$/) ?? [];
      if (name === undefined) {
        throw new ConfigError(`-p: must be name=value, e.g. seed=3, got ${JSON.stringify(argument)}`);
      }
      const parameter = declared.get(name);
      if (!parameter) throw stranger(name, [...declared.keys()]);
      return [name, readValue(name, value, parameter.type)];
    }),
  );
}

function stranger(name: string, known: readonly string[]): ConfigError {
  if (known.length === 0) {
    return new ConfigError(
      `-p ${name}: the notebook must have a cell tagged \`parameters\` that declares it, e.g. \`let ${name} = 1;\`, and declares nothing there; tag the cell in Jupyter (right side bar, Cell Tags)`,
    );
  }
  const nearest = nearestName(name, known);
  return new ConfigError(
    `-p ${name}: must be a parameter of the notebook: ${known.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
    { name, known },
  );
}

function readValue(name: string, value: string, type: ParameterType): unknown {
  const fail = (hint = "") => {
    const example = hint === "" ? "" : `; ${hint}`;
    return new ConfigError(`-p ${name}: must be ${written(type)}, got ${value === "" ? "nothing" : value}${example}`);
  };
  switch (type.kind) {
    case "text":
      return unquoted(value);
    case "number":
      return readNumber(name, value) ?? raise(fail("e.g. 3, 0.5 or 1e-3"));
    case "boolean":
      return value === "true" || value === "false" ? value === "true" : raise(fail());
    case "code":
      throw new ConfigError(
        `-p ${name}: can be a number, text, true, false, null, a list or an object, and its default is ${type.source.slice(0, 40)}; declare one of these instead, e.g. a text, and make the value of it in a later cell`,
      );
    case "any":
      return readAny(name, value);
    case "literal":
    case "union":
    case "null":
    case "undefined":
      return readChoice(name, value, type, fail);
    default: {
      const parsed = readJson(name, value);
      const wrong = parsed === undefined ? "" : misfit(parsed.value, type);
      if (wrong === undefined) return parsed?.value;
      throw fail(
        wrong ||
          `write it as JSON and quote it for the shell, e.g. '${name}=${type.kind === "list" ? "[1, 2]" : '{"a": 1}'}'`,
      );
    }
  }
}

/** The first alternative that takes the value; text is asked last, for it takes all. */
function readChoice(name: string, value: string, type: ParameterType, fail: (hint?: string) => ConfigError): unknown {
  const choices = type.kind === "union" ? type.of : [type];
  if (choices.some(({ kind }) => kind === "any")) return readAny(name, value);
  const words = choices.flatMap((choice) => (choice.kind === "literal" ? [choice.value] : []));
  const word = words.find((known) => String(known) === (typeof known === "string" ? unquoted(value) : value));
  if (word !== undefined) return word;
  if (value === "null" && choices.some(({ kind }) => kind === "null")) return null;
  if (value === "undefined" && choices.some(({ kind }) => kind === "undefined")) return undefined;
  const typed = choices.filter(({ kind }) => !["literal", "null", "undefined", "text"].includes(kind));
  for (const choice of typed) {
    try {
      return readValue(name, value, choice);
    } catch (error) {
      if (!(error instanceof ConfigError) || /exact/.test(error.message)) throw error;
    }
  }
  if (choices.some(({ kind }) => kind === "text")) {
    // A default that is no text says how `NaN` or `0x10` is meant as little as one that tells nothing.
    return typed.length > 0 && NO_JSON.test(value.trim()) ? raise(fail(quoteHint(name, value))) : unquoted(value);
  }
  const nearest = nearestName(value, words.map(String));
  throw fail(nearest && `did you mean ${nearest}?`);
}

/** Undefined for what is no finite decimal number. */
function readNumber(name: string, text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (/^[-+]?[\d_]+$/.test(text) && !Number.isSafeInteger(value)) throw inexact(name, text);
  return Number.isFinite(value) ? value : undefined;
}

function readAny(name: string, value: string): unknown {
  const parsed = readJson(name, value);
  if (parsed) return parsed.value;
  if (NO_JSON.test(value.trim())) {
    throw new ConfigError(
      `-p ${name}: must be JSON (a number, true, false, null, a list, an object) or text, got ${value === "" ? "nothing" : value}; ${quoteHint(name, value)}`,
    );
  }
  if (!/^\s*[[{"]/.test(value)) return value;
  throw new ConfigError(`-p ${name}: must be JSON, got ${value}; quote it for the shell, e.g. '${name}=["a", "b"]'`);
}

function quoteHint(name: string, value: string): string {
  return `if text is meant, quote it: '${name}="${value}"'`;
}

/** Undefined for what is no JSON. */
function readJson(name: string, text: string): { readonly value: unknown } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // A number that JSON.parse rounds, or takes for infinite, would be another one in the notebook.
  for (const [token] of text.replace(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(/-?\d[\d.eE+-]*/g)) {
    const number = Number(token);
    const isExact = /^-?\d+$/.test(token) ? Number.isSafeInteger(number) : Number.isFinite(number);
    if (!isExact) throw inexact(name, token);
  }
  return { value };
}

function inexact(name: string, token: string): ConfigError {
  return new ConfigError(
    `-p ${name}: a whole number must be below 2^53, and any number below 1.8e308, to stay exact, got ${token}; make the notebook's default a text if it is a name`,
  );
}

/** Why a value is not of the type, undefined when it is. */
function misfit(value: unknown, type: ParameterType, where = "it"): string | undefined {
  const wrong = `${where} must be ${written(type)}, not ${JSON.stringify(value)}`;
  switch (type.kind) {
    case "any":
      return undefined;
    case "text":
      return typeof value === "string" ? undefined : wrong;
    case "number":
    case "boolean":
      return typeof value === type.kind ? undefined : wrong;
    case "literal":
      return value === type.value ? undefined : wrong;
    case "null":
      return value === null ? undefined : wrong;
    case "undefined":
    case "code":
      return wrong;
    case "union":
      return type.of.some((choice) => misfit(value, choice) === undefined) ? undefined : wrong;
    case "list":
      if (!Array.isArray(value)) return wrong;
      return firstOf(value.map((item, i) => misfit(item, type.of, `item ${i + 1}`)));
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return wrong;
  const entries = Object.entries(value);
  if (type.kind === "record") return firstOf(entries.map(([key, item]) => misfit(item, type.of, key)));
  const known = [...type.of.keys()];
  const strange = entries.find(([key]) => !type.of.has(key))?.[0];
  if (strange !== undefined) {
    const nearest = nearestName(strange, known);
    return `it has ${known.join(", ")}, not ${strange}${nearest ? ` (did you mean ${nearest}?)` : ""}`;
  }
  const missing = known.find((key) => !(key in value));
  if (missing !== undefined) return `it must have ${missing} too`;
  return firstOf(entries.map(([key, item]) => misfit(item, type.of.get(key) as ParameterType, key)));
}

function firstOf(reasons: readonly (string | undefined)[]): string | undefined {
  return reasons.find((reason) => reason !== undefined);
}

/** Text as it is; in double quotes, as JSON has it, what stands between them. */
function unquoted(value: string): string {
  if (!/^".*"$/s.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** JSON as code; as a key, `__proto__` would not be a key of its own there, and JSON.stringify writes -0 as 0. */
function literal(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return (JSON.stringify(value) ?? "undefined").replaceAll('"__proto__":', '["__proto__"]:');
}

function raise(error: Error): never {
  throw error;
}

/**
 * The notebook with a cell tagged `injected-parameters` behind the one tagged `parameters` (first without one); it takes
 * the place of an earlier injected one. The values have the types that the defaults were declared with.
 */
export function withParameters(notebook: Notebook, parameters: Parameters): Notebook {
  if (Object.keys(parameters).length === 0) return notebook;
  const declared = declaredParameters(notebook);
  const lines = Object.entries(parameters).map(([name, value]) => {
    const annotation = declared.get(name)?.annotation;
    return `let ${name}${annotation === undefined ? "" : `: ${annotation}`} = ${literal(value)};`;
  });
  const cells = notebook.cells.filter((cell) => !hasTag(cell, INJECTED));
  const injected: Cell = {
    cell_type: "code",
    ...(notebook.nbformat_minor >= 5 && { id: INJECTED }),
    metadata: { tags: [INJECTED] },
    source: ["// Parameters of this run", ...lines].join("\n"),
    outputs: [],
    execution_count: null,
  };
  const at = cells.findIndex((cell) => hasTag(cell, DEFAULTS)) + 1;
  return { ...notebook, cells: [...cells.slice(0, at), injected, ...cells.slice(at)] };
}
