import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

function esmPackage(name: string, code: string, types: string): Record<string, string> {
  const folder = `node_modules/${name}`;
  const exports = { ".": { types: "./index.d.ts", import: "./index.js" } };
  return {
    [`${folder}/package.json`]: JSON.stringify({ name, version: "1.0.0", type: "module", exports }),
    [`${folder}/index.js`]: code,
    [`${folder}/index.d.ts`]: types,
  };
}

beforeAll(async () => {
  kernel = await KernelUnderTest.start({
    ...esmPackage("esm-only", "export const answer = 42;\n", "export declare const answer: number;\n"),
    ...esmPackage(
      "esm-awaits",
      "export const late = await new Promise((r) => setTimeout(() => r('late'), 30));\nexport default 7;\n",
      "export declare const late: string;\ndeclare const seven: number;\nexport default seven;\n",
    ),
    "shapes.ts":
      'import { late } from "esm-awaits";\nexport interface Box { width: number; height: number }\nexport const area = ({ width, height }: Box): number => width * height;\nexport const when = late;\n',
    "wrong.ts": 'export const wrong: number = "text";\n',
    "lazy.ts": "export const lazily = 5;\nexport const answer = async () => (await import('esm-only')).answer;\n",
  });
});

afterAll(() => kernel.close());

/** What the cell prints; fails when the cell does. */
async function printed(code: string): Promise<string> {
  const cell = await kernel.execute(code);
  expect(cell.reply).toMatchObject({ status: "ok" });
  expect(cell.stderr).toBe("");
  return cell.stdout.trimEnd();
}

async function failure(code: string): Promise<Record<string, unknown>> {
  const { reply } = await kernel.execute(code);
  expect(reply.status).toBe("error");
  return reply;
}

describe("modules", () => {
  it("of ES only, by static and dynamic import", async () => {
    expect(await printed('import { answer } from "esm-only"; console.log(answer);')).toBe("42");
    expect(await printed('const esm = await import("esm-only"); console.log(esm.answer);')).toBe("42");
    expect(await printed('const name: string = "esm-only"; console.log((await import(name)).answer);')).toBe("42");
  });

  it("with a top-level await, by static and dynamic import, again too", async () => {
    expect(await printed('import seven, { late } from "esm-awaits"; console.log(seven, late);')).toBe("7 late");
    expect(await printed('import * as all from "esm-awaits"; console.log(all.late);')).toBe("late");
    expect(await printed('const later = await import("esm-awaits"); console.log(later.default);')).toBe("7");
    expect((await failure('const text: string = (await import("esm-awaits")).default;')).ename).toBe("TS2322");
  });

  it("of Node and of CommonJS keep their shape in a dynamic import", async () => {
    expect(await printed('const path = await import("path"); console.log(path.basename("a/b"));')).toBe("b");
    expect(await printed("console.log(path.default.sep === path.sep);")).toBe("true");
    expect((await failure('await import("no-such-package")')).evalue).toContain("no-such-package");
  });

  it("in local TypeScript files are checked, and may import what the cell may", async () => {
    expect(
      await printed(
        'import { area, when, type Box } from "./shapes";\nconst box: Box = { width: 2, height: 3 };\nconsole.log(area(box), when);',
      ),
    ).toBe("6 late");
    expect((await failure('import { area as a } from "./shapes"; a({ width: 1 });')).ename).toBe("TS2345");
    expect(String((await failure('import { wrong } from "./wrong"; wrong;')).traceback)).toContain("wrong.ts:");
    expect(await printed('const lazy = await import("./lazy"); console.log(lazy.lazily, await lazy.answer());')).toBe(
      "5 42",
    );
  });
});

describe("declarations", () => {
  it("may be repeated with another type when a cell is run again", async () => {
    await printed("const again = 1;");
    expect(await printed('const again = "one"; console.log(again.length);')).toBe("3");
  });

  it("of a cell that threw are kept as far as its statements ran", async () => {
    await printed('const behind = "old";');
    const reply = await failure(
      'interface Kept { n: number }\nimport { sep } from "path";\nconst ahead: Kept = { n: 1 }, [first, second] = [1, 2];\nfunction twiceOf(x: number) { return 2 * x; }\nthrow new Error("stop");\nconst behind = 5;\nclass Never {}',
    );
    expect(reply.evalue).toBe("stop");
    expect(await printed("const k: Kept = ahead; console.log(k.n, first + second, twiceOf(4), sep);")).toBe("1 3 8 /");
    // What did not run is what it was.
    expect(await printed("console.log(behind.toUpperCase());")).toBe("OLD");
    expect((await failure("new Never()")).ename).toBe("TS2304");
  });

  it("of an interrupted cell are kept too", async () => {
    await kernel.execute(
      'const partial: number[] = [];\nfor (let i = 0; ; i++) { partial.push(i); if (i === 3) console.log("on"); await new Promise((r) => setTimeout(r, 5)); }',
      async (id) => {
        await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
        await kernel.interrupt();
      },
    );
    expect(await printed("console.log(partial.slice(0, 4).join());")).toBe("0,1,2,3");
    await kernel.execute('const sync = { n: 1 };\nconsole.log("on");\nwhile (true) sync.n += 0;', async (id) => {
      await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
      await kernel.interrupt();
    });
    expect(await printed("console.log(sync.n);")).toBe("1");
  });

  it("of a cell with type errors change nothing", async () => {
    await printed("const sure = 1;");
    const reply = await failure('const other = 2;\nconst sure: number = "text";');
    expect(reply).toMatchObject({ ename: "TS2322", evalue: expect.stringMatching(/^2:7 - /) });
    expect(await printed("console.log(sure);")).toBe("1");
    expect((await failure("other")).ename).toBe("TS2304");
  });

  it("whose types have no name work, destructured ones and functions too", async () => {
    await printed(
      "const { depth: d } = hidden(), [one] = [hidden()];\nfunction make() { return hidden(); }\nconst made = make();",
    );
    expect(await printed("console.log(d, one.depth, make().depth, made.depth);")).toBe("3 3 3 3");
    await printed(
      "const { ...rest } = { secret: hidden() };\nclass Holder { inner = hidden(); get() { return hidden(); } }",
    );
    expect(await printed("console.log(rest.secret.depth, new Holder().inner.depth, new Holder().get().depth);")).toBe(
      "3 3 3",
    );
  });
});

