/**
 * Project: a folder that links to everything in ours and has a stack file and a state of its own, so that the cluster comes
 * up through the program exactly as any other stack does.
 */
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { isMap } from "../../components/helm-values.ts";
import { stateFolder } from "../../components/cluster/state-folder.ts";
import { stackFileName } from "../pulumi/stack-file.ts";
import type { EphemeralRecord } from "./record.ts";
import { type Choice, ephemeralStack } from "./stack.ts";

export async function makeProject(
  record: EphemeralRecord,
  projectDir: string,
  choices: readonly Choice[],
): Promise<void> {
  const { folder, name, stack } = record;
  const entries = await readdir(projectDir);
  const linked = entries.filter(
    (entry) => entry !== stateFolder && entry !== ".git" && !/^Pulumi\..+\.yaml$/.test(entry),
  );
  const text = await readFile(join(projectDir, stackFileName(stack)), "utf8");
  await Promise.all([
    ...linked.map((entry) => symlink(join(projectDir, entry), join(folder, entry))),
    writeFile(join(folder, stackFileName(name)), ephemeralStack(text, name, choices), { mode: 0o600 }),
    mkdir(temporaryFolder(folder)),
    takePassphrase(text, projectDir, folder),
  ]);
}

/** For what the tools leave in the system's own folder, credentials among them. */
export function temporaryFolder(folder: string): string {
  return join(folder, "tmp");
}

/** Secrets of a stack file are read with the passphrase that its salt belongs to. */
async function takePassphrase(stackText: string, projectDir: string, folder: string): Promise<void> {
  const document: unknown = parse(stackText);
  if (!isMap(document) || document["encryptionsalt"] === undefined) return;
  await mkdir(join(folder, stateFolder), { recursive: true, mode: 0o700 });
  const [from, to] = [projectDir, folder].map((dir) => join(dir, stateFolder, "passphrase"));
  // Without one it is the person's own, in their environment.
  await copyFile(from ?? "", to ?? "").catch(() => undefined);
}
