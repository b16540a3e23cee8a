// Loaded before the program, by plain pulumi as well: refuses a Node that cannot run the program's TypeScript, in words,
// and lets Node keep what it compiled, which halves the start of every later run.
import * as module from "node:module";
import { join } from "node:path";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `cilium-platform needs Node 22.18 or newer to run its TypeScript, and this is ${process.version}.\n` +
      "  fix: install Node 24, or use the npm scripts (npm run preview), which bring their own\n",
  );
  process.exit(1);
}
module.enableCompileCache(join(process.cwd(), ".platform", "compile-cache"));
