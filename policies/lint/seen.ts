/** Seen: the manifests as rules look at them: each entry as it was written, beside what the engine made of it. */
import { lookup, namespaceKey, parseKey, clusterKey, namespaceLabelsPrefix } from "../reachability/select/labels.ts";
import type { Direction, Endpoint, Origin, PolicyRef, Rule, World } from "../reachability/model.ts";
import { prepare } from "../reachability/judge/prepared.ts";
import type { ApiServer } from "../reachability/read/externals.ts";
import { isFields, type Fields, type Manifest } from "../reachability/read/fields.ts";
import { kindOf } from "../reachability/read/other-kinds.ts";
import { policyOf, ruleLists } from "../reachability/read/policy-objects.ts";
import { Memory, remembered } from "../reachability/pairs/remembered.ts";
import { isWorkload } from "../reachability/read/workloads.ts";
import {
  selectorKey,
  selectsLabels,
  type LabelSelector,
  type PeerSelector,
  type SubjectSelector,
} from "../reachability/select/selectors.ts";

export interface LintInput {
  readonly manifests: readonly Manifest[];
  /** What the engine read of the same manifests, with what is outside. */
  readonly world: World;
  /** Whether the agents can do handshakes. */
  readonly meshAuthentication: "on" | "off";
  /** Whether the agents let SCTP pass. */
  readonly sctp: "on" | "off";
  /** The same that the world was read with. */
  readonly apiServer: ApiServer;
}

/** One entry of an ingress or egress list. */
export interface Entry {
  readonly manifest: Manifest;
  readonly policy: PolicyRef;
  /** The spec that it stands in: `spec`, or `specs[0]`. */
  readonly spec: Fields;
  readonly specPath: string;
  readonly fields: Fields;
  readonly path: string;
  readonly direction: Direction;
  readonly action: Rule["action"];
  /** What the engine made of it: one for each peer of a NetworkPolicy, none if Cilium refuses the object. */
  readonly rules: readonly Rule[];
}

/** A peer written as labels. */
export interface LabelPeer {
  readonly entry: Entry;
  readonly path: string;
  readonly selector: Extract<PeerSelector, { kind: "labels" }>;
  readonly rule: Rule;
}

/** A pod, or what makes pods. */
export interface Workload {
  readonly manifest: Manifest;
  readonly endpoint: Endpoint;
  /** Position in the world. */
  readonly position: number;
  readonly spec: Fields;
}

export interface Seen extends LintInput {
  readonly entries: readonly Entry[];
  readonly peers: readonly LabelPeer[];
  readonly workloads: readonly Workload[];
  /** Which workloads a selector selects. */
  readonly selected: (selector: LabelSelector) => readonly Workload[];
  /** Names of the workloads that a selector would select if they did not use the network of their node. */
  readonly selectedOnNodes: (selector: LabelSelector) => readonly string[];
  readonly subjects: (subject: SubjectSelector) => readonly Workload[];
  /** The object in which a rule was written. */
  readonly manifestOf: (origin: Origin) => Manifest | undefined;
  readonly objects: (kind: string) => readonly Manifest[];
  /** Equal numbers are one to every policy. */
  readonly identity: (position: number) => number;
}

export function see(input: LintInput): Seen {
  const { manifests, world } = input;
  const rulesOf = Map.groupBy(world.rules, ({ origin }) => policyKey(origin.policy));
  const entries = manifests.flatMap((manifest) => entriesOf(manifest, rulesOf));
  const workloads = workloadsOf(manifests, world);
  const known = new Memory<readonly Workload[]>();
  const selected = (key: string, selector: LabelSelector): readonly Workload[] =>
    remembered(known, key, () => workloads.filter(({ endpoint }) => selectsLabels(selector, endpoint.labels)));
  const byPolicy = new Map(
    manifests.flatMap((manifest) => {
      const policy = policyOf(manifest.object);
      return policy === undefined ? [] : [[policyKey(policy), manifest] as const];
    }),
  );
  return {
    ...input,
    entries,
    peers: entries.flatMap(labelPeersOf),
    workloads,
    selected: (selector) => selected(selectorKey(selector), selector),
    selectedOnNodes: (selector) =>
      world.onNodes.filter(({ labels }) => selectsLabels(selector, labels)).map(({ name }) => name),
    subjects: ({ key, labels }) => selected(key, labels),
    manifestOf: ({ policy }) => byPolicy.get(policyKey(policy)),
    objects: (kind) => manifests.filter(({ object }) => kindOf(object) === kind),
    identity: (position) => prepare(world).identities.of[position] ?? position,
  };
}

