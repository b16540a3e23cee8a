/** More cases of the lint rules: what is taken for something else, and what is open further than it seems. */
import { ccnp, closed, cnp, dns, file, knp, pod, type Case } from "./lint-rules.ts";

const web = (spec: string, name = "web"): string =>
  cnp(name, `\n  endpointSelector: { matchLabels: { app: web } }\n${spec.replace(/^\n/, "")}`);

const httpTo = (rule: string): string =>
  web(`
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
      toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules: { http: [${rule}] }
`);

const toName = (selector: string): string =>
  web(`
  egress:
    - toFQDNs: [${selector}]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]
`);

const service = (ports: string): string => `apiVersion: v1
kind: Service
metadata: { name: api, namespace: dev }
spec: { selector: { app: api }, ports: [${ports}] }`;

export const casesOfMeaning: readonly Case[] = [
  {
    code: "lint/node-denied",
    title: "a deny of everybody, of the node on a port that a container has, and of a port without a peer",
    text: file(
      web("  ingressDeny: [{ fromEntities: [all] }]", "everybody"),
      web("  ingressDeny: [{ fromEntities: [host], toPorts: [{ ports: [{ port: http }] }] }]", "node"),
      web(`  ingressDeny: [{ toPorts: [{ ports: [{ port: "8080", protocol: TCP }] }] }]`, "port"),
      pod("web", { ports: ["http=8080"] }),
    ),
    finds: [
      "6 CiliumNetworkPolicy dev/everybody, spec.ingressDeny[0]: this denies the node its own pods, so the kubelet's probes fail",
      "13 CiliumNetworkPolicy dev/node, spec.ingressDeny[0]: this denies the node its own pods, so the kubelet's probes fail",
      "20 CiliumNetworkPolicy dev/port, spec.ingressDeny[0]: this denies the node its own pods, so the kubelet's probes fail",
    ],
  },
  {
    code: "lint/node-denied",
    title: "a deny of other nodes, of a port on which nobody listens, and of the node at egress",
    text: file(
      web("  ingressDeny: [{ fromEntities: [remote-node, world] }]", "others"),
      web(`  ingressDeny: [{ fromEntities: [all], toPorts: [{ ports: [{ port: "22", protocol: TCP }] }] }]`, "shell"),
      web("  egressDeny: [{ toEntities: [host] }]", "out"),
      pod("web", { ports: ["http=8080"] }),
    ),
    finds: [],
  },
  {
    code: "lint/kube-system-closed",
    title: "policies of either kind that isolate all of kube-system",
    text: file(
      knp("all", "  podSelector: {}\n  policyTypes: [Ingress, Egress]").replace(
        "namespace: dev",
        "namespace: kube-system",
      ),
      cnp("dns", "  endpointSelector: {}\n  egress: [{ toEntities: [world] }]", "kube-system"),
    ),
    finds: [
      "5 NetworkPolicy kube-system/all, spec.podSelector: this puts every pod of kube-system into egress and ingress default deny",
      "12 CiliumNetworkPolicy kube-system/dns, spec.endpointSelector: this puts every pod of kube-system into egress default deny",
    ],
  },
  {
    code: "lint/kube-system-closed",
    title: "policies of kube-system that name their pods or isolate nobody, and one of another namespace",
    text: file(
      cnp(
        "metrics",
        "  endpointSelector: { matchLabels: { k8s-app: metrics-server } }\n  ingress: [{}]",
        "kube-system",
      ),
      cnp(
        "allow",
        "  endpointSelector: {}\n  enableDefaultDeny: { egress: false }\n  egress: [{ toEntities: [world] }]",
        "kube-system",
      ),
      closed,
    ),
    finds: [],
  },
  {
    code: "lint/default-deny-without-entry",
    title: "a default deny in a direction without an entry",
    text: file(
      web(`
  enableDefaultDeny: { egress: true, ingress: true }
  ingress: [{ fromEntities: [cluster] }]
  egress: []
`),
    ),
    finds: [
      "6 CiliumNetworkPolicy dev/web, spec.enableDefaultDeny.egress: this closes nothing, because the policy has no egress entry",
    ],
  },
  {
    code: "lint/default-deny-without-entry",
    title: "a default deny with an entry that closes, and one that is off",
    text: file(
      web(`
  enableDefaultDeny: { egress: true, ingress: false }
  egress: [{}]
`),
    ),
    finds: [],
  },
  {
    code: "lint/empty-list",
    title: "empty lists of peers, of names and of ports",
    text: file(
      web(`
  egress:
    - toEndpoints: []
    - toFQDNs: []
      toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]
    - toEntities: [world]
      toPorts: [{ ports: [] }]
  ingressDeny:
    - fromCIDR: []
`),
      knp("to", "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ to: [] }]"),
    ),
    finds: [
      "13 CiliumNetworkPolicy dev/web, spec.ingressDeny[0].fromCIDR: an empty list here denies nobody",
      "7 CiliumNetworkPolicy dev/web, spec.egress[0].toEndpoints: an empty list here allows nobody",
      "8 CiliumNetworkPolicy dev/web, spec.egress[1].toFQDNs: an empty list here allows everyone on these ports",
      "11 CiliumNetworkPolicy dev/web, spec.egress[2].toPorts[0].ports: an empty list here allows no port",
      "21 NetworkPolicy dev/to, spec.egress[0].to: an empty list here allows everyone",
    ],
  },
  {
    code: "lint/empty-list",
    title: "lists with something in them, an empty selector and no list at all",
    text: file(
      web(`
  egress:
    - toEndpoints: [{}]
    - toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]
    - toEntities: [world]
      toFQDNs: []
  ingress: [{}]
`),
      knp("to", "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{}]"),
    ),
    finds: [],
  },
  {
    code: "lint/empty-direction",
    title: "an empty list of entries beside entries of the other direction",
    text: file(
      web(`
  ingress: [{ fromEntities: [cluster] }]
  egress: []
`),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.egress: an empty list says nothing here: egress stays as other policies leave it",
    ],
  },
  {
    code: "lint/empty-direction",
    title: "an empty list in a NetworkPolicy, which closes, and one with `enableDefaultDeny`, which is told there",
    text: file(
      knp("web", "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  ingress: [{}]\n  egress: []"),
      web(`
  enableDefaultDeny: { egress: true }
  ingress: [{ fromEntities: [cluster] }]
  egress: []
`),
    ),
    finds: [],
  },
  {
    code: "lint/foreign-label-source",
    title: "labels of a container and of nobody, in a selector and in a peer",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { "container:app": web } }
  ingress:
    - fromEndpoints:
        - matchExpressions: [{ key: "mesos:app", operator: Exists }]
`,
      ),
    ),
    finds: [
      "5 CiliumNetworkPolicy dev/web, spec.endpointSelector: `container:app` asks for a label of the source `container`, which no pod has",
      "8 CiliumNetworkPolicy dev/web, spec.ingress[0].fromEndpoints[0]: `mesos:app` asks for a label of the source `mesos`, which no pod has",
    ],
  },
  {
    code: "lint/foreign-label-source",
    title: "labels of Kubernetes, of any source and reserved ones",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { "k8s:app": web, "any:tier": front, team: shop } }
  ingress: [{ fromEndpoints: [{ matchLabels: { "reserved:host": "" } }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/namespace-overwritten",
    title: "a policy that names the pods of another namespace",
    text: file(
      cnp(
        "web",
        `\n  endpointSelector: { matchLabels: { app: web, "k8s:io.kubernetes.pod.namespace": uat } }\n  ingress: [{}]\n`,
      ),
      cnp(
        "some",
        `
  endpointSelector:
    matchExpressions: [{ key: io.kubernetes.pod.namespace, operator: In, values: [dev, uat] }]
  ingress: [{}]
`,
      ),
    ),
    finds: [
      "5 CiliumNetworkPolicy dev/web, spec.endpointSelector: Cilium replaces `uat` by `dev`, where the policy stands, so it governs pods there",
      "12 CiliumNetworkPolicy dev/some, spec.endpointSelector: Cilium replaces `dev`, `uat` by `dev`, where the policy stands, so it governs pods there",
    ],
  },
  {
    code: "lint/namespace-overwritten",
    title: "the policy's own namespace, and a clusterwide policy",
    text: file(
      cnp(
        "web",
        `\n  endpointSelector: { matchLabels: { "k8s:io.kubernetes.pod.namespace": dev } }\n  ingress: [{}]\n`,
      ),
      ccnp(
        "all",
        `\n  endpointSelector: { matchLabels: { "k8s:io.kubernetes.pod.namespace": uat } }\n  ingress: [{}]\n`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/api-server-ingress",
    title: "webhooks that only the API server may call, on AKS",
    target: "aks",
    text: file(web("  ingress: [{ fromEntities: [kube-apiserver] }]")),
    finds: [
      "6 CiliumNetworkPolicy dev/web, spec.ingress[0].fromEntities: the API server is outside the cluster and does not call under this name, so this lets nobody in",
    ],
  },
  {
    code: "lint/api-server-ingress",
    title: "the same on kind",
    text: file(web("  ingress: [{ fromEntities: [kube-apiserver] }]")),
    finds: [],
  },
  {
    code: "lint/api-server-ingress",
    title: "webhooks that nodes may call as well, and a way out to the API server",
    target: "aks",
    text: file(
      web(
        "  ingress: [{ fromEntities: [kube-apiserver, host, remote-node] }]\n  egress: [{ toEntities: [kube-apiserver] }]",
      ),
    ),
    finds: [],
  },
  ...(["on", undefined] as const).map((sctp): Case => ({
    code: "lint/sctp-off",
    title: `a port of SCTP${sctp === "on" ? " where the agents let it pass" : ""}`,
    ...(sctp === undefined ? {} : { sctp }),
    text: file(
      web(`
  ingress:
    - toPorts: [{ ports: [{ port: "36412", protocol: SCTP }, { port: "80", protocol: ANY }] }]
`),
      knp("web", "  podSelector: {}\n  ingress: [{ ports: [{ port: 36412, protocol: SCTP }] }]"),
    ),
    finds:
      sctp === "on"
        ? []
        : [
            "7 CiliumNetworkPolicy dev/web, spec.ingress[0].toPorts[0].ports[0].protocol: this does nothing unless SCTP is on in the agents",
            "14 NetworkPolicy dev/web, spec.ingress[0].ports[0].protocol: this does nothing unless SCTP is on in the agents",
          ],
  })),
  {
    code: "lint/sctp-target-port",
    title: "a Service that translates a port of SCTP",
    text: file(service("{ port: 36412, targetPort: 3868, protocol: SCTP }")),
    finds: [
      "4 Service dev/api, spec.ports[0].targetPort: `36412` is to become 3868, and Cilium translates no ports of SCTP",
    ],
  },
  {
    code: "lint/sctp-target-port",
    title: "Services with one number for both, and with two of TCP",
    text: file(service("{ port: 36412, protocol: SCTP }, { port: 80, targetPort: 8080 }")),
    finds: [],
  },
  {
    code: "lint/http-of-everything",
    title: "an HTTP rule that says nothing",
    text: file(httpTo("{}")),
    finds: [
      "10 CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].rules.http[0]: this matches every request, so nothing is kept out",
    ],
  },
  {
    code: "lint/http-of-everything",
    title: "an HTTP rule that says a method",
    text: file(httpTo("{ method: GET }")),
    finds: [],
  },
  {
    code: "lint/method-case",
    title: "methods in small letters",
    text: file(httpTo("{ method: get }, { method: Put|patch }")),
    finds: [
      "10 CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].rules.http[0].method: no request has the method `get`, because methods are written in capitals",
      "10 CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].rules.http[1].method: no request has the method `Put|patch`, because methods are written in capitals",
    ],
  },
  {
    code: "lint/method-case",
    title: "methods in capitals, a method of one's own and an expression",
    text: file(httpTo("{ method: GET }, { method: purge }, { method: '(?i)get' }")),
    finds: [],
  },
  {
    code: "lint/header-without-mismatch",
    title: "a header that a request must have",
    text: file(httpTo("{ headerMatches: [{ name: x-team, value: shop }] }")),
    finds: [
      "10 CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].rules.http[0].headerMatches[0]: a request whose `x-team` does not match is dropped",
    ],
  },
  {
    code: "lint/header-without-mismatch",
    title: "a header that is recorded where it is missing",
    text: file(httpTo("{ headerMatches: [{ name: x-team, value: shop, mismatch: LOG }] }")),
    finds: [],
  },
  {
    code: "lint/dns-cancelled",
    title: "DNS rules for one name beside a plain way to the DNS service",
    text: file(
      cnp("names", `\n  endpointSelector: {}\n  egress:${dns(", rules: { dns: [{ matchName: api.example.org }] }")}\n`),
      cnp("plain", `\n  endpointSelector: {}\n  egress:${dns()}\n`),
    ),
    finds: [
      "8 CiliumNetworkPolicy dev/names, spec.egress[0].toPorts: the DNS rules keep no question back, because cnp dev/plain spec.egress[0] allows the same peers every question on these ports",
    ],
  },
  {
    code: "lint/dns-cancelled",
    title: "DNS rules for every name beside a plain way, and DNS rules alone",
    text: file(
      cnp(
        "listening",
        `\n  endpointSelector: { matchLabels: { app: web } }\n  egress:${dns(`, rules: { dns: [{ matchPattern: "*" }] }`)}\n`,
      ),
      cnp("plain", `\n  endpointSelector: { matchLabels: { app: web } }\n  egress:${dns()}\n`),
      cnp(
        "names",
        `\n  endpointSelector: { matchLabels: { app: api } }\n  egress:${dns(", rules: { dns: [{ matchName: api.example.org }] }")}\n`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/lookalike-name",
    title: "wildcards in the part of a name that anybody may register",
    text: file(
      toName(`{ matchPattern: "*example.org" }, { matchPattern: "*.org" }, { matchPattern: "api.example.*" }`),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.egress[0].toFQDNs[0]: `*example.org` matches names that anybody may register",
      "7 CiliumNetworkPolicy dev/web, spec.egress[0].toFQDNs[1]: `*.org` matches names that anybody may register",
      "7 CiliumNetworkPolicy dev/web, spec.egress[0].toFQDNs[2]: `api.example.*` matches names that anybody may register",
    ],
  },
  {
    code: "lint/lookalike-name",
    title: "a pattern below a registered name, one for every name, and one that Cilium drops",
    text: file(
      toName(`{ matchPattern: "*.example.org" }, { matchPattern: "api-*.example.org" }, { matchPattern: "*" }`),
      cnp("deny", `\n  endpointSelector: {}\n  egressDeny: [{ toFQDNs: [{ matchPattern: "*.onion" }] }]\n`),
    ),
    finds: [],
  },
  {
    code: "lint/wildcard-name",
    title: "a pattern where a name would do",
    text: file(toName(`{ matchPattern: "*.vault.azure.net" }`)),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.egress[0].toFQDNs[0]: `*.vault.azure.net` allows every server of such a name, whoever runs it",
    ],
  },
  {
    code: "lint/wildcard-name",
    title: "an exact name, also where it stands as a pattern, and every name, which is another rule's",
    text: file(
      toName(`{ matchName: ours.vault.azure.net }, { matchPattern: ours.vault.azure.net }, { matchPattern: "*" }`),
    ),
    finds: [],
  },
  {
    code: "lint/literal-address",
    title: "addresses of one network, in each field that takes them",
    text: file(
      web(`
  egress: [{ toCIDR: [203.0.113.7/32] }]
  ingressDeny: [{ fromCIDRSet: [{ cidr: 198.51.100.0/24 }] }]
`),
      knp(
        "web",
        "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ to: [{ ipBlock: { cidr: 10.1.0.0/16 } }] }]",
      ),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.ingressDeny[0].fromCIDRSet[0].cidr: `198.51.100.0/24` is an address of one network, in a policy that others may run elsewhere",
      "6 CiliumNetworkPolicy dev/web, spec.egress[0].toCIDR[0]: `203.0.113.7/32` is an address of one network, in a policy that others may run elsewhere",
      "15 NetworkPolicy dev/web, spec.egress[0].to[0].ipBlock.cidr: `10.1.0.0/16` is an address of one network, in a policy that others may run elsewhere",
    ],
  },
  {
    code: "lint/literal-address",
    title: "a CIDR group, the world with its exceptions, a private block and what is link-local",
    text: file(
      web(`
  egress:
    - toCIDRSet: [{ cidrGroupRef: partners }]
    - toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.1.0.0/16] }]
    - toCIDR: [10.0.0.0/8, 169.254.169.254/32, "::/0"]
