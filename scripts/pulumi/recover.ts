/**
 * After a run that was killed: make the next one converge without hand-work.
 *
 * Four things are left behind. A lock whose owner is dead; files that were being written, one of which keeps every Pulumi
 * from reading the state; resources that were being made when the engine died, which Pulumi warns about for ever; and Helm
 * releases that the cluster knows and the state does not, whose names Helm then refuses to use again. Each is cleared only
 * where it is certain: the lock's process ran on this host and is dead, and the release was being made by this stack.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { forgetRelease, whyNoAnswer } from "../../components/cluster/kube-client.ts";
import { environmentOf, processesNaming } from "../../components/cluster/processes.ts";
import { UserError } from "../../policies/problems.ts";
import { ask, type Engine } from "./engine.ts";

/** What Pulumi writes into a lock file of its file backend. */
export interface Lock {
  readonly pid: number;
  readonly hostname: string;
  readonly username: string;
}

export type LockVerdict = "dead" | "alive" | "elsewhere";

/** What runs under the number of a process on this host; `hidden`: something of another user's. */
export type Runner = { readonly kind: "nothing" | "hidden" } | { readonly kind: "seen"; readonly args: string };

/**
 * Whether a lock may be broken. Pure.
 *
 * After a restart of the machine its process number may have gone to anybody.
 */
export function judgeLock(lock: Lock, thisHost: string, runner: Runner): LockVerdict {
  if (lock.hostname !== thisHost) return "elsewhere";
  return runner.kind === "hidden" || (runner.kind === "seen" && runner.args.includes("pulumi")) ? "alive" : "dead";
}

async function runnerOf(pid: number): Promise<Runner> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return { kind: (error as NodeJS.ErrnoException).code === "EPERM" ? "hidden" : "nothing" };
  }
  // What has ended but is not buried still has a number, and no command line.
  const running = (await processesNaming("")).find((candidate) => candidate.pid === pid);
  return running === undefined ? { kind: "nothing" } : { kind: "seen", args: running.args };
}

/** Break the locks of dead processes; refuse to go on beside a living one. Returns how many were broken. */
export async function breakDeadLocks(backendUrl: string, project: string, stack: string): Promise<number> {
  const folder = join(fileURLToPath(backendUrl), ".pulumi", "locks", "organization", project, stack);
  const names = await readdir(folder).catch(() => []);
  let broken = 0;
  // Whatever lies there counts as a lock for Pulumi, also one that was not finished.
  for (const name of names.filter((file) => !file.endsWith(sidecar))) {
    const file = join(folder, name);
    const text = await readFile(file, "utf8").catch(() => undefined);
    // Gone meanwhile: its owner has just ended.
    if (text === undefined) continue;
    const lock = readLock(text);
    if (lock === undefined && name.endsWith(unfinished)) {
      if (await isBeingWritten(file, text)) continue;
      await rm(file, { force: true });
      broken++;
      continue;
    }
    const byHand = `  fix: if no update runs, remove ${file}`;
    if (lock === undefined) throw new UserError(`stack ${stack} is locked by nobody one could name\n${byHand}`);
    const verdict = judgeLock(lock, hostname(), await runnerOf(lock.pid));
    if (verdict !== "dead") {
      const who = `process ${String(lock.pid)} of ${lock.username} on ${lock.hostname}`;
      throw new UserError(
        verdict === "alive"
          ? `stack ${stack} is being updated by ${who}\n  fix: wait for it to end`
          : `stack ${stack} is locked by ${who}, which cannot be seen from here\n${byHand}`,
      );
    }
    await rm(file, { force: true });
    await rm(`${file}${sidecar}`, { force: true });
    broken++;
  }
  return broken;
}

/** What Pulumi's file backend calls a file until it is whole. */
const unfinished = ".tmp";

/** What the file backend may write about a file, beside it. */
const sidecar = ".attrs";

/** Whether somebody alive writes this file: such a one is whole, and has its own name, within the blink of an eye. */
async function isBeingWritten(file: string, before: string): Promise<boolean> {
  await sleep(1000);
  return (await readFile(file, "utf8").catch(() => undefined)) !== before;
}

/** Remove what a dead engine was writing when it died, and did not finish. Nobody alive may be updating the stack. */
export async function removeUnfinished(stateFile: string): Promise<void> {
  const folder = dirname(stateFile);
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => name.startsWith(`${basename(stateFile)}.`) && name.endsWith(unfinished));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}

/**
 * Remove the description beside a state if it is torn: nothing needs it, and with it Pulumi says no more than "failed to
 * load checkpoint: EOF". Returns whether it was. Backends of our own are told not to write any.
 */
