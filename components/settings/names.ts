/**
 * Names: what the stack calls its cluster and its namespaces.
 */
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { ownedNamespaces } from "./answers.ts";

/** The cluster's name where the stack does not say one. */
export function defaultClusterName(stack: string): string {
  return `platform-${stack}`;
}

/** Namespaces that the stack cannot own. The cluster's name is judged with everything that follows from it. */
export function namespaceProblems(settings: Settings, file: string): readonly Problem[] {
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
