/** A cache with fake tools in it: scripts that stand where set-up would have put the real ones. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { builtName } from "../../scripts/tools/build-input.ts";
import type { ToolName } from "../../scripts/tools/recipes.ts";
import { placeAll, workplace } from "../../scripts/tools/tool-paths.ts";

/** Put a fake tool into a cache; it is found by whoever has CILIUM_PLATFORM_CACHE point there. */
export function fakeTool(cache: string, tool: ToolName, script: string): void {
  const at = workplace({ CILIUM_PLATFORM_CACHE: cache });
  const [placed] = placeAll([tool], at, "auto");
  if (placed === undefined) throw new Error(`there is no recipe for ${tool}`);
  const bin = join(at.tools, builtName(placed.input), "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, tool), script, { mode: 0o755 });
}
