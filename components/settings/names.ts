/**
 * Names: what the stack calls its cluster and its namespaces.
 */
import * as v from "valibot";

import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { ownedNamespaces } from "./answers.ts";
import { clusterName } from "./formats.ts";

/** The cluster's name where the stack does not say one. */
export function defaultClusterName(stack: string): string {
  return `platform-${stack}`;
}

/** Stack names may hold what cluster names may not; a name written out was judged by its format. */
export function nameProblems(settings: Settings, file: string): readonly Problem[] {
  return [...clusterNameProblems(settings.clusterName, file), ...namespaceProblems(settings, file)];
}

function clusterNameProblems(name: string, file: string): readonly Problem[] {
  const result = v.safeParse(clusterName, name);
  return (result.issues ?? []).map((issue) => ({
    code: "settings/wrong-format",
    where: `${file} › clusterName`,
    what: `the name that follows from the stack's is no cluster name, got \`${name}\``,
    expected: issue.message,
    fix: "set `platform:clusterName`",
  }));
}

function namespaceProblems(settings: Settings, file: string): readonly Problem[] {
  return Object.keys(settings.namespaces).flatMap((name) => {
    const owner = ownedNamespaces[name];
    if (owner === undefined) return [];
    return [
      {
        code: "settings/namespace-taken",
        where: `${file} › namespaces.${name}`,
        what: `belongs to ${owner}`,
        expected: "a namespace of the stack's own",
        fix: "choose another name",
      },
    ];
  });
}
