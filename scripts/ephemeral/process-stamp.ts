/** ProcessStamp: a process that is known again although numbers are given away again. */
import { readFile } from "node:fs/promises";

import { runCommand } from "../../components/cluster/processes.ts";

export interface ProcessStamp {
  readonly pid: number;
  /** When it began, in the words of this system; two processes of one number have two of them. */
  readonly began: string;
}

/** Undefined when there is no such process any more. */
export async function stampOf(pid: number): Promise<ProcessStamp | undefined> {
  const began = process.platform === "linux" ? await beginningInProc(pid) : await beginningInPs(pid);
  return began === undefined ? undefined : { pid, began };
}

export async function isAlive(stamp: ProcessStamp | undefined): Promise<boolean> {
  return stamp !== undefined && (await stampOf(stamp.pid))?.began === stamp.began;
}

/**
 * Ticks since the start of the machine, and which start that was. What has ended but is not buried counts as gone.
 * {@link https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html}
 */
async function beginningInProc(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${String(pid)}/stat`, "utf8").catch(() => ""),
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
  ]);
  const fields = fieldsOf(stat);
  if (fields.length < 20 || fields[0] === "Z") return undefined;
  return `${fields[19] ?? ""}@${boot.trim()}`;
}

async function beginningInPs(pid: number): Promise<string | undefined> {
  const { stdout } = await runCommand("ps", ["-o", "lstart=", "-p", String(pid)], { timeoutSeconds: 10 });
  return stdout.trim() === "" ? undefined : stdout.trim();
}

/**
 * Whoever stands between this process and the npm that somebody typed, nearest first: when the list changes, somebody has
 * killed one of them and nobody waits for us any more. Only Linux shows more than the parent.
 */
export async function ancestors(): Promise<readonly number[]> {
  const found: number[] = [];
  for (let pid = process.ppid; found.length < 4;) {
    found.push(pid);
    const [stat, args] = await Promise.all(
      ["stat", "cmdline"].map((file) => readFile(`/proc/${String(pid)}/${file}`, "utf8").catch(() => "")),
    );
    const parent = Number(fieldsOf(stat ?? "")[1] ?? "0");
    // npm calls itself `npm run …`, or is a script in Node.
    if (parent <= 1 || !/start\.mjs|^(\S*\/)?(ba|da|z)?sh\0-c\0/.test(args ?? "")) break;
    pid = parent;
  }
  return found;
}

/** Of `/proc/<pid>/stat`, from the state on: the name before it may hold blanks and brackets. */
function fieldsOf(stat: string): readonly string[] {
  return stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
}
