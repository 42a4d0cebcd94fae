import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of so many bytes, in memory. */
export interface SmallDisk {
  readonly path: string;
  /** Makes it larger or smaller; what is there stays. */
  resize(bytes: number): void;
  unmount(): void;
}

function mount(...args: string[]): boolean {
  return spawnSync("mount", args, { stdio: "ignore" }).status === 0;
}

/** Undefined where this user may not mount one: then tests with failing writes have to do. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), "small-disk-"));
  if (!mount("-t", "tmpfs", "-o", `size=${bytes}`, "none", path)) return undefined;
  return {
    path,
    resize(size) {
      if (!mount("-o", `remount,size=${size}`, path)) throw new Error(`remount of ${path} failed`);
    },
    unmount() {
      spawnSync("umount", ["-l", path], { stdio: "ignore" });
    },
  };
}

/** Whether {@link smallDisk} gives one here. */
export const canMount = (() => {
  const disk = smallDisk(4096);
  disk?.unmount();
  if (!disk) console.warn("small disks cannot be mounted by this user: only injected failures are tested");
  return disk !== undefined;
})();
