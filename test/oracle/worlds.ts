/**
 * Worlds: random scenarios for the oracle, made of few words so that rules meet, with everything the engine models and
 * now and then something odd.
 */
import type { Entity, External } from "../../policies/reachability/read/externals.ts";
import { Dice } from "./dice.ts";
import { disturb } from "./disturb.ts";
import type { Pod, Probe, Scenario, Service } from "./scenario.ts";

type Words = Record<string, unknown>;

const namespaces = ["dev", "uat", "apps"] as const;
const apps = ["web", "api", "db"] as const;
const tiers = ["front", "back"] as const;
const teams = ["red", "blue"] as const;
const portNames = ["http", "metrics", "dns", "HTTP"] as const;
const entities = ["host", "remote-node", "kube-apiserver", "world", "health", "ingress", "init", "unmanaged"] as const;
const entityWords = [...entities, "all", "cluster", "cluster-mesh", "none", "world-ipv4", "world-ipv6"] as const;

const externals: readonly External[] = [
  { name: "api", fqdn: "api.example.com", ip: "10.20.1.1" },
  { name: "deep", fqdn: "a.b.example.com", ip: "10.20.1.2" },
  { name: "apex", fqdn: "example.com", ip: "20.9.1.1" },
  { name: "Other", fqdn: "Mail.Other.org", ip: "20.9.1.2" },
  { name: "ip10", ip: "10.20.30.40" },
  { name: "ip10b", ip: "10.99.0.1" },
  { name: "ip8", ip: "8.8.8.8" },
  { name: "metadata", ip: "169.254.169.254" },
  { name: "six", ip: "fd00::20" },
  { name: "wide", ip: "2001:db8::1" },
  ...entities.map((entity: Entity) => ({ name: `e:${entity}`, entity })),
];

const probes: readonly Probe[] = [
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 443 },
  { protocol: "TCP", port: 8080 },
  { protocol: "TCP", port: 81 },
  { protocol: "TCP", port: 53 },
  { protocol: "UDP", port: 53 },
  { protocol: "UDP", port: 8080 },
  { protocol: "SCTP", port: 80 },
  { protocol: "TCP", port: 65535 },
  { protocol: "ICMP", port: 8 },
  { protocol: "ICMP", port: 3 },
  { protocol: "ICMPv6", port: 128 },
];

const cidrs = [
  "10.0.0.0/8",
  "10.20.0.0/16",
  "10.20.30.40/32",
  "10.20.1.0/24",
  "20.9.0.0/16",
  "8.8.8.0/24",
  "0.0.0.0/0",
  "169.254.169.254/32",
  "10.20.30.99/16",
  "fd00::/8",
  "fd00::/64",
  "2001:db8::1/128",
  "::/0",
] as const;
const groupNames = ["partners", "offices"] as const;
const serviceNames = ["shop", "outside"] as const;

/** The world of one seed: the same seed, the same world. */
export function worldOf(seed: number): Scenario {
  const dice = new Dice(seed);
  const used = dice.some(namespaces, 2, 3);
  return {
    namespaces: Object.fromEntries(used.filter(() => dice.happens(0.9)).map((name) => [name, namespaceLabels(dice)])),
    pods: dice.times(3, 6, (index) => podOf(dice, used, index)),
    externals: dice.some(externals, 6, 10),
    policies: dice.times(1, 5, (index) => policyOf(dice, index)),
    probes: dice.some(probes, 5, 8),
    ...(dice.happens(0.6) ? { cidrGroups: groupNames.map((name) => groupOf(dice, name)) } : {}),
    ...(dice.happens(0.6) ? { services: serviceNames.flatMap((name) => servicesOf(dice, used, name)) } : {}),
    ...(dice.happens(0.3) ? { apiServer: dice.pick(["on the pod's node", "outside the cluster"] as const) } : {}),
    ...(dice.happens(0.15) ? { peerScope: "any cluster" as const } : {}),
  };
}

