import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloads are kept: `$BLOCKWISE_CACHE`, else `$XDG_CACHE_HOME/blockwise`, else `~/.cache/blockwise`. */
export function cacheFolder(): string {
  const { BLOCKWISE_CACHE, XDG_CACHE_HOME } = process.env;
  return BLOCKWISE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "blockwise");
}
