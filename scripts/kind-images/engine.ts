/**
 * The container engine: whatever answers already, and only where none does and only when asked, one of our own, whose folders
 * all lie in the cache and whose traces on the machine are taken back when it stops.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { runCommand } from "../../components/cluster/processes.ts";
import { ProblemsError, UserError } from "../../policies/problems.ts";
import { withLock } from "../tools/lock.mjs";
import type { Log } from "../tools/progress.ts";
import { workplace, type Workplace } from "../tools/tool-paths.ts";
import {
  firewallSteps,
  hostFolders,
  kernelSteps,
  linkNames,
  linkSteps,
  type HostRecord,
  type Step,
} from "./host-record.ts";
import { readKernel } from "./kernel.ts";
import { isThere, machineProblems, obtainPackages, programPath } from "./machine.ts";

/** Where our own engine keeps everything. */
export function engineFolder(at: Pick<Workplace, "cache"> = workplace()): string {
  return join(at.cache, "engine");
}

function socketOf(folder: string): string {
  return `unix://${join(folder, "docker.sock")}`;
}

/** dockerd's configuration. The wrapper is its runtime only where the machine withholds what runc asks for. */
export function engineConfig(folder: string, wrapper: string | undefined): object {
  return {
    "data-root": join(folder, "data"),
    "exec-root": join(folder, "exec"),
    pidfile: join(folder, "dockerd.pid"),
    hosts: [socketOf(folder)],
    // As every engine does where control groups are of the newer kind.
    "default-cgroupns-mode": "private",
    "storage-driver": "overlay2",
    ...(wrapper === undefined
      ? {}
      : { runtimes: { "within-limits": { path: wrapper } }, "default-runtime": "within-limits" }),
  };
}

const sysResource = 1n << 24n;

/** Does this machine withhold CAP_SYS_RESOURCE? From the text of `/proc/self/status`. */
export function withholdsResource(status: string): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return bounding !== undefined && (BigInt(`0x${bounding}`) & sysResource) === 0n;
}

async function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!isThere("docker")) return false;
  const asked = await runCommand("docker", ["version", "--format", "{{.Server.Version}}"], { env, timeoutSeconds: 20 });
  return asked.code === 0;
}

/** How to reach an engine: undefined when none answers. `given`: the one the environment or docker itself names. */
export type Engine = { readonly kind: "given" } | { readonly kind: "ours"; readonly host: string };

/** The engine to use. What the person has is asked first. */
export async function findEngine(
  env: NodeJS.ProcessEnv = process.env,
  at: Workplace = workplace(),
): Promise<Engine | undefined> {
  if (await answers(env)) return { kind: "given" };
  const host = socketOf(engineFolder(at));
  const reachable = existsSync(join(engineFolder(at), "docker.sock")) && (await answers({ ...env, DOCKER_HOST: host }));
  return reachable ? { kind: "ours", host } : undefined;
}

/** Variables for whoever starts docker or kind. */
export function engineEnvironment(engine: Engine | undefined): Readonly<Record<string, string>> {
  return engine?.kind === "ours" ? { DOCKER_HOST: engine.host } : {};
}

