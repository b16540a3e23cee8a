/**
 * `npm run observe -- <stack> --flows FILE [--workloads PATH]...`: which recorded connections would close if the bundles
 * that a stack only observes were enforced. Ends with 1 while one would, or while a flow's workload is not known.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { parseAllDocuments } from "yaml";

import { judgeStack } from "../components/candidate.ts";
import { isMap } from "../components/helm-values.ts";
import { ownPolicies } from "../components/own.ts";
import { enforced } from "../components/settings/bundles.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { UserError } from "../policies/problems.ts";
import { diff, load, portsText, type ChangeRow, type DiffReport } from "../reach/index.ts";
import { counted } from "../reach/output/counted.ts";
import { inventoryText } from "./inventory.ts";
import { stackFileName, targetOf } from "./pulumi/stack-file.ts";
import { words } from "./words.ts";

const usage = "<stack> --flows <file of hubble observe -o jsonpb> [--workloads <file or folder>]...";

interface Words {
  readonly stack: string;
  readonly flows: string;
  /** Manifests of who runs in the cluster, as `kubectl get pods,namespaces -A -o yaml` tells it. */
  readonly workloads: readonly string[];
}

export async function observe(args: readonly string[]): Promise<number> {
  const { stack, flows, workloads } = readWords(args);
  const projectDir = process.cwd();
  await targetOf(stack, projectDir);
  const settings = settingsOfStackFile(projectDir, stack);
  const { observe: bundles } = settings.policies;
  if (bundles.length === 0) {
    throw new UserError(
      `${stackFileName(stack)} › policies.observe: is empty, so everything is enforced already\n` +
        "  expected the bundles that close nothing yet",
    );
  }
  const { own } = await ownPolicies(settings, stackFileName(stack));
  const running = workloads.length === 0 ? [] : (await load(workloads)).manifests.map(({ object }) => object);
  const folder = await mkdtemp(join(tmpdir(), "observe-"));
  try {
    const write = async (name: string, each: typeof settings): Promise<string> => {
      const file = join(folder, `${name}.yaml`);
      const text = inventoryText(judgeStack(stack, each), own);
      // What the stack says of itself counts, such as the labels of its namespaces.
      const said = new Set(parseAllDocuments(text).map((document) => nameOf(document.toJS())));
      const items = running.filter((object) => !said.has(nameOf(object)));
      await writeFile(file, `${text}---\n${JSON.stringify({ apiVersion: "v1", kind: "List", items })}\n`);
      return file;
    };
    const [now, then] = await Promise.all([write("observed", settings), write("enforced", enforced(settings))]);
    const target = settings.target === "aks" ? "aks" : "kind";
    const report = await diff([now], [then], { flows, target });
    process.stdout.write(observeText(report, bundles));
    return rowsThatClose(report).length === 0 && (report.flows?.strangers ?? []).length === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nameOf(object: unknown): string {
  const { kind, metadata } = isMap(object) ? object : {};
  const { namespace, name } = isMap(metadata) ? metadata : {};
  return JSON.stringify([kind, namespace ?? "", name]);
}

/** Of connections that were used: those that are denied, and those of which not every request passes any more. */
function rowsThatClose({ changes }: DiffReport): readonly ChangeRow[] {
  return changes
    .filter(({ kind, after, used }) => kind !== "ALLOWED" && !stillPasses(after) && (used?.forwarded ?? 0) > 0)
    .sort((a, b) => (b.used?.forwarded ?? 0) - (a.used?.forwarded ?? 0));
}

/** A proxy that lets every request pass closes nothing that was used: a recorded request is one. */
function stillPasses(after: string): boolean {
  return after === "allowed, dns *" || after === "allowed, http, every request";
}

export function observeText(report: DiffReport, bundles: readonly string[]): string {
  const { flows, groups } = report;
  const rows = rowsThatClose(report);
  const span = flows?.first === undefined ? "" : `, ${flows.first} to ${flows.last ?? flows.first}`;
  const strangers = flows?.strangers ?? [];
  const lines = [
    `${bundles.join(", ")}: ${counted(flows?.requests ?? 0, "request")} recorded${span}`,
    rows.length === 0
      ? "enforced, they would close no connection that was used"
      : `enforced, they would close or restrict ${counted(rows.length, "connection")} that ${rows.length === 1 ? "was" : "were"} used`,
    ...rows.flatMap(({ from, to, ports, after, used }) => [
      "",
      `${groups[from]?.name ?? ""} -> ${groups[to]?.name ?? ""}  ${portsText(ports)}`,
      `  used   ${counted(used?.forwarded ?? 0, "time")}, last ${used?.last ?? ""}`,
      `  would  ${after}`,
    ]),
    ...(strangers.length === 0
      ? []
      : [
          "",
          `not judged, because no manifest describes them: ${strangers.map(({ name, flows: count }) => `${name} (${String(count)})`).join(", ")}`,
          "  fix: kubectl get pods,namespaces -A -o yaml > running.yaml, and say --workloads running.yaml",
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

function readWords(args: readonly string[]): Words {
  const { values, positionals } = words("observe", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { flows: { type: "string" }, workloads: { type: "string", multiple: true } },
    }),
  );
  const [stack, another] = positionals;
  if (stack === undefined || another !== undefined) {
    throw new UserError(`observe: expected one stack, got ${String(positionals.length)}\n  expected ${usage}`);
  }
  const { flows, workloads = [] } = values;
  if (flows === undefined) throw new UserError(`observe: names no flows\n  expected ${usage}`);
  return { stack, flows, workloads };
}
