/** Kernel: switches of the whole machine that a container engine and the nodes in it set, as they are now. */
import { readFile } from "node:fs/promises";

import { type HostRecord, kernelSettings } from "./host-record.ts";

/** Where the kernel shows a setting. */
export function kernelFile(setting: string): string {
  return `/proc/sys/${setting.replaceAll(".", "/")}`;
}

/** Empty where there is no Linux kernel of ours, as in front of a virtual machine with the engine in it. */
export async function readKernel(): Promise<HostRecord["kernel"]> {
  const read = await Promise.all(
    kernelSettings.map(
      async (setting) => [setting, await readFile(kernelFile(setting), "utf8").catch(() => "")] as const,
    ),
  );
  return Object.fromEntries(read.flatMap(([setting, value]) => (value === "" ? [] : [[setting, value.trim()]])));
}