/** Start an engine where none answers, and return the one to use. */
export async function startEngine(log: Log, at: Workplace = workplace()): Promise<Engine> {
  const found = await findEngine(process.env, at);
  if (found !== undefined) return found;
  const refused = machineProblems(at.platform);
  if (refused.length > 0) throw new ProblemsError(refused);
  const folder = engineFolder(at);
  return await withLock(join(at.cache, "locks", "engine.lock"), async () => {
    const meanwhile = await findEngine(process.env, at);
    if (meanwhile !== undefined) return meanwhile;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const logFile = join(folder, "install.log");
    await obtainPackages(["dockerd", "docker", "iptables", "jq"], { logFile, signal: new AbortController().signal });
    await record(folder);
    const wrapper = withholdsResource(readFileSync("/proc/self/status", "utf8"))
      ? join(at.root, "tools/kind-images/runc-wrapper")
      : undefined;
    const engineWrapper = wrapper === undefined ? undefined : join(folder, "runc-within-limits");
    if (wrapper !== undefined && engineWrapper !== undefined) {
      writeFileSync(engineWrapper, readFileSync(wrapper), { mode: 0o755 });
    }
    const config = join(folder, "daemon.json");
    writeFileSync(config, `${JSON.stringify(engineConfig(folder, engineWrapper), null, 2)}\n`);
    const out = openSync(join(folder, "dockerd.log"), "w", 0o600);
    const daemon = spawn(programPath("dockerd") ?? "dockerd", ["--config-file", config], {
      detached: true,
      stdio: ["ignore", out, out],
      env: { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    daemon.on("error", () => undefined);
    daemon.unref();
    const engine: Engine = { kind: "ours", host: socketOf(folder) };
    await untilAnswering({ ...process.env, ...engineEnvironment(engine) }, folder);
    log(`engine: started, DOCKER_HOST=${engine.host}`);
    return engine;
  });
}

async function untilAnswering(env: NodeJS.ProcessEnv, folder: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await answers(env))) {
    if (Date.now() > deadline) {
      throw new UserError(
        `the container engine does not answer after 60 s\n  fix: read ${join(folder, "dockerd.log")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Written once: what a later start finds is what an earlier one left. */
async function record(folder: string): Promise<void> {
  const file = join(folder, "host.json");
  if (existsSync(file)) return;
  const unfinished = `${file}.${String(process.pid)}`;
  writeFileSync(unfinished, JSON.stringify(await lookAtHost(), null, 2), { mode: 0o600 });
  renameSync(unfinished, file);
}

async function lookAtHost(): Promise<HostRecord> {
  const printed = async (...[name, ...args]: Step): Promise<string> => {
    const { code, stdout } = await runCommand(programPath(name) ?? name, args, { timeoutSeconds: 30 });
    return code === 0 ? stdout : "";
  };
  return {
    kernel: await readKernel(),
    iptables: await printed("iptables-save"),
    ip6tables: await printed("ip6tables-save"),
    links: linkNames(await printed("ip", "-oneline", "link")),
    folders: hostFolders.filter((path) => existsSync(path)),
  };
}

/** What is told of our own engine. */
export interface EngineStatus {
  readonly running: "yes" | "no";
  readonly folder: string;
  readonly host: string;
  /** Containers that run in it. */
  readonly containers: readonly string[];
  /** Whether the record of the machine is there, so that a stop has something to put back. */
  readonly recorded: "yes" | "no";
}

export async function engineStatus(at: Workplace = workplace()): Promise<EngineStatus> {
  const folder = engineFolder(at);
  const host = socketOf(folder);
  const env = { ...process.env, DOCKER_HOST: host };
  const listed = existsSync(join(folder, "docker.sock"))
    ? await runCommand("docker", ["ps", "--format", "{{.Names}}"], { env, timeoutSeconds: 20 })
    : undefined;
  return {
    running: daemonPid(folder) === undefined ? "no" : "yes",
    folder,
    host,
    containers: listed?.code === 0 ? listed.stdout.split("\n").filter((name) => name !== "") : [],
    recorded: existsSync(join(folder, "host.json")) ? "yes" : "no",
  };
}

/** The process that our pid file names, if it is still our dockerd: its number may be somebody else's by now. */
function daemonPid(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, "dockerd.pid"), "utf8").trim());
    const line = readFileSync(`/proc/${String(pid)}/cmdline`, "utf8");
    return line.includes(join(folder, "daemon.json")) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Stop our engine and put the machine back. Returns what cannot be put back, a line each. */
export async function stopEngine(log: Log, at: Workplace = workplace()): Promise<readonly string[]> {
  const status = await engineStatus(at);
  if (status.containers.length > 0) {
    throw new UserError(
      `containers run in it: ${status.containers.join(", ")}\n  fix: npm run down -- <stack> for each, or docker rm`,
    );
  }
  return await withLock(join(at.cache, "locks", "engine.lock"), async () => {
    const { folder } = status;
    // Networks that kind made hold a bridge and rules each; docker takes those back best itself.
    if (status.running === "yes") await pruneNetworks(status.host);
    const pid = daemonPid(folder);
    if (pid !== undefined) {
      process.kill(pid, "SIGTERM");
      await untilGone(pid);
    }
    const stay = await restoreHost(folder, log);
    rmSync(join(folder, "exec"), { recursive: true, force: true });
    log("engine: stopped");
    return stay;
  });
}

async function pruneNetworks(host: string): Promise<void> {
  await runCommand("docker", ["network", "prune", "--force"], {
    env: { ...process.env, DOCKER_HOST: host },
    timeoutSeconds: 60,
  });
}

async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (existsSync(`/proc/${String(pid)}`)) {
    if (Date.now() > deadline) throw new UserError(`dockerd (process ${String(pid)}) does not end`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function restoreHost(folder: string, log: Log): Promise<readonly string[]> {
  const file = join(folder, "host.json");
  if (!existsSync(file)) return [];
  const before = JSON.parse(readFileSync(file, "utf8")) as HostRecord;
  const now = await lookAtHost();
  const kernel = kernelSteps(before.kernel, now.kernel);
  const failed: string[] = [];
  const steps = [
    ...firewallSteps("iptables", before.iptables, now.iptables),
    ...firewallSteps("ip6tables", before.ip6tables, now.ip6tables),
    ...linkSteps(before.links, now.links),
    ...kernel.steps,
  ];
  for (const [name, ...args] of steps) {
    const { code, stderr } = await runCommand(programPath(name) ?? name, args, { timeoutSeconds: 30 });
    if (code !== 0) failed.push(`${[name, ...args].join(" ")}: ${stderr.trim()}`);
  }
  for (const path of hostFolders.filter((each) => !before.folders.includes(each))) removeMade(path);
  removeControlGroups();
  log(`engine: ${String(steps.length - failed.length)} changes of the machine taken back`);
  // Kept until everything is back, so that another stop can try again.
  if (failed.length === 0) rmSync(file);
  return [...kernel.stay, ...failed];
}

/** A folder that was not there before; one that somebody else fills meanwhile is left if only empty ones may go. */
function removeMade(path: string): void {
  if (path === "/lib/modules") removeFolder(path);
  else rmSync(path, { recursive: true, force: true });
}

/**
 * Control groups of ended containers, of the older kind one tree for each controller. Another engine's containers have theirs in
 * the same trees: one with a process anywhere below is left whole, its empty groups too.
 */
function removeControlGroups(): void {
  const top = "/sys/fs/cgroup";
  if (!existsSync(top)) return;
  for (const tree of [top, ...readdirSync(top).map((name) => join(top, name))].map((each) => join(each, "docker"))) {
    for (const container of foldersIn(tree)) if (!hasProcesses(container)) removeEmpty(container);
    removeFolder(tree);
  }
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

/** Does a process run in a control group or below it? */
export function hasProcesses(folder: string): boolean {
  const list = join(folder, "cgroup.procs");
  if (existsSync(list) && readFileSync(list, "utf8").trim() !== "") return true;
  return foldersIn(folder).some(hasProcesses);
}

function removeEmpty(folder: string): void {
  for (const inner of foldersIn(folder)) removeEmpty(inner);
  removeFolder(folder);
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or something is in it.
  }
}