function namespaceLabels(dice: Dice): Record<string, string> {
  return { ...(dice.happens(0.8) ? { team: dice.pick(teams) } : {}), ...(dice.happens(0.2) ? { env: "prod" } : {}) };
}

function podOf(dice: Dice, used: readonly string[], index: number): Pod {
  return {
    namespace: dice.pick(used as [string]),
    name: `pod${String(index)}`,
    labels: {
      app: dice.pick(apps),
      ...(dice.happens(0.7) ? { tier: dice.pick(tiers) } : {}),
      ...(dice.happens(0.2) ? { "app.kubernetes.io/name": dice.pick(apps) } : {}),
      ...(dice.happens(0.2) ? { "pod-template-hash": "x1" } : {}),
      ...(dice.happens(0.1) ? { "statefulset.kubernetes.io/pod-name": "db-0" } : {}),
      // What a person cannot give to a pod, because Cilium gives it.
      ...(dice.happens(0.04) ? { "io.cilium.k8s.policy.serviceaccount": "runner" } : {}),
      ...(dice.happens(0.04) ? { "io.kubernetes.pod.namespace": "uat" } : {}),
      ...(dice.happens(0.04) ? { "io.cilium.k8s.namespace.labels.team": "blue" } : {}),
      ...(dice.happens(0.04) ? { "io.cilium.k8s.policy.cluster": "other" } : {}),
    },
    ...(dice.happens(0.4) ? { serviceAccount: dice.pick(["runner", "reader"]) } : {}),
    ports: dice.times(0, 3, () => ({
      name: dice.pick(portNames),
      protocol: dice.pick(["TCP", "TCP", "UDP"]),
      port: dice.pick([80, 8080, 53]),
    })),
  };
}

function groupOf(dice: Dice, name: string): Words {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumCIDRGroup",
    metadata: { name, labels: { kind: dice.pick(["friend", "foe"]), ...(dice.happens(0.5) ? { zone: "a" } : {}) } },
    spec: { externalCIDRs: dice.some(cidrs, 0, 3) },
  };
}

function servicesOf(dice: Dice, used: readonly string[], name: string): Service[] {
  return used
    .filter(() => dice.happens(0.6))
    .map((namespace) => ({
      namespace,
      name,
      labels: { kind: dice.pick(["friend", "foe"]) },
      selector: dice.happens(0.6)
        ? { app: dice.pick(apps), ...(dice.happens(0.3) ? { tier: dice.pick(tiers) } : {}) }
        : {},
      addresses: dice.some(["10.20.30.40", "8.8.8.8", "10.99.0.1"], 0, 2),
    }));
}

function policyOf(dice: Dice, index: number): Words {
  const metadata = { name: `p${String(index)}` };
  const policy = dice.choose<Words>(
    [3, () => networkPolicy(dice, { ...metadata, namespace: dice.pick(namespaces) })],
    [5, () => ciliumPolicy(dice, "CiliumNetworkPolicy", { ...metadata, namespace: dice.pick(namespaces) })],
    [2, () => ciliumPolicy(dice, "CiliumClusterwideNetworkPolicy", metadata)],
  );
  // Whether names of an object hide addresses is not left open where the object itself is (L1).
  const text = JSON.stringify(policy);
  if (/"(to|from)Nodes"/.test(text) && text.includes('"toFQDNs"')) return policyOf(dice, index);
  return dice.happens(0.12) ? disturb(dice, policy) : policy;
}

// NetworkPolicy

function networkPolicy(dice: Dice, metadata: Words): Words {
  const spec: Words = { podSelector: podSelector(dice) };
  if (dice.happens(0.7)) spec["ingress"] = dice.times(0, 2, () => networkEntry(dice, "from"));
  if (dice.happens(0.6)) spec["egress"] = dice.times(0, 2, () => networkEntry(dice, "to"));
  if (dice.happens(0.7)) spec["policyTypes"] = dice.some(["Ingress", "Egress"], 1, 2);
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec };
}

