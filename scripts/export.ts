/**
 * `npm run export -- --stack <stack> --to kubernetes`: the policies of a stack as plain NetworkPolicies, from the stack file
 * alone, with a report of what is lost. Nothing is written that opens a connection more.
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { stringify } from "yaml";

import { candidateWith, judgeStack } from "../components/candidate.ts";
import { ownPolicies } from "../components/own.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { exportPolicies, privateRanges, type Exported, type NetworkPolicy } from "../policies/export/exported.ts";
import { exportJson, exportText } from "../policies/export/report.ts";
import { formatProblem, ProblemsError, UserError } from "../policies/problems.ts";
import { gathered } from "../policies/prove.ts";
import { stackFileName, targetOf } from "./pulumi/stack-file.ts";
import { words } from "./words.ts";

const usage =
  "--stack <stack> --to kubernetes [--inside <range of pods and nodes there>]... [--into <folder>] [--output yaml|json]";

interface Words {
  readonly stack: string;
  /** Absent: nobody said. */
  readonly inside?: readonly string[];
  readonly into?: string;
  /** `json` is the report, and the objects go into the folder alone. */
  readonly output: "yaml" | "json";
}

export async function exportStack(args: readonly string[]): Promise<number> {
  const words = readWords(args);
  const { stack, into, output } = words;
  const projectDir = process.cwd();
  await targetOf(stack, projectDir);
  const inside = words.inside ?? privateRanges;
  const exported = await exportOf(stack, projectDir, inside);
  if (exported.problems.length > 0) throw new ProblemsError(exported.problems);
  const policies = exported.policies.map(({ manifest }) => manifest);
  if (into !== undefined) await writeInto(into, policies);
  const report = exportText(exported, inside);
  if (output === "json") process.stdout.write(exportJson(exported, inside));
  else if (into === undefined) {
    process.stdout.write(`# The policies of ${stackFileName(stack)} as NetworkPolicies.\n${yamlOf(policies)}`);
    process.stderr.write(report);
  } else process.stdout.write(report);
  return 0;
}

/** Bundles and the stack's own policies, with every pod that the promises are about. */
async function exportOf(stack: string, projectDir: string, inside: readonly string[]): Promise<Exported> {
  const judged = judgeStack(stack, settingsOfStackFile(projectDir, stack));
  const { own, warnings } = await ownPolicies(judged.settings, stackFileName(stack));
  for (const warning of [...judged.warnings, ...warnings]) process.stderr.write(`${formatProblem(warning)}\n`);
  const candidate = { ...candidateWith(judged.wanted, judged), own };
  const { inventory, brought, judgedOwn } = gathered(candidate);
  if (judgedOwn.problems.length > 0) throw new ProblemsError(judgedOwn.problems);
  const manifests = [...inventory, ...brought.map((object) => ({ object: { ...object } })), ...judgedOwn.policies];
  return exportPolicies({ manifests, inside, apiServer: candidate.apiServer });
}

function yamlOf(policies: readonly NetworkPolicy[]): string {
  return policies
    .map((policy) => stringify(policy, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}

/** One file for each namespace. A folder that holds something else is left alone. */
async function writeInto(folder: string, policies: readonly NetworkPolicy[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new UserError(`--into: \`${folder}\` is not empty\n  expected a new or an empty folder`);
  }
  const namespaces = [...new Set(policies.map(({ metadata }) => metadata.namespace))];
  await Promise.all(
    namespaces.map((namespace) =>
      writeFile(
        join(folder, `${namespace}.yaml`),
        yamlOf(policies.filter(({ metadata }) => metadata.namespace === namespace)),
      ),
    ),
  );
}

function readWords(args: readonly string[]): Words {
  const { values, positionals } = words("export", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        stack: { type: "string", short: "s", multiple: true },
        to: { type: "string" },
        inside: { type: "string", multiple: true },
        into: { type: "string" },
        output: { type: "string", short: "o" },
      },
    }),
  );
  const stacks = [...(values.stack ?? []), ...positionals];
  const [stack, another] = stacks;
  if (stack === undefined || another !== undefined) {
    throw new UserError(`expected one stack, got ${String(stacks.length)}\n  expected ${usage}`);
  }
  if (values.to !== "kubernetes") throw new UserError(`--to: expected \`kubernetes\`\n  expected ${usage}`);
  const { output = "yaml", inside, into } = values;
  if (output !== "yaml" && output !== "json") throw new UserError(`--output: got \`${output}\`\n  expected ${usage}`);
  return { stack, output, ...(inside === undefined ? {} : { inside }), ...(into === undefined ? {} : { into }) };
}
