/**
 * Worlds: small random ones for the laws, made of the few words that meet each other often.
 */
import fc from "fast-check";

import type { External } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

export interface Parts {
  readonly pods: readonly Fields[];
  readonly policies: readonly Fields[];
}

const namespaces = ["blue", "green"] as const;
const apps = ["client", "server"] as const;
const namespace = fc.constantFrom(...namespaces);
const app = fc.constantFrom(...apps);

export const namespaceObjects: readonly Fields[] = namespaces.map((name) => ({
  kind: "Namespace",
  metadata: { name, labels: { colour: name } },
}));

export const externals: readonly External[] = [
  { name: "near", ip: "10.0.0.1" },
  { name: "far", ip: "8.8.8.8" },
  { name: "named", fqdn: "api.example.com", ip: "10.0.0.2" },
  { name: "node", entity: "host" },
  { name: "other node", entity: "remote-node" },
];

const ports = [
  [],
  [{ name: "web", protocol: "TCP", containerPort: 80 }],
  [{ name: "web", protocol: "TCP", containerPort: 8080 }],
] as const;

export const pod = fc
  .record({ namespace, app, tier: fc.constantFrom("a", "b"), ports: fc.constantFrom(...ports) })
  .map((each): Fields => ({
    kind: "Pod",
    metadata: { namespace: each.namespace, name: "", labels: { app: each.app, tier: each.tier } },
    spec: { containers: [{ ports: each.ports }] },
  }));

const selector = fc.oneof(
  fc.constant({}),
  app.map((value) => ({ matchLabels: { app: value } })),
  fc.constant({ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }] }),
  namespace.map((value) => ({ matchLabels: { "k8s:io.kubernetes.pod.namespace": value } })),
);

const port = fc.constantFrom<Fields>(
  { port: "80", protocol: "TCP" },
  { port: "80", endPort: 90, protocol: "TCP" },
  { port: "web", protocol: "TCP" },
  { port: "53" },
  { port: "0", protocol: "UDP" },
);
const http = fc.constantFrom<Fields>({ method: "GET" }, { path: "/health" }, {});
const plainPorts = fc.record({ ports: fc.array(port, { maxLength: 2 }) });
const httpPorts = http.map((rule) => ({ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [rule] } }));

const peers = (prefix: "from" | "to"): fc.Arbitrary<Fields> =>
  fc.oneof(
    fc.constant({}),
    fc.array(selector, { maxLength: 2 }).map((list) => ({ [`${prefix}Endpoints`]: list })),
    fc.constantFrom("world", "cluster", "host", "all").map((name) => ({ [`${prefix}Entities`]: [name] })),
    fc.constantFrom("10.0.0.0/8", "0.0.0.0/0").map((cidr) => ({ [`${prefix}CIDR`]: [cidr] })),
  );

const entry = (prefix: "from" | "to", toPorts: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> =>
  fc
    .tuple(peers(prefix), fc.option(fc.array(toPorts, { minLength: 1, maxLength: 2 }), { nil: undefined }))
    .map(([who, what]) => ({ ...who, ...(what === undefined ? {} : { toPorts: what }) }));

export const allowEntries = {
  ingress: entry("from", fc.oneof(plainPorts, httpPorts)),
  egress: fc.oneof(
    entry("to", fc.oneof(plainPorts, httpPorts)),
    fc.constant<Fields>({ toFQDNs: [{ matchPattern: "*.example.com" }] }),
  ),
};

const few = { maxLength: 2 };
const spec = fc
  .record({
    endpointSelector: selector,
    ingress: fc.array(allowEntries.ingress, few),
    egress: fc.array(allowEntries.egress, few),
    ingressDeny: fc.array(entry("from", plainPorts), { maxLength: 1 }),
    egressDeny: fc.array(entry("to", plainPorts), { maxLength: 1 }),
    enableDefaultDeny: fc.constantFrom<Fields>({}, { ingress: false }, { egress: false }),
  })
  .map((each): Fields => each);

const network = fc
  .record({
    podSelector: fc.oneof(
      fc.constant({}),
      app.map((value) => ({ matchLabels: { app: value } })),
    ),
    policyTypes: fc.constantFrom(["Ingress"], ["Egress"], ["Ingress", "Egress"]),
    ingress: fc.array(
      app.map((value) => ({ from: [{ podSelector: { matchLabels: { app: value } } }], ports: [{ port: 80 }] })),
      few,
    ),
  })
  .map((each): Fields => each);

export const policy: fc.Arbitrary<Fields> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(namespace, spec).map(([where, each]) => cilium(where, each)) },
  fc
    .tuple(namespace, network)
    .map(([where, each]): Fields => ({ kind: "NetworkPolicy", metadata: { name: "p", namespace: where }, spec: each })),
);

