/**
 * `npm run backup -- <stack> --into FOLDER`: the policies of a cluster as files, with what tells later whether somebody
 * changed one. Any cluster: `--kubeconfig FILE` in place of a stack.
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { UserError } from "../policies/problems.ts";
import { PolicyCluster } from "./cluster-policies/cluster.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { filesOf } from "./cluster-policies/record.ts";
import { words } from "./words.ts";

const usage = "<stack> or --kubeconfig FILE, and --into FOLDER";

export async function backup(args: readonly string[]): Promise<number> {
  const { values, positionals } = words("backup", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kubeconfig: { type: "string" }, into: { type: "string" } },
    }),
  );
  const { into, ...where } = values;
  const [stack, another] = positionals;
  if (into === undefined || another !== undefined) throw new UserError(`backup: expected ${usage}`);
  const kubeconfig = await kubeconfigOf({ ...where, ...(stack === undefined ? {} : { stack }) }, process.cwd());
  await mkdir(into, { recursive: true, mode: 0o700 });
  if ((await readdir(into)).length > 0) {
    throw new UserError(`--into: \`${into}\` is not empty\n  expected a new or an empty folder`);
  }
  const found = await (await PolicyCluster.at(kubeconfig)).policies();
  const files = filesOf({ ...found, time: new Date().toISOString() });
  await Promise.all([...files].map(([file, text]) => writeFile(join(into, file), text)));
  const counts = new Map<string, number>();
  for (const { object } of found.saved) counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  const told = [...counts].map(([kind, count]) => `${String(count)} ${kind}`);
  process.stdout.write(`saved ${told.length === 0 ? "no policy: there is none" : told.join(", ")}\n`);
  return 0;
}
