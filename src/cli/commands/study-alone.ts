import { ConfigError } from "../../core";

interface Given {
  readonly threads?: number;
  readonly summary?: boolean;
}

/**
 * Of studies whose settings are fixed in code.
 * @param useless options that the study cannot take.
 * @param why what it does instead of taking them.
 * @throws ConfigError when another study comes with it, or an option that would change nothing.
 */
export function checkAlone(
  study: string,
  names: readonly string[],
  options: Given,
  useless: readonly string[],
  why: string,
): void {
  const unused = useless.find((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined);
  if (names.length > 1 || unused !== undefined) {
    const got = unused === undefined ? names.filter((name) => name !== study).join(", ") : `--${unused}`;
    throw new ConfigError(`study ${study}: must come alone, ${why}; got ${got} with it`);
  }
  if (options.summary && options.threads !== undefined) {
    throw new ConfigError(
      `study ${study}: --summary searches nothing, so it must come without --threads, got ${options.threads}; leave out one of the two`,
      { option: "threads" },
    );
  }
}
