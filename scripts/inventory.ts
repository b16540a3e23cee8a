/**
 * `npm run inventory -- <stack> [--output FILE]`: the platform as one file, from the stack file alone, for whoever judges
 * manifests that are to run on it. Charts that the settings ask for count as installed.
 */
import { writeFile } from "node:fs/promises";

import { stringify } from "yaml";

import { candidateWith, judgeStack, type JudgedStack } from "../components/candidate.ts";
import { ownPolicies } from "../components/own.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { isTrueToHelm, valueAt } from "../components/helm-values.ts";
import { charts } from "../components/versions.ts";
import { inventoryDocuments } from "../policies/inventory-file.ts";
import { nothingOwn, type Own } from "../policies/own.ts";
import { formatProblem, type Problem, UserError } from "../policies/problems.ts";
import { stackFileName, targetOf } from "./pulumi/stack-file.ts";

const usage = "[stack] [--output FILE]";

export async function inventory(args: readonly string[]): Promise<number> {
  const { stack, output } = readWords(args);
  const projectDir = process.cwd();
  await targetOf(stack, projectDir);
  const { text, warnings } = await inventoryOfStackFile(stack, projectDir);
  for (const warning of warnings) process.stderr.write(`${formatProblem(warning)}\n`);
  if (output === undefined) process.stdout.write(text);
  else await writeFile(output, text);
  return 0;
}

/** The whole file, of a stack file in this folder, and what is worth saying. Throws with everything that does not go together. */
export async function inventoryOfStackFile(
  stack: string,
  projectDir: string,
): Promise<{ readonly text: string; readonly warnings: readonly Problem[] }> {
  const judged = judgeStack(stack, settingsOfStackFile(projectDir, stack));
  const { own, warnings } = await ownPolicies(judged.settings, stackFileName(stack));
  return { text: inventoryText(judged, own), warnings: [...judged.warnings, ...warnings] };
}

/** The whole file. */
export function inventoryText(judged: JudgedStack, own: Own = nothingOwn): string {
  const { stack, facts, wanted, values } = judged;
  const candidate = { ...candidateWith(wanted, judged), own };
  const l7Proxy = valueAt(values("cilium", { apiServerHost: undefined }), "l7Proxy");
  const head = {
    stack,
    cilium: {
      version: charts.cilium.version,
      meshAuth: candidate.context.meshAuthentication,
      sctp: candidate.context.sctp,
      l7Proxy: l7Proxy === undefined || isTrueToHelm(l7Proxy) ? "on" : "off",
    },
    apiServer: facts.apiServerPlaces,
  } as const;
  const documents = inventoryDocuments(head, candidate).map(yamlOf);
  return `# The platform of ${stackFileName(stack)}, written by \`npm run inventory -- ${stack}\`. Read by \`reach --inventory\`.\n${documents.join("---\n")}`;
}

/** As every reader of Kubernetes takes it: what YAML 1.1 would take for a number or a boolean is quoted. */
function yamlOf(document: object): string {
  return stringify(document, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}

function readWords(args: readonly string[]): { readonly stack: string; readonly output?: string } {
  const stacks: string[] = [];
  let output: string | undefined;
  const rest = args.flatMap((arg) =>
    /^--\w+=/.test(arg) ? [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)] : [arg],
  );
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--output" || arg === "-o") output = rest.shift() ?? "";
    else if (arg.startsWith("-")) throw new UserError(`inventory: unknown option \`${arg}\`\n  expected ${usage}`);
    else stacks.push(arg);
  }
  const [stack = "kwok", another] = stacks;
  if (another !== undefined)
    throw new UserError(`one stack at a time: got \`${stack}\` and \`${another}\`\n  expected ${usage}`);
  if (output === "") throw new UserError(`--output: names no file\n  expected ${usage}`);
  return { stack, ...(output === undefined ? {} : { output }) };
}
