import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ConfigError } from "./errors";
import { findPackageFolder } from "./package-folder";

/** Versions that were tried; they are not installed with Blockwise, for their size. */
const VERSIONS = {
  "playwright-core": "1.65.1",
  "onnxruntime-web": "1.20.1",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
  "@aws-sdk/client-s3": "3.1175.0",
  "@aws-sdk/lib-storage": "3.1175.0",
  // These two come with Blockwise.
  "@tensorflow/tfjs": undefined,
  "@tensorflow/tfjs-backend-wasm": undefined,
} as const;

export type Package = keyof typeof VERSIONS;

const requireHere = createRequire(__filename);

/** Folder of an installed package. @throws ConfigError saying how to install it. */
export function packageFolder(name: Package): string {
  // Not all have their package.json among their exports.
  const folder = findPackageFolder(name, __dirname, (place) => existsSync(join(place, "package.json")));
  if (folder) return folder;
  const version = VERSIONS[name];
  throw new ConfigError(
    `the package ${name} is needed for this, and is not installed; npm install ${name}${version ? `@${version}` : ""}`,
    { package: name },
  );
}

/** Version of an installed package. @throws ConfigError as `packageFolder`. */
export function installedVersion(name: Package): string {
  return (JSON.parse(readFileSync(join(packageFolder(name), "package.json"), "utf8")) as { version: string }).version;
}

/** A file of an installed package. */
export function packageFile(name: Package, path: string): string {
  return join(packageFolder(name), path);
}

/** What a package exports. @throws ConfigError as `packageFolder`. */
export function loadPackage<T>(name: Package): T {
  packageFolder(name);
  return requireHere(name) as T;
}
