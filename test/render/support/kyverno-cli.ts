/** Kyverno's CLI of the pinned version, asked without a cluster: what it says of requests, and what it generates. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseAllDocuments, stringify } from "yaml";

import type { Manifest } from "../../../policies/bundle.ts";
import { toolPaths } from "../../../scripts/tools/tool-paths.ts";

/** Undefined where it has not been obtained. */
export const kyvernoCli = toolPaths(["kyverno-cli"]).path["kyverno-cli"];

/** A request as the API server would hand it on. The CLI knows an update only as one that changes nothing. */
export interface Request {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly objects: readonly object[];
  /** Who asks. */
  readonly username?: string;
  readonly groups?: readonly string[];
  /** As they are in the cluster, for what a policy wants to know of them. */
  readonly namespaces?: readonly object[];
}

export interface Verdict {
  readonly policy: string;
  /** `Namespace/name` or `namespace/name`. */
  readonly object: string;
  readonly result: "pass" | "fail" | "skip" | "error" | "warn";
  readonly message: string;
}

/** What each policy says of each object it is about; sorted. A policy that cannot be read is an error here. */
export function verdicts(policies: readonly Manifest[], request: Request): readonly Verdict[] {
  const said = asked(policies, request, ["--policy-report", "--output-format", "json"]).stdout;
  const read = /^Applying (\d+) policy/m.exec(said)?.[1];
  if (read !== undefined && Number(read) !== policies.length) throw new Error(said);
  const report = JSON.parse(/^\{.*$/m.exec(said)?.[0] ?? '{"results":[]}') as Report;
  return (report.results ?? [])
    .map(({ policy, result, message, resources: [object] }) => ({
      policy,
      object: `${object?.namespace ?? object?.kind ?? ""}/${object?.name ?? ""}`,
      result,
      message,
    }))
    .sort((a, b) => `${a.object} ${a.policy}`.localeCompare(`${b.object} ${b.policy}`));
}

interface Report {
  readonly results?: readonly {
    readonly policy: string;
    readonly result: Verdict["result"];
    readonly message: string;
    readonly resources: readonly { readonly kind: string; readonly namespace?: string; readonly name: string }[];
  }[];
}

/** The objects that policies generate when these are created. */
export function generatedByKyverno(policies: readonly Manifest[], objects: readonly object[]): readonly object[] {
  return asked(policies, { operation: "CREATE", objects }, []).generated;
}

interface Answer {
  readonly stdout: string;
  readonly generated: readonly object[];
}

function asked(policies: readonly Manifest[], request: Request, args: readonly string[]): Answer {
  const { operation, objects, username = "somebody", groups = [], namespaces = [] } = request;
  const folder = mkdtempSync(join(tmpdir(), "kyverno-"));
  const output = join(folder, "generated");
  mkdirSync(output);
  const file = (name: string, documents: readonly object[]): string => {
    const path = join(folder, name);
    writeFileSync(path, documents.map((document) => stringify(document)).join("---\n"));
    return path;
  };
  const cli = { apiVersion: "cli.kyverno.io/v1alpha1", metadata: { name: "asked" } };
  try {
    const { stdout, stderr } = spawnSync(
      kyvernoCli ?? "",
      [
        "apply",
        ...[file("policies.yaml", policies), "--resource", file("objects.yaml", objects), "--output", output],
        "--values-file",
        file("values.yaml", [{ ...cli, kind: "Values", globalValues: { "request.operation": operation }, namespaces }]),
        "--userinfo",
        file("user.yaml", [{ ...cli, kind: "UserInfo", userInfo: { username, groups } }]),
        ...args,
      ],
      { encoding: "utf8", cwd: folder },
    );
    // It passes over what it cannot read and says so in its log alone.
    if (stderr.includes("error") || stdout.includes("ERR")) throw new Error(`${stdout}${stderr}`);
    const made = readdirSync(output).flatMap((name) => documentsIn(readFileSync(join(output, name), "utf8")));
    return { stdout, generated: made };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function documentsIn(text: string): object[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as object | null) ?? []);
}
