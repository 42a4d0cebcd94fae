import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const ROOT = join(__dirname, "../..");
const text = readFileSync(join(ROOT, "CITATION.cff"), "utf8");
const { version, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Of the Citation File Format 1.2.0: what is required, and of the rest what the file uses; all else is refused. */
const line = z.string().min(1);
const person = z.strictObject({ "family-names": line, "given-names": line.optional() });
const entity = z.strictObject({ name: line });
const authors = z.array(z.union([person, entity])).min(1);
const identifiers = z.array(z.strictObject({ type: z.enum(["doi", "url", "swh", "other"]), value: line })).min(1);
const reference = z.strictObject({
  type: z.enum(["article", "conference-paper"]),
  title: line,
  authors,
  year: z.int().min(2000).max(2100),
  journal: line.optional(),
  volume: z.int().optional(),
  start: line.optional(),
  end: line.optional(),
  "collection-title": line.optional(),
  "collection-type": line.optional(),
  conference: entity.optional(),
  identifiers: identifiers.optional(),
  "repository-code": z.url().optional(),
  license: z.enum(["Apache-2.0", "MIT"]).optional(),
  notes: line.optional(),
});
const citation = z.strictObject({
  "cff-version": z.literal("1.2.0"),
  message: line,
  title: line,
  authors,
  type: z.enum(["software", "dataset"]),
  abstract: line,
  license: line,
  version: line,
  keywords: z.array(line),
  references: z.array(reference),
});

test("CITATION.cff is of the format, with the package's version, the six papers and the two benchmarks", () => {
  const file = citation.parse(parse(text));
  expect([file.version, file.license]).toEqual([version, license]);
  const notes = file.references.map(({ notes: about }) => about ?? "");
  for (const name of ["DNA", "PNAS", "EcoNAS", "EEEA-Net", "CSNAS", "PocketNet", "NAS-Bench-Macro", "NAS-Bench-201"]) {
    expect(
      notes.filter((about) => about.startsWith(`${name}.`) || about.startsWith(`${name},`)),
      name,
    ).toHaveLength(1);
  }
  expect(file.references).toHaveLength(8);
});

test("CHANGELOG.md begins with the package's version", () => {
  expect(/^## \[?(\d+\.\d+\.\d+)/m.exec(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"))?.[1]).toBe(version);
});
