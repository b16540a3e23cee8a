/** The tools that make local clusters, looked up where set-up put them at the moment they are needed. */
import { UserError } from "../../policies/problems.ts";
import type { ToolName } from "../../scripts/tools/recipes.ts";
import { toolPaths } from "../../scripts/tools/tool-paths.ts";

/** Path of a tool; undefined where another tool brings it itself. */
export function findTool(name: ToolName): string | undefined {
  return toolPaths([name]).path[name];
}

/** Path of a tool that must be there. */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (path === undefined) throw new UserError(`${name} is not set up on this machine\n  fix: npm run setup -- <stack>`);
  return path;
}
