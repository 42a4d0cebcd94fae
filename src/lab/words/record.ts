import { ConfigError, checkOptions, formatCount, type OptionRules, percent, rule } from "../../core";
import { DISPLAY, type MimeBundle, notebookHost } from "../../display-protocol";
import {
  RESULT_TYPE,
  type ResultRecord,
  type ResultValue,
  resultRecordSchema,
  type Tolerance,
} from "../../notebook/result-record";
import { propertyTable } from "../display/table";

export interface RecordOptions {
  /**
   * How far a later run may lie from this one: an absolute distance, a share ("5%"), or "any" for values that are told but
   * not compared; one for all values, or one each by name. Values without one must agree to rounding.
   */
  readonly tolerance?: Tolerance | Readonly<Record<string, Tolerance>>;
}

/** A tolerance's value is checked with the record. */
const RECORD_RULES: OptionRules<RecordOptions> = { tolerance: rule.any };

/**
 * Shows named values as a result of the notebook, which `blockwise notebook check` compares with those of a new run.
 *
 * Outside a notebook it shows nothing.
 * @throws ConfigError when a value is not JSON, a tolerance is malformed, or an option is not known.
 */
export async function record(
  name: string,
  values: Readonly<Record<string, ResultValue>>,
  options: RecordOptions = {},
): Promise<void> {
  checkOptions("lab.record", options, RECORD_RULES);
  const { tolerance = {} } = options;
  const each =
    typeof tolerance === "object" ? tolerance : Object.fromEntries(Object.keys(values).map((key) => [key, tolerance]));
  const strangers = Object.keys(each).filter((key) => !(key in values));
  if (strangers.length > 0) {
    throw new ConfigError(`lab.record: tolerances must be of recorded values, got ${strangers.join(", ")}`);
  }
  const parsed = resultRecordSchema.safeParse({ name, values: finite(values), tolerance: each });
  if (!parsed.success) {
    throw new ConfigError(
      `lab.record: values must be numbers, texts, booleans, null or lists of numbers, and tolerances numbers, "5%" or "any"; got ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
    );
  }
  notebookHost()?.display(await bundle(parsed.data));
}

async function bundle(result: ResultRecord): Promise<MimeBundle> {
  const rows = Object.entries(result.values).map(([key, value]) => [key, shown(key, value)] as const);
  const shownTable = await propertyTable(`Result: ${result.name}`, Object.fromEntries(rows))[DISPLAY]();
  return { [RESULT_TYPE]: result, ...shownTable };
}

/** With the units that tables and figures have; the record itself keeps the number. */
function shown(key: string, value: ResultValue): string | number {
  if (typeof value === "number" && /accuracy/i.test(key) && value >= 0 && value <= 1) return percent(value);
  if (typeof value === "number" && /\b(macs|flops|params|parameters)\b/i.test(key)) return formatCount(value);
  if (typeof value === "number" || typeof value === "string") return value;
  return Array.isArray(value) ? value.map((one) => Number(one.toPrecision(5))).join(", ") : String(value);
}

/** JSON has neither NaN nor infinities: they become words, and a list with one of them becomes a text. */
function finite(values: Readonly<Record<string, ResultValue>>): Record<string, ResultValue> {
  const inWords = (value: ResultValue): ResultValue => {
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    return Array.isArray(value) && !value.every(Number.isFinite) ? value.join(" ") : value;
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, inWords(value)]));
}
