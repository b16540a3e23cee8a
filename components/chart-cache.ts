/**
 * cacheFolder: the one folder of the user's home in which tools and charts are kept, shared by all clones and removable
 * at any time.
 */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Environment variables as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `CILIUM_PLATFORM_CACHE`, else a folder below `XDG_CACHE_HOME`, else below `~/.cache`. */
export function cacheFolder(env: Environment, home: string = homedir()): string {
  const own = env["CILIUM_PLATFORM_CACHE"];
  if (own !== undefined && own !== "") return resolve(own);
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG convention: a relative path is invalid and ignored.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".cache"), "cilium-platform");
}
