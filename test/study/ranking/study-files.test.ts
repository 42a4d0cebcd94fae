import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../src/core";
import { findStudy, readStudy, withOwnResults } from "../../../src/study/ranking";

/** The package as npm installs it, and a folder that somebody works in. */
function installed() {
  const working = mkdtempSync(join(tmpdir(), "studies-"));
  const folder = join(working, "node_modules", "blockwise");
  mkdirSync(join(folder, "notebooks"), { recursive: true });
  for (const part of ["experiments", join("notebooks", "expected")]) {
    cpSync(join(packageRoot(), part), join(folder, part), { recursive: true });
  }
  return { working, package: folder };
}

describe("results of studies", () => {
  test("of an installed package are read from it, and written below the working folder with what was stored", () => {
    const places = installed();
    const { file, root } = findStudy("search", places);
    expect(root).toBe(places.package);
    const before = readdirSync(places.package, { recursive: true }).sort();
    const own = withOwnResults(readStudy(file, root), places);
    const folder = join(places.working, "runs", "studies");
    expect(own.results.startsWith(folder)).toBe(true);
    expect(own.retrain!.result.startsWith(folder)).toBe(true);
    expect(existsSync(own.retrain!.result)).toBe(true);
    writeFileSync(`${own.results}.json`, "{}");
    expect(readdirSync(places.package, { recursive: true }).sort()).toEqual(before);
    // From then on they are the ones that are read; stored ones do not come back over them.
    expect(findStudy("search", places).root).toBe(folder);
    expect(withOwnResults(readStudy(file, root), places).results).toBe(own.results);
    expect(withOwnResults(readStudy(file, folder), places).results).toBe(own.results);
  });

  test("of a checkout stay in it", () => {
    const places = { package: packageRoot(), working: join(packageRoot(), "notebooks") };
    const { file, root } = findStudy("ranking", places);
    const study = readStudy(file, root);
    expect(withOwnResults(study, places)).toBe(study);
  });
});
