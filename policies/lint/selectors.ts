/** Selectors: those that select nobody, with the label that was probably meant. */
import { isStandIn } from "../inventory.ts";
import { nearest } from "../nearest.ts";
import { lookup, parseKey, reachesIdentity } from "../reachability/select/labels.ts";
import type { SubjectSelector, LabelSelector } from "../reachability/select/selectors.ts";
import type { Manifest } from "../reachability/read/fields.ts";
import { selectsLabels } from "../reachability/select/selectors.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { namespaceAsked, namespaceOf, namesOf, ownLabelsAsked, type Seen, type Workload } from "./seen.ts";

/** A selector with labels of its own, and where it stands. */
interface Written {
  readonly manifest: Manifest;
  readonly path: string;
  readonly labels: LabelSelector;
  readonly role: "subject" | "peer";
}

function writtenSelectors({ entries, peers, world, manifestOf }: Seen): Written[] {
  const subjects = new Map<string, Written>();
  for (const { origin, subject } of world.rules) {
    const manifest = manifestOf(origin) ?? undefined;
    const specPath = origin.path.replace(/\.(in|e)gress.*$/, "");
    if (manifest === undefined || origin.policy.kind === "ClusterNetworkPolicy") continue;
    const path = `${specPath}.${origin.policy.kind === "NetworkPolicy" ? "podSelector" : "endpointSelector"}`;
    subjects.set(
      `${String(entries.length)} ${manifest.source ?? ""} ${namesOf(manifest.object).name} ${path}`,
      subjectAt(manifest, path, subject),
    );
  }
  const others = peers.map(({ entry, path, selector }): Written => ({
    manifest: entry.manifest,
    path,
    labels: selector.labels,
    role: "peer",
  }));
  return [...subjects.values(), ...others].filter(({ labels }) => {
    const asked = ownLabelsAsked(labels);
    const keys = [...labels.matchLabels.keys(), ...labels.matchExpressions.map(({ key }) => key)];
    // Labels that never reach an identity are told while reading; reserved ones are no pod's.
    const readable = keys.every((key) => {
      const { source, key: label } = parseKey(key, "any");
      return source !== "reserved" && reachesIdentity(label);
    });
    return asked.length > 0 && readable;
  });
}

function subjectAt(manifest: Manifest, path: string, { labels }: SubjectSelector): Written {
  return { manifest, path, labels, role: "subject" };
}

/** What a kubeadm cluster runs its control plane as: on the network of the node, so no policy sees it. */
const controlPlane = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];

export const controlPlanePod: LintRule = {
  code: "lint/control-plane-pod",
  severity: "warning",
  finds: "a selector of the API server's or another control plane's pod (`component: kube-apiserver`)",
  why: "these pods use the network of their node, and a managed control plane has none: no policy governs them or means them",
  fix: "use the entity `kube-apiserver` as peer; remove the policy that selects them",
  find: (seen) =>
    writtenSelectors(seen).flatMap(({ manifest, path, labels, role }): LintFinding[] => {
      const component = componentOf(labels);
      if (component === undefined || seen.selected(labels).length > 0) return [];
      return [
        {
          manifest,
          path,
          what: `\`component: ${component}\` selects nobody: the control plane's pods use the network of their node, and a managed one has none`,
          expected:
            role === "peer"
              ? "the entity `kube-apiserver`"
              : "a policy of the pods that use it, with the entity `kube-apiserver`",
        },
      ];
    }),
};

function componentOf(labels: LabelSelector): string | undefined {
  const namespace = namespaceAsked(labels);
  if (namespace !== undefined && namespace !== "kube-system") return undefined;
  return ownLabelsAsked(labels).find(
    ({ key, value }) => key === "component" && value !== undefined && controlPlane.includes(value),
  )?.value;
}

export const selectsNobody: LintRule = {
  code: "lint/selects-nobody",
  severity: "note",
  finds: "a selector that selects no workload among the manifests, although some are of its namespace",
  why: "a policy that selects nobody governs nobody, and a peer that is nobody opens nothing",
  fix: "write a label that exists; the finding tells the nearest",
  find: (seen) =>
    writtenSelectors(seen).flatMap(({ manifest, path, labels, role }): LintFinding[] => {
      if (componentOf(labels) !== undefined || seen.selected(labels).length > 0) return [];
      if (seen.selectedOnNodes(labels).length > 0) return [];
      const hint = hintOf(labels, seen);
      if (hint === undefined) return [];
      return [
        {
          manifest,
          path,
          what: `${role === "subject" ? "this selects no workload" : "this peer is no workload"} among the manifests: ${askedText(labels)}`,
          expected: hint.expected,
          ...(hint.fix === undefined ? {} : { fix: hint.fix }),
        },
      ];
    }),
};

