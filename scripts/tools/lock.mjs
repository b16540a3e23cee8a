/**
 * withLock: what two processes must not do at once is done by one of them, and the other waits for it.
 *
 * Plain JavaScript because start.mjs needs it before any dependency is there. A lock is a file with the owner's process
 * id; the lock of a dead owner is taken over, so that an interrupted run never needs cleaning up by hand.
 */
import {
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  closeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How often an owner says that it is still there, and how long it may be silent before it counts as dead. */
const heartbeatMs = 5_000;
const silenceMs = 60_000;

/**
 * Is the owner of a lock gone? A process of this machine is asked directly; one elsewhere (a home folder on the
 * network) counts as gone when it has been silent for long.
 */
export function ownerIsGone(lock, here) {
  if (lock.owner === undefined) return lock.silentMs > silenceMs;
  if (lock.owner.host === here.host && !here.isAlive(lock.owner.pid)) return true;
  return lock.silentMs > silenceMs;
}

/** Do `work` while holding the lock at `path`; `onWait` is called once if somebody else holds it. */
export async function withLock(path, work, { onWait = () => {}, pollMs = 200 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!take(path)) {
    const lock = look(path);
    if (lock === undefined) continue;
    if (ownerIsGone(lock, { host: hostname(), isAlive })) {
      breakLock(path);
      continue;
    }
    if (!told) onWait(lock.owner?.pid);
    told = true;
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => touch(path), heartbeatMs);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    const file = openSync(path, "wx");
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** The lock as it is now; undefined when it has just gone. A lock without an owner is being written this moment. */
function look(path) {
  try {
    const silentMs = Date.now() - statSync(path).mtimeMs;
    try {
      return { owner: JSON.parse(readFileSync(path, "utf8")), silentMs };
    } catch (error) {
      if (error.code === "ENOENT") return undefined;
      return { owner: undefined, silentMs };
    }
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Remove a dead owner's lock, under a lock of its own: of two that wait, the second must not remove the first's. */
function breakLock(path) {
  const breaking = `${path}.breaking`;
  try {
    mkdirSync(breaking);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    // Left behind only by a process that died within these few lines.
    const since = statSync(breaking, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > silenceMs) rmSync(breaking, { recursive: true, force: true });
    return;
  }
  try {
    const lock = look(path);
    if (lock !== undefined && ownerIsGone(lock, { host: hostname(), isAlive })) unlinkSync(path);
  } finally {
    rmSync(breaking, { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Somebody removed it: the work goes on, and its result is put in place atomically anyway.
  }
}