function networkEntry(dice: Dice, peers: "from" | "to"): Words {
  return {
    ...(dice.happens(0.8) ? { [peers]: dice.times(0, 2, () => networkPeer(dice)) } : {}),
    ...(dice.happens(0.6) ? { ports: dice.times(0, 2, () => networkPort(dice)) } : {}),
  };
}

function networkPeer(dice: Dice): Words {
  return dice.choose<Words>(
    [3, () => ({ podSelector: podSelector(dice) })],
    [2, () => ({ namespaceSelector: namespaceSelector(dice) })],
    [2, () => ({ namespaceSelector: namespaceSelector(dice), podSelector: podSelector(dice) })],
    [2, () => ({ ipBlock: rangeOf(dice) })],
  );
}

function networkPort(dice: Dice): Words {
  const port = dice.choose<Words>(
    [4, () => ({ port: dice.pick([80, 8080, 53, 443]) })],
    [2, () => ({ port: dice.pick(["http", "metrics", "dns"]) })],
    [1, () => ({ port: 80, endPort: dice.pick([80, 443, 8080, 60]) })],
    [1, () => ({})],
  );
  return { ...port, ...(dice.happens(0.7) ? { protocol: dice.pick(["TCP", "UDP", "SCTP"]) } : {}) };
}

function namespaceSelector(dice: Dice): Words {
  return dice.choose<Words>(
    [2, () => ({})],
    [2, () => ({ matchLabels: { team: dice.pick(teams) } })],
    [2, () => ({ matchLabels: { "kubernetes.io/metadata.name": dice.pick(namespaces) } })],
    [1, () => ({ matchExpressions: [expression(dice, "team", teams)] })],
    [
      0.7,
      () => ({
        matchExpressions: [
          expression(dice, "team", teams),
          expression(dice, dice.pick(["kubernetes.io/metadata.name", "env"]), [...namespaces, "prod"]),
        ],
      }),
    ],
  );
}

function rangeOf(dice: Dice): Words {
  return dice.choose<Words>(
    [3, () => ({ cidr: dice.pick(cidrs) })],
    [2, () => ({ cidr: "10.0.0.0/8", except: dice.some(["10.20.0.0/16", "10.20.30.40/32", "10.99.0.0/24"], 0, 2) })],
    [1, () => ({ cidr: "0.0.0.0/0", except: dice.some(["10.20.0.0/16", "8.8.8.8/32", "169.254.169.254/32"], 1, 2) })],
    [0.5, () => ({ cidr: dice.pick(["::/0", "fd00::/8"]), except: ["fd00::/64"] })],
  );
}

// Labels

const plainKeys: readonly (readonly [string, readonly string[]])[] = [
  ["app", apps],
  ["tier", tiers],
  ["app.kubernetes.io/name", apps],
];

function podSelector(dice: Dice): Words {
  return dice.choose<Words>(
    [2, () => ({})],
    [4, () => ({ matchLabels: { app: dice.pick(apps) } })],
    [1, () => ({ matchLabels: { app: dice.pick(apps), tier: dice.pick(tiers) } })],
    [1, () => ({ matchExpressions: [expression(dice, ...dice.pick(plainKeys as [[string, readonly string[]]]))] })],
    [0.3, () => ({ matchLabels: { "pod-template-hash": "x1" } })],
    [0.3, () => ({ matchLabels: { "io.cilium.k8s.policy.serviceaccount": "runner" } })],
    [0.2, () => ({ matchLabels: { "io.cilium.k8s.policy.cluster": "default" } })],
  );
}

function expression(dice: Dice, key: string, values: readonly string[]): Words {
  const operator = dice.pick(["In", "NotIn", "Exists", "DoesNotExist"]);
  const takesValues = operator === "In" || operator === "NotIn";
  return { key, operator, ...(takesValues ? { values: dice.some(values, 1, 2) } : {}) };
}