interface Hint {
  readonly expected: string;
  readonly fix?: string;
}

/** Undefined where the manifests do not tell enough: whoever is meant may be elsewhere. */
function hintOf(labels: LabelSelector, all: Seen): Hint | undefined {
  const namespace = namespaceAsked(labels);
  // Pods that stand for anybody are nobody's workloads: a selector that leaves them out says nothing wrong.
  const seen = { ...all, workloads: all.workloads.filter(({ manifest }) => !isStandIn(manifest.object)) };
  const inNamespace = seen.workloads.filter(({ endpoint }) => namespaceOf(endpoint) === namespace);
  const elsewhere = namespace === undefined ? [] : namespacesWith(labels, seen);
  const expected = `labels of a workload${namespace === undefined ? "" : ` in ${namespace}`}`;
  if (namespace !== undefined && !namespacesOf(seen).includes(namespace)) {
    const close = nearest(namespace, namespacesOf(seen));
    return close === undefined
      ? undefined
      : { expected: "a namespace that exists", fix: `did you mean the namespace \`${close}\`?` };
  }
  if (elsewhere.length > 0) {
    return {
      expected,
      fix: `workloads with these labels are in ${elsewhere.join(", ")}: name the namespace in the selector`,
    };
  }
  const close = nearestLabel(labels, namespace === undefined ? seen.workloads : inNamespace);
  if (close !== undefined) return { expected, fix: `did you mean \`${close}\`?` };
  // What the cluster itself brings along is seldom among the manifests.
  const complete = namespace !== undefined && !namespace.startsWith("kube-") && inNamespace.length > 0;
  return complete ? { expected } : undefined;
}

function namespacesOf({ workloads, objects }: Seen): string[] {
  const written = objects("Namespace").map(({ object }) => namesOf(object).name);
  return [...new Set([...workloads.map(({ endpoint }) => namespaceOf(endpoint)), ...written])];
}

/** Namespaces of workloads that the selector would select if it named no namespace. */
function namespacesWith(labels: LabelSelector, { workloads }: Seen): string[] {
  const anywhere: LabelSelector = {
    ...labels,
    matchLabels: new Map(
      [...labels.matchLabels].filter(
        ([key, value]) =>
          value !== namespaceAsked(labels) || parseKey(key, "any").key !== "io.kubernetes.pod.namespace",
      ),
    ),
  };
  const found = workloads.filter(({ endpoint }) => selectsLabels(anywhere, endpoint.labels));
  return [...new Set(found.map(({ endpoint }) => namespaceOf(endpoint)))];
}

function nearestLabel(labels: LabelSelector, workloads: readonly Workload[]): string | undefined {
  const identities = workloads.map(({ endpoint }) => endpoint.labels);
  for (const { key, value } of ownLabelsAsked(labels)) {
    const values = identities.flatMap((own) => lookup(own, "any", key) ?? []);
    if (value !== undefined && values.includes(value)) continue;
    const close = value === undefined ? undefined : nearest(value, [...new Set(values)]);
    if (close !== undefined) return `${key}: ${close}`;
    if (values.length > 0) continue;
    const other = nearest(key, [...new Set(identities.flatMap((own) => [...own.keys()]))]);
    if (other !== undefined) return value === undefined ? other : `${other}: ${value}`;
  }
  return undefined;
}

function askedText(labels: LabelSelector): string {
  return ownLabelsAsked(labels)
    .map(({ key, value }) => `\`${key}${value === undefined ? "" : `: ${value}`}\``)
    .join(", ");
}

export const hostNetworkPod: LintRule = {
  code: "lint/host-network-pod",
  severity: "warning",
  finds: "a selector whose only workloads use the network of their node (`hostNetwork`)",
  why: "to a policy they are the node: nothing governs them, and peers know them as `host` or `remote-node`",
  fix: "as a peer, use the entities `host` and `remote-node`; a policy cannot govern them",
  find: (seen) =>
    writtenSelectors(seen).flatMap(({ manifest, path, labels, role }): LintFinding[] => {
      const names = seen.selectedOnNodes(labels);
      if (names.length === 0 || componentOf(labels) !== undefined || seen.selected(labels).length > 0) return [];
      return [
        {
          manifest,
          path,
          what: `${names.join(", ")} ${names.length === 1 ? "uses" : "use"} the network of the node, so this selects nobody`,
          expected: role === "peer" ? "the entities `host` and `remote-node`" : "pods with a network of their own",
        },
      ];
    }),
};
