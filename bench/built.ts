import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * A room of `src/` as `npm run build` left it: what users run. From source a worker thread takes two seconds to start, for
 * tsx, where the built one takes half.
 * @throws Error when nothing was built.
 */
export function built<Room>(room: string): Room {
  const path = resolve(__dirname, "../dist/src", room);
  if (!existsSync(path)) throw new Error(`bench: ${path} must be there, and is not; run npm run build first`);
  return require(path) as Room;
}
