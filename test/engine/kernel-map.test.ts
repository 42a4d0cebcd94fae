import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { nativeKernels } from "../../src/engine/native/kernels";
import type { NativeKernel } from "../../src/engine/native/kernels/kernel";

const root = resolve(__dirname, "../..");
const cpp = join(root, "native/src/kernels");
const typescript = join(root, "src/engine/native/kernels");
const ALONE = "TypeScript alone";

/** The C++ file that exports each native function. */
function exportedBy(): Map<string, string> {
  const files = new Map<string, string>();
  for (const file of readdirSync(cpp).filter((name) => name.endsWith(".cc"))) {
    const text = readFileSync(join(cpp, file), "utf8");
    const exports = text.matchAll(/^ +(?:Define\(env, exports, "(\w+)"|EXPORT\((\w+)\))/gm);
    for (const [, defined, exported] of exports) files.set(defined ?? exported, file);
  }
  return files;
}

/** The TypeScript file whose list has each kernel. */
async function registeredBy(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const file of readdirSync(typescript).filter((name) => name !== "index.ts")) {
    const lists = Object.values(await import(join(typescript, file))).filter(Array.isArray) as NativeKernel[][];
    for (const { name, compute } of lists.flat()) if (typeof compute === "function") files.set(name, file);
  }
  return files;
}

/** Native functions that give no tensor are written small: `fusedSgd`. */
const small = (name: string) => name[0].toLowerCase() + name.slice(1);

/** The map as it must stand in native/README.md. */
async function mapOfKernels(): Promise<string> {
  const [native, registered] = [exportedBy(), await registeredBy()];
  const rows = new Map<string, string[]>();
  for (const { name } of nativeKernels) {
    const file = native.get(name) ?? native.get(small(name));
    const key = `| ${file ? `\`${file}\`` : ALONE} | \`${registered.get(name)}\` |`;
    rows.set(key, [...(rows.get(key) ?? []), name]);
  }
  const lines = [...rows].map(([key, names]) => `${key} ${names.join(", ")} |`);
  return ["| `native/src/kernels/` | `src/engine/native/kernels/` | kernels |", "| --- | --- | --- |", ...lines].join(
    "\n",
  );
}

test("native/README.md says for every kernel where it is; its map is, line by line, what the sources say", async () => {
  const readme = readFileSync(join(root, "native/README.md"), "utf8");
  const map = await mapOfKernels();
  expect(map).toMatch(/\| `conv.cc` \| `conv.ts` \| .*\bConv2DBackpropFilter\b/);
  // The formatter pads cells.
  const plain = (line: string) => line.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
  const inReadme = readme
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map(plain);
  expect(inReadme.join("\n")).toBe(map);
});

test("every native function has a kernel that calls it", () => {
  const all = readdirSync(typescript)
    .map((file) => readFileSync(join(typescript, file), "utf8"))
    .join("\n");
  const kernels = new Set(nativeKernels.map(({ name }) => name));
  const unused = [...exportedBy().keys()].filter(
    (name) => !kernels.has(name) && !new RegExp(`\\b${name}\\b`).test(all),
  );
  expect(unused).toEqual([]);
});
