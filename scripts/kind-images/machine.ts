/** What building images asks of a machine: Linux, root, Debian's package tools. Packages are installed without starting anything. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { Problem } from "../../policies/problems.ts";
import type { Platform } from "../tools/platform.ts";
import { command, type CommandOptions } from "./command.ts";

/** Why this machine cannot build images, all at once. `uid` and `has` stand in for the machine in tests. */
export function machineProblems(
  platform: Pick<Platform, "os">,
  uid = process.getuid?.() ?? -1,
  has: (program: string) => boolean = isThere,
): Problem[] {
  const refusals: (readonly [boolean, string, string])[] = [
    [platform.os === "linux", `images are built from Linux packages, got \`${platform.os}\``, "Linux"],
    [uid === 0, "images are built in root filesystems of their own, which only root may make", "root"],
    [has("apt-get"), "there is no `apt-get`", "Debian or a distribution made of it"],
  ];
  return refusals
    .filter(([holds]) => !holds)
    .map(([, what, expected]) => ({
      code: "images/machine",
      where: "this machine",
      what,
      expected,
      fix: "run where the container registries answer and leave out `kind.images: built`, or build on such a machine",
    }));
}

/** Is a program on PATH? */
export function isThere(program: string): boolean {
  return programPath(program) !== undefined;
}

/** Where a program lies: on PATH or where daemons are. */
export function programPath(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin"];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

const autostart = "/usr/sbin/policy-rc.d";

/** Debian packages for programs that are not there. No service of theirs is started. */
export async function obtainPackages(programs: readonly string[], run: CommandOptions): Promise<void> {
  const packages = programs.filter((program) => !isThere(program)).map((program) => packageOf[program] ?? program);
  if (packages.length === 0) return;
  const ours = !existsSync(autostart);
  if (ours) writeFileSync(autostart, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await command("apt-get", ["update"], { ...run, env });
    await command("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { ...run, env });
  } finally {
    if (ours) rmSync(autostart, { force: true });
  }
}

const packageOf: Readonly<Partial<Record<string, string>>> = { dockerd: "docker.io", docker: "docker.io" };
