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

function pipTorch(env) {
  const script =
    "import importlib.util as u; s=u.find_spec('torch'); print(list(s.submodule_search_locations)[0] if s else '')";
  try {
    const found = execFileSync("python3", ["-c", script], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return found ? [found] : [];
  } catch {
    return [];
  }
}

function debianLibraries(root) {
  const lib = join(root, "usr/lib");
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join(lib, name));
}

/** Every place where libtorch may be, best first: `{ from, include, lib }`. */
function* candidates(env, root) {
  const { LIBTORCH, CONDA_PREFIX } = env;
  const inside = (from, folder) => ({ from, include: join(folder, "include"), lib: join(folder, "lib") });
  if (LIBTORCH) yield inside("LIBTORCH", LIBTORCH);
  if (CONDA_PREFIX) {
    yield inside("conda", CONDA_PREFIX);
    for (const torch of sitePackages(join(CONDA_PREFIX, "lib"))) yield inside("conda", torch);
  }
  for (const lib of debianLibraries(root)) yield { from: "Debian", include: join(root, "usr/include"), lib };
  for (const torch of pipTorch(env)) yield inside("pip", torch);
}

/** What a place lacks to be a libtorch that can be compiled against. */
function lacks({ include, lib }) {
  return [join(include, "ATen/ATen.h"), join(lib, "libtorch_cpu.so"), join(lib, "libc10.so")].filter(
    (path) => !existsSync(path),
  );
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

/** How to get one. */
const MEND =
  "install it (Debian: apt install libtorch-dev; conda: conda install -c conda-forge libtorch; pip: pip install torch) " +
  "or set LIBTORCH to a folder that has include/ and lib/";

/**
 * The first libtorch of: LIBTORCH, the conda environment, Debian's, the pip torch of `python3`.
 * @param root where Debian's /usr is, for tests
 * @returns {{from: string, include: string[], lib: string, version: string, cxx11Abi: 0 | 1, cuda: boolean}}
 * @throws Error in one sentence, when there is none, or LIBTORCH names a folder without one.
 */
export function findLibtorch({ env = process.env, root = "/" } = {}) {
  for (const place of candidates(env, root)) {
    const lacking = lacks(place);
    if (lacking.length > 0) {
      if (place.from !== "LIBTORCH") continue;
      throw new Error(
        `LIBTORCH is ${env.LIBTORCH}, but ${lacking.join(", ")} is not there; unset LIBTORCH, or ${MEND}.`,
      );
    }
    const { from, include, lib } = place;
    const api = join(include, "torch/csrc/api/include");
    return {
      from,
      include: [include, ...(existsSync(api) ? [api] : [])],
      lib,
      version: versionOf(include),
      // Debian and conda build with the new std::string, old pip wheels without: the library itself tells.
      cxx11Abi: readFileSync(join(lib, "libc10.so")).includes("NSt7__cxx11") ? 1 : 0,
      cuda: existsSync(join(lib, "libtorch_cuda.so")),
    };
  }
  throw new Error(`no libtorch found; ${MEND}.`);
}