const namespaceKeys = [
  "k8s:io.kubernetes.pod.namespace",
  "io.kubernetes.pod.namespace",
  "any:io.kubernetes.pod.namespace",
] as const;

function ciliumSelector(dice: Dice): Words {
  const prefix = dice.pick(["", "", "", "k8s:", "any:", "container:"]);
  return dice.choose<Words>(
    [4, () => podSelector(dice)],
    [1, () => ({ matchLabels: { [`${prefix}app`]: dice.pick(apps) } })],
    [2, () => ({ matchLabels: { [dice.pick(namespaceKeys)]: dice.pick(namespaces) } })],
    [1, () => ({ matchLabels: { [dice.pick(namespaceKeys)]: dice.pick(namespaces), app: dice.pick(apps) } })],
    [1, () => ({ matchLabels: { "k8s:io.cilium.k8s.namespace.labels.team": dice.pick(teams) } })],
    [0.5, () => ({ matchLabels: { "io.cilium.k8s.namespace.labels.team": dice.pick(teams) } })],
    [1.5, () => ({ matchExpressions: [expression(dice, dice.pick(namespaceKeys), namespaces)] })],
    [1, () => ({ matchExpressions: [expression(dice, `${prefix}app`, apps)] })],
    [0.5, () => ({ matchLabels: { [`reserved:${dice.pick(entities)}`]: "" } })],
    [0.4, () => ({ matchExpressions: [expression(dice, `reserved:${dice.pick(entities)}`, [""])] })],
    [0.3, () => ({ matchLabels: { "k8s:io.cilium.k8s.policy.cluster": dice.pick(["default", "other"]) } })],
    [0.3, () => ({ matchExpressions: [expression(dice, "io.cilium.k8s.policy.cluster", ["default", "other"])] })],
    [0.3, () => ({ matchLabels: { "k8s:io.cilium.k8s.policy.serviceaccount": dice.pick(["runner", "reader"]) } })],
  );
}

// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy

function ciliumPolicy(dice: Dice, kind: string, metadata: Words): Words {
  const base = { apiVersion: "cilium.io/v2", kind, metadata };
  if (dice.happens(0.2)) return { ...base, specs: dice.times(1, 3, () => ciliumSpec(dice)) };
  return { ...base, spec: ciliumSpec(dice), ...(dice.happens(0.03) ? { specs: [ciliumSpec(dice)] } : {}) };
}

function ciliumSpec(dice: Dice): Words {
  const spec: Words = { endpointSelector: dice.happens(0.8) ? podSelector(dice) : ciliumSelector(dice) };
  const list = (field: string, probability: number, make: () => Words): void => {
    if (dice.happens(probability)) spec[field] = dice.times(dice.happens(0.05) ? 0 : 1, 2, make);
  };
  list("ingress", 0.6, () => ciliumEntry(dice, "ingress", "allow"));
  list("egress", 0.6, () => ciliumEntry(dice, "egress", "allow"));
  list("ingressDeny", 0.2, () => ciliumEntry(dice, "ingress", "deny"));
  list("egressDeny", 0.2, () => ciliumEntry(dice, "egress", "deny"));
  if (dice.happens(0.3)) {
    spec["enableDefaultDeny"] = {
      ...(dice.happens(0.7) ? { ingress: dice.happens(0.3) } : {}),
      ...(dice.happens(0.7) ? { egress: dice.happens(0.3) } : {}),
    };
  }
  if (dice.happens(0.1)) spec["description"] = "a rule";
  if (dice.happens(0.05)) spec["log"] = { value: "seen" };
  if (dice.happens(0.05)) spec["labels"] = [{ key: "owner", value: "me", source: "k8s" }];
  return spec;
}

