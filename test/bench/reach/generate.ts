/**
 * The worlds that are measured: applications that may talk to four peers of their own, to one tier and from one
 * environment, on eight ports and a range, and to five ranges outside.
 *
 * N workloads stand in N/20 namespaces; every namespace denies by default and every application has one policy for each
 * direction, which makes 2.05 N policies. What is said as a NetworkPolicy is said as a CiliumNetworkPolicy as well.
 */
import { seeded } from "./random.ts";

/** A Kubernetes object as it is written to a file. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** `cilium with L7` adds what only Cilium knows: HTTP rules, names and denies. */
export type PolicyForm = "kubernetes" | "cilium" | "cilium with L7";

export interface WorldSize {
  readonly workloads: number;
  /** `kubernetes` unless said otherwise. */
  readonly form?: PolicyForm;
  /** With a number, that many pods are written for each workload in place of its Deployment. */
  readonly podsEach?: number;
  /** `per namespace` unless said otherwise. */
  readonly defaultDeny?: "per namespace" | "none";
  /** `of a kind` unless said otherwise: applications come in kinds, and those of one kind are reached on the same ports. */
  readonly ports?: "of a kind" | "of its own";
  /** 1 unless said otherwise. */
  readonly seed?: number;
}

export interface GeneratedWorld {
  readonly namespaces: readonly KubernetesObject[];
  readonly workloads: readonly KubernetesObject[];
  readonly policies: readonly KubernetesObject[];
}

const perNamespace = 20;
const tiers = ["web", "api", "data"] as const;
const environments = ["dev", "prod"] as const;

/** How many sets of ports there are among applications of a kind; they have some 1,800 intersections. */
const portKinds = 120;

/** Every application listens here, so that two applications that name each other can talk. */
const applicationPort = 8080;
const wellKnownPorts = [
  ...[80, 443, 1433, 1521, 2181, 2379, 3000, 3306, 4222, 5000, 5432, 5671, 5672, 6379, 6443, 7000, 7001, 8000, 8081],
  ...[8086, 8125, 8200, 8300, 8443, 8500, 8600, 8888, 9000, 9042, 9090, 9092, 9093, 9100, 9200, 9300, 10250, 11211],
  ...[15672, 27017, 50051],
];

/** Ranges of documentation, of private networks and of the shared space: some lie within another. */
const ranges = [
  ...["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.20.0.0/14", "172.16.0.0/12", "172.20.0.0/16", "172.20.4.0/22"],
  ...["192.168.0.0/16", "192.168.10.0/24", "192.0.2.0/24", "198.51.100.0/24", "198.51.100.128/25", "203.0.113.0/24"],
  ...["100.64.0.0/10", "100.64.8.0/21", "198.18.0.0/15"],
];

interface PortSet {
  readonly numbers: readonly number[];
  readonly range: { readonly first: number; readonly last: number };
}

interface Application {
  readonly name: string;
  readonly namespace: string;
  readonly tier: string;
  readonly environment: string;
}

/** What the policy of one application and direction admits, before it is said in either language. */
interface Admission {
  readonly peers: readonly Application[];
  /** Whoever has this label, in any namespace. */
  readonly label: { readonly key: string; readonly value: string };
  readonly ranges: readonly string[];
  readonly ports: PortSet;
}

interface ApplicationRules {
  readonly application: Application;
  readonly position: number;
  readonly ingress: Admission;
  readonly egress: Admission;
}

/** The same arguments give the same objects, in the same order. */
export function generate(size: WorldSize): GeneratedWorld {
  const {
    workloads: count,
    form = "kubernetes",
    podsEach,
    defaultDeny = "per namespace",
    ports = "of a kind",
    seed = 1,
  } = size;
  const namespaces = Array.from({ length: Math.max(1, Math.floor(count / perNamespace)) }, (_, index) =>
    numbered("team", index),
  );
  const applications = Array.from({ length: count }, (_, index) => applicationAt(index, namespaces));
  const rules = rulesOf(applications, ports, seed);
  const policy = form === "kubernetes" ? kubernetesPolicy : ciliumPolicy(form);
  return {
    namespaces: namespaces.map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    })),
    workloads: applications.flatMap((application) =>
      podsEach === undefined ? [deployment(application)] : pods(application, podsEach),
    ),
    policies: [
      ...(defaultDeny === "none" ? [] : namespaces.map(form === "kubernetes" ? kubernetesDeny : ciliumDeny)),
      ...rules.flatMap((each) => [policy(each, "ingress"), policy(each, "egress")]),
    ],
  };
}

