/**
 * Wide worlds: small random ones with everything that policies can say, sense or not.
 */
import fc from "fast-check";

import { readWorld, type External, type World } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { namespaceObjects, parts } from "./worlds.ts";

const externals: readonly External[] = [
  { name: "near", ip: "10.0.0.1" },
  { name: "far", ip: "8.8.8.8" },
  { name: "six", ip: "2001:db8::1" },
  { name: "named", fqdn: "api.example.com", ip: "10.0.0.2" },
  { name: "nameless", fqdn: "www.example.org" },
  { name: "deep", fqdn: "a.b.example.com", ip: "10.1.0.1" },
  { name: "node", entity: "host" },
  { name: "other node", entity: "remote-node" },
  { name: "api", entity: "kube-apiserver" },
  { name: "world", entity: "world" },
];

const some = (...fields: Fields[]): fc.Arbitrary<Fields> => fc.constantFrom(...fields);

const selector = some(
  {},
  { matchLabels: { app: "client" } },
  { matchLabels: { app: "server", tier: "a" } },
  { matchLabels: { "k8s:io.kubernetes.pod.namespace": "green" } },
  { matchLabels: { "reserved:host": "" } },
  { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }] },
  { matchExpressions: [{ key: "app", operator: "In", values: ["server", "nobody"] }] },
  { matchExpressions: [{ key: "colour", operator: "Exists" }] },
  { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] },
);

const rangeSet = some(
  { cidr: "10.0.0.0/8" },
  { cidr: "10.0.0.0/8", except: ["10.0.0.0/30"] },
  { cidr: "0.0.0.0/0", except: ["8.0.0.0/8"] },
  { cidr: "2001:db8::/32" },
  { cidrGroupRef: "elsewhere" },
);

const names = some(
  { matchName: "api.example.com" },
  { matchPattern: "*.example.com" },
  { matchPattern: "**.example.com" },
  { matchPattern: "*" },
);

const few = { minLength: 1, maxLength: 2 };

function listed(field: string, each: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> {
  return fc.array(each, few).map((list) => ({ [field]: list }));
}

const entities = fc.constantFrom("world", "cluster", "host", "all", "kube-apiserver", "remote-node");

function peers(prefix: "from" | "to"): fc.Arbitrary<Fields> {
  const always = [
    fc.constant({}),
    listed(`${prefix}Endpoints`, selector),
    listed(`${prefix}Entities`, entities),
    listed(`${prefix}CIDR`, fc.constantFrom("10.0.0.0/8", "10.0.0.0/30", "0.0.0.0/0", "::/0")),
    listed(`${prefix}CIDRSet`, rangeSet),
    fc.constant({ [`${prefix}Groups`]: [{ aws: {} }] }),
  ];
  return prefix === "from" ? fc.oneof(...always) : fc.oneof(...always, listed("toFQDNs", names));
}

const port = some(
  { port: "80", protocol: "TCP" },
  { port: "79", endPort: 90, protocol: "TCP" },
  { port: "web", protocol: "TCP" },
  { port: "web" },
  { port: "53" },
  { port: "0", protocol: "UDP" },
  { port: "0" },
);

const l7 = some(
  { ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } },
  { ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ path: "/health" }, {}] } },
  { ports: [{ port: "53", protocol: "UDP" }], rules: { dns: [{ matchPattern: "*.example.com" }] } },
  { ports: [{ port: "443", protocol: "TCP" }], serverNames: ["api.example.com"] },
  { ports: [{ port: "80", protocol: "TCP" }], serverNames: ["api.example.com"] },
);

const plainPorts = fc.record({ ports: fc.array(port, { maxLength: 2 }) });
const icmps: Fields = { icmps: [{ fields: [{ family: "IPv4", type: 8 }] }] };

function ports(kind: "allow" | "deny"): fc.Arbitrary<Fields> {
  const toPorts = kind === "deny" ? plainPorts : fc.oneof(plainPorts, l7);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.constant(icmps) },
    { weight: 4, arbitrary: listed("toPorts", toPorts) },
  );
}

const authentication = some({}, {}, { authentication: { mode: "required" } }, { authentication: { mode: "disabled" } });

const merged = (all: readonly Fields[]): Fields => Object.assign({}, ...all) as Fields;
const allows = (prefix: "from" | "to"): fc.Arbitrary<Fields> =>
  fc.tuple(peers(prefix), ports("allow"), authentication).map(merged);
const denies = (prefix: "from" | "to"): fc.Arbitrary<Fields> => fc.tuple(peers(prefix), ports("deny")).map(merged);

const spec = fc
  .record({
    endpointSelector: selector,
    ingress: fc.array(allows("from"), { maxLength: 2 }),
    egress: fc.array(allows("to"), { maxLength: 2 }),
    ingressDeny: fc.array(denies("from"), { maxLength: 1 }),
    egressDeny: fc.array(denies("to"), { maxLength: 1 }),
    enableDefaultDeny: some({}, {}, { ingress: false }, { egress: false }),
  })
  .map((each): Fields => each);

const namespace = fc.constantFrom("blue", "green");

const dnsRule: Fields = {
  toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns" } }],
  toPorts: [{ ports: [{ port: "53", protocol: "UDP" }], rules: { dns: [{ matchPattern: "*.example.com" }] } }],
};

function object(kind: string, where: string | undefined, spec: Fields): Fields {
  return { kind, metadata: { name: "p", ...(where === undefined ? {} : { namespace: where }) }, spec };
}

const ipBlocks = fc.record({
  podSelector: some({}, { matchLabels: { app: "server" } }),
  ingress: listed(
    "from",
    rangeSet.map((ipBlock) => ({ ipBlock })),
  ).map((entry) => [entry]),
});

const policy = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(namespace, spec).map(([where, each]) => object("CiliumNetworkPolicy", where, each)),
  },
  { weight: 2, arbitrary: spec.map((each) => object("CiliumClusterwideNetworkPolicy", undefined, each)) },
  { weight: 1, arbitrary: fc.tuple(namespace, ipBlocks).map(([where, each]) => object("NetworkPolicy", where, each)) },
  {
    weight: 1,
    arbitrary: some(
      object("CiliumNetworkPolicy", "blue", { endpointSelector: {}, egress: [dnsRule] }),
      object("CiliumNetworkPolicy", "blue", { endpointSelector: {}, ingress: [{ fromNodes: [{}] }] }),
      object("CiliumClusterwideNetworkPolicy", undefined, { nodeSelector: {}, ingress: [{ fromEntities: ["world"] }] }),
      {
        ...object("ClusterNetworkPolicy", undefined, {
          tier: "Baseline",
          priority: 1,
          subject: { namespaces: {} },
          ingress: [{ action: "Deny", from: [{ namespaces: {} }] }],
        }),
        apiVersion: "policy.networking.k8s.io/v1alpha2",
      },
    ),
  },
);

/** Whatever was read; what Cilium refuses has no rules. */
export const wideWorlds: fc.Arbitrary<World> = fc
  .record({
    pods: parts.map((each) => each.pods),
    policies: fc.array(policy, { maxLength: 5 }),
    cilium: fc.constantFrom("1.18", "1.19", "1.20", "1.20"),
    names: fc.constantFrom("known", "as learned"),
    apiServer: fc.constantFrom("on another node", "on the pod's node", "outside the cluster"),
  } as const)
  .map(({ pods, policies, ...given }) => {
    const manifests = [...namespaceObjects, ...pods, ...policies].map((each) => ({ object: each }));
    return readWorld({ manifests, externals, ...given }).world;
  });
