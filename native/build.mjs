// Builds native/build/Release/blockwise_native.node with g++ against libtorch.
//   node native/build.mjs [--check] [--force]
// Exit codes: 0 built or up to date, 3 compiler or libtorch missing (one sentence says which), 1 compilation failed.
// Only what changed is compiled: an object's name carries the hash of all that went into it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { binaryKey, cacheFolder, digest, keepBinary, takeBinary } from "./binary-cache.mjs";
import { findLibtorch } from "./find-libtorch.mjs";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");
const build = join(here, "build");
const release = join(build, "Release");
const target = join(release, "blockwise_native.node");
const stampPath = join(release, "stamp.json");

const NAPI_VERSION = 8;

function missing(sentence) {
  process.stderr.write(`native engine not built: ${sentence}\n`);
  process.exit(3);
}

function files(folder, pattern) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** The texts of a source and of all headers of ours that it includes. */
function withIncludes(path, seen = new Set()) {
  if (seen.has(path) || !existsSync(path)) return [];
  seen.add(path);
  const text = readFileSync(path, "utf8");
  const included = [...text.matchAll(/^#include "([^"]+)"/gm)].flatMap(([, name]) =>
    withIncludes(join(dirname(path), name), seen),
  );
  return [relative(source, path), text, ...included];
}

function compiler() {
  for (const name of [process.env.CXX, "g++", "c++", "clang++"]) {
    if (!name) continue;
    const asked = spawnSync(name, ["--version"], { encoding: "utf8" });
    if (asked.status === 0) return { name, version: asked.stdout.split("\n")[0] };
  }
  return missing("no C++ compiler found; install g++ (Debian: apt install g++, conda: gxx_linux-64) or set CXX.");
}

function libtorch() {
  try {
    return findLibtorch();
  } catch (error) {
    return missing(error.message);
  }
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(errors) : reject(new Error(`${errors}\n${command} ended with ${code}`)),
    );
  });
}