/** The same world with three policies changed: a port less, a peer less, and a range of addresses more. */
export function changed(base: GeneratedWorld): GeneratedWorld {
  const of = (direction: string): number[] =>
    base.policies.flatMap(({ metadata }, index) => (metadata.name.endsWith(`-${direction}`) ? [index] : []));
  const [ingress, egress] = [of("ingress"), of("egress")];
  const changes = new Map<number, (rule: NetworkPolicyRule) => NetworkPolicyRule>();
  const middle = Math.floor(ingress.length / 2);
  changes.set(ingress[0] ?? -1, (rule) => ({ ...rule, ports: rule.ports.slice(1) }));
  changes.set(egress[middle] ?? -1, (rule) => ({ ...rule, peers: rule.peers.slice(1) }));
  changes.set(ingress.at(-1) ?? -1, (rule) => ({
    ...rule,
    peers: [...rule.peers, { ipBlock: { cidr: "192.0.2.0/25" } }],
  }));
  return { ...base, policies: base.policies.map((policy, index) => withRule(policy, changes.get(index))) };
}

interface NetworkPolicyRule {
  readonly peers: readonly unknown[];
  readonly ports: readonly unknown[];
}

function withRule(
  policy: KubernetesObject,
  change: ((rule: NetworkPolicyRule) => NetworkPolicyRule) | undefined,
): KubernetesObject {
  if (change === undefined) return policy;
  const direction = policy.metadata.name.endsWith("-ingress") ? "ingress" : "egress";
  const side = direction === "ingress" ? "from" : "to";
  const [rule] = policy.spec?.[direction] as readonly Readonly<Record<string, readonly unknown[]>>[];
  const { peers, ports } = change({ peers: rule?.[side] ?? [], ports: rule?.["ports"] ?? [] });
  return { ...policy, spec: { ...policy.spec, [direction]: [{ [side]: peers, ports }] } };
}

function numbered(name: string, index: number): string {
  return `${name}-${String(index).padStart(4, "0")}`;
}

function applicationAt(index: number, namespaces: readonly string[]): Application {
  return {
    name: numbered("app", index),
    namespace: namespaces[Math.floor(index / perNamespace)] ?? namespaces.at(-1) ?? "default",
    tier: tiers[index % tiers.length] ?? "",
    environment: environments[Math.floor(index / tiers.length) % environments.length] ?? "",
  };
}

/** Who is named by one side names it on the other: the four applications after it, far enough to leave the namespace. */
function rulesOf(applications: readonly Application[], ports: WorldSize["ports"], seed: number): ApplicationRules[] {
  const random = seeded(seed);
  const drawn = (): PortSet =>
    portsOf(random.sample(wellKnownPorts, 7), 20000 + 100 * random.below(100), 50 + 50 * random.below(20));
  const kinds = Array.from({ length: portKinds }, drawn);
  const count = applications.length;
  const steps = [1, 7, 23, 41].map((step) => step % count);
  const at = (index: number): Application[] => applications.slice(index).slice(0, 1);
  const admission = (label: Admission["label"], peers: readonly Application[]): Admission => ({
    peers,
    label,
    ranges: random.sample(ranges, 5),
    ports: ports === "of its own" ? drawn() : (kinds[random.below(portKinds)] ?? drawn()),
  });
  return applications.map((application, position) => ({
    application,
    position,
    ingress: admission(
      { key: "env", value: application.environment },
      steps.flatMap((step) => at((position - step + count) % count)),
    ),
    egress: admission(
      { key: "tier", value: tiers[random.below(tiers.length)] ?? "" },
      steps.flatMap((step) => at((position + step) % count)),
    ),
  }));
}

function portsOf(others: readonly number[], first: number, width: number): PortSet {
  return { numbers: [applicationPort, ...others].sort((a, b) => a - b), range: { first, last: first + width } };
}

function labelsOf({ name, tier, environment }: Application): Record<string, string> {
  return { app: name, tier, env: environment };
}

function deployment(application: Application): KubernetesObject {
  const { name, namespace } = application;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: labelsOf(application) }, spec: { containers: [container()] } },
    },
  };
}

function container(): Readonly<Record<string, unknown>> {
  return {
    name: "main",
    image: "example.invalid/app:1.0.0",
    ports: [{ name: "http", containerPort: applicationPort, protocol: "TCP" }],
  };
}

