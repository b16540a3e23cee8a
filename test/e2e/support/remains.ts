/** What a run leaves on the machine: processes that name a folder, and the addresses on which those listen. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { processesNaming as find } from "../../../components/cluster/processes.ts";

export async function processesNaming(folder: string): Promise<string[]> {
  return (await find(folder)).map(({ args }) => args);
}

/** Local addresses of listening TCP sockets that belong to processes naming the folder. */
export async function listeningOn(folder: string): Promise<string[]> {
  const inodes = new Set<string>();
  for (const { pid } of await find(folder)) {
    try {
      for (const fd of readdirSync(`/proc/${String(pid)}/fd`)) {
        const socket = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${String(pid)}/fd/${fd}`))?.[1];
        if (socket !== undefined) inodes.add(socket);
      }
    } catch {
      // The process ended while we looked.
    }
  }
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
    readFileSync(table, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A" && inodes.has(fields[9] ?? ""))
      .map((fields) => readable(fields[1] ?? "")),
  );
}

/** `0100007F:1F90` → `127.0.0.1:8080`; IPv6 addresses keep only what tells loopback from the rest. */
function readable(address: string): string {
  const [host = "", port = ""] = address.split(":");
  const number = String(Number.parseInt(port, 16));
  if (host.length === 8) {
    const bytes =
      host
        .match(/../g)
        ?.reverse()
        .map((byte) => Number.parseInt(byte, 16)) ?? [];
    return `${bytes.join(".")}:${number}`;
  }
  if (host === "00000000000000000000000001000000") return `[::1]:${number}`;
  // An IPv4 address inside IPv6.
  if (host.startsWith("0000000000000000FFFF0000")) return readable(`${host.slice(24)}:${port}`);
  return `[${host}]:${number}`;
}

/** Kept for machines without /proc: those tests are skipped by name. */
export const hasProc = ((): boolean => {
  try {
    readFileSync("/proc/net/tcp");
    return true;
  } catch {
    return false;
  }
})();