export async function removeTornSidecar(stateFile: string): Promise<boolean> {
  const text = await readFile(`${stateFile}${sidecar}`, "utf8").catch(() => undefined);
  if (text === undefined || isJson(text)) return false;
  await rm(`${stateFile}${sidecar}`, { force: true });
  return true;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readLock(text: string): Lock | undefined {
  try {
    const lock = JSON.parse(text) as Partial<Lock> | null;
    const { pid, hostname: host, username } = lock ?? {};
    return pid === undefined || host === undefined
      ? undefined
      : { pid, hostname: host, username: username ?? "somebody" };
  } catch {
    return undefined;
  }
}

/** Variable in the environment of every engine we start, by which its plugins are known after it died. */
export const runMark = "CILIUM_PLATFORM_RUN";

/** A plugin of a dead engine goes on with what it was told; two at once would make a second mess. */
export async function endOrphansOf(engine: Engine): Promise<number> {
  const folder = engine.env[runMark] ?? "";
  const suspects = (await processesNaming("")).filter(({ args }) => servesAnEngine(args, folder));
  const mark = `${runMark}=${folder}\0`;
  let ended = 0;
  for (const { pid } of suspects) {
    // Where it cannot be seen, plugins notice a dead engine within seconds.
    if (!(await environmentOf(pid)).includes(mark)) continue;
    try {
      process.kill(pid, "SIGKILL");
      ended++;
    } catch {
      // Gone meanwhile.
    }
  }
  return ended;
}

/**
 * Whether a command line is that of something an engine starts. Pure.
 *
 * What the stack's folder is called says nothing: the control plane below it inherited the engine's environment too, and
 * goes on.
 */
export function servesAnEngine(args: string, folder: string): boolean {
  return /pulumi-resource-|pulumi-language-|cmd\/run|provider\/server\.ts|kwokctl|kind create/.test(
    folder === "" ? args : args.replaceAll(folder, ""),
  );
}

interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: { readonly urn: string; readonly type: string; readonly inputs?: Record<string, unknown> };
}

export interface Deployment {
  readonly version: number;
  readonly deployment?: { readonly pending_operations?: readonly PendingOperation[] | null } & Record<string, unknown>;
}

export interface LeftRelease {
  readonly name: string;
  readonly namespace: string;
  /** `all`: the state knows nothing of it. `unfinished`: an earlier revision stays. */
  readonly forget: "all" | "unfinished";
}

/** The releases that a killed run was making or changing. Pure. */
export function leftReleases(deployment: Deployment): LeftRelease[] {
  return (deployment.deployment?.pending_operations ?? [])
    .filter(({ resource }) => resource.type === "kubernetes:helm.sh/v3:Release")
    .flatMap(({ type, resource }): LeftRelease[] => {
      const name = resource.inputs?.["name"];
      const namespace = resource.inputs?.["namespace"];
      if (typeof name !== "string" || typeof namespace !== "string") return [];
      if (type === "creating") return [{ name, namespace, forget: "all" }];
      return type === "updating" ? [{ name, namespace, forget: "unfinished" }] : [];
    });
}

/** The same deployment with nothing pending: what was being made is made again by the next run. Pure. */
export function withoutPending(deployment: Deployment): Deployment {
  if (deployment.deployment === undefined) return deployment;
  return { ...deployment, deployment: { ...deployment.deployment, pending_operations: [] } };
}

/** Clear what a killed run left. Returns what was done, in words, for the person to read. */
export async function recover(engine: Engine, kubeconfig: string | undefined): Promise<string[]> {
  const exported = JSON.parse(await ask(engine, ["stack", "export", "--stack", engine.stack])) as Deployment;
  const pending = exported.deployment?.pending_operations ?? [];
  if (pending.length === 0) return [];
  const done = [
    pending.length === 1
      ? "1 unfinished operation of an earlier run is taken up again"
      : `${String(pending.length)} unfinished operations of an earlier run are taken up again`,
  ];
  if (kubeconfig !== undefined) {
    for (const release of leftReleases(exported)) {
      try {
        if ((await forgetRelease(kubeconfig, release)) > 0)
          done.push(`release ${release.name} was left half made: its record is removed, its objects are adopted`);
      } catch (error) {
        // A cluster that is gone has no record either.
        done.push(`release ${release.name} may be left half made: ${whyNoAnswer(error)}`);
      }
    }
  }
  await ask(engine, ["stack", "import", "--stack", engine.stack], JSON.stringify(withoutPending(exported)));
  return done;
}
