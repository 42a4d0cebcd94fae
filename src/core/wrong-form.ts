import type { ZodError } from "zod";

const MOST = 3;

/** How a value breaks its form, in words: 'key "architecture" is missing', '"cells": expected array, received number'. */
export function wrongForm({ issues }: ZodError, value: unknown): string {
  const words = issues.map(({ path, message }) => {
    const place = path.length > 0 ? JSON.stringify(path.join(".")) : undefined;
    if (place !== undefined && at(value, path) === undefined) return `key ${place} is missing`;
    const said = message.replace(/^Invalid input: /, "");
    return place === undefined ? said : `${place}: ${said}`;
  });
  const more = words.length - MOST;
  return [...words.slice(0, MOST), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((of: unknown, key) => (of as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
