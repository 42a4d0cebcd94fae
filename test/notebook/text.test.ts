import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { fromMarkdown, fromScript, type Notebook, toMarkdown, toScript } from "../../src/notebook";
import { notebookOf } from "./notebooks";

const KERNEL = { from: "blockwise", names: new Set(["lab", "Table", "Tensor", "ranking"]) };
const FORMATS = {
  script: {
    write: (notebook: Notebook) => toScript(notebook, KERNEL).text,
    read: (text: string) => fromScript(text, "x.mts"),
  },
  markdown: { write: toMarkdown, read: (text: string) => fromMarkdown(text, "x.md") },
};

/** Pieces of what could be taken for the format's own. */
const piece = fc.oneof(
  fc.constantFrom(
    ...["// %%", "// %% [markdown]", "; // %%", "// // %% id=1", "// ---", "---", "//", "// ", "%%", "%% x", " ", ""],
    ...["<!-- cell code -->", "<!-- \\cell markdown", "<!-- cell", "-->", "```", "```ts", "````", "~~~", "`", "${"],
    ...["*/", "/*", "\r", "\r\n", "\u2028", "\u2029", "\\u000d", "\\", "\ud83d", "😀", "\0", "\uFEFF", "\t"],
    ...["let x = 1", "[1].map(f)", "x as any;", "// %% [script]", 'id="a"'],
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const source = fc
  .array(fc.tuple(piece, fc.constantFrom("\n", "\n", "", "\r\n")), { maxLength: 8 })
  .map((parts) => parts.map((two) => two.join("")).join(""));
const crlf = fc.array(fc.constantFrom("a", "// %%", ""), { maxLength: 4 }).map((lines) => lines.join("\r\n"));
const key = fc.oneof(fc.constantFrom("title", "id", "metadata", "eol", "a b", "__proto__", "x-y", "="), fc.string());
const cell = fc.record({
  type: fc.constantFrom("code", "code", "markdown", "raw"),
  source: fc.oneof(source, source, crlf),
  tags: fc.option(fc.array(fc.oneof(fc.string(), fc.constantFrom("parameters", "-->", '"]', "a b", "\u2028")))),
  more: fc.option(fc.dictionary(key, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })),
});
const notebooks = fc.array(cell, { maxLength: 6 }).map(
  (cells): Notebook => ({
    ...notebookOf([]),
    cells: cells.map(({ type, source, tags, more }, i) => ({
      cell_type: type as "code",
      id: `id-${i}`,
      metadata: { ...more, ...(tags && { tags }) },
      source,
      ...(type === "code" && { outputs: [], execution_count: null }),
    })),
  }),
);

describe.each(Object.entries(FORMATS))("a notebook as %s", (name, { write, read }) => {
  it("gives back every source, id, tag, metadata and type, whatever stands in the cells", () => {
    fc.assert(
      fc.property(notebooks, (notebook) => {
        const text = write(notebook);
        // As a file has it.
        expect(read(Buffer.from(text).toString()).cells).toEqual(JSON.parse(JSON.stringify(notebook.cells)));
        expect(write(read(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("survives an editor that writes CRLF and a mark at the beginning", () => {
    fc.assert(
      fc.property(notebooks, (notebook) => {
        fc.pre(notebook.cells.every(({ source }) => !source.replaceAll("\r\n", "").includes("\r")));
        fc.pre(notebook.cells.every(({ source }) => !/(?<!\r)\n/.test(source) || !source.includes("\r")));
        const text = `\uFEFF${write(notebook).replaceAll("\n", "\r\n")}`;
        expect(read(text).cells).toEqual(JSON.parse(JSON.stringify(notebook.cells)));
      }),
    );
  });

  it("changes one line where a cell's line changes", () => {
    const of = (code: string) =>
      write(notebookOf([{ markdown: "# A" }, { code: `let x = 1;\n${code}` }, { code: "x" }]));
    const [a, b] = [of("f(1);").split("\n"), of("f(2);").split("\n")];
    expect(a.length).toBe(b.length);
    expect(a.filter((line, i) => line !== b[i])).toEqual(["f(1);"]);
  });

  it("keeps kernel, format and other metadata, and leaves out what a run adds", () => {
    const notebook: Notebook = {
      ...notebookOf([{ code: "1" }], "other"),
      nbformat_minor: 4,
      metadata: {
        kernelspec: { name: "python3", display_name: "Python", language: "python" },
        language_info: { name: "python", version: "3.11" },
        authors: [{ name: "A: 'b' # c\u2028\n---\n..." }],
        blockwise: { version: "1" },
      },
    };
    notebook.cells[0] = { cell_type: "code", metadata: {}, source: "1", outputs: [], execution_count: null };
    const back = read(write(notebook));
    const { kernelspec, authors } = notebook.metadata;
    expect(back).toEqual({ ...notebook, metadata: { kernelspec, authors } });
  });

  it("refuses a header that is no YAML, naming the file", () => {
    const broken = name === "script" ? "// ---\n// a: [\n// ---\n" : "---\na: [\n---\n";
    expect(() => read(broken)).toThrow(ConfigError);
    expect(() => read(broken)).toThrow(/^x\.\w+: the header .* must be YAML/);
  });

  it("gives an id to each cell without one, the same each time, and to a copy one of its own", () => {
    const [one, two] =
      name === "script"
        ? ["// %%\n1\n\n", '// %% id="a"\n1\n\n']
        : ["<!-- cell code -->\n```ts\n1\n```\n", '<!-- cell code id="a" -->\n```ts\n1\n```\n'];
    const { cells } = read(one + one + two + two);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(4);
    expect(cells[2].id).toBe("a");
    expect(cells.every(({ id = "" }) => /^[\w-]{1,64}$/.test(id))).toBe(true);
    expect(read(one + one + two + two).cells).toEqual(cells);
  });
});

describe("a script written by hand", () => {
  const sources = (text: string) =>
    fromScript(text, "x.ts").cells.map(({ cell_type, source, metadata }) => [cell_type, source, metadata]);

  it("is read as editors and jupytext read it", () => {
    const text = `import { lab } from "blockwise";

// %% Load the data
const data = 1;

// %% [markdown]
// # Title
//
//words
console.log(data);

// %% tags=["parameters"] slideshow={"a": [1, 2]}
let a = 1;
// %% Title [md] id="m"
// x
`;
    expect(sources(text)).toEqual([
      ["code", 'import { lab } from "blockwise";', {}],
      ["code", "const data = 1;", { title: "Load the data" }],
      ["markdown", "# Title\n\nwords", {}],
      ["code", "console.log(data);", {}],
      ["code", "let a = 1;", { tags: ["parameters"], slideshow: { a: [1, 2] } }],
      ["markdown", "x", { title: "Title" }],
    ]);
  });

  it("is one cell without markers, and none where it is empty", () => {
    expect(sources("\nlet a = 1;\n\na;\n\n")).toEqual([["code", "let a = 1;\n\na;", {}]]);
    expect([sources(""), sources("\n\n")]).toEqual([[], []]);
  });
});

describe("Markdown written by hand", () => {
  it("has its fences of code as cells, and other fences as words", () => {
    const text = "# A\n\n```sh\nnpm test\n```\n\n```ts\nlet a = 1;\n```\nwords\n\n```js\na\n```\n```ts\nopen";
    expect(fromMarkdown(text, "x.md").cells.map(({ cell_type, source }) => [cell_type, source])).toEqual([
      ["markdown", "# A\n\n```sh\nnpm test\n```"],
      ["code", "let a = 1;"],
      ["markdown", "words"],
      ["code", "a"],
      ["markdown", "```ts\nopen"],
    ]);
  });

  it("keeps words that were added below a cell's code", () => {
    const text = '<!-- cell code id="a" -->\n```ts\n1\n```\n\nmore\n\n<!-- cell markdown id="b" -->\nx\n';
    expect(fromMarkdown(text, "x.md").cells.map(({ source }) => source)).toEqual(["1", "more", "x"]);
  });
});

describe("what a script needs that a notebook has", () => {
  const script = (...cells: string[]) => toScript(notebookOf(cells.map((code) => ({ code }))), KERNEL);

  it("imports the kernel's names that are used and not declared, values and types", () => {
    const { text, remarks } = script(
      'const t: Tensor = await lab.data("x");\nconst { Table: other } = { Table: 1 };',
      "const f = (x: ranking.Spread) => x.lab;\nrequire('fs');",
    );
    expect(text).toContain('\nimport { lab, type Tensor, type ranking } from "blockwise";\n');
    expect(text).toContain("const require = createRequire(import.meta.url);");
    expect(remarks).toEqual([]);
    expect(script("(({ lab }) => lab)({ lab: 1 })").text).not.toContain("[script]");
    expect(script("class A extends Table<1> {}\nconst f = () => lab;").text).toContain("import { Table, lab }");
    expect(script("const lab = 1;\nlab.Table").text).not.toContain("[script]");
  });

  it("ends a cell's statement where the next cell would go on with it", () => {
    const { text } = script("const a = [1]", "// words", "[0].map((i) => a[i])", "`x`", "let b = 1;", "(b)", "+b");
    expect(text.match(/^; \/\/ %% id="cell-\d"$/gm)).toEqual(["2", "3", "6"].map((i) => `; // %% id="cell-${i}"`));
  });

  it("names the cells that keep it from being a script", () => {
    expect(script("const a = 1;", "const a = 2;").remarks).toEqual(["code cell 2 declares a again, after code cell 1"]);
    expect(script("let a = `").remarks[0]).toMatch(/^code cell 1 is no TypeScript on its own: Unterminated template/);
    expect(script("const a = `\n// %%\n`;").remarks[0]).toMatch(/a line like a cell's marker within a text/);
    expect(script("/*\n// %%\n*/\n1").remarks).toEqual([]);
  });
});
