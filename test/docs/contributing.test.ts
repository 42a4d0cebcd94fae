import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CellArchitecture,
  type Dataset,
  type Evaluator,
  engine,
  InterruptedError,
  lab,
  loadDataset,
  type Searcher,
  type SearcherOptions,
  type Space,
  syntheticDataset,
} from "../../src";
import { type ContractCheck, evaluatorContract, searcherContract, spaceContract } from "../contract";

const ROOT = join(__dirname, "../..");
const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
const examples = new Map(
  [...page.matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)\n```/g)].map(([, name, code]) => [name, code]),
);
const typescript = [...examples.keys()].filter((name) => name !== "op");
/** The examples as files, "blockwise" being this tree's sources. */
const folder = mkdtempSync(join(tmpdir(), "blockwise-contributing-"));
const fileOf = (name: string) => join(folder, `${name}.ts`);

beforeAll(() => {
  engine.use("auto", { threads: 1 });
  for (const name of typescript) {
    writeFileSync(fileOf(name), examples.get(name)!.replaceAll(`from "blockwise"`, `from "${join(ROOT, "src")}"`));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Parsed files by path and text: most are read by several programs. */
const parsed = new Map<string, ts.SourceFile>();

/** What the compiler says of files, with the options of this repository. */
function complaints(files: readonly string[], root: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, rootDir: undefined }, root);
  const of = { ...options, typeRoots: [join(ROOT, "node_modules/@types")], noEmit: true };
  const host = ts.createCompilerHost(of);
  const read = host.getSourceFile;
  host.getSourceFile = (name, ...more) => {
    const known = parsed.get(name);
    if (known?.text === host.readFile(name)) return known;
    const file = read(name, ...more);
    if (file) parsed.set(name, file);
    return file;
  };
  const program = ts.createProgram(files, of, host);
  return files
    .flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)))
    .map(({ file, messageText }) => {
      const place = file ? relative(root, file.fileName) : "";
      return `${place}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
}

async function pass(checks: readonly ContractCheck[]): Promise<void> {
  for (const { title, run } of checks) {
    await Promise.resolve()
      .then(run)
      .catch((error) => expect.fail(`${title}: ${error}`));
  }
}

interface Examples {
  tinyCells(scale?: object): Space<string, CellArchitecture>;
  hillClimber<A>(space: Space<A, unknown>, options: SearcherOptions): Searcher<A>;
  briefTraining<A>(space: Space<A, CellArchitecture>, data: Dataset, seed: number): Evaluator<A>;
  tinySearch(
    data: Dataset,
    folder: string,
    options: { seed: number; evaluations: number; epochs: number },
    context?: { signal?: AbortSignal; onProgress?: (event: { task: string; done: number }) => void },
  ): Promise<{ key: string; macs: number; validation: number; test: number }[]>;
}

const data = syntheticDataset({ count: 160, validationCount: 48, testCount: 48 });
const scale = { input: data.shape, classes: data.classes.length, channels: 4, cells: 1 };

