import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { latencyTableSchema, parseLatencyTable } from "../../src/cost/latency-table";
import { foundSchema } from "../../src/retrain/found-schema";
import { RUN_FOLDERS, removeRunFiles } from "../../src/study/run-files";

const page = readFileSync(join(__dirname, "../../docs/formats.md"), "utf8");

/** The first column of the table behind a mark. */
function documented(mark: string): string[] {
  const [table] = page.slice(page.indexOf(`<!-- ${mark} -->`)).split(/\n#|\n[^|\n<]/);
  return [...table.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name);
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: unknown;
  readonly items?: JsonSchema;
}

/** Every key that the schema reads: `a.b`, `list[]`, `record.*`. */
function keysOf(schema: JsonSchema, path = ""): string[] {
  if (schema.properties) {
    return Object.entries(schema.properties).flatMap(([name, inner]) => keysOf(inner, path ? `${path}.${name}` : name));
  }
  if (schema.items) return keysOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object") return [`${path}.*`];
  return [path];
}

const schemaKeys = (schema: z.ZodType) =>
  keysOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema);
const plain = (keys: readonly string[]) => [...keys].sort();

const folder = mkdtempSync(join(tmpdir(), "blockwise-formats-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("docs/formats.md", () => {
  test("has every key of found.json, and no other", () => {
    expect(documented("schema: found").sort()).toEqual(plain(schemaKeys(foundSchema)));
  });

  test("has every key of a latency table, and no other; its example is one", () => {
    expect(documented("schema: latency").sort()).toEqual(plain(schemaKeys(latencyTableSchema)));
    const example = /```json\n([\s\S]*?)```/.exec(page)![1];
    expect(parseLatencyTable(JSON.parse(example)).entries).toHaveLength(1);
  });

  test("names what a run's directory holds, and nothing that is no run's", () => {
    const names = documented("names: run");
    const folders = names.filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1));
    expect(folders.sort()).toEqual(Object.keys(RUN_FOLDERS).sort());
    const written = readdirSync(join(__dirname, "../written-before/files/run"));
    for (const name of written) expect(names.map((each) => each.replace("/", ""))).toContain(name);
    // A run's files are what --force deletes.
    const run = join(folder, "run");
    mkdirSync(run);
    for (const name of names) if (!name.endsWith("/")) writeFileSync(join(run, name), "");
    removeRunFiles(run);
    expect(readdirSync(run).filter((name) => !/^(lock|run)\.json/.test(name))).toEqual([]);
  });
});
