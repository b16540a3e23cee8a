/** What the stack's own namespaces carry: the labels that decide who is closed and who may be reached. */
import { isolateLabel, opened, present } from "../policies/names.ts";
import type { Settings } from "./settings.ts";

/** The `namespaces` block of a stack file. */
export type NamespaceSettings = Settings["namespaces"];

/**
 * The user's labels and ours. Whether a namespace is closed is said by `isolated` alone: our own label among the user's
 * counts for nothing. An open one says that it is open: Kyverno lets a label change, and does not let it go.
 */
export function namespaceLabels({ isolated, labels }: NamespaceSettings[string]): Record<string, string> {
  const theirs = Object.entries(labels).filter(([key]) => key !== isolateLabel);
  return { ...Object.fromEntries(theirs), [isolateLabel]: isolated ? present : opened };
}

/** Names of the namespaces that start closed, sorted. */
export function isolatedNamespaces(namespaces: NamespaceSettings): readonly string[] {
  return Object.entries(namespaces)
    .filter(([, { isolated }]) => isolated)
    .map(([namespace]) => namespace)
    .sort();
}