function ciliumEntry(dice: Dice, direction: "ingress" | "egress", action: "allow" | "deny"): Words {
  const entry: Words = ciliumPeers(dice, direction, action);
  dice.choose(
    [4, () => (entry["toPorts"] = dice.times(dice.happens(0.05) ? 0 : 1, 2, () => toPorts(dice, direction, action)))],
    [3, () => undefined],
    [1, () => (entry["icmps"] = dice.times(1, 1, () => icmp(dice)))],
  );
  if (action === "allow" && dice.happens(0.1)) {
    entry["authentication"] = { mode: dice.pick(["required", "disabled", "test-always-fail", "required"]) };
  }
  return entry;
}

function ciliumPeers(dice: Dice, direction: "ingress" | "egress", action: "allow" | "deny"): Words {
  const prefix = direction === "ingress" ? "from" : "to";
  const least = dice.happens(0.05) ? 0 : 1;
  const ways: [number, () => Words][] = [
    [1.5, () => ({})],
    [5, () => ({ [`${prefix}Endpoints`]: dice.times(least, 2, () => ciliumSelector(dice)) })],
    [2, () => ({ [`${prefix}Entities`]: dice.some(entityWords, least, 3) })],
    [1, () => ({ [`${prefix}CIDR`]: dice.some([...cidrs, "8.8.8.8"], least, 2) })],
    [1.5, () => ({ [`${prefix}CIDRSet`]: dice.times(least, 2, () => cidrRule(dice)) })],
  ];
  if (dice.happens(0.04)) {
    ways.push([5, () => ({ [`${prefix}Nodes`]: [podSelector(dice)] })]);
    ways.push([5, () => ({ [`${prefix}Groups`]: [{ aws: { region: "x", labels: { a: "b" } } }] })]);
  }
  if (direction === "egress") {
    ways.push([1, () => ({ toServices: dice.times(least, 2, () => serviceReference(dice)) })]);
    if (action === "allow") ways.push([2, () => ({ toFQDNs: dice.times(least, 2, () => fqdn(dice)) })]);
  }
  return dice.choose(...ways);
}

function cidrRule(dice: Dice): Words {
  return dice.choose<Words>(
    [3, () => rangeOf(dice)],
    [1, () => ({ cidrGroupRef: dice.pick([...groupNames, "nobody"]) })],
    [0.5, () => ({ cidrGroupRef: dice.pick(groupNames), except: ["10.20.0.0/16"] })],
    [1, () => ({ cidrGroupSelector: groupSelector(dice) })],
  );
}

function groupSelector(dice: Dice): Words {
  return dice.choose<Words>(
    [2, () => ({ matchLabels: { kind: dice.pick(["friend", "foe"]) } })],
    [1, () => ({ matchExpressions: [expression(dice, "kind", ["friend", "foe"])] })],
    [1, () => ({ matchExpressions: [expression(dice, "zone", ["a"])] })],
  );
}

function serviceReference(dice: Dice): Words {
  const where = dice.happens(0.7) ? { namespace: dice.pick(namespaces) } : {};
  return dice.choose<Words>(
    [2, () => ({ k8sService: { serviceName: dice.pick(serviceNames), ...where } })],
    [
      1,
      () => ({ k8sServiceSelector: { selector: { matchLabels: { kind: dice.pick(["friend", "foe"]) } }, ...where } }),
    ],
  );
}

function fqdn(dice: Dice): Words {
  return dice.choose<Words>(
    [2, () => ({ matchName: dice.pick(["api.example.com", "example.com", "API.Example.Com", "mail.other.org"]) })],
    [
      2,
      () => ({
        matchPattern: dice.pick([
          "*.example.com",
          "**.example.com",
          "*",
          "a*.example.com",
          "*example.com",
          "*.com",
          "api.*",
          "api.*.*",
          "api.example.com",
        ]),
      }),
    ],
  );
}

function icmp(dice: Dice): Words {
  return {
    fields: dice.times(1, 2, () => ({
      type: dice.pick<unknown>([8, 3, "EchoRequest", "DestinationUnreachable", 128, "8", 0]),
      ...(dice.happens(0.4) ? { family: dice.pick(["IPv4", "IPv6"]) } : {}),
    })),
  };
}

