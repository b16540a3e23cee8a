/**
 * `npm run probe -- <stack>`: every connection that the engine predicts, tried on the wire of a running cluster. Any cluster:
 * `--kubeconfig FILE` in place of a stack. Ends with 0 where all is as predicted, 1 where something differs, and 2 where it
 * could not be probed.
 */
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { candidateWith, judgeStack } from "../components/candidate.ts";
import { artifactsVariable } from "../components/cluster/state-folder.ts";
import { ownPolicies } from "../components/own.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { sourceOf } from "../policies/manifests.ts";
import { UserError } from "../policies/problems.ts";
import { gathered } from "../policies/prove.ts";
import type { Manifest, Origin } from "../policies/reachability/index.ts";
import { isFields } from "../policies/reachability/read/fields.ts";
import { load } from "../reach/index.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { countsOf } from "./probe/compare.ts";
import { reportJson, reportText } from "./probe/report.ts";
import { probeCluster, type ProbeOptions } from "./probe/run.ts";
import { stackFileName } from "./pulumi/stack-file.ts";
import { words } from "./words.ts";

const usage = "<stack> or --kubeconfig FILE, [--focus NAME]... [--policies PATH]... [--image NAME] [-o text|json]";

/** As `diff` and its like have it: a difference is no failure of the command. */
const exitCodes = { equal: 0, different: 1, notProbed: 2 } as const;

export async function probe(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  let code: number = exitCodes.notProbed;
  const stop = (name: "SIGINT" | "SIGTERM" | "SIGHUP"): void => {
    code = 128 + constants.signals[name];
    interruption.abort(new UserError("interrupted: what was put into the cluster is taken away"));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, stop);
  try {
    return await probed(args, interruption.signal);
  } catch (error) {
    if (!(error instanceof UserError) && !interruption.signal.aborted) throw error;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return code;
  } finally {
    for (const name of signals) process.removeListener(name, stop);
  }
}

async function probed(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { stack, kubeconfig: file, image, policies, focus, output } = readWords(args);
  const kubeconfig = await kubeconfigOf(
    { ...(stack === undefined ? {} : { stack }), ...(file === undefined ? {} : { kubeconfig: file }) },
    process.cwd(),
  );
  const known = stack === undefined ? nobody : await knownTo(stack);
  const given = policies.length === 0 ? undefined : await load(policies);
  const report = await probeCluster({
    kubeconfig,
    workloads: known.workloads,
    focus,
    place: (origin) => given?.place(origin) ?? known.place(origin),
    ...(image === undefined ? {} : { image }),
    ...(given === undefined ? {} : { policies: given.manifests }),
    signal,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const where = stack ?? file ?? "";
  process.stdout.write(output === "json" ? reportJson(where, report) : reportText(where, report));
  const artifacts = process.env[artifactsVariable];
  // Of an ephemeral run, whose cluster will be gone by the time somebody reads it.
  if (artifacts !== undefined && report.differences.length > 0) {
    await writeFile(join(artifacts, "probe.txt"), reportText(where, report));
  }
  if (countsOf(report.judged).notProbed > 0) return exitCodes.notProbed;
  return report.differences.length === 0 ? exitCodes.equal : exitCodes.different;
}

type Known = Pick<ProbeOptions, "workloads" | "place">;

const nobody: Known = { workloads: [], place: () => undefined };

/** Whom a stack's proof is about, and where its policies are written. */
export async function knownTo(stack: string): Promise<Known> {
  const judged = judgeStack(stack, settingsOfStackFile(process.cwd(), stack));
  const { own } = await ownPolicies(judged.settings, stackFileName(stack));
  const { inventory, brought, judgedOwn } = gathered({ ...candidateWith(judged.wanted, judged), own });
  const places = new Map<string, string>();
  for (const manifest of brought) {
    const source = sourceOf(manifest);
    if (source !== undefined) places.set(policyKey(manifest.kind, manifest.metadata), source);
  }
  for (const { object, source } of judgedOwn.policies) {
    if (source !== undefined) places.set(policyKey(object.kind, object.metadata), source);
  }
  return {
    workloads: inventory.filter(isProbed),
    place: ({ policy: { kind, ...metadata } }: Origin) => places.get(policyKey(kind, metadata)),
  };
}

function policyKey(kind: unknown, metadata: unknown): string {
  const { namespace, name } = isFields(metadata) ? metadata : {};
  return JSON.stringify([kind, namespace ?? "", name]);
}

/** Namespaces and Services are read from the cluster itself. */
function isProbed({ object }: Manifest): boolean {
  return object["kind"] !== "Namespace" && object["kind"] !== "Service";
}

interface Words {
  readonly stack?: string;
  readonly kubeconfig?: string;
  readonly image?: string;
  readonly policies: readonly string[];
  readonly focus: readonly string[];
  readonly output: "text" | "json";
}

function readWords(args: readonly string[]): Words {
  const { values, positionals } = words("probe", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kubeconfig: { type: "string" },
        image: { type: "string" },
        policies: { type: "string", multiple: true },
        focus: { type: "string", multiple: true },
        output: { type: "string", short: "o" },
      },
    }),
  );
  const [stack, another] = positionals;
  const { output = "text", policies = [], focus = [], ...rest } = values;
  if (another !== undefined) throw new UserError(`probe: one stack at a time\n  expected ${usage}`);
  if (output !== "text" && output !== "json")
    throw new UserError(`probe: --output: got \`${output}\`\n  expected ${usage}`);
  return { ...(stack === undefined ? {} : { stack }), ...rest, policies, focus, output };
}
