/**
 * Kernel: switches of the whole machine that the nodes of a kind cluster set. They are put back behind the last cluster that
 * needs them, as far as we may, and what stays is told.
 */
import { readFile, writeFile } from "node:fs/promises";

import { kernelSettings, untilReboot } from "../kind-images/host-record.ts";

/** Setting → value. Empty where there is no Linux kernel of ours, as in front of a virtual machine with the engine in it. */
export type KernelValues = Readonly<Record<string, string>>;

function fileOf(setting: string): string {
  return `/proc/sys/${setting.replaceAll(".", "/")}`;
}

export async function readKernel(): Promise<KernelValues> {
  const read = await Promise.all(
    kernelSettings.map(async (setting) => [setting, await readFile(fileOf(setting), "utf8").catch(() => "")] as const),
  );
  return Object.fromEntries(read.flatMap(([setting, value]) => (value === "" ? [] : [[setting, value.trim()]])));
}

/** Put back what differs from `before`. Returns what does not go back, in words. */
export async function restoreKernel(before: KernelValues): Promise<readonly string[]> {
  for (const [setting, value] of changed(before, await readKernel())) {
    if (!untilReboot.includes(setting)) await writeFile(fileOf(setting), value).catch(() => undefined);
  }
  return stays(before, await readKernel());
}

function changed(before: KernelValues, now: KernelValues): readonly (readonly [string, string])[] {
  return Object.entries(before).filter(([setting, value]) => now[setting] !== undefined && now[setting] !== value);
}

/** What differs, and how it goes back. Pure. */
export function stays(before: KernelValues, now: KernelValues): readonly string[] {
  return changed(before, now).map(([setting, value]) => {
    const what = `${setting} was ${value} and is ${now[setting] ?? ""}`;
    return untilReboot.includes(setting)
      ? `${what}: the kernel takes that back when it starts again`
      : `${what}: sudo sysctl -w ${setting}=${value}`;
  });
}
