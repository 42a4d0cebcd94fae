import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const src = join(__dirname, "../../src");

/** A room, and of the systems each system: where a name means one thing. */
function roomOf(file: string): string {
  const [room, system] = file.split("/");
  return room === "systems" ? `systems/${system}` : room;
}

/** Names that a file declares and exports itself; what it hands on from elsewhere is declared there. */
function declaredIn(source: string): string[] {
  const { statements } = ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (!ts.isVariableStatement(statement)) return [nameOf(statement)];
    return statement.declarationList.declarations.flatMap(({ name }) => boundIn(name));
  });
}

function nameOf(statement: ts.Statement): string {
  const { name } = statement as ts.DeclarationStatement;
  return name && ts.isIdentifier(name) ? name.text : "default";
}

function boundIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundIn(element.name)));
}

/** `Name: one/file.ts, other/file.ts` of each name that several rooms declare. */
function sharedNames(files: ReadonlyMap<string, string>): string[] {
  const places = new Map<string, string[]>();
  for (const [file, source] of files) {
    for (const name of new Set(declaredIn(source))) places.set(name, [...(places.get(name) ?? []), file]);
  }
  return [...places]
    .filter(([, declaring]) => new Set(declaring.map(roomOf)).size > 1)
    .map(([name, declaring]) => `${name}: ${declaring.sort().join(", ")}`)
    .sort();
}

describe("names of rooms", () => {
  test("two things never share a name across rooms", () => {
    const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => /\/.*\.ts$/.test(path));
    expect(paths.length).toBeGreaterThan(500);
    expect(sharedNames(new Map(paths.map((path) => [path, readFileSync(join(src, path), "utf8")])))).toEqual([]);
  });

  test("a name that two rooms declare is told with both files, whatever declares it", () => {
    const files = new Map([
      ["cost/a.ts", 'export interface Shared { readonly a: 1 }\nexport const { own, ["b"]: renamed } = given;'],
      ["space/deep/b.ts", "export type Shared = 1;\nexport function renamed(): void {}\nfunction own(): void {}"],
    ]);
    expect(sharedNames(files)).toEqual(["Shared: cost/a.ts, space/deep/b.ts", "renamed: cost/a.ts, space/deep/b.ts"]);
  });

  test("systems are rooms of their own; two files of one room, and what is handed on, are no clash", () => {
    const files = new Map([
      ["systems/pnas/settings.ts", "export const SETTINGS = 1;"],
      ["systems/eeea/settings.ts", "export const SETTINGS = 2;"],
      ["nn/a.ts", "export class Once {}"],
      ["nn/index.ts", 'export { Once } from "./a";'],
      ["train/index.ts", 'export { Once } from "../nn";'],
    ]);
    expect(sharedNames(files)).toEqual(["SETTINGS: systems/eeea/settings.ts, systems/pnas/settings.ts"]);
  });
});