function toPorts(dice: Dice, direction: "ingress" | "egress", action: "allow" | "deny"): Words {
  const plain = (): Words => ({ ports: dice.times(dice.happens(0.05) ? 0 : 1, 2, () => ciliumPort(dice)) });
  const tcp = (): Words[] =>
    dice.times(1, 2, () => ({ port: dice.pick(["80", "8080", "443", "http"]), protocol: "TCP" }));
  if (action === "deny") return plain();
  return dice.choose<Words>(
    [5, plain],
    [2, () => ({ ports: tcp(), rules: { http: dice.times(dice.happens(0.1) ? 0 : 1, 2, () => http(dice)) } })],
    [1, () => ({ ports: tcp(), serverNames: dice.some(["a.example.com", "*.example.com", "b.org"], 1, 2) })],
    [
      direction === "egress" ? 1.5 : 0.1,
      () => ({
        ports: [{ port: dice.pick(["53", "53", "dns"]), protocol: dice.pick(["UDP", "ANY", "TCP"]) }],
        rules: { dns: dice.times(1, 2, () => fqdn(dice)) },
      }),
    ],
    [0.3, () => ({ ...plain(), rules: {} })],
    [
      0.3,
      () => ({
        ports: tcp(),
        terminatingTLS: secret("in"),
        originatingTLS: secret("out"),
        rules: { http: [http(dice)] },
      }),
    ],
    [0.2, () => ({ ports: tcp(), originatingTLS: secret("out") })],
    [
      direction === "egress" ? 0.3 : 0.02,
      () => ({
        ports: tcp(),
        listener: {
          envoyConfig: { ...(dice.happens(0.5) ? { kind: "CiliumEnvoyConfig" } : {}), name: "proxy" },
          name: dice.pick(["inside", "outside"]),
          ...(dice.happens(0.3) ? { priority: dice.pick([1, 50, 100]) } : {}),
        },
      }),
    ],
    [
      0.2,
      () => ({
        ports: tcp(),
        terminatingTLS: secret("in"),
        serverNames: ["a.example.com"],
        rules: { http: [http(dice)] },
      }),
    ],
  );
}

function secret(name: string): Words {
  return { secret: { namespace: "dev", name } };
}

function ciliumPort(dice: Dice): Words {
  const port = dice.choose<Words>(
    [4, () => ({ port: dice.pick(["80", "8080", "53", "443"]) })],
    [2, () => ({ port: dice.pick(["http", "metrics", "dns", "HTTP"]) })],
    [1, () => ({ port: "80", endPort: dice.pick([80, 81, 443, 8080, 60]) })],
    [1, () => ({ port: dice.pick(["443", "81", "53", "1"]), endPort: dice.pick([443, 8080, 65535]) })],
    [0.4, () => ({ port: dice.pick(["http", "dns"]), endPort: dice.pick([80, 443, 65535]) })],
    [1, () => ({ port: "0" })],
    [0.2, () => ({ port: dice.pick(["080", "0x50", "65535", "65536", "-1", ""]) })],
  );
  return {
    ...port,
    ...(dice.happens(0.7) ? { protocol: dice.pick(["TCP", "UDP", "SCTP", "ANY", "TCP", "tcp"]) } : {}),
    ...(dice.happens(0.01) ? { protocol: dice.pick(["VRRP", "GRE", "esp"]), port: dice.pick(["0", ""]) } : {}),
  };
}

function http(dice: Dice): Words {
  return dice.choose<Words>(
    [3, () => ({ method: dice.pick(["GET", "POST"]) })],
    [2, () => ({ path: dice.pick(["/health", "/api/.*"]), method: "GET" })],
    [1, () => ({})],
    [1, () => ({ host: "a.example.com", headers: ["X-Token 1"] })],
    [0.5, () => ({ headerMatches: [{ name: "X-Key", value: "1", mismatch: dice.pick(["LOG", "DELETE"]) }] })],
  );
}
