import { ConfigError, engineCommand } from "../core";
import { engine } from "./engine";

/**
 * Checks that the native engine is in use.
 * @param what What needs it, for the message: "lab.use: tasks of a queue".
 * @param otherwise What to do where it cannot be: "leave the queue out".
 * @throws ConfigError when another engine is.
 */
export function needNative(what: string, otherwise: string): void {
  const { backend } = engine.info();
  if (backend === "native") return;
  throw new ConfigError(
    `${what} need the native engine, and it is ${backend} here; run ${engineCommand()}, or ${otherwise}`,
    { backend },
  );
}