/** As a cluster lists them: each has a name of its own and a label that says which ReplicaSet made it. */
function pods(application: Application, count: number): KubernetesObject[] {
  const { name, namespace } = application;
  const replicaSet = `${name}-7d9c5b8f4`;
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${replicaSet}-${String(index).padStart(5, "0")}`,
      namespace,
      labels: { ...labelsOf(application), "pod-template-hash": "7d9c5b8f4" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: replicaSet, uid: replicaSet, controller: true },
      ],
    },
    spec: { containers: [container()] },
  }));
}

function kubernetesDeny(namespace: string): KubernetesObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "default-deny", namespace },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  };
}

function kubernetesPolicy(rules: ApplicationRules, direction: "ingress" | "egress"): KubernetesObject {
  const { application } = rules;
  const { peers, label, ranges: cidrs, ports } = rules[direction];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `${application.name}-${direction}`, namespace: application.namespace },
    spec: {
      podSelector: { matchLabels: { app: application.name } },
      policyTypes: [direction === "ingress" ? "Ingress" : "Egress"],
      [direction]: [
        {
          [direction === "ingress" ? "from" : "to"]: [
            ...peers.map(({ name, namespace }) => ({
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
              podSelector: { matchLabels: { app: name } },
            })),
            { namespaceSelector: {}, podSelector: { matchLabels: { [label.key]: label.value } } },
            ...cidrs.map((cidr) => ({ ipBlock: { cidr } })),
          ],
          ports: [
            ...ports.numbers.map((port) => ({ protocol: "TCP", port })),
            { protocol: "TCP", port: ports.range.first, endPort: ports.range.last },
          ],
        },
      ],
    },
  };
}

function ciliumDeny(namespace: string): KubernetesObject {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "default-deny", namespace },
    spec: { endpointSelector: {}, ingress: [{}], egress: [{}] },
  };
}

const namespaceKey = "k8s:io.kubernetes.pod.namespace";

function ciliumPolicy(form: PolicyForm) {
  return (rules: ApplicationRules, direction: "ingress" | "egress"): KubernetesObject => {
    const { application, position } = rules;
    const { peers, label, ranges: cidrs, ports } = rules[direction];
    const side = direction === "ingress" ? "from" : "to";
    const toPorts = ciliumPorts(ports, form === "cilium with L7" && position % 10 === 0 ? "http" : "none");
    const more = form === "cilium with L7" ? ciliumExtras(position, direction) : {};
    return {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: `${application.name}-${direction}`, namespace: application.namespace },
      spec: {
        endpointSelector: { matchLabels: { app: application.name } },
        ...more,
        [direction]: [
          {
            [`${side}Endpoints`]: [
              ...peers.map(({ name, namespace }) => ({ matchLabels: { app: name, [namespaceKey]: namespace } })),
              {
                matchLabels: { [label.key]: label.value },
                matchExpressions: [{ key: namespaceKey, operator: "Exists" }],
              },
            ],
            toPorts,
          },
          { [`${side}CIDR`]: cidrs, toPorts },
          ...namesAllowed(form, position, direction),
        ],
      },
    };
  };
}

/** One entry for all ports; with HTTP rules the application's port has one of its own. */
function ciliumPorts(ports: PortSet, l7: "http" | "none"): unknown[] {
  const listed = (numbers: readonly number[]): unknown[] =>
    numbers.map((port) => ({ port: String(port), protocol: "TCP" }));
  const range = { port: String(ports.range.first), endPort: ports.range.last, protocol: "TCP" };
  if (l7 === "none") return [{ ports: [...listed(ports.numbers), range] }];
  return [
    { ports: [...listed(ports.numbers.filter((port) => port !== applicationPort)), range] },
    {
      ports: listed([applicationPort]),
      rules: {
        http: [
          { method: "GET", path: "/api/.*" },
          { method: "POST", path: "/api/orders" },
        ],
      },
    },
  ];
}

/** Every seventh application refuses one port from the other tiers. */
function ciliumExtras(position: number, direction: "ingress" | "egress"): Readonly<Record<string, unknown>> {
  if (direction === "egress" || position % 7 !== 0) return {};
  return {
    ingressDeny: [
      {
        fromEndpoints: [
          { matchLabels: { tier: "web" }, matchExpressions: [{ key: namespaceKey, operator: "Exists" }] },
        ],
        toPorts: [{ ports: [{ port: "5432", protocol: "TCP" }] }],
      },
    ],
  };
}

/** Every fifth application calls an API outside, by name. */
function namesAllowed(form: PolicyForm, position: number, direction: "ingress" | "egress"): unknown[] {
  if (form !== "cilium with L7" || direction === "ingress" || position % 5 !== 0) return [];
  return [
    {
      toEndpoints: [{ matchLabels: { "k8s-app": "kube-dns", [namespaceKey]: "kube-system" } }],
      toPorts: [{ ports: [{ port: "53", protocol: "UDP" }], rules: { dns: [{ matchPattern: "*" }] } }],
    },
    {
      toFQDNs: [{ matchName: `api-${String(position % 8)}.example.com` }, { matchPattern: "*.blob.example.com" }],
      toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }],
    },
  ];
}