describe("destructuring under other names what an earlier cell typed", () => {
  beforeAll(async () => {
    await printed(
      'interface Row { title: string; name: string; raw: { losses: number[] } }\nconst rows: Row[] = [{ title: "t", name: "n", raw: { losses: [1, 2] } }];\nconst inferred = [{ name: "i", raw: 3 }], key = "raw", bias = 10;\nlet losses = [0];\nenum Colour { Red = 5 }\nclass Animal { legs = 4; walk(n: number) { return n * this.legs; } }',
    );
  });

  // Each result needs a variable of the earlier cell: what tslab makes of such patterns hides those too.
  const results: [string, string, string][] = [
    ["an arrow's parameter", "rows.map(({ name: of, raw }) => of + raw.losses + bias)[0]", "n1,210"],
    ["a property twice", "rows.map(({ title, raw, raw: { losses } }) => title + losses + raw.losses)[0]", "t1,21,2"],
    [
      "an arrow in a property",
      "Object.values({ a: rows.map(({ name: of, raw }) => of + raw.losses), b: bias })",
      "n1,2,10",
    ],
    ["an inferred type", "inferred.map(({ raw: r, name: of }) => r + of + bias)[0]", "3i10"],
    [
      "defaults of names and of patterns",
      "rows.map(({ raw: { losses: [, second = bias, third = bias] = [] } = { losses } }) => second + third)[0]",
      "12",
    ],
    ["patterns in arrays", "[...rows.entries()].map(([i, { raw: r }]) => i + r.losses.length + bias)[0]", "12"],
    ["computed and quoted keys", "rows.map(({ [key]: r, 'name': n }) => n + r.losses + bias)[0]", "n1,210"],
    ["an asynchronous arrow", "(await Promise.all(rows.map(async ({ name: n }) => (await n) + bias)))[0]", "n10"],
    ["a method and its neighbours", "({ raw: bias, m({ name: n }: Row) { return n + this.raw; } }).m(rows[0])", "n10"],
    [
      "a function expression",
      "(function ({ raw: { losses: l } }: Row, n = bias) { return l.length + n; })(rows[0])",
      "12",
    ],
    [
      "a constructor, a static block and this",
      "(() => { class K extends Animal { static n: number; title: string; static { const { Red: red } = Colour; K.n = red + bias; } constructor({ title: t }: Row) { super(); const { legs: l } = this; this.title = t + l; } } return new K(rows[0]).title + K.n; })()",
      "t415",
    ],
    ["for-of", "(() => { for (const { raw: { losses: l } } of rows) return l.length + bias; })()", "12"],
    ["a classic for", "(() => { for (let { legs: l } = new Animal(); l < bias; ) return l + bias; })()", "14"],
    ["catch", "(() => { try { throw rows[0]; } catch ({ raw: { losses: l } }) { return l.length + bias; } })()", "12"],
    ["assignments", "(() => { let r: Row['raw']; ({ raw: r } = rows[0]); return r.losses.length + bias; })()", "12"],
    ["assignments in for-of", "(() => { let r: string; for ({ name: r } of rows); return r + bias; })()", "n10"],
  ];
  it.each(results)("%s", async (_, expression, result) => {
    expect(await printed(`console.log(String(${expression}));`)).toBe(result);
  });

  it("in statements of the cell, which later cells see", async () => {
    await printed(
      "const { raw: { losses: mine }, ...others } = rows[0], { Red: red } = Colour;\nfunction named({ raw: r, name: n = key }: Row, { legs: l }: Animal = new Animal()) { return n + r.losses + l + bias; }",
    );
    expect(await printed("console.log(mine.join(), Object.keys(others).join(), red);")).toBe("1,2 title,name 5");
    expect(await printed("console.log(named(rows[0]), named({ ...rows[0], name: undefined }));")).toBe(
      "n1,2410 raw1,2410",
    );
    expect(await printed("({ losses } = rows[0].raw); console.log(losses.join());")).toBe("1,2");
  });

  it("is checked, with errors at their places", async () => {
    const reply = await failure("const one = 1;\nrows.map(({ name: n, raw: { gains: g } }) => n);");
    expect(reply).toMatchObject({ ename: "TS2339", evalue: expect.stringMatching(/^2:29 - /) });
  });
});

describe("a cell with // @ts-nocheck", () => {
  it("runs in spite of its types, awaits, and leaves its variables", async () => {
    expect(
      await printed(
        '// as it came\n// @ts-nocheck\nconst loose: number = "text";\nconst waited = await Promise.resolve(loose);\nconsole.log(waited);',
      ),
    ).toBe("text");
    expect(await printed("console.log(loose, waited);")).toBe("text text");
  });

  it("does not change the cells after it, nor the places of its syntax errors", async () => {
    expect((await failure('const strict: number = "text";')).ename).toBe("TS2322");
    expect((await failure("// @ts-nocheck\nconst = 1;")).evalue).toMatch(/^2:7 - /);
  });
});
