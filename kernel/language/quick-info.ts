import type * as TypeScript from "typescript";

/**
 * What inspection shows: the type, what TSDoc says, and its tags.
 * @param words documentation that the compiler was not given.
 */
export function describeInfo(info: TypeScript.QuickInfo, words?: string): string {
  // That the prelude imported a name does not matter to who asks what it is.
  const type = joined(info.displayParts)
    .replace(/^\(alias\) /, "")
    .replace(/\nimport [\w$]+$/, "");
  const tags = (info.tags ?? []).map(({ name, text }) => `@${name} ${joined(text)}`.trimEnd());
  const said = joined(info.documentation);
  const documentation = [said === "" ? (words ?? "") : said, ...tags].filter((line) => line !== "");
  return documentation.length > 0 ? `${type}\n\n${documentation.join("\n")}` : type;
}

/** Of a call whose arguments are being written: its signatures, the likeliest first. */
export function describeCall({ items, selectedItemIndex }: TypeScript.SignatureHelpItems): string {
  const chosen = items[selectedItemIndex];
  const ordered = chosen ? [chosen, ...items.filter((item) => item !== chosen)] : items;
  const signatures = ordered.map((item) => {
    const parameters = item.parameters.map(({ displayParts }) => joined(displayParts));
    const between = joined(item.separatorDisplayParts);
    return `${joined(item.prefixDisplayParts)}${parameters.join(between)}${joined(item.suffixDisplayParts)}`;
  });
  const words = joined(chosen?.documentation);
  return words === "" ? signatures.join("\n") : `${signatures.join("\n")}\n\n${words}`;
}

function joined(parts: readonly TypeScript.SymbolDisplayPart[] | undefined): string {
  return (parts ?? []).map(({ text }) => text).join("");
}
