import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Project, type Ran } from "./project";

const project = new Project();
let installed: Ran;
beforeAll(() => {
  installed = project.install();
});
afterAll(() => project.remove());

/** What is imported, with one mistake that the types must find. */
const TYPED = `import { lab, type Figure } from "blockwise";
import { searcherContract } from "blockwise/contract";
import { Rng } from "blockwise/core";
import { searchBest } from "blockwise/search";
import { spacePreset } from "blockwise/space";
export const rng: Rng = new Rng(1);
export const name: string = spacePreset("dna-mini").name;
// @ts-expect-error a seed is a number
export const wrong: Rng = new Rng({});
export { lab, searcherContract, searchBest };
export type { Figure };
`;

/** Where declarations of TensorFlow.js and what it brings lie. */
const OF_TENSORFLOW = /^node_modules\/@(tensorflow|webgpu)\//;

/** A test in the project; skipped with the reason where npm cannot be reached. */
const inProject = (title: string, work: () => void) =>
  test(title, (context) => {
    if (project.offline) context.skip(project.offline);
    work();
  });

function succeeds({ status, out, err }: Ran): string {
  expect(status, `${out}\n${err}`).toBe(0);
  return out;
}

/** Every file of the package but what set-up builds, with when it was written. */
function packageFiles(folder = project.package): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (path === join(project.package, "native", "build")) return [];
    return entry.isDirectory() ? packageFiles(path) : [`${path} ${lstatSync(path).mtimeMs}`];
  });
}

describe("the archive", () => {
  test("has less than 20 MB, and nothing that is built on the machine", () => {
    const { size, files } = project.packed!;
    const paths = files.map(({ path }) => path);
    expect(size).toBeLessThan(20_000_000);
    expect(
      paths.filter((path) => /\.(node|o|gch|map|log)$|^native\/build\/|^(src|test|bench|runs|out)\//.test(path)),
    ).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        "CHANGELOG.md",
        "CITATION.cff",
        "data/benchmarks/nas-bench-201.json.gz",
        "dist/danfojs-node/LICENCES.txt",
        "dist/kernel/main.js",
        "dist/prelude.d.ts",
        "dist/test/contract/index.js",
        "docs/formats.md",
        "docs/glossary.md",
        "native/build.mjs",
        "native/src/addon.cc",
        "notebooks/templates/study.ipynb",
        "scripts/run-notebook.py",
      ]),
    );
  });
});