export function policyKey({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${namespace ?? ""}/${name}`;
}

function entriesOf(manifest: Manifest, rulesOf: ReadonlyMap<string, readonly Rule[]>): Entry[] {
  const { object } = manifest;
  const policy = policyOf(object);
  if (policy === undefined) return [];
  const rules = rulesOf.get(policyKey(policy)) ?? [];
  return specsOf(object).flatMap(({ spec, specPath }) =>
    ruleLists.flatMap(({ field, direction, action }) =>
      listOf(spec, field).map((fields, index): Entry => {
        const path = `${specPath}.${field}[${String(index)}]`;
        const own = rules.filter(({ origin }) => origin.path === path || origin.path.startsWith(`${path}.`));
        return { manifest, policy, spec, specPath, fields, path, direction, action, rules: own };
      }),
    ),
  );
}

/** Every spec of an object, with its path. */
export function specsOf(object: Fields): { readonly spec: Fields; readonly specPath: string }[] {
  const one = isFields(object["spec"]) ? [{ spec: object["spec"], specPath: "spec" }] : [];
  return [...one, ...listOf(object, "specs").map((spec, index) => ({ spec, specPath: `specs[${String(index)}]` }))];
}

export function namesOf(object: Fields): { readonly name: string; readonly namespace: string } {
  const metadata = fieldsOf(object, "metadata");
  return { name: textOf(metadata, "name") ?? "", namespace: textOf(metadata, "namespace") ?? "default" };
}

/** The objects of a list; what is none was told while reading. */
export function listOf(fields: Fields, key: string): readonly Fields[] {
  const list = fields[key];
  return Array.isArray(list) ? list.map((each: unknown) => (isFields(each) ? each : {})) : [];
}

export function fieldsOf(fields: Fields, key: string): Fields {
  const found = fields[key];
  return isFields(found) ? found : {};
}

export function textOf(fields: Fields, key: string): string | undefined {
  const found = fields[key];
  return typeof found === "string" ? found : undefined;
}

export function textsOf(fields: Fields, key: string): readonly string[] {
  const found = fields[key];
  return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
}

function labelPeersOf(entry: Entry): LabelPeer[] {
  const labelled = (selector: PeerSelector | undefined, path: string, rule: Rule): LabelPeer[] =>
    selector?.kind === "labels" ? [{ entry, path, selector, rule }] : [];
  const { rules, path, direction } = entry;
  if (entry.policy.kind === "NetworkPolicy") {
    return rules.flatMap((rule) =>
      rule.origin.path === path || rule.peers.kind === "nobody"
        ? []
        : labelled(rule.peers.selectors[0], rule.origin.path, rule),
    );
  }
  const field = direction === "ingress" ? "fromEndpoints" : "toEndpoints";
  const [rule] = rules;
  const written = listOf(entry.fields, field);
  // One peer field in each entry, so these are all its peers and stand in their order.
  if (rule?.peers.kind !== "selected" || rule.peers.selectors.length !== written.length) return [];
  const { selectors } = rule.peers;
  return written.flatMap((_, index) => labelled(selectors[index], `${path}.${field}[${String(index)}]`, rule));
}

function workloadsOf(manifests: readonly Manifest[], { endpoints }: World): Workload[] {
  const positions = new Map(endpoints.map(({ name, kind }, position) => [`${kind} ${name}`, position]));
  return manifests.flatMap((manifest) => {
    const kind = kindOf(manifest.object);
    if (!isWorkload(kind)) return [];
    const { namespace, name } = namesOf(manifest.object);
    const position = positions.get(`pod ${namespace}/${name}`);
    const endpoint = position === undefined ? undefined : endpoints[position];
    return position === undefined || endpoint === undefined
      ? []
      : [{ manifest, endpoint, position, spec: podSpecOf(kind, manifest.object) }];
  });
}

function podSpecOf(kind: string, object: Fields): Fields {
  const spec = fieldsOf(object, "spec");
  if (kind === "Pod") return spec;
  const template = kind === "CronJob" ? fieldsOf(fieldsOf(spec, "jobTemplate"), "spec") : spec;
  return fieldsOf(fieldsOf(template, "template"), "spec");
}

export interface ContainerPort {
  readonly name?: string;
  readonly number: number;
}

export function containerPorts({ spec }: Workload): readonly ContainerPort[] {
  return listOf(spec, "containers").flatMap((container) =>
    listOf(container, "ports").flatMap((port): ContainerPort[] => {
      const [number, name] = [port["containerPort"], textOf(port, "name")];
      if (typeof number !== "number") return [];
      return [{ number, ...(name === undefined ? {} : { name: name.toLowerCase() }) }];
    }),
  );
}

export function namespaceOf({ labels }: Endpoint): string {
  return lookup(labels, "k8s", namespaceKey) ?? "";
}

/** The one namespace that a selector asks for, if it asks for one. */
export function namespaceAsked({ matchLabels }: LabelSelector): string | undefined {
  return matchLabels.get(`k8s:${namespaceKey}`) ?? matchLabels.get(`any:${namespaceKey}`);
}

/** What a selector asks of the pod itself, not of where it lives. Keys without their source. */
export function ownLabelsAsked(selector: LabelSelector): readonly { readonly key: string; readonly value?: string }[] {
  const asked = [
    ...[...selector.matchLabels].map(([written, value]) => ({ key: parseKey(written, "any").key, value })),
    ...selector.matchExpressions
      .filter(({ operator }) => operator === "In" || operator === "Exists")
      .map(({ key, values }) => {
        const [value] = values;
        return { key: parseKey(key, "any").key, ...(value === undefined || values.length > 1 ? {} : { value }) };
      }),
  ];
  return asked.filter(({ key }) => !isPlaceKey(key));
}

function isPlaceKey(key: string): boolean {
  return key === namespaceKey || key === clusterKey || key.startsWith(namespaceLabelsPrefix);
}

/** `default/frontend`, `default/frontend and default/backend`, `default/a and 3 more`. */
export function severalText(names: readonly string[]): string {
  const [first = "", second, ...rest] = [...new Set(names)];
  if (second === undefined) return first;
  return rest.length === 0 ? `${first} and ${second}` : `${first} and ${String(rest.length + 1)} more`;
}
