/**
 * The PULUMI_HOME of this project: CLI, language host and provider where the engine looks for them, so that the user's
 * own `~/.pulumi` is neither needed nor touched.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { hashOf } from "./build-input.ts";
import { publish } from "./publish.ts";

/** What goes into a home, and where each part lies now. */
export interface HomeParts {
  readonly pulumiVersion: string;
  readonly providerVersion: string;
  /** Folder names of CLI and provider in the cache: they say version and origin. */
  readonly pulumiName: string;
  readonly providerName: string;
  readonly tools: string;
  /** The clone, for the language host of ours. */
  readonly root: string;
}

const hostFiles = ["pulumi-language-nodejs", "language-host.mjs", "run-request.mjs"];

/** Where the home of these parts is (or will be): another language host or another build is another home. */
export function homeFolder(homes: string, parts: HomeParts): string {
  const sources = launcherSources(parts.root).map((path) => (existsSync(path) ? readFileSync(path, "utf8") : ""));
  return join(homes, hashOf([parts.pulumiName, parts.providerName, ...sources]));
}

/** `bin` with the CLI inside a home. */
export function homeBin(home: string, pulumiVersion: string): string {
  return join(home, "versions", pulumiVersion, "bin");
}

/** Is everything there? A home appears as a whole, so its CLI stands for all of it. */
export function homeIsComplete(home: string, pulumiVersion: string): boolean {
  return existsSync(join(homeBin(home, pulumiVersion), "pulumi"));
}

/** Put the parts together, by hard links where the file system allows it. */
export function assembleHome(home: string, parts: HomeParts, scratchRoot: string): void {
  mkdirSync(scratchRoot, { recursive: true });
  const scratch = mkdtempSync(join(scratchRoot, "pulumi-home-"));
  try {
    const bin = homeBin(scratch, parts.pulumiVersion);
    mkdirSync(bin, { recursive: true });
    const cli = join(parts.tools, parts.pulumiName, "bin");
    for (const name of readdirSync(cli)) linkOrCopy(join(cli, name), join(bin, name));
    // The official CLI brings these; what is built brings only itself.
    if (!existsSync(join(bin, "pulumi-language-nodejs"))) {
      for (const path of launcherSources(parts.root)) {
        const target = join(bin, path.slice(dirname(path).length + 1));
        copyFileSync(path, target);
        chmodSync(target, 0o755);
      }
    }
    const plugins = join(scratch, "plugins");
    const plugin = `resource-kubernetes-v${parts.providerVersion}`;
    mkdirSync(join(plugins, plugin), { recursive: true });
    const binary = "pulumi-resource-kubernetes";
    linkOrCopy(join(parts.tools, parts.providerName, "bin", binary), join(plugins, plugin, binary));
    writeFileSync(join(plugins, `${plugin}.lock`), "");
    publish(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function launcherSources(root: string): string[] {
  return hostFiles.map((name) => join(root, "scripts", "tools", "language-host", name));
}

/** Not a symbolic link: the CLI looks for its companions beside itself. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
}
