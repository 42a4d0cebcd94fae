/**
 * What a library met that decodes a file, fit for a sentence: the first line of its message. A slip of
 * its code on damaged bytes ("x.map is not a function") tells of the code, not of the file, and is not
 * repeated: the parts of the file do not fit together.
 */
export function decoderReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (SLIPS.some((slip) => cause instanceof slip)) return "its parts do not fit together";
  return cause.message.split("\n")[0].replace(/[.:;]+$/, "");
}

const SLIPS = [TypeError, RangeError, ReferenceError, EvalError, URIError];
