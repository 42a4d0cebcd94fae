import { engine } from "../../engine";

/** Takes the best engine into use unless the user chose one. */
export function engineReady(): void {
  if (engine.info().backend === undefined) engine.use("auto");
}
