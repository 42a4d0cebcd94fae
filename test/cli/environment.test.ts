import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = join(__dirname, "../..");
const text = readFileSync(join(ROOT, "environment.yml"), "utf8");
const environment = parse(text) as { name: string; channels: string[]; dependencies: string[] };

/** `name`, comparison and version of a conda dependency. */
function dependency(spec: string): { name: string; comparison?: string; version?: string } {
  const match = /^([a-z0-9_.-]+?)(?:(>=|=)([\d.]+))?$/.exec(spec);
  if (!match) throw new Error(`environment.yml: ${spec} is not name, name=version or name>=version`);
  return { name: match[1]!, comparison: match[2], version: match[3] };
}

const dependencies = new Map(environment.dependencies.map((spec) => [dependency(spec).name, dependency(spec)]));

// What stands for each Debian package of set-up: packages of conda-forge, or why none is needed.
const COUNTERPARTS: Record<string, readonly string[] | { none: string }> = {
  "libtorch-dev": ["libtorch", "cxx-compiler", "make"],
  "jupyter-notebook": ["jupyterlab"],
  "jupyter-client": ["jupyterlab"],
  "python3-nbclient": ["nbclient"],
  "jupyter-nbconvert": ["nbconvert"],
  "python3-jupyter-kernel-test": ["jupyter_kernel_test"],
  "dataset-fashion-mnist": { none: "the first use downloads it, with checksums" },
  "python3-torch": ["pytorch"],
  "python3-torchvision": ["torchvision"],
  "redis-server": ["redis-server"],
  chromium: { none: "conda-forge has none; the browser tests say so and take one that is installed" },
};

function aptPackages(): string[] {
  const script = readFileSync(join(ROOT, "scripts", "setup.sh"), "utf8");
  return [...script.matchAll(/^(?:TEST_)?APT_PACKAGES=\(([^)]*)\)/gm)].flatMap(([, names]) =>
    names!.trim().split(/\s+/),
  );
}

describe("environment.yml", () => {
  it("names an environment of packages from conda-forge alone, each once", () => {
    expect(environment).toMatchObject({ name: "blockwise", channels: ["conda-forge"] });
    expect(dependencies.size).toBe(environment.dependencies.length);
  });

  it("asks for the Node that package.json does", () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const { comparison, version } = dependencies.get("nodejs")!;
    expect(`${comparison}${version}`).toBe(engines.node);
  });

  it("has a counterpart of every Debian package that set-up installs", () => {
    const names = aptPackages();
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const counterpart = COUNTERPARTS[name];
      expect(counterpart, `scripts/setup.sh installs ${name}: add it to environment.yml, and here`).toBeDefined();
      if (Array.isArray(counterpart))
        for (const conda of counterpart) expect([...dependencies.keys()]).toContain(conda);
    }
  });

  it("has what a bare machine lacks besides: python, git and a front end", () => {
    for (const name of ["python", "git", "jupyterlab", "make", "cxx-compiler"])
      expect(dependencies.has(name)).toBe(true);
    expect(Number(dependencies.get("libtorch")!.version)).toBeGreaterThanOrEqual(2);
  });
});
