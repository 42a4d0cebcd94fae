import { fingerprint, packageVersion } from "../core";

/** Of the messages and values on the queue: raised when older workers would misread them. */
const FORMAT = 1;

/**
 * Names what a caller and its workers must have in common, so that outcomes have the same bytes wherever they are made.
 * @param rounding What rounds alike, see `roundingClass`.
 */
export function queueKind(rounding: string): string {
  return fingerprint({ format: FORMAT, version: packageVersion(), rounding });
}
