/**
 * Record: whose an ephemeral cluster is, how long it may live, and by which marks its parts are known again. Written before
 * the first of them exists and removed behind the last, so that whatever kills a run, the next one knows what is ours.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { randomInt } from "node:crypto";
import { dirname, join } from "node:path";

import { ephemeralFolder } from "../../components/cluster/state-folder.ts";
import type { KernelValues } from "./kernel.ts";
import type { ProcessStamp } from "./process-stamp.ts";

export interface EphemeralRecord {
  /** Of the cluster, its stack and, on kind, its network: random, so that nothing else has it. */
  readonly name: string;
  /** Stack of the project whose settings it has. */
  readonly stack: string;
  readonly target: "kwok" | "kind";
  /** Its project: links to ours, a stack file and a state of its own. Absolute. */
  readonly folder: string;
  /** Absolute; made when there is something to put into it. */
  readonly artifacts: string;
  readonly host: string;
  readonly owner: ProcessStamp;
  /** The detached process that removes the cluster when the owner is killed or the time is over. */
  readonly watcher?: ProcessStamp;
  /** Processes the owner started, each the first of a group. */
  readonly started: readonly ProcessStamp[];
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly keep: "yes" | "no";
  /** Variables that say which container engine it is. */
  readonly engine: Readonly<Record<string, string>>;
  /** Of the machine, before the first cluster of those that overlap; empty on kwok, which changes nothing of it. */
  readonly kernel: KernelValues;
  /** Ports of this machine that its settings name. */
  readonly ports: readonly number[];
  /** IPv4 ranges of its pods and Services. */
  readonly ranges: readonly string[];
}

/** Variable in the environment of everything that runs for a cluster; its value is the cluster's folder. */
export const ephemeralMark = "CILIUM_PLATFORM_EPHEMERAL";

/** How much longer than its time to live an owner may take to remove its cluster itself. */
export const graceMs = 60_000;

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

export function newName(): string {
  return `ephemeral-${Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join("")}`;
}

function recordFile(folder: string): string {
  return join(folder, "ephemeral.json");
}

export async function createRecord(record: EphemeralRecord): Promise<void> {
  await mkdir(record.folder, { recursive: true, mode: 0o700 });
  await updateRecord(record);
}

/** The file has what it had or all of this, whenever we are killed. */
export async function updateRecord(record: EphemeralRecord): Promise<void> {
  const scratch = `${recordFile(record.folder)}.new`;
  await writeFile(scratch, JSON.stringify(record), { mode: 0o600 });
  await rename(scratch, recordFile(record.folder));
}

/** Undefined where there is none that can be read. */
export async function readRecord(folder: string): Promise<EphemeralRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(folder), "utf8")) as EphemeralRecord;
  } catch {
    return undefined;
  }
}

/** Those of a project, by name. */
export async function readRecords(projectDir: string): Promise<readonly EphemeralRecord[]> {
  const folder = ephemeralFolder(projectDir);
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(names.sort().map((name) => readRecord(join(folder, name))));
  return records.filter((record) => record !== undefined);
}

/** The record goes last: until then a killed removal is taken up again. */
export async function removeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const others = names.filter((name) => join(folder, name) !== recordFile(folder));
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  // The folder of all of them goes with the last.
  await rmdir(dirname(folder)).catch(() => undefined);
}

/** What becomes of a cluster that a later run finds. */
export type Judgement =
  /** Its owner lives. */
  | "in use"
  /** Its watcher lives, and does it. */
  | "watched"
  /** Asked to stay, and its time is not over. */
  | "kept"
  /** Of another machine that shares the folder. */
  | "elsewhere"
  /** Nobody will remove it but us. */
  | "left";

export interface Here {
  readonly host: string;
  readonly now: number;
  readonly owner: "alive" | "gone";
  readonly watcher: "alive" | "gone";
}

/** Pure. */
export function judge(record: EphemeralRecord, here: Here): Judgement {
  if (record.host !== here.host) return "elsewhere";
  if (here.watcher === "alive") return here.owner === "alive" ? "in use" : record.keep === "yes" ? "kept" : "watched";
  // One that hangs, with nobody left to end it.
  if (here.owner === "alive") return here.now > record.deadline + graceMs ? "left" : "in use";
  return record.keep === "yes" && here.now < record.deadline ? "kept" : "left";
}
