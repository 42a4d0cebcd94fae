// Finds libtorch: LIBTORCH, then conda (CONDA_PREFIX), Debian's libtorch-dev, and a pip torch of python3.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The torch package inside a Python installation's lib folder, if any. */
function sitePackages(lib) {
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .filter((name) => /^python3/.test(name))
    .map((name) => join(lib, name, "site-packages", "torch"));
}

function pipTorch() {
  const script =
    "import importlib.util as u; s=u.find_spec('torch'); print(list(s.submodule_search_locations)[0] if s else '')";
  try {
    const found = execFileSync("python3", ["-c", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return found ? [found] : [];
  } catch {
    return [];
  }
}

function debianLibraries() {
  return existsSync("/usr/lib")
    ? readdirSync("/usr/lib")
        .filter((name) => name.endsWith("-linux-gnu"))
        .map((name) => join("/usr/lib", name))
    : [];
}

/** Every place where libtorch may be, best first: `{ from, include, lib }`. */
function* candidates() {
  const { LIBTORCH, CONDA_PREFIX } = process.env;
  if (LIBTORCH) yield { from: "LIBTORCH", include: join(LIBTORCH, "include"), lib: join(LIBTORCH, "lib") };
  if (CONDA_PREFIX) {
    yield { from: "conda", include: join(CONDA_PREFIX, "include"), lib: join(CONDA_PREFIX, "lib") };
    for (const torch of sitePackages(join(CONDA_PREFIX, "lib"))) {
      yield { from: "conda", include: join(torch, "include"), lib: join(torch, "lib") };
    }
  }
  for (const lib of debianLibraries()) yield { from: "Debian", include: "/usr/include", lib };
  for (const torch of pipTorch()) yield { from: "pip", include: join(torch, "include"), lib: join(torch, "lib") };
}

function versionOf(include) {
  for (const header of ["torch/csrc/api/include/torch/version.h", "torch/headeronly/version.h", "torch/version.h"]) {
    const path = join(include, header);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    const parts = ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1]);
    if (parts.every((part) => part !== undefined)) return parts.join(".");
  }
  return "unknown";
}

/** @returns {{from: string, include: string[], lib: string, version: string, cxx11Abi: 0 | 1, cuda: boolean} | undefined} */
export function findLibtorch() {
  for (const { from, include, lib } of candidates()) {
    const core = join(lib, "libc10.so");
    if (!existsSync(join(include, "ATen", "ATen.h")) || !existsSync(join(lib, "libtorch_cpu.so")) || !existsSync(core))
      continue;
    const api = join(include, "torch", "csrc", "api", "include");
    return {
      from,
      include: [include, ...(existsSync(api) ? [api] : [])],
      lib,
      version: versionOf(include),
      // Debian and conda build with the new std::string, old pip wheels without: the library itself tells.
      cxx11Abi: readFileSync(core).includes("NSt7__cxx11") ? 1 : 0,
      cuda: existsSync(join(lib, "libtorch_cuda.so")),
    };
  }
  return undefined;
}
