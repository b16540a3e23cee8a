/**
 * Watcher: a detached process per ephemeral cluster. Its input is a pipe that the owner holds and never writes to, so that it
 * ends in the moment the owner does, however that happens; then, or when the time to live is over, it removes the cluster.
 */
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { removeCluster } from "./removal.ts";
import { isAlive } from "./process-stamp.ts";
import { type EphemeralRecord, graceMs, readRecord } from "./record.ts";

const [folder = ""] = process.argv.slice(2);

let ownerEnded = false;
process.stdin.resume().on("close", () => {
  ownerEnded = true;
});
// A terminal that is closed, or interrupted, says so to everybody in it.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);

const first = await readRecord(folder);
if (first !== undefined) await watch(first);

/** The record as it was last seen: somebody may remove the folder, and the cluster stays. */
async function watch(record: EphemeralRecord): Promise<void> {
  const current = (await readRecord(folder)) ?? record;
  const due = dueMs(current);
  if (due <= 0) {
    await remove(current);
    return;
  }
  await untilSomethingHappens(Math.min(due, 10_000));
  await watch(current);
}

/** How long the cluster may stay. An owner that lives has its time and a while for the removal. */
function dueMs({ deadline, keep }: EphemeralRecord): number {
  if (!ownerEnded) return deadline + graceMs - Date.now();
  return keep === "yes" ? deadline - Date.now() : 0;
}

async function untilSomethingHappens(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    if (!ownerEnded) process.stdin.once("close", done);
    function done(): void {
      clearTimeout(timer);
      process.stdin.off("close", done);
      resolve();
    }
  });
}

async function remove(record: EphemeralRecord): Promise<void> {
  const why = ownerEnded ? "its owner has ended" : "its owner outlived the time to live and is ended";
  if (!ownerEnded && (await isAlive(record.owner))) process.kill(record.owner.pid, "SIGKILL");
  const { left, lookedFor, stays } = await removeCluster(record);
  const lines = [
    `${new Date().toISOString()} ${record.name}: ${why}`,
    ...stays.map((each) => `stays: ${each}`),
    ...(left.length === 0
      ? [`nothing is left: looked for ${lookedFor.join(", ")}`]
      : left.map(({ what, fix }) => `left: ${what}\n  fix: ${fix}`)),
  ];
  await mkdir(record.artifacts, { recursive: true });
  await appendFile(join(record.artifacts, "watcher.log"), `${lines.join("\n")}\n`);
}
