/**
 * Targets: what a stack must say for its own target, and must not say for another.
 */
import type { Problem } from "../../policies/problems.ts";
import { aksRefusals } from "../cluster/aks-problems.ts";
import type { Settings } from "../settings.ts";
import { targetBlocks } from "./answers.ts";

/** How `platform:kubeconfig` came: never its content. */
export type KubeconfigGiven = "absent" | "secret" | "plain";

/** `given` are the top-level keys that stand in the stack file. */
export function targetProblems(
  settings: Settings,
  given: readonly string[],
  kubeconfig: KubeconfigGiven,
  file: string,
): readonly Problem[] {
  return [
    ...targetBlocks
      .filter((block) => block !== settings.target && given.includes(block))
      .map((block) => otherTarget(block, settings.target, file)),
    ...(settings.target === "existing" ? existingProblems(settings.existing, file) : []),
    ...kubeconfigProblems(settings.target, kubeconfig, file),
    ...(settings.target === "aks" ? [...aksProblems(settings.aks, file), ...aksRefusals(settings.aks, file)] : []),
  ];
}

function otherTarget(block: string, target: string, file: string): Problem {
  return {
    code: "settings/other-target",
    where: `${file} › ${block}`,
    what: `has no effect on target \`${target}\``,
    expected: `the block \`${target}\` only`,
    fix: "remove it",
  };
}

function existingProblems(existing: Settings["existing"], file: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (existing.podCidr === undefined) {
    problems.push({
      code: "settings/missing",
      where: `${file} › existing.podCidr`,
      what: "is missing",
      expected: "the IPv4 range the cluster's pods have",
    });
  }
  if (existing.routing.length === 0) {
    problems.push({
      code: "settings/missing",
      where: `${file} › existing.routing`,
      what: "names no routing mode",
      expected: "at least one of `native` and `tunnel`",
    });
  }
  return problems;
}

function kubeconfigProblems(target: Settings["target"], kubeconfig: KubeconfigGiven, file: string): readonly Problem[] {
  const where = `${file} › kubeconfig`;
  const fix = "run `pulumi config set --secret platform:kubeconfig < <file>`";
  if (target !== "existing") {
    if (kubeconfig === "absent") return [];
    const what = `has no effect on target \`${target}\`, which makes its own cluster`;
    return [{ code: "settings/other-target", where, what, expected: "the key to be absent", fix: "remove it" }];
  }
  switch (kubeconfig) {
    case "absent":
      return [
        {
          code: "settings/missing",
          where,
          what: "is missing",
          expected: "the kubeconfig of the cluster, as a secret",
          fix,
        },
      ];
    case "plain":
      return [{ code: "settings/plain-secret", where, what: "stands in plain text", expected: "a secret", fix }];
    case "secret":
      return [];
  }
}

function aksProblems(aks: Settings["aks"], file: string): readonly Problem[] {
  if (!aks.privateCluster || aks.authorizedIpRanges.length === 0) return [];
  return [
    {
      code: "settings/private-and-public",
      where: `${file} › aks.authorizedIpRanges`,
      what: "has no effect on a private cluster, whose API server has no public address",
      expected: "either `aks.privateCluster` or `aks.authorizedIpRanges`",
    },
  ];
}
