/** Small worlds written by hand, for what a generator does not come upon, and where Cilium and the peer must differ. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { parseAllDocuments } from "yaml";

import type { Difference } from "./agreement.ts";
import type { KubernetesObject } from "./generate.ts";

const folder = join(import.meta.dirname, "worlds");

export interface HandwrittenWorld {
  readonly name: string;
  readonly file: string;
  readonly objects: readonly KubernetesObject[];
  /** Exactly these, where Cilium departs from what Kubernetes documents. */
  readonly deviations: readonly Difference[];
}

const everyAddress = "0-4294967295";
const everything = "SCTP 1-65535 TCP 1-65535 UDP 1-65535";

/**
 * Cilium counts the rules of a direction that `policyTypes` does not name (S24), and does not see the label that a
 * ReplicaSet writes, so that a policy for it isolates nobody (S8).
 */
const deviations: readonly Difference[] = [
  { from: everyAddress, to: "a/hashed", ours: everything, theirs: "nothing" },
  { from: "a/client", to: "a/hashed", ours: everything, theirs: "TCP 80-80" },
  { from: "a/untyped", to: everyAddress, ours: "nothing", theirs: everything },
  { from: "a/untyped", to: "a/client", ours: "TCP 443-443", theirs: everything },
  { from: "a/untyped", to: "b/other", ours: "nothing", theirs: everything },
  { from: "b/other", to: "a/hashed", ours: everything, theirs: "nothing" },
];

export function handwrittenWorlds(): readonly HandwrittenWorld[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const documents = parseAllDocuments(readFileSync(file, "utf8"));
      return {
        name: basename(name, ".yaml"),
        file,
        objects: documents.map((document) => document.toJS() as KubernetesObject),
        deviations: name === "deviations.yaml" ? deviations : [],
      };
    });
}