`),
      "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: { name: partners }\nspec: { externalCIDRs: [203.0.113.0/24] }",
    ),
    finds: [],
  },
  {
    code: "lint/exception-reopened",
    title: "an exception that the world opens again",
    text: file(
      web("  egress: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.0.0.0/8, 203.0.113.0/24] }] }]", "internet"),
      web("  egress: [{ toEntities: [world] }]", "world"),
      web("  egress: [{ toCIDR: [203.0.0.0/16] }]", "block"),
    ),
    finds: [
      "6 CiliumNetworkPolicy dev/internet, spec.egress[0]: the exception `10.0.0.0/8`, `203.0.113.0/24` keeps nothing out, because cnp dev/world spec.egress[0], cnp dev/block spec.egress[0] allow it to the same pods",
    ],
  },
  {
    code: "lint/exception-reopened",
    title: "allows of a part of the exception, of other pods, on another port, and with the same exception",
    text: file(
      web(
        `  egress: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.0.0.0/8] }], toPorts: [{ ports: [{ port: "443", protocol: TCP }] }] }]`,
        "internet",
      ),
      web("  egress: [{ toCIDR: [10.1.0.0/16] }]", "part"),
      cnp("others", "  endpointSelector: { matchLabels: { app: api } }\n  egress: [{ toEntities: [world] }]"),
      web(`  egress: [{ toEntities: [world], toPorts: [{ ports: [{ port: "80", protocol: TCP }] }] }]`, "port"),
      web("  egress: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.0.0.0/8] }] }]", "same"),
      pod("web"),
      pod("api"),
    ),
    finds: [],
  },
  {
    code: "lint/metadata-reachable",
    title: "the internet without private blocks, with what tells a machine its credentials",
    text: file(web("  egress: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16] }] }]")),
    finds: [
      "6 CiliumNetworkPolicy dev/web, spec.egress[0]: this leaves out private blocks and not 169.254.169.254, where a cloud hands out the node's credentials",
    ],
  },
  {
    code: "lint/metadata-reachable",
    title: "the internet without link-local addresses, the whole world, and a range elsewhere",
    text: file(
      web("  egress: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16] }] }]", "careful"),
      web("  egress: [{ toCIDR: [0.0.0.0/0] }]", "world"),
      web("  egress: [{ toCIDRSet: [{ cidr: 203.0.0.0/8, except: [203.0.113.0/24] }] }]", "elsewhere"),
    ),
    finds: [],
  },
  {
    code: "lint/invalid-name",
    title: "names with capitals and underscores",
    text: file(web("  ingress: [{}]", "readFlightsRule"), knp("read_flights", "  podSelector: {}\n  ingress: [{}]")),
    finds: [
      "3 CiliumNetworkPolicy dev/readFlightsRule, metadata.name: the API server takes no object of the name `readFlightsRule`",
      "10 NetworkPolicy dev/read_flights, metadata.name: the API server takes no object of the name `read_flights`",
    ],
  },
  {
    code: "lint/invalid-name",
    title: "names that are taken, and a label that is none",
    text: file(web("  ingress: [{}]", "read-flights.v2"), pod("web")),
    finds: [],
  },
];
