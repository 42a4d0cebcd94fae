import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

interface Libtorch {
  from: string;
  include: string[];
  lib: string;
  version: string;
  cxx11Abi: 0 | 1;
  cuda: boolean;
}

interface Parts {
  sources: string[];
  libtorch: Pick<Libtorch, "version" | "lib" | "cxx11Abi" | "cuda">;
  compiler: string;
  arch: string;
  napiVersion: number;
  link: string[];
}

const root = resolve(__dirname, "../..");
const load = <T>(file: string) => import(join(root, "native", file)) as Promise<T>;
const finder = () =>
  load<{ findLibtorch: (where: { env: NodeJS.ProcessEnv; root: string }) => Libtorch }>("find-libtorch.mjs");
const cache = () =>
  load<{
    binaryKey: (parts: Parts) => string;
    cacheFolder: (env: NodeJS.ProcessEnv) => string | undefined;
    takeBinary: (key: string, target: string, folder: string | undefined) => boolean;
    keepBinary: (key: string, binary: string, folder: string | undefined) => void;
  }>("binary-cache.mjs");

const temporary = (name: string) => mkdtempSync(join(tmpdir(), `blockwise-${name}-`));

function write(path: string, text = "", mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

/** A folder tree that looks like a libtorch of this version. */
function fakeLibtorch(include: string, lib: string, version: string, { cxx11 = true, cuda = false } = {}): void {
  const [major, minor, patch] = version.split(".");
  write(
    join(include, "torch/csrc/api/include/torch/version.h"),
    `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
  );
  write(join(include, "ATen/ATen.h"));
  write(join(lib, "libtorch_cpu.so"));
  write(join(lib, "libc10.so"), cxx11 ? "_ZNSt7__cxx1112basic_string" : "_ZNSs");
  if (cuda) write(join(lib, "libtorch_cuda.so"));
}

/** A `python3` on a PATH of its own whose torch lies in a folder. */
function fakePython(torch: string): string {
  const bin = join(temporary("python"), "bin");
  write(join(bin, "python3"), `#!/bin/sh\necho ${torch}\n`, 0o755);
  return bin;
}

const NOWHERE = "/nonexistent";

describe("libtorch is found", () => {
  test("in LIBTORCH", async () => {
    const { findLibtorch } = await finder();
    const folder = temporary("libtorch");
    fakeLibtorch(join(folder, "include"), join(folder, "lib"), "2.4.1", { cuda: true });
    expect(findLibtorch({ env: { LIBTORCH: folder, PATH: NOWHERE }, root: NOWHERE })).toEqual({
      from: "LIBTORCH",
      include: [join(folder, "include"), join(folder, "include/torch/csrc/api/include")],
      lib: join(folder, "lib"),
      version: "2.4.1",
      cxx11Abi: 1,
      cuda: true,
    });
  });

  test("in a conda environment, as its own package or inside its Python's torch", async () => {
    const { findLibtorch } = await finder();
    const own = temporary("conda");
    fakeLibtorch(join(own, "include"), join(own, "lib"), "2.1.0");
    expect(findLibtorch({ env: { CONDA_PREFIX: own, PATH: NOWHERE }, root: NOWHERE })).toMatchObject({
      from: "conda",
      lib: join(own, "lib"),
      version: "2.1.0",
      cuda: false,
    });
    const pytorch = temporary("conda");
    const torch = join(pytorch, "lib/python3.11/site-packages/torch");
    fakeLibtorch(join(torch, "include"), join(torch, "lib"), "2.2.0");
    expect(findLibtorch({ env: { CONDA_PREFIX: pytorch, PATH: NOWHERE }, root: NOWHERE })).toMatchObject({
      from: "conda",
      lib: join(torch, "lib"),
      version: "2.2.0",
    });
  });

  test("in Debian's folders", async () => {
    const { findLibtorch } = await finder();
    const system = temporary("debian");
    const lib = join(system, "usr/lib/aarch64-linux-gnu");
    fakeLibtorch(join(system, "usr/include"), lib, "1.13.0");
    expect(findLibtorch({ env: { PATH: NOWHERE }, root: system })).toMatchObject({
      from: "Debian",
      lib,
      version: "1.13.0",
    });
  });

  test("in the torch of python3, with the C++ ABI that the wheel was built with", async () => {
    const { findLibtorch } = await finder();
    const torch = join(temporary("pip"), "torch");
    fakeLibtorch(join(torch, "include"), join(torch, "lib"), "2.3.0", { cxx11: false });
    expect(findLibtorch({ env: { PATH: fakePython(torch) }, root: NOWHERE })).toMatchObject({
      from: "pip",
      lib: join(torch, "lib"),
      version: "2.3.0",
      cxx11Abi: 0,
    });
  });

  test("first in LIBTORCH, then in conda, then Debian's, then pip's; what is incomplete is passed over", async () => {
    const { findLibtorch } = await finder();
    const [libtorch, conda, system, pip] = ["libtorch", "conda", "debian", "pip"].map(temporary);
    fakeLibtorch(join(libtorch, "include"), join(libtorch, "lib"), "2.4.0");
    fakeLibtorch(join(conda, "include"), join(conda, "lib"), "2.3.0");
    fakeLibtorch(join(system, "usr/include"), join(system, "usr/lib/x86_64-linux-gnu"), "1.13.0");
    fakeLibtorch(join(pip, "include"), join(pip, "lib"), "2.2.0");
    const all: NodeJS.ProcessEnv = { LIBTORCH: libtorch, CONDA_PREFIX: conda, PATH: fakePython(pip) };
    const from = (env: NodeJS.ProcessEnv, at = system) => findLibtorch({ env, root: at }).from;
    expect(from(all)).toBe("LIBTORCH");
    expect(from({ ...all, LIBTORCH: undefined })).toBe("conda");
    expect(from({ ...all, LIBTORCH: undefined, CONDA_PREFIX: undefined })).toBe("Debian");
    expect(from({ PATH: all.PATH }, NOWHERE)).toBe("pip");
    expect(from({ ...all, LIBTORCH: undefined, CONDA_PREFIX: temporary("bare") })).toBe("Debian");
  });
});

describe("without libtorch", () => {
  test("one sentence says how to get one", async () => {
    const { findLibtorch } = await finder();
    expect(() => findLibtorch({ env: { PATH: NOWHERE }, root: NOWHERE })).toThrow(
      /no libtorch found; install it \(Debian: apt install libtorch-dev; conda: .*; pip: pip install torch\) or set LIBTORCH/,
    );
  });

  test("a wrong LIBTORCH is not silently replaced: the build ends with 3 and says what is not there", () => {
    const folder = temporary("wrong");
    const run = spawnSync(process.execPath, [join(root, "native/build.mjs"), "--check"], {
      env: { ...process.env, LIBTORCH: folder },
      encoding: "utf8",
    });
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/LIBTORCH is .*wrong.*ATen\.h.*is not there; unset LIBTORCH, or install it/);
  });
});

describe("built addons are kept outside the clone", () => {
  const parts: Parts = {
    sources: ["conv-1.o", "pool-2.o"],
    libtorch: { version: "1.13.0", lib: "/usr/lib/x86_64-linux-gnu", cxx11Abi: 1, cuda: false },
    compiler: "g++ 12.2.0",
    arch: "x64",
    napiVersion: 8,
    link: ["-shared", "-ltorch"],
  };

  test("under a key of all that went into them", async () => {
    const { binaryKey } = await cache();
    expect(binaryKey(structuredClone(parts))).toBe(binaryKey(parts));
    const others: Partial<Parts>[] = [
      { sources: ["conv-9.o", "pool-2.o"] },
      { libtorch: { ...parts.libtorch, version: "2.1.0" } },
      { libtorch: { ...parts.libtorch, lib: "/opt/libtorch/lib" } },
      { libtorch: { ...parts.libtorch, cxx11Abi: 0 } },
      { libtorch: { ...parts.libtorch, cuda: true } },
      { compiler: "clang 17" },
      { arch: "arm64" },
      { napiVersion: 9 },
      { link: ["-shared"] },
    ];
    const keys = [parts, ...others.map((change) => ({ ...parts, ...change }))].map(binaryKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("are found again, byte by byte, and only under their key", async () => {
    const { takeBinary, keepBinary } = await cache();
    const folder = temporary("cache");
    const [built, target] = [join(folder, "built"), join(folder, "other/clone/addon.node")];
    write(built, "machine code");
    expect(takeBinary("k1", target, join(folder, "kept"))).toBe(false);
    keepBinary("k1", built, join(folder, "kept"));
    expect(takeBinary("k2", target, join(folder, "kept"))).toBe(false);
    expect(takeBinary("k1", target, join(folder, "kept"))).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("machine code");
    expect(readdirSync(join(folder, "kept"))).toEqual(["k1.node"]);
  });

  test("up to a number, the last used ones", async () => {
    const { takeBinary, keepBinary } = await cache();
    const folder = temporary("cache");
    write(join(folder, "built"), "machine code");
    for (let i = 0; i < 12; i++) {
      keepBinary(`k${i}`, join(folder, "built"), folder);
      utimesSync(join(folder, `k${i}.node`), 1000 + i, 1000 + i);
      if (i >= 1) takeBinary("k0", join(folder, "target"), folder);
    }
    const kept = readdirSync(folder).filter((name) => name.endsWith(".node"));
    expect(kept).toHaveLength(8);
    expect(kept).toContain("k0.node");
    expect(kept).toContain("k11.node");
    expect(kept).not.toContain("k2.node");
  });

  test("where the user's caches are, or nowhere if that is asked for", async () => {
    const { cacheFolder, takeBinary, keepBinary } = await cache();
    expect(cacheFolder({ XDG_CACHE_HOME: "/x" })).toBe("/x/blockwise/native");
    expect(cacheFolder({ BLOCKWISE_NATIVE_CACHE: "/y" })).toBe("/y");
    expect(cacheFolder({ BLOCKWISE_NATIVE_CACHE: "off" })).toBeUndefined();
    expect(takeBinary("k1", "/nonexistent/addon", undefined)).toBe(false);
    expect(() => keepBinary("k1", "/nonexistent/addon", undefined)).not.toThrow();
  });
});

describe("the build", () => {
  /** A clone's native folder, and a compiler that writes a line a call to a log and an empty output. */
  function clone(): { build: string; log: string; compiler: string } {
    const folder = temporary("clone");
    for (const part of ["native/src", "native/build.mjs", "native/binary-cache.mjs", "native/find-libtorch.mjs"]) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    // Of its own, as npm makes it: where the headers lie differs from clone to clone.
    for (const name of ["node-addon-api", "node-api-headers"]) {
      cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
    }
    const log = join(folder, "calls");
    const compiler = join(folder, "c++");
    const script = `[ "$1" = --version ] && echo "fake 1.0" && exit
echo "$@" >> ${log}
while [ "$1" != -o ]; do shift; done
echo made > "$2"`;
    write(compiler, `#!/bin/sh\n${script}\n`, 0o755);
    return { build: join(folder, "native/build.mjs"), log, compiler };
  }

  test("compiles once: a second run finds its result, a second clone takes it from the cache", () => {
    const libtorch = temporary("libtorch");
    fakeLibtorch(join(libtorch, "include"), join(libtorch, "lib"), "2.4.1", { cuda: true });
    const shared = temporary("cache");
    const [first, second] = [clone(), clone()];
    const run = ({ build, compiler }: ReturnType<typeof clone>, more: NodeJS.ProcessEnv = {}) => {
      const env = { ...process.env, LIBTORCH: libtorch, CXX: compiler, BLOCKWISE_NATIVE_CACHE: shared, ...more };
      const done = spawnSync(process.execPath, [build], { env, encoding: "utf8" });
      expect(done.stderr).toBe("");
      expect(done.status).toBe(0);
      return done.stdout;
    };
    const calls = ({ log }: { log: string }) =>
      existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;

    expect(run(first)).toMatch(/compiling against libtorch 2.4.1 from LIBTORCH/);
    const compiled = calls(first);
    expect(compiled).toBeGreaterThan(10);
    expect(readFileSync(first.log, "utf8")).toMatch(/-ltorch_cuda .*-ltorch_cpu/);
    expect(run(first)).toMatch(/is up to date/);
    expect(calls(first)).toBe(compiled);

    expect(run(second)).toMatch(/taken as built before/);
    expect(calls(second)).toBe(0);
    expect(run(second)).toMatch(/is up to date/);

    const source = join(dirname(second.build), "src/kernels/pool.cc");
    writeFileSync(source, `${readFileSync(source, "utf8")}// changed\n`);
    expect(run(second)).toMatch(/compiling/);
    expect(calls(second)).toBeGreaterThan(0);
    expect(run(clone(), { BLOCKWISE_NATIVE_CACHE: "off" })).toMatch(/compiling/);
  });
});