describe("in an empty project", () => {
  inProject("it installs without overrides, and without what danfojs-node would bring", () => {
    succeeds(installed);
    for (const name of ["danfojs-node", "@tensorflow/tfjs-node", "request", "xlsx"]) {
      expect(existsSync(join(project.folder, "node_modules", name)), name).toBe(false);
    }
  });

  inProject("set-up without libtorch says what is missing, and installs the kernel all the same", () => {
    const env = { LIBTORCH: join(project.folder, "nowhere"), BLOCKWISE_NATIVE_CACHE: "off" };
    const ran = project.run("npx", ["--no-install", "blockwise", "setup", "--prefix", "env"], env);
    expect(ran.status).toBe(1);
    expect(ran.out).toMatch(
      /^engine: NOT BUILT, LIBTORCH is .* unset LIBTORCH, or install it \(Debian: apt install libtorch-dev/m,
    );
    expect(ran.err).toMatch(/slow JavaScript engine/);
    expect(existsSync(join(project.folder, "env/share/jupyter/kernels/blockwise/kernel.json"))).toBe(true);
  });

  inProject("messages name commands that are there", () => {
    const doctor = project.run("npx", ["--no-install", "blockwise", "kernel", "doctor", "--json"], {
      PATH: `${join(process.execPath, "..")}`,
    });
    const mends = JSON.parse(doctor.out).map(({ mend }: { mend?: string }) => mend ?? "");
    expect(mends.join("\n")).not.toMatch(/npm run|native\/build\.mjs/);
    expect(mends.join("\n")).toMatch(/npx blockwise setup/);
    const slow = project.node("-e", 'console.log(require("blockwise").engine.use("cpu").warning)');
    expect(slow.out).toMatch(/Build the native one: npx blockwise setup/);
  });

  inProject("set-up builds the engine, twice in a row", () => {
    for (let time = 0; time < 2; time++) {
      const { engine, kernel } = JSON.parse(
        succeeds(project.blockwise("setup", "--prefix", "env", "--json", "--quiet")),
      );
      expect(engine.built).toBe(true);
      expect(kernel.folder).toBe(join(project.folder, "env/share/jupyter/kernels/blockwise"));
    }
    const used = succeeds(project.node("-e", 'console.log(require("blockwise").engine.use("auto").backend)'));
    expect(used.trim()).toBe("native");
  });

  inProject("it is imported from ES modules and from CommonJS, with the same names", () => {
    project.write(
      "all.mjs",
      `import { createRequire } from "node:module";
       import * as all from "blockwise";
       import { lab, Rng, saveFigure, spacePreset } from "blockwise";
       import { searcherContract } from "blockwise/contract";
       const required = createRequire(import.meta.url)("blockwise");
       const missing = Object.keys(required).filter((name) => !(name in all));
       if (required.lab !== lab || required.Rng !== Rng || typeof saveFigure !== "function") throw new Error("other values");
       console.log(JSON.stringify([missing, typeof searcherContract, spacePreset("dna-mini").name]));`,
    );
    expect(JSON.parse(succeeds(project.node("all.mjs")))).toEqual([[], "function", "dna-mini"]);
  });

  inProject("rooms without tensors are subpaths that load no TensorFlow.js", () => {
    for (const name of ["core", "space", "cost", "search", "surrogate", "benchmark", "viz"]) {
      const code = `const room = require("blockwise/${name}");
        console.log(JSON.stringify([Object.keys(room).length > 0, Object.keys(require.cache).filter((path) => path.includes("@tensorflow"))]))`;
      expect(JSON.parse(succeeds(project.node("-e", code))), name).toEqual([true, []]);
    }
    const { exports } = JSON.parse(readFileSync(join(project.package, "package.json"), "utf8"));
    for (const entry of Object.values(exports) as (string | { types: string; default: string })[]) {
      for (const path of typeof entry === "string" ? [entry] : [entry.types, entry.default]) {
        expect(existsSync(join(project.package, path)), path).toBe(true);
      }
    }
    expect(project.node("-e", 'require("blockwise/dist/src/cli/main.js")').err).toMatch(
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  inProject("types hold under strict nodenext, libraries checked too", () => {
    project.write("types/names.mts", TYPED);
    project.write("types/names.cts", TYPED);
    project.write(
      "types/tsconfig.json",
      JSON.stringify({
        compilerOptions: {
          ...{ module: "nodenext", moduleResolution: "nodenext", target: "es2022", lib: ["es2022"] },
          ...{ strict: true, skipLibCheck: false, noEmit: true, types: ["node"] },
        },
        include: ["*.mts", "*.cts"],
      }),
    );
    const { out } = project.node("node_modules/typescript/bin/tsc", "-p", "types", "--pretty", "false");
    // TensorFlow.js' own declarations do not pass a strict check of libraries: nothing else may fail.
    const others = out.split("\n").filter((line) => /^\S/.test(line) && !OF_TENSORFLOW.test(line));
    expect(others).toEqual([]);
    const rooms = TYPED.replace(/^.*from "blockwise(\/contract)?".*$/gm, "").replace("lab, searcherContract, ", "");
    project.write("types/names.mts", rooms.replace("export type { Figure };", ""));
    project.write("types/names.cts", rooms.replace("export type { Figure };", ""));
    succeeds(project.node("node_modules/typescript/bin/tsc", "-p", "types", "--pretty", "false"));
  });

  inProject("results of studies go into the project, never into the package", () => {
    const before = packageFiles();
    const study = project.blockwise("study", "eeea", "--json", "--quiet");
    expect(JSON.parse(succeeds(study)).settings.seeds).toBeGreaterThan(1);
    expect(existsSync(join(project.folder, "runs/studies/notebooks/expected/12_eeea_net.json"))).toBe(true);
    succeeds(project.blockwise("study", "ranking", "--summary", "--quiet"));
    succeeds(project.blockwise("cost", "dna-a", "--json"));
    expect(packageFiles()).toEqual(before);
  });

  inProject("a notebook is made, run by the installed kernel, and turned into a page", () => {
    succeeds(project.blockwise("notebook", "new", "my-study"));
    expect(JSON.parse(readFileSync(join(project.folder, "my-study.ipynb"), "utf8")).cells.length).toBeGreaterThan(5);
    const cell = (id: string, source: string) => ({
      ...{ cell_type: "code", id, metadata: {}, execution_count: null, outputs: [], source },
    });
    const cells = [
      cell("a", 'import { DataFrame } from "danfojs-node";\nnew DataFrame([[1, "x"]], { columns: ["n", "l"] }).shape'),
      cell(
        "b",
        'const space = lab.benchmark("nas-bench-201"); tf.scalar(2).add(1).dataSync()[0] + engine.use("auto").backend',
      ),
      cell(
        "c",
        'await saveFigure(lossCurves([{ block: 0, cell: 0, at: [1, 2], losses: [1, 0.5] }]), "figures/loss.pdf")',
      ),
    ];
    const language = { name: "typescript" };
    const metadata = {
      kernelspec: { name: "blockwise", display_name: "Blockwise", language: "typescript" },
      language_info: language,
    };
    project.write("small.ipynb", JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
    succeeds(project.blockwise("notebook", "run", "small.ipynb", "--output", "done.ipynb", "--html", "done.html"));
    const done = JSON.parse(readFileSync(join(project.folder, "done.ipynb"), "utf8"));
    const texts = done.cells.map(({ outputs }: { outputs: { data?: Record<string, string | string[]> }[] }) =>
      outputs.map(({ data }) => [data?.["text/plain"] ?? ""].flat().join("")).join(""),
    );
    expect(texts[0]).toMatch(/1, 2/);
    expect(texts[1]).toContain("3native");
    expect(existsSync(join(project.folder, "figures/loss.pdf"))).toBe(true);
    expect(readFileSync(join(project.folder, "done.html"), "utf8")).toContain("</html>");
  });
});