describe("the examples of CONTRIBUTING.md", () => {
  it("are one each for an operation, a data set, a space, a searcher, an evaluator, a system, of at most 40 lines", () => {
    expect([...examples.keys()]).toEqual(["op", "data-set", "space", "searcher", "evaluator", "system"]);
    for (const [name, code] of examples) expect(code.split("\n").length, name).toBeLessThanOrEqual(40);
  });

  it("have no type errors", () => {
    // One that has an error is found with them.
    const wrong = join(folder, "wrong.ts");
    writeFileSync(wrong, `import { tinyCells } from "./space";\nexport const wrong: number = tinyCells();\n`);
    expect(complaints([...typescript.map(fileOf), wrong], folder)).toEqual([
      expect.stringMatching(/^wrong\.ts: .*not assignable to type 'number'/),
    ]);
  });

  it("read a data set, which is divided by name as all are, and refuse a damaged line", async () => {
    await import(fileOf("data-set"));
    const line = (digit: number, ink: number) => [...Array.from({ length: 64 }, () => ink), digit].join(",");
    const lines = (count: number) => Array.from({ length: count }, (_, i) => line(i % 10, i % 17)).join("\n");
    writeFileSync(join(folder, "optdigits.tra"), `${lines(60)}\n`);
    writeFileSync(join(folder, "optdigits.tes"), `${lines(20)}\n`);
    const digits = await loadDataset("digits", { root: folder, seed: 1, validationCount: 10 });
    expect([digits.train.count, digits.validation.count, digits.test.count]).toEqual([50, 10, 20]);
    expect(digits.shape).toEqual({ height: 8, width: 8, channels: 1 });
    expect([digits.test.images[0], digits.test.images[64 * 8], digits.test.labels[8]]).toEqual([0, 128, 8]);
    expect((await lab.data("digits", { root: folder, seed: 1, validationCount: 10 })).dataset.fingerprint).toBe(
      digits.fingerprint,
    );
    writeFileSync(join(folder, "optdigits.tes"), `${lines(3)}\n1,2,3\n`);
    await expect(loadDataset("digits", { root: folder, seed: 1 })).rejects.toThrow(
      /optdigits\.tes:4: must be 64 values/,
    );
  });

  it("have a space and a searcher that keep their contracts, and the searcher climbs", async () => {
    const { tinyCells, hillClimber } = await parts();
    const space = tinyCells(scale);
    await pass(spaceContract(space));
    // How many edges are the best op.
    const worth = (key: string) => [...key].filter((op) => op === "2").length;
    const create = (seed: number) => hillClimber(space, { maximise: "worth", seed });
    await pass(
      searcherContract({
        create,
        space,
        evaluate: ({ key }) => ({ values: { worth: worth(key) }, costs: {}, fingerprint: key }),
        trials: 30,
      }),
    );
    const searcher = create(1);
    const seen = Array.from({ length: 30 }, () => {
      const [trial] = searcher.ask();
      searcher.tell(trial, { values: { worth: worth(trial.key) }, costs: {}, fingerprint: trial.key });
      return trial.key;
    });
    expect(new Set(seen).size).toBe(30);
    expect(seen).toContain("222");
  });

  it("have an evaluator that keeps its contract", async () => {
    const { tinyCells, briefTraining } = await parts();
    const space = tinyCells(scale);
    const create = () => briefTraining(space, data, 1);
    await pass(evaluatorContract({ create, space, values: ["validation"], draws: 2 }));
  });

  it("have a system that was stopped go on to the same front, measured on the test images", async () => {
    const { tinySearch } = await parts();
    const options = { seed: 1, evaluations: 4, epochs: 2 };
    const whole = await tinySearch(data, join(folder, "whole"), options);
    expect(whole.length).toBeGreaterThan(0);
    for (const { test } of whole) expect(test).toBeGreaterThan(25);
    const stop = new AbortController();
    const stopped = tinySearch(data, join(folder, "stopped"), options, {
      signal: stop.signal,
      onProgress: ({ task, done }) => task.startsWith("search") && done === 2 && stop.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(await tinySearch(data, join(folder, "stopped"), options)).toEqual(whole);
    expect(JSON.parse(readFileSync(join(folder, "stopped", "front.json"), "utf8"))).toEqual(whole);
    await expect(tinySearch(data, folder, { ...options, epoch: 2 } as never)).rejects.toThrow(/epochs/);
  });

  async function parts(): Promise<Examples> {
    const files = await Promise.all(["space", "searcher", "evaluator", "system"].map((name) => import(fileOf(name))));
    return Object.assign({}, ...files);
  }
});

describe("the operation of CONTRIBUTING.md", () => {
  const copy = join(folder, "library");
  /** All that names kinds of operations. */
  const rooms = ["space/cells/types.ts", "space/cells/ops.ts", "viz/cell-graph.ts", "lab/values/cells.ts"];
  const files = rooms.map((file) => join(copy, "src", file));

  beforeAll(() => {
    mkdirSync(copy);
    cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
    for (const part of ["node_modules", "native", "package.json", "tsconfig.json"]) {
      symlinkSync(join(ROOT, part), join(copy, part));
    }
  });

  const apply = (diff: string) =>
    execFileSync("git", ["apply", "--unidiff-zero", "-"], {
      cwd: copy,
      input: `${diff}\n`,
      // Not as a part of a repository that the temporary folder may be in.
      env: { ...process.env, GIT_CEILING_DIRECTORIES: folder },
    });

  it("is asked for by the compiler, place by place", () => {
    const [types, ops, viz] = examples.get("op")!.split(/\n(?=--- )/);
    apply(types);
    const inOps = expect.stringMatching(/^src\/space\/cells\/ops\.ts: Property 'mix' is missing/);
    const inFigure = expect.stringMatching(
      /^src\/lab\/values\/cells\.ts: [\s\S]*'"mix"' is not assignable to type 'DrawnOpKind'/,
    );
    expect(complaints(files, copy)).toEqual([inOps, inFigure]);
    apply(ops);
    expect(complaints(files, copy)).toEqual([inFigure]);
    apply(viz);
    expect(complaints(files, copy)).toEqual([]);
  });

  it("is then counted, drawn, built and trained", () => {
    const script = `
      import { cellDrawing, cellGraph, cellNetworkCost, CellNetwork, dartsNetwork, engine, parseCell, Rng } from "./src";
      import { syntheticDataset, trainClassifier } from "./src";
      async function main() {
        engine.use("auto", { threads: 1 });
        const data = syntheticDataset({ count: 64, validationCount: 16, testCount: 4 });
        const cell = parseCell("mix3(0)+sep3(1) | mix5(2)+skip(0)");
        const scale = { channels: 4, layers: 3, input: data.shape, classes: data.classes.length };
        const architecture = dartsNetwork("mine", { normal: cell, reduction: cell }, scale);
        const network = new CellNetwork(architecture, new Rng(1));
        const { epochs } = await trainClassifier(network, data, { seed: 1, epochs: 2, batchSize: 16, learningRate: 0.05 });
        const { data: traces } = cellGraph({ title: "mine", cells: [cellDrawing("normal", cell)] });
        console.log(JSON.stringify({
          losses: epochs.map(({ loss }) => loss),
          flops: cellNetworkCost(architecture).flops,
          drawn: traces.map(({ name }) => name),
        }));
      }
      void main();
    `;
    writeFileSync(join(copy, "try.ts"), script);
    const out = execFileSync(process.execPath, [join(ROOT, "node_modules/tsx/dist/cli.mjs"), "try.ts"], { cwd: copy });
    const { losses, flops, drawn } = JSON.parse(String(out).trim().split("\n").at(-1)!);
    expect(losses[1]).toBeLessThan(losses[0]);
    expect(flops).toBeGreaterThan(0);
    expect(drawn).toContain("max and average pooling");
  });
});
