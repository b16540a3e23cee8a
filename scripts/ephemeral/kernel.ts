/**
 * Kernel: switches of the whole machine that the nodes of a kind cluster set. They are put back behind the last cluster that
 * needs them, as far as we may, and what stays is told.
 */
import { writeFile } from "node:fs/promises";

import { changedKernel, type HostRecord, untilReboot } from "../kind-images/host-record.ts";
import { kernelFile, readKernel } from "../kind-images/kernel.ts";

/** Setting → value. */
export type KernelValues = HostRecord["kernel"];

/** Put back what differs from `before`. Returns what does not go back, in words. */
export async function restoreKernel(before: KernelValues): Promise<readonly string[]> {
  for (const [setting, value] of changedKernel(before, await readKernel())) {
    if (!untilReboot.includes(setting)) await writeFile(kernelFile(setting), value).catch(() => undefined);
  }
  return stays(before, await readKernel());
}

/** What differs, and how it goes back. Pure. */
export function stays(before: KernelValues, now: KernelValues): readonly string[] {
  return changedKernel(before, now).map(([setting, value]) => {
    const what = `${setting} was ${value} and is ${now[setting] ?? ""}`;
    return untilReboot.includes(setting)
      ? `${what}: the kernel takes that back when it starts again`
      : `${what}: sudo sysctl -w ${setting}=${value}`;
  });
}
