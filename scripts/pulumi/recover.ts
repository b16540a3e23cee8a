/**
 * After a run that was killed: make the next one converge without hand-work.
 *
 * Three things are left behind. A lock whose owner is dead; resources that were being made when the engine died, which
 * Pulumi warns about for ever; and Helm releases that the cluster knows and the state does not, whose names Helm then
 * refuses to use again. Each is cleared only where it is certain: the lock's process ran on this host and is dead, and
 * the release was being made by this stack.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { forgetRelease } from "../../components/cluster/kube-client.ts";
import { processesNaming } from "../../components/cluster/processes.ts";
import { UserError } from "../../policies/problems.ts";
import { ask, type Engine } from "./engine.ts";

/** What Pulumi writes into a lock file of its file backend. */
export interface Lock {
  readonly pid: number;
  readonly hostname: string;
  readonly username: string;
}

export type LockVerdict = "dead" | "alive" | "elsewhere";

/** Whether a lock may be broken. Pure. */
export function judgeLock(lock: Lock, thisHost: string, isAlive: (pid: number) => boolean): LockVerdict {
  if (lock.hostname !== thisHost) return "elsewhere";
  return isAlive(lock.pid) ? "alive" : "dead";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Break the locks of dead processes; refuse to go on beside a living one. Returns how many were broken. */
export async function breakDeadLocks(backendUrl: string, project: string, stack: string): Promise<number> {
  const folder = join(fileURLToPath(backendUrl), ".pulumi", "locks", "organization", project, stack);
  const names = await readdir(folder).catch(() => []);
  let broken = 0;
  for (const name of names.filter((file) => file.endsWith(".json"))) {
    const file = join(folder, name);
    const lock = JSON.parse(await readFile(file, "utf8")) as Lock;
    const verdict = judgeLock(lock, hostname(), isAlive);
    if (verdict !== "dead") {
      const who = `process ${String(lock.pid)} of ${lock.username} on ${lock.hostname}`;
      throw new UserError(
        verdict === "alive"
          ? `stack ${stack} is being updated by ${who}\n  fix: wait for it to end`
          : `stack ${stack} is locked by ${who}, which cannot be seen from here\n  fix: if it is dead: pulumi cancel ${stack}`,
      );
    }
    await rm(file, { force: true });
    await rm(`${file}.attrs`, { force: true });
    broken++;
  }
  return broken;
}

/** Variable in the environment of every engine we start, by which its plugins are known after it died. */
export const runMark = "CILIUM_PLATFORM_RUN";

/** A plugin of a dead engine goes on with what it was told; two at once would make a second mess. */
export async function endOrphansOf(engine: Engine): Promise<number> {
  const suspects = (await processesNaming("")).filter(({ args }) =>
    /pulumi-resource-|pulumi-language-|cmd\/run|cmd\/dynamic-provider|kwokctl|kind create/.test(args),
  );
  const mark = `${runMark}=${engine.env[runMark] ?? ""}\0`;
  let ended = 0;
  for (const { pid } of suspects) {
    // Only Linux shows another process's environment; elsewhere plugins notice a dead engine within seconds.
    const environment = await readFile(`/proc/${String(pid)}/environ`, "utf8").catch(() => "");
    if (!`${environment}\0`.includes(mark)) continue;
    try {
      process.kill(pid, "SIGKILL");
      ended++;
    } catch {
      // Gone meanwhile.
    }
  }
  return ended;
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
  const done = [`${String(pending.length)} unfinished operations of an earlier run are taken up again`];
  if (kubeconfig !== undefined) {
    for (const release of leftReleases(exported)) {
      const forgotten = await forgetRelease(kubeconfig, release).catch(() => 0);
      if (forgotten > 0)
        done.push(`release ${release.name} was left half made: its record is removed, its objects are adopted`);
    }
  }
  await ask(engine, ["stack", "import", "--stack", engine.stack], JSON.stringify(withoutPending(exported)));
  return done;
}
