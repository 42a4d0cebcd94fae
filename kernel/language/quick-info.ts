import type * as TypeScript from "@tslab/typescript-for-tslab";

/** What inspection shows: the type, what TSDoc says, and its tags. */
export function describeInfo(info: TypeScript.QuickInfo): string {
  // That the prelude imported a name does not matter to who asks what it is.
  const type = joined(info.displayParts)
    .replace(/^\(alias\) /, "")
    .replace(/\nimport [\w$]+$/, "");
  const words = joined(info.documentation);
  const tags = (info.tags ?? []).map(({ name, text }) => `@${name} ${joined(text)}`.trimEnd());
  const documentation = [words, ...tags].filter((line) => line !== "");
  return documentation.length > 0 ? `${type}\n\n${documentation.join("\n")}` : type;
}

function joined(parts: readonly TypeScript.SymbolDisplayPart[] | undefined): string {
  return (parts ?? []).map(({ text }) => text).join("");
}