/** Builds at `path` through a temporary name, so that an interrupted build leaves no half-made file. */
async function make(path, command, args) {
  if (existsSync(path)) return;
  const partial = join(dirname(path), `.${process.pid}-${basename(path)}`);
  try {
    await run(command, [...args, "-o", partial]);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

async function main() {
  const started = Date.now();
  if (process.platform !== "linux")
    missing(`only Linux is supported, this is ${process.platform}; the cpu backend works.`);
  const cxx = compiler();
  const torch = libtorch();
  const includes = [
    ...torch.include,
    require("node-api-headers").include_dir,
    dirname(require.resolve("node-addon-api")),
  ];
  const common = [
    "-std=c++17",
    "-fPIC",
    "-fopenmp",
    "-Wall",
    "-Wno-sign-compare",
    "-DNAPI_CPP_EXCEPTIONS",
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    `-D_GLIBCXX_USE_CXX11_ABI=${torch.cxx11Abi}`,
    ...includes.map((path) => `-isystem${path}`),
  ].filter((flag) => flag !== "-isystem/usr/include"); // which would hide the C library's headers from g++'s own
  const plain = [...common, "-O2"];
  // AVX2 and AVX-512 are asked for by pragmas in hot/avx2.cc and hot/avx512.cc alone, and run only after a check of the CPU.
  const hot = [...common, "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"];
  const link = [
    "-shared",
    "-fopenmp",
    `-L${torch.lib}`,
    `-Wl,-rpath,${torch.lib}`,
    "-Wl,--no-as-needed",
    ...(torch.cuda ? ["-ltorch_cuda"] : []),
    "-ltorch",
    "-ltorch_cpu",
    "-lc10",
    "-ldl",
  ];

  const skip = process.env.NATIVE_SKIP;
  const units = files(source, /\.cc$/).filter((path) => !skip || !relative(source, path).startsWith(skip));
  const versions = [
    cxx.version,
    torch.version,
    torch.lib,
    process.arch,
    require("node-addon-api/package.json").version,
  ];
  const objects = units.map((path) => {
    const isHot = relative(source, path).startsWith("hot");
    const flags = isHot ? hot : plain;
    const texts = withIncludes(path);
    const key = digest(...versions, flags.join(" "), ...texts);
    const name = relative(source, path).replaceAll("/", "-").replace(/\.cc$/, "");
    // The same in every clone: where npm put its headers does not count.
    const portable = digest(...flags.filter((flag) => !flag.startsWith("-isystem")), ...texts);
    return { path, flags, isHot, portable, object: join(build, "objects", `${name}-${key}.o`) };
  });
  const key = binaryKey({
    sources: [...versions, ...objects.map(({ portable }) => portable)],
    libtorch: torch,
    compiler: cxx.version,
    arch: process.arch,
    napiVersion: NAPI_VERSION,
    link,
  });
  const stamp = existsSync(stampPath) ? JSON.parse(readFileSync(stampPath, "utf8")) : {};
  const current = existsSync(target) && stamp.key === key;
  if (process.argv.includes("--check")) {
    process.stdout.write(current ? "up to date\n" : "not up to date\n");
    process.exit(current ? 0 : 4);
  }
  if (current && !process.argv.includes("--force")) {
    process.stdout.write(`native engine is up to date (libtorch ${torch.version} from ${torch.from})\n`);
    return;
  }

  const writeStamp = () => {
    const { version, from, cxx11Abi, cuda } = torch;
    const made = { key, libtorch: version, from, cxx11Abi, cuda, compiler: cxx.version };
    writeFileSync(`${stampPath}.partial`, `${JSON.stringify(made, null, 2)}\n`);
    renameSync(`${stampPath}.partial`, stampPath);
  };
  const cache = cacheFolder();
  if (!process.argv.includes("--force") && takeBinary(key, target, cache)) {
    writeStamp();
    process.stdout.write(
      `native engine: taken as built before for the same sources and libtorch ${torch.version} (${cache})\n`,
    );
    return;
  }

  process.stdout.write(
    `native engine: compiling against libtorch ${torch.version} from ${torch.from} with ${cxx.version} ...\n`,
  );
  mkdirSync(join(build, "objects"), { recursive: true });
  mkdirSync(release, { recursive: true });
  const todo = objects.filter((o) => process.argv.includes("--force") || !existsSync(o.object));
  for (const { object } of todo) rmSync(object, { force: true });

  // The large headers of ATen are read once.
  const prefixKey = digest(...versions, plain.join(" "), readFileSync(join(source, "prefix.h")));
  const prefix = join(build, `prefix-${prefixKey}`, "prefix.h");
  const plainTodo = todo.filter((o) => !o.isHot);
  if (plainTodo.length > 3 || existsSync(`${prefix}.gch`)) {
    mkdirSync(dirname(prefix), { recursive: true });
    writeFileSync(prefix, readFileSync(join(source, "prefix.h")));
    await make(`${prefix}.gch`, cxx.name, [...plain, "-x", "c++-header", prefix]);
  }
  const jobs = Number(process.env.JOBS) || availableParallelism();
  const queue = [...todo];
  let done = 0;
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let unit = queue.shift(); unit; unit = queue.shift()) {
        const before = !unit.isHot && existsSync(`${prefix}.gch`) ? ["-include", prefix] : [];
        await make(unit.object, cxx.name, [...unit.flags, ...before, "-c", unit.path]);
        done += 1;
        process.stdout.write(`  ${done}/${todo.length} ${relative(source, unit.path)}\n`);
      }
    }),
  );
  // Renamed when whole: a process that loads the former addon meanwhile finds it.
  const fresh = `${target}.new`;
  rmSync(fresh, { force: true });
  await make(fresh, cxx.name, [...objects.map((o) => o.object), ...link]);
  renameSync(fresh, target);
  // Objects and prefixes of former sources are of no more use.
  const kept = new Set(objects.map((o) => basename(o.object)));
  for (const name of readdirSync(join(build, "objects"))) if (!kept.has(name)) rmSync(join(build, "objects", name));
  for (const name of readdirSync(build)) {
    if (name.startsWith("prefix-") && name !== `prefix-${prefixKey}`) rmSync(join(build, name), { recursive: true });
  }
  writeStamp();
  keepBinary(key, target, cache);
  process.stdout.write(
    `native engine built in ${((Date.now() - started) / 1000).toFixed(0)} s: ${relative(process.cwd(), target)}\n`,
  );
}

main().catch((error) => {
  process.stderr.write(`native engine not built: compilation failed.\n${error.message}\n`);
  process.exit(1);
});