export function cilium(where: string, spec: unknown): Fields {
  return { kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: where }, spec };
}

export const parts: fc.Arbitrary<Parts> = fc.record({
  pods: fc.array(pod, { minLength: 2, maxLength: 4 }).map((pods) => pods.map(named)),
  policies: fc.array(policy, { maxLength: 4 }),
});

function named(pod: Fields, index: number): Fields {
  return { ...pod, metadata: { ...(pod["metadata"] as Fields), name: `pod-${String(index)}` } };
}

const port443 = [{ port: "443", protocol: "TCP" }];

/** What few policies have, and what depends on more than the policies say. */
const seldomEntries: readonly Fields[] = [
  {
    toEntities: ["cluster"],
    toPorts: [{ ports: [{ port: "53" }], rules: { dns: [{ matchPattern: "*.example.com" }] } }],
  },
  { toFQDNs: [{ matchName: "api.example.com" }], toPorts: [{ ports: port443, serverNames: ["api.example.com"] }] },
  { toFQDNs: [{ matchPattern: "*.example.org" }] },
  { toEndpoints: [{}], authentication: { mode: "required" } },
  { toEndpoints: [{}], icmps: [{ fields: [{ type: 8 }] }] },
  { toServices: [{ k8sService: { serviceName: "server" } }], toPorts: [{ ports: [{ port: "80" }] }] },
  { toServices: [{ k8sService: { serviceName: "nowhere" } }] },
  { toCIDRSet: [{ cidrGroupSelector: { matchExpressions: [{ key: "kind", operator: "NotIn", values: ["near"] }] } }] },
  { toCIDRSet: [{ cidrGroupRef: "nowhere" }] },
  { toPorts: [{ ports: [{ protocol: "GRE" }] }] },
];

const wide = (tier: string, direction: Fields): Fields => ({
  kind: "ClusterNetworkPolicy",
  metadata: { name: "p" },
  spec: { tier, priority: 1, subject: { namespaces: { matchLabels: { colour: "blue" } } }, ...direction },
});
const ofNodes = (direction: Fields): Fields => ({
  kind: "CiliumClusterwideNetworkPolicy",
  metadata: { name: "p" },
  spec: { nodeSelector: {}, ...direction },
});

const seldomPolicies: readonly Fields[] = [
  wide("Admin", { egress: [{ action: "Deny", to: [{ networks: ["10.0.0.0/8"] }] }] }),
  wide("Admin", { ingress: [{ action: "Accept", protocols: [{ tcp: { destinationPort: { number: 80 } } }] }] }),
  wide("Baseline", { egress: [{ action: "Accept" }], ingress: [{ action: "Deny" }] }),
  ofNodes({ ingress: [{}] }),
  ofNodes({ egressDeny: [{ toEntities: ["all"] }] }),
];

/** What policies of these worlds refer to. */
export const referred: readonly Fields[] = [
  { kind: "Service", metadata: { name: "server", namespace: "blue" }, spec: { selector: { app: "server" } } },
  {
    kind: "CiliumCIDRGroup",
    metadata: { name: "near", labels: { kind: "near" } },
    spec: { externalCIDRs: ["10.0.0.0/8"] },
  },
];

const seldom: fc.Arbitrary<Fields> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...seldomPolicies) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(namespace, selector, fc.array(fc.constantFrom(...seldomEntries), { minLength: 1, maxLength: 3 }))
      .map(([where, endpointSelector, egress]) => cilium(where, { endpointSelector, egress })),
  },
);

/** Worlds with everything that the engine models, and with what it leaves open. */
export const richParts: fc.Arbitrary<Parts> = fc.record({
  pods: fc.array(pod, { minLength: 2, maxLength: 3 }).map((pods) => pods.map(named)),
  policies: fc.array(fc.oneof(policy, seldom, seldom), { maxLength: 4 }),
});
