/**
 * `npm run restore -- <stack> --from FOLDER [--overwrite] [--yes]`: puts back what `npm run backup` saved. Everything is
 * tried out at the API server first, and nothing is done if anything of it fails; without `--yes` nothing is done at all.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ProblemsError, UserError, type Problem } from "../policies/problems.ts";
import { PolicyCluster } from "./cluster-policies/cluster.ts";
import { decide, type Decision, type Step } from "./cluster-policies/decide.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { nameOf, readBackup, type Backup } from "./cluster-policies/record.ts";
import { words } from "./words.ts";

const usage = "<stack> or --kubeconfig FILE, --from FOLDER, and perhaps --overwrite and --yes";

export async function restore(args: readonly string[]): Promise<number> {
  const { values, positionals } = words("restore", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kubeconfig: { type: "string" },
        from: { type: "string" },
        overwrite: { type: "boolean", default: false },
        yes: { type: "boolean", short: "y", default: false },
      },
    }),
  );
  const { from, overwrite, yes, ...where } = values;
  const [stack, another] = positionals;
  if (from === undefined || another !== undefined) throw new UserError(`restore: expected ${usage}`);
  const backup = readBackup(from, await filesIn(from));
  const kubeconfig = await kubeconfigOf({ ...where, ...(stack === undefined ? {} : { stack }) }, process.cwd());
  const cluster = await PolicyCluster.at(kubeconfig);
  const decision = decide(backup, await cluster.policies(), overwrite ? "overwrite" : "refuse");
  const tried = await Promise.all(decision.steps.map((step) => refusalOf(cluster, step)));
  const problems = [...decision.problems, ...tried.flatMap((problem) => problem ?? [])];
  if (problems.length > 0) throw new ProblemsError(problems);

  process.stdout.write(`${planText(decision, backup)}\n`);
  if (decision.steps.length === 0) return 0;
  if (!yes) {
    process.stdout.write("nothing has been done: say --yes\n");
    return 0;
  }
  await doAll(cluster, decision.steps);
  process.stdout.write(`restored ${String(decision.steps.length)}\n`);
  return 0;
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => {
    throw new UserError(`--from: \`${folder}\` cannot be read\n  expected a folder that \`npm run backup\` wrote`);
  });
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return new Map(names.map((name, index) => [name, texts[index] ?? ""]));
}

/** What the API server says to it; undefined: it takes it. */
async function refusalOf(cluster: PolicyCluster, step: Step): Promise<Problem | undefined> {
  try {
    await cluster.take(step, "try");
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      code: "restore/refused",
      where: nameOf(step.object),
      what: error.message,
      expected: `the API server to take it (${step.verb}, tried out)`,
    };
  }
}

/** One after another, so that it can be said where it stopped. */
async function doAll(cluster: PolicyCluster, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await cluster.take(step, "do");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const done = steps.slice(0, index).map(({ object }) => nameOf(object));
      throw new UserError(
        `${nameOf(step.object)}: ${error.message}\n` +
          `  restored before it: ${done.length === 0 ? "nothing" : done.join(", ")}\n` +
          "  fix: run the same command again, which goes on from there",
      );
    }
  }
}

export function planText({ steps, asBefore, left, added }: Decision, { time }: Backup): string {
  const lines = [
    `backup of ${time}: ${String(asBefore.length)} as before`,
    ...steps.map(({ verb, object }) => `  ${verb.padEnd(10)} ${nameOf(object)}`),
    ...left.map((name) => `  left       ${name}`),
    ...added.map((name) => `  stays      ${name}, which came after the backup`),
  ];
  return lines.join("\n");
}
