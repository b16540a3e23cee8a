/**
 * Removal: everything of an ephemeral cluster goes at once, whatever state it is in, and then it is looked for whether any of
 * it is left. Success, failure, interruption and the clusters of killed runs all take this one way.
 */
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import {
  environmentOf,
  processesNaming,
  type RunningProcess,
  stopProcesses,
} from "../../components/cluster/processes.ts";
import { ContainerEngine, type EngineParts } from "./container-engine.ts";
import { readKernel } from "../kind-images/kernel.ts";
import { restoreKernel, stays } from "./kernel.ts";
import { isAlive } from "./process-stamp.ts";
import { ephemeralMark, type EphemeralRecord, removeFolder } from "./record.ts";

/** One thing that should not be there any more, and how to remove it. */
export interface Remains {
  readonly what: string;
  readonly fix: string;
}

export interface Removal {
  readonly left: readonly Remains[];
  /** Of the kernel, in words: what is not ours to put back, or not yet. */
  readonly stays: readonly string[];
  /** Kinds of things that were looked for. */
  readonly lookedFor: readonly string[];
}

/** What one round could not see the end of, such as a container that was being made. */
const rounds = 3;

export async function removeCluster(record: EphemeralRecord): Promise<Removal> {
  const engine = record.target === "kind" ? await ContainerEngine.find(record.engine) : undefined;
  let volumes: readonly string[] = [];
  let left: readonly Remains[] = [];
  for (let round = 1; round <= rounds; round++) {
    const told = await Promise.allSettled([stopAll(record)]);
    const parts = await engine?.partsOf(record.name);
    volumes = [...new Set([...volumes, ...(parts?.volumes ?? [])])];
    if (engine !== undefined && parts !== undefined) await engine.remove({ ...parts, volumes });
    left = [...(await remainsOf(record, engine, volumes)), ...engineIsGone(record, engine), ...told.flatMap(said)];
    if (left.length === 0) break;
  }
  const kernelStays = engine === undefined ? [] : await kernelOf(record, engine);
  // As long as anything is left, the record tells the next run what to look for.
  if (left.length === 0) await removeFolder(record.folder);
  return {
    left: [...left, ...(left.length === 0 && existsSync(record.folder) ? [folderIsLeft(record)] : [])],
    stays: kernelStays,
    lookedFor: [
      "processes",
      "state folders",
      "kubeconfig contexts",
      ...(record.target === "kind" ? ["containers", "networks", "volumes", "kernel settings"] : []),
    ],
  };
}

/** Another cluster may rely on what its nodes set too; the last one puts it back. */
async function kernelOf(record: EphemeralRecord, engine: ContainerEngine): Promise<readonly string[]> {
  const others = await engine.otherClusters(record.name);
  if (others.length === 0) return await restoreKernel(record.kernel);
  const now = stays(record.kernel, await readKernel());
  return now.length === 0 ? [] : [`what nodes set in the kernel, for ${others.join(", ")}`];
}

function said(result: PromiseSettledResult<unknown>): Remains[] {
  if (result.status === "fulfilled") return [];
  const why = result.reason instanceof Error ? result.reason.message : String(result.reason);
  return [{ what: why, fix: "end them by hand" }];
}

async function stopAll(record: EphemeralRecord): Promise<void> {
  for (const stamp of record.started) {
    if (await isAlive(stamp)) endGroup(stamp.pid);
  }
  await stopProcesses(() => processesOf(record), "at once");
}

/** A process we started is the first of a group, with whatever it started itself. */
export function endGroup(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone meanwhile.
  }
}

/** Everything that runs for a cluster, but its owner, its watcher and whoever asks. */
export async function processesOf(record: EphemeralRecord): Promise<readonly RunningProcess[]> {
  const all = (await processesNaming("")).filter(({ pid }) => pid !== record.owner.pid && pid !== record.watcher?.pid);
  const mark = `${ephemeralMark}=${record.folder}\0`;
  const found = await Promise.all(
    all.map(async (candidate) => {
      const named = candidate.args.includes(`${record.folder}/`) || candidate.args.endsWith(record.folder);
      return named || (await environmentOf(candidate.pid)).includes(mark) ? [candidate] : [];
    }),
  );
  return found.flat();
}

async function remainsOf(
  record: EphemeralRecord,
  engine: ContainerEngine | undefined,
  volumes: readonly string[],
): Promise<readonly Remains[]> {
  const none: EngineParts = { containers: [], networks: [], volumes: [] };
  const [processes, contexts, parts = none, stillThere = []] = await Promise.all([
    processesOf(record),
    contextsOf(record.name),
    engine?.partsOf(record.name),
    engine?.existingVolumes(volumes),
  ]);
  const cli = engine?.cli ?? "";
  return [
    ...processes.map(({ pid, args }) => ({
      what: `process ${String(pid)}: ${args.slice(0, 120)}`,
      fix: `kill -9 ${String(pid)}`,
    })),
    ...contexts.map(({ file, context }) => ({
      what: `context ${context} in ${file}`,
      fix: `KUBECONFIG=${file} kubectl config delete-context ${context}`,
    })),
    ...parts.containers.map((name) => ({ what: `container ${name}`, fix: `${cli} rm --force --volumes ${name}` })),
    ...parts.networks.map((name) => ({ what: `network ${name}`, fix: `${cli} network rm ${name}` })),
    ...stillThere.map((name) => ({ what: `volume ${name}`, fix: `${cli} volume rm ${name}` })),
  ];
}

function engineIsGone(record: EphemeralRecord, engine: ContainerEngine | undefined): readonly Remains[] {
  if (record.target !== "kind" || engine !== undefined) return [];
  return [
    {
      what: `no container engine answers: containers of ${record.name} may be left`,
      fix: `start it, then npm run ephemeral -- --destroy ${record.name}`,
    },
  ];
}

function folderIsLeft({ folder }: EphemeralRecord): Remains {
  return { what: `folder ${folder}`, fix: `rm -rf ${folder}` };
}

/** Contexts that name the cluster in the person's own kubeconfigs. */
async function contextsOf(name: string): Promise<readonly { readonly file: string; readonly context: string }[]> {
  const said = process.env["KUBECONFIG"] ?? "";
  const files = said === "" ? [join(homedir(), ".kube", "config")] : said.split(delimiter);
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8").catch(() => "");
      const contexts = new Set(
        [...text.matchAll(/[\w.-]+/g)].map(([word]) => word).filter((word) => isNamed(word, name)),
      );
      return [...contexts].map((context) => ({ file, context }));
    }),
  );
  return found.flat();
}

/** kind puts a word before it. */
function isNamed(word: string, name: string): boolean {
  return word === name || word === `kind-${name}`;
}
