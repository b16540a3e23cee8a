/** Cases of the lint rules: manifests, and what the rule with this code says of them. */
import type { CiliumVersion } from "../policies/reachability/model.ts";

export interface Case {
  readonly code: string;
  /** Continues "find" or, where nothing is found, "leave alone". */
  readonly title: string;
  readonly text: string;
  /** `line object, field: what`, all of them. */
  readonly finds: readonly string[];
  readonly cilium?: CiliumVersion;
  readonly meshAuthentication?: "on";
  readonly sctp?: "on";
  readonly target?: "aks";
}

/** Documents of one file; the first begins at line 1, each `---` takes a line. */
export function file(...documents: readonly string[]): string {
  return documents.map((each) => each.replace(/^\n/, "").trimEnd()).join("\n---\n");
}

export function cnp(name: string, spec: string, namespace = "dev"): string {
  return `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
${spec.replace(/^\n/, "").trimEnd()}`;
}

export function ccnp(name: string, spec: string): string {
  return `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: ${name} }
spec:
${spec.replace(/^\n/, "").trimEnd()}`;
}

export function knp(name: string, spec: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: dev }
spec:
${spec.replace(/^\n/, "").trimEnd()}`;
}

/** A pod with the label `app`, and named ports like `web=8080`. */
export function pod(
  app: string,
  { namespace = "dev", ports = [], more = "" }: { namespace?: string; ports?: readonly string[]; more?: string } = {},
): string {
  const listed = ports.map((port) => {
    const [name = "", number = ""] = port.split("=");
    return `{ name: ${name}, containerPort: ${number} }`;
  });
  return `apiVersion: v1
kind: Pod
metadata: { name: ${app}, namespace: ${namespace}, labels: { app: ${app} } }
spec: { ${more}containers: [{ name: main, image: example.invalid/main:1, ports: [${listed.join(", ")}] }] }`;
}

export const closed = knp(
  "closed",
  `
  podSelector: {}
  policyTypes: [Ingress, Egress]
`,
);

export const dns = (rules = ""): string => `
    - toEndpoints: [{ matchLabels: { k8s-app: kube-dns, io.kubernetes.pod.namespace: kube-system } }]
      toPorts: [{ ports: [{ port: "53", protocol: ANY }]${rules} }]`;

const dnsPod = `apiVersion: v1
kind: Pod
metadata: { name: coredns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec: { containers: [{ name: main, image: example.invalid/main:1 }] }`;

export const cases: readonly Case[] = [
  {
    code: "lint/deny-beats-allow",
    title: "a deny of 0.0.0.0/0 beside allows by name, by range and of the world",
    text: file(
      cnp(
        "names",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress:
    - toFQDNs: [{ matchName: partner.example }, { matchPattern: "*.example.org" }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]
    - toCIDR: [192.0.2.0/24]
    - toEntities: [world]
    - toEntities: [kube-apiserver]
`,
      ),
      cnp(
        "nothing-outside",
        `
  endpointSelector: {}
  egressDeny:
    - toCIDR: [0.0.0.0/0]
`,
      ),
    ),
    finds: [
      "19 CiliumNetworkPolicy dev/nothing-outside, spec.egressDeny[0]: this denies everything outside the cluster, and a deny wins over every allow, so these allow nothing: cnp dev/names spec.egress[0] (partner.example, *.example.org), cnp dev/names spec.egress[1], cnp dev/names spec.egress[2]",
    ],
  },
  {
    code: "lint/deny-beats-allow",
    title: "a deny of pods that all that is allowed are",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress: [{ toEndpoints: [{ matchLabels: { app: db } }] }]
`,
      ),
      ccnp(
        "guard",
        `
  endpointSelector: { matchLabels: { app: api } }
  enableDefaultDeny: { egress: false }
  egressDeny:
    - toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: dev } }]
`,
      ),
      pod("api"),
      pod("db"),
    ),
    finds: [
      "15 CiliumClusterwideNetworkPolicy guard, spec.egressDeny[0]: a deny wins over every allow, so these allow nothing: cnp dev/api spec.egress[0]",
    ],
  },
  {
    code: "lint/deny-beats-allow",
    title: "denies that leave some of what is allowed: other pods, other ports, an exception, IPv6 only",
    text: file(
      cnp(
        "names",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress:
    - toFQDNs: [{ matchName: partner.example }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]
    - toCIDR: [192.0.2.0/24]
`,
      ),
      cnp(
        "some",
        `
  endpointSelector: { matchLabels: { app: db } }
  egressDeny: [{ toCIDR: [0.0.0.0/0] }]
`,
      ),
      cnp(
        "mail",
        `
  endpointSelector: {}
  egressDeny: [{ toEntities: [world], toPorts: [{ ports: [{ port: "25", protocol: TCP }] }] }]
`,
      ),
      cnp(
        "except",
        `
  endpointSelector: {}
  egressDeny: [{ toCIDRSet: [{ cidr: 0.0.0.0/0, except: [192.0.2.0/24] }] }]
`,
      ),
      cnp(
        "six",
        `
  endpointSelector: {}
  egressDeny: [{ toCIDR: ["::/0"] }]
`,
      ),
      pod("api"),
      pod("db"),
    ),
    finds: [],
  },
  {
    code: "lint/deny-of-nobody",
    title: "a deny whose names Cilium drops",
    text: file(
      cnp(
        "names",
        `
  endpointSelector: {}
  egressDeny:
    - toFQDNs: [{ matchPattern: "*.onion" }]
`,
      ),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/names, spec.egressDeny[0]: this names nobody that Cilium could deny, so it only puts its pods into egress default deny",
    ],
  },
  {
    code: "lint/deny-of-nobody",
    title: "a deny of ports, which is for everyone",
    text: file(
      cnp(
        "mail",
        `
  endpointSelector: {}
  egressDeny: [{ toPorts: [{ ports: [{ port: "25", protocol: TCP }] }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/deny-isolates",
    title: "a guardrail that isolates as well",
    text: file(
      cnp(
        "guard",
        `
  endpointSelector: {}
  egressDeny: [{ toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: uat } }] }]
`,
      ),
    ),
    finds: [
      "6 CiliumNetworkPolicy dev/guard, spec.egressDeny: these denies also put their pods into egress default deny: what no other policy allows is closed as well",
    ],
  },
  {
    code: "lint/deny-isolates",
    title: "a deny that says whether it isolates, and one beside an allow",
    text: file(
      cnp(
        "guard",
        `
  endpointSelector: {}
  enableDefaultDeny: { egress: false }
  egressDeny: [{ toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: uat } }] }]
`,
      ),
      cnp(
        "but",
        `
  endpointSelector: {}
  ingress: [{ fromEntities: [cluster] }]
  ingressDeny: [{ fromEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: uat } }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/deny-isolates",
    title: "a guardrail of pods that another policy isolates",
    text: file(
      closed,
      ccnp(
        "guard",
        `
  endpointSelector: { matchLabels: { io.kubernetes.pod.namespace: dev } }
  egressDeny: [{ toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: uat } }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/deny-of-pod-range",
    title: "a deny of private blocks",
    text: file(
      cnp(
        "lateral",
        `
  endpointSelector: {}
  egressDeny:
    - toCIDR: [10.0.0.0/8, 192.168.0.0/16]
`,
      ),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/lateral, spec.egressDeny[0].toCIDR: `10.0.0.0/8`, `192.168.0.0/16`: ranges cover neither pods nor nodes, so this denies nobody inside the cluster, and only puts its pods into egress default deny",
    ],
  },
  {
    code: "lint/deny-of-pod-range",
    title: "a deny of one private network, and an allow of a block",
    text: file(
      cnp(
        "office",
        `
  endpointSelector: {}
  egress: [{ toCIDR: [10.0.0.0/8] }]
  egressDeny: [{ toCIDR: [10.20.0.0/16, 203.0.113.0/24] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/system-isolated",
    title: "a clusterwide policy that closes the DNS service in both directions",
    text: file(
      ccnp(
        "baseline",
        `
  endpointSelector: {}
  ingress: [{ fromEntities: [host] }]
  egress: [{ toEntities: [kube-apiserver] }]
`,
      ),
    ),
    finds: [
      "5 CiliumClusterwideNetworkPolicy baseline, spec.endpointSelector: this puts the pods of kube-system into egress default deny too: kube-system/kube-dns cannot ask any server upstream, so no name outside the cluster resolves",
      "5 CiliumClusterwideNetworkPolicy baseline, spec.endpointSelector: this puts the pods of kube-system into ingress default deny too: kube-system/kube-dns cannot be asked by applications, so no name resolves",
    ],
  },
  {
    code: "lint/system-isolated",
    title:
      "a clusterwide policy that leaves kube-system out, one that isolates nobody, and one that names the DNS service",
    text: file(
      ccnp(
        "elsewhere",
        `
  endpointSelector:
    matchExpressions: [{ key: io.kubernetes.pod.namespace, operator: NotIn, values: [kube-system] }]
  egress: [{ toEntities: [kube-apiserver] }]
`,
      ),
      ccnp(
        "guard",
        `
  endpointSelector: {}
  enableDefaultDeny: { egress: false }
  egressDeny: [{ toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: uat } }] }]
`,
      ),
      ccnp(
        "dns",
        `
  endpointSelector: { matchLabels: { k8s-app: kube-dns } }
  egress: [{ toEntities: [kube-apiserver] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/system-isolated",
    title: "a clusterwide policy that lets the DNS service out to its upstream server",
    text: file(
      ccnp(
        "baseline",
        `
  endpointSelector: {}
  egress: [{ toEntities: [cluster] }, { toCIDR: [192.0.2.53/32], toPorts: [{ ports: [{ port: "53", protocol: ANY }] }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/empty-entry",
    title: "an ingress entry that looks as if it opened",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: {}
  ingress:
    - {}
`,
      ),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.ingress[0]: `{}` allows nobody here and only isolates, while in a NetworkPolicy it allows everything",
    ],
  },
  {
    code: "lint/empty-entry",
    title: "an empty entry of a policy that says that it closes, and of a NetworkPolicy",
    text: file(
      cnp(
        "default-deny",
        `
  endpointSelector: {}
  ingress: [{}]
`,
      ),
      knp(
        "web",
        `
  podSelector: {}
  ingress: [{}]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/one-sided-edge",
    title: "an ingress rule of a NetworkPolicy and an egress rule whose other side is isolated",
    text: file(
      closed,
      knp(
        "api-in",
        `
  podSelector: { matchLabels: { app: api } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: 8080 }]
`,
      ),
      cnp(
        "api-out",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress:
    - toEndpoints:
        - matchLabels: { app: db }
      toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
`,
      ),
      pod("api"),
      pod("web"),
      pod("db"),
    ),
    finds: [
      "14 NetworkPolicy dev/api-in, spec.ingress[0].from[0]: this line alone opens nothing: dev/web is isolated at egress by knp dev/closed spec.egress, and nothing there allows it to dev/api",
      "24 CiliumNetworkPolicy dev/api-out, spec.egress[0].toEndpoints[0]: this line alone opens nothing: dev/db is isolated at ingress by knp dev/closed spec.ingress, and nothing there allows it from dev/api",
    ],
  },
  {
    code: "lint/one-sided-edge",
    title: "two sides of which one allows more ports, a whole namespace, and another side that nothing isolates",
    text: file(
      cnp(
        "api-in",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: web } }]
      toPorts: [{ ports: [{ port: "8080", protocol: TCP }, { port: "9090", protocol: TCP }] }]
`,
      ),
      cnp(
        "web-out",
        `
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
      toPorts: [{ ports: [{ port: "8080", protocol: TCP }] }]
    - toEndpoints: [{}]
      toPorts: [{ ports: [{ port: "7070", protocol: TCP }] }]
    - toEndpoints: [{ matchLabels: { app: db } }]
`,
      ),
      pod("api"),
      pod("web"),
      pod("db"),
    ),
    finds: [],
  },
  {
    code: "lint/selects-nobody",
    title: "a misspelt label, a namespace that was forgotten and one that does not exist",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: apii } }
  ingress:
    - fromEndpoints:
        - matchLabels: { app: gateway }
        - matchLabels: { app: gateway, io.kubernetes.pod.namespace: entranc }
`,
      ),
      pod("api"),
      pod("gateway", { namespace: "entrance" }),
    ),
    finds: [
      "5 CiliumNetworkPolicy dev/api, spec.endpointSelector: this selects no workload among the manifests: `app: apii`",
      "8 CiliumNetworkPolicy dev/api, spec.ingress[0].fromEndpoints[0]: this peer is no workload among the manifests: `app: gateway`",
      "9 CiliumNetworkPolicy dev/api, spec.ingress[0].fromEndpoints[1]: this peer is no workload among the manifests: `app: gateway`",
    ],
  },
  {
    code: "lint/selects-nobody",
    title: "peers in namespaces of which the manifests hold nothing, in those of the system, and pods that exist",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress: [{ fromEndpoints: [{ matchLabels: { app: gateway, io.kubernetes.pod.namespace: entrance } }] }]
  egress: [{ toEndpoints: [{ matchLabels: { k8s-app: metrics-server, io.kubernetes.pod.namespace: kube-system } }] }]
`,
      ),
      pod("api"),
      pod("coredns", { namespace: "kube-system" }),
    ),
    finds: [],
  },
  {
    code: "lint/control-plane-pod",
    title: "a policy of the API server's pod",
    text: file(
      cnp(
        "api-server",
        `
  endpointSelector: { matchLabels: { component: kube-apiserver } }
  ingress: [{ fromEntities: [cluster] }]
`,
        "kube-system",
      ),
    ),
    finds: [
      "5 CiliumNetworkPolicy kube-system/api-server, spec.endpointSelector: `component: kube-apiserver` selects nobody: the control plane's pods use the network of their node, and a managed one has none",
    ],
  },
  {
    code: "lint/control-plane-pod",
    title: "another component, and a pod of that name elsewhere",
    text: file(
      cnp(
        "cache",
        `
  endpointSelector: { matchLabels: { component: cache } }
  ingress: [{ fromEndpoints: [{ matchLabels: { component: etcd } }] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/host-network-pod",
    title: "a policy of a pod on the network of its node",
    text: file(
      cnp(
        "agent",
        `
  endpointSelector: { matchLabels: { app: agent } }
  ingress: [{ fromEntities: [cluster] }]
`,
      ),
      pod("agent", { more: "hostNetwork: true, " }),
    ),
    finds: [
      "5 CiliumNetworkPolicy dev/agent, spec.endpointSelector: dev/agent uses the network of the node, so this selects nobody",
    ],
  },
  {
    code: "lint/host-network-pod",
    title: "a selector that also selects a pod with a network of its own",
    text: file(
      cnp(
        "all",
        `
  endpointSelector: { matchExpressions: [{ key: app, operator: In, values: [agent, api] }] }
  ingress: [{ fromEntities: [cluster] }]
`,
      ),
      pod("agent", { more: "hostNetwork: true, " }),
      pod("api"),
    ),
    finds: [],
  },
  ...(["80", "8080"] as const).map((port): Case => ({
    code: "lint/service-port",
    title: port === "80" ? "the port of a Service" : "the target port of a Service",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: {}
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
      toPorts: [{ ports: [{ port: "${port}", protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["web=8080"] }),
      `apiVersion: v1
kind: Service
metadata: { name: api, namespace: dev }
spec: { selector: { app: api }, ports: [{ port: 80, targetPort: web }] }`,
    ),
    finds:
      port === "80"
        ? [
            "8 CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].ports[0].port: `80` is the port of the Service dev/api, whose pods listen on 8080: policy sees the pod's port",
          ]
        : [],
  })),
  {
    code: "lint/service-port",
    title: "the port of a Service beside its target port, and one that the pod has itself",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - toPorts: [{ ports: [{ port: "80", protocol: TCP }, { port: "8080", protocol: TCP }] }]
    - toPorts: [{ ports: [{ port: "9090", protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["web=8080", "metrics=9090"] }),
      `apiVersion: v1
kind: Service
metadata: { name: api, namespace: dev }
spec: { selector: { app: api }, ports: [{ name: a, port: 80, targetPort: web }, { name: b, port: 9090, targetPort: web }] }`,
    ),
    finds: [],
  },
  {
    code: "lint/unknown-port-name",
    title: "a name that no container declares",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - toPorts: [{ ports: [{ port: htpp, protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["http=8080"] }),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].ports[0].port: no port of dev/api is called `htpp`, so this matches nothing",
    ],
  },
  {
    code: "lint/unknown-port-name",
    title: "a name in other letters, and one of pods that are not among the manifests",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress: [{ toPorts: [{ ports: [{ port: HTTP, protocol: TCP }] }] }]
  egress:
    - toEndpoints: [{ matchLabels: { app: db, io.kubernetes.pod.namespace: data } }]
      toPorts: [{ ports: [{ port: postgres, protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["http=8080"] }),
    ),
    finds: [],
  },
  {
    code: "lint/ambiguous-port-name",
    title: "a name with two numbers in one pod",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - toPorts: [{ ports: [{ port: http, protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["http=8080", "http=8081"] }),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].ports[0].port: dev/api calls 8080 and 8081 `http`, and only 8081 counts",
    ],
  },
  ...(["1.19", "1.20"] as const).map((cilium): Case => ({
    code: "lint/ambiguous-port-name",
    title: `a name that two pods give to two numbers, with Cilium ${cilium}`,
    cilium,
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: web } }
  egressDeny:
    - toEndpoints: [{ matchLabels: { app: api } }]
      toPorts: [{ ports: [{ port: http, protocol: TCP }] }]
`,
      ),
      pod("api", { ports: ["http=8080"] }),
      pod("db", { ports: ["http=9090"] }),
    ),
    finds:
      cilium === "1.19"
        ? [
            "8 CiliumNetworkPolicy dev/api, spec.egressDeny[0].toPorts[0].ports[0].port: `http` is 8080 and 9090 in this cluster, so before Cilium 1.20 the whole deny is lost",
          ]
        : [],
  })),
  ...([30443, 30444] as const).map((port): Case => ({
    code: "lint/node-port-clash",
    title: port === 30443 ? "a node port that another Service has" : "two node ports, and one for two protocols",
    text: file(
      `apiVersion: v1
kind: Service
metadata: { name: a, namespace: dev }
spec: { type: NodePort, selector: { app: a }, ports: [{ port: 443, nodePort: 30443 }] }`,
      `apiVersion: v1
kind: Service
metadata: { name: b, namespace: uat }
spec:
  type: NodePort
  selector: { app: b }
  ports:
    - { name: tcp, port: 443, nodePort: ${String(port)} }
    - { name: udp, port: 443, nodePort: 30443, protocol: UDP }`,
    ),
    finds: port === 30443 ? ["13 Service uat/b, spec.ports[0].nodePort: `30443` is the node port of dev/a too"] : [],
  })),
  {
    code: "lint/http-on-tls-port",
    title: "HTTP rules on 443",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toFQDNs: [{ matchName: partner.example }]
      toPorts:
        - ports: [{ port: "443", protocol: TCP }]
          rules:
            http: [{ method: GET }]
`,
      ),
    ),
    finds: [
      "11 CiliumNetworkPolicy dev/api, spec.egress[0].toPorts[0].rules.http: HTTP rules on port `443`, where clients speak TLS: the proxy sees no request in it, so every call fails",
    ],
  },
  {
    code: "lint/http-on-tls-port",
    title: "HTTP rules where TLS ends, server names on 443 and HTTP rules on 8080",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toPorts:
        - ports: [{ port: "443", protocol: TCP }]
          terminatingTLS: { secret: { name: inner, namespace: dev } }
          originatingTLS: { secret: { name: outer, namespace: dev } }
          rules: { http: [{ method: GET }] }
    - toPorts: [{ ports: [{ port: "443", protocol: TCP }], serverNames: [partner.example] }]
    - toPorts: [{ ports: [{ port: "8080", protocol: TCP }], rules: { http: [{ method: GET }] } }]
`,
      ),
    ),
    finds: [],
  },
  ...(["8080", "8081"] as const).map((port): Case => ({
    code: "lint/http-cancelled",
    title: `HTTP rules on 8080 beside a plain allow of ${port}`,
    text: file(
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: web } }]
      toPorts: [{ ports: [{ port: "8080", protocol: TCP }], rules: { http: [{ method: GET }] } }]
`,
      ),
      cnp(
        "plain",
        `
  endpointSelector: {}
  ingress:
    - fromEndpoints: [{ matchLabels: { app: web } }, { matchLabels: { app: db } }]
      toPorts: [{ ports: [{ port: "${port}", protocol: TCP }] }]
`,
      ),
    ),
    finds:
      port === "8080"
        ? [
            "8 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts: the HTTP rules keep nothing out, because cnp dev/plain spec.ingress[0] allows the same peers every request on these ports",
          ]
        : [],
  })),
  {
    code: "lint/path-not-prefix",
    title: "paths that look like a glob, a folder and a version",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress:
    - toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules:
            http:
              - path: /static/*
              - path: /items/
              - path: /v1
`,
      ),
    ),
    finds: [
      "11 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].rules.http[0].path: `/static/*` matches `/static` with slashes behind it and nothing else, because the expression has to match the whole path",
      "12 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].rules.http[1].path: `/items/` matches this one path alone, because the expression has to match the whole path",
      "13 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].rules.http[2].path: `/v1` matches this one path alone, because the expression has to match the whole path",
    ],
  },
  {
    code: "lint/path-not-prefix",
    title: "paths that are whole, the root and expressions",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress:
    - toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules: { http: [{ path: /v1/.* }, { path: /v1/models }, { path: / }, { path: "/items/[0-9]+" }, { path: "/(a|b)/" }] }
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/literal-secret",
    title: "keys that are written out",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress:
    - toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules:
            http:
              - headers: ["Authorization: Bearer abc"]
              - headerMatches: [{ name: x-api-key, value: abc, mismatch: DELETE }]
`,
      ),
    ),
    finds: [
      "11 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].rules.http[0].headers[0]: the value of `Authorization` is written out, for everybody to read who may read policies",
      "12 CiliumNetworkPolicy dev/api, spec.ingress[0].toPorts[0].rules.http[1].headerMatches[0].value: the value of `x-api-key` is written out, for everybody to read who may read policies",
    ],
  },
  {
    code: "lint/literal-secret",
    title: "headers that must be there, that are in a Secret, and that are none",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress:
    - toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules:
            http:
              - headers: [Authorization, "X-Team: blue"]
              - headerMatches: [{ name: x-api-key, secret: { name: key, namespace: dev } }, { name: x-team, value: blue }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/no-name-resolution",
    title: "calls of a workload and of a name by pods that reach no DNS",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
    - toFQDNs: [{ matchName: example.com }]
`,
      ),
      pod("web"),
      pod("api"),
      dnsPod,
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/web, spec.egress[0]: dev/web may not ask for the address: isolated at egress by cnp dev/web spec.egress[0] and cnp dev/web spec.egress[1], and nothing allows it to the DNS service",
      "8 CiliumNetworkPolicy dev/web, spec.egress[1]: dev/web may not ask for the address: isolated at egress by cnp dev/web spec.egress[0] and cnp dev/web spec.egress[1], and nothing allows it to the DNS service",
    ],
  },
  {
    code: "lint/no-name-resolution",
    title: "calls by pods that another policy lets reach DNS, by pods that nothing closes, and of whole namespaces",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
`,
      ),
      cnp("dns", `\n  endpointSelector: {}\n  enableDefaultDeny: { egress: false }\n  egress:${dns()}\n`),
      cnp(
        "open",
        `
  endpointSelector: { matchLabels: { app: open } }
  enableDefaultDeny: { egress: false }
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
`,
        "uat",
      ),
      cnp(
        "whole",
        `
  endpointSelector: { matchLabels: { app: whole } }
  egress:
    - toEndpoints: [{ matchLabels: { io.kubernetes.pod.namespace: dev } }]
`,
        "prod",
      ),
      pod("web"),
      pod("api"),
      pod("open", { namespace: "uat" }),
      pod("whole", { namespace: "prod" }),
      dnsPod,
    ),
    finds: [],
  },
  {
    code: "lint/no-name-resolution",
    title: "a call where the DNS service is not among the manifests",
    text: file(
      cnp(
        "web",
        `
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toEndpoints: [{ matchLabels: { app: api } }]
`,
      ),
      pod("web"),
      pod("api"),
    ),
    finds: [],
  },
  {
    code: "lint/dns-without-proxy",
    title: "a DNS rule without `rules.dns` beside a rule by name of another policy",
    text: file(
      cnp(
        "dns",
        `
  endpointSelector: {}
  egress:${dns()}
`,
      ),
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress: [{ toFQDNs: [{ matchName: partner.example }] }]
`,
      ),
    ),
    finds: [
      "8 CiliumNetworkPolicy dev/dns, spec.egress[0].toPorts: without `rules.dns` Cilium learns no name from this, so these toFQDNs never match: cnp dev/api spec.egress[0]",
    ],
  },
  {
    code: "lint/dns-without-proxy",
    title: "a DNS rule of pods without rules by name, and of pods that another rule leads to the proxy",
    text: file(
      cnp(
        "dns",
        `
  endpointSelector: {}
  egress:${dns()}
`,
      ),
      cnp(
        "api",
        `
  endpointSelector: { matchLabels: { app: api } }
  egress:
    - toFQDNs: [{ matchName: partner.example }]${dns(', rules: { dns: [{ matchPattern: "*" }] }')}
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/apex-not-matched",
    title: "patterns whose bare name the policy speaks of elsewhere, or is known",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toFQDNs: [{ matchPattern: "*.partner.example" }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }], serverNames: [partner.example, www.partner.example] }]
    - toFQDNs:
        - matchPattern: "*.management.azure.com"
`,
      ),
    ),
    finds: [
      "7 CiliumNetworkPolicy dev/api, spec.egress[0].toFQDNs[0]: `*.partner.example` does not match `partner.example` itself, which spec.egress[0].toPorts[0].serverNames lets pass",
      "10 CiliumNetworkPolicy dev/api, spec.egress[1].toFQDNs[0]: `*.management.azure.com` does not match `management.azure.com` itself, which is a service of its own",
    ],
  },
  {
    code: "lint/apex-not-matched",
    title: "patterns beside their bare name, and of names that nobody speaks of",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toFQDNs: [{ matchPattern: "*.partner.example" }, { matchName: partner.example }, { matchPattern: "*.example.org" }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }], serverNames: [partner.example, www.example.org] }]
`,
      ),
    ),
    finds: [],
  },
  {
    code: "lint/every-name",
    title: "every name",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toFQDNs:
        - matchPattern: "*"
`,
      ),
    ),
    finds: [
      "8 CiliumNetworkPolicy dev/api, spec.egress[0].toFQDNs[0]: this allows every name, and so every address outside that has one",
    ],
  },
  {
    code: "lint/every-name",
    title: "a DNS rule for every question, and a pattern",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress:
    - toFQDNs: [{ matchPattern: "*.example.org" }]${dns(', rules: { dns: [{ matchPattern: "*" }] }')}
`,
      ),
    ),
    finds: [],
  },
  ...(["10.96.0.20/32", "10.96.0.21/32"] as const).map((range): Case => ({
    code: "lint/address-inside",
    title: range === "10.96.0.20/32" ? "the address of a Service" : "an address beside that of a Service",
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  egress: [{ toCIDR: [${range}] }]
`,
      ),
      `apiVersion: v1
kind: Service
metadata: { name: db, namespace: data }
spec: { clusterIP: 10.96.0.20, selector: { app: db }, ports: [{ port: 5432 }] }`,
    ),
    finds:
      range === "10.96.0.20/32"
        ? [
            "6 CiliumNetworkPolicy dev/api, spec.egress[0].toCIDR[0]: `10.96.0.20/32` is the address of Service data/db, and ranges cover nothing inside the cluster",
          ]
        : [],
  })),
  ...(["0.0.0.0/0", "203.0.113.0/24"] as const).map((range): Case => ({
    code: "lint/gateway-of-everything",
    title: range === "0.0.0.0/0" ? "an egress gateway for everything" : "an egress gateway for one network",
    text: `apiVersion: cilium.io/v2
kind: CiliumEgressGatewayPolicy
metadata: { name: out }
spec:
  selectors: [{ podSelector: {} }]
  destinationCIDRs: [${range}]
  egressGateway: { nodeSelector: { matchLabels: { egress: "true" } } }
`,
    finds:
      range === "0.0.0.0/0"
        ? [
            "6 CiliumEgressGatewayPolicy out, spec.destinationCIDRs[0]: everything that the pods say to the world leaves by the gateway, not only what needs its address",
          ]
        : [],
  })),
  ...([undefined, "on"] as const).map((meshAuthentication): Case => ({
    code: "lint/authentication-off",
    title: `a required handshake${meshAuthentication === "on" ? " where the agents can authenticate" : ""}`,
    ...(meshAuthentication === undefined ? {} : { meshAuthentication }),
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress: [{ fromEndpoints: [{}], authentication: { mode: required } }]
`,
      ),
    ),
    finds:
      meshAuthentication === "on"
        ? []
        : [
            "6 CiliumNetworkPolicy dev/api, spec.ingress[0].authentication: this drops every connection unless authentication is on in the agents",
          ],
  })),
  ...(["test-always-fail", "disabled"] as const).map((mode): Case => ({
    code: "lint/authentication-fails",
    title: `authentication that is ${mode}`,
    text: file(
      cnp(
        "api",
        `
  endpointSelector: {}
  ingress: [{ fromEndpoints: [{}], authentication: { mode: ${mode} } }]
`,
      ),
    ),
    finds:
      mode === "disabled"
        ? []
        : [
            "6 CiliumNetworkPolicy dev/api, spec.ingress[0].authentication.mode: this handshake never succeeds, so the entry allows nothing",
          ],
  })),
  ...(
    [
      "lint/every-name",
      "lint/every-name: ",
      "cilium/refused: we know",
      "lint/every-name: the crawler asks for any",
    ] as const
  ).map((line): Case => ({
    code: "lint/unusable-suppression",
    title: `a suppression \`${line}\``,
    text: suppressed(line),
    finds: line.endsWith("any")
      ? []
      : [`6 CiliumNetworkPolicy dev/api, metadata.annotations: \`${line.trim()}\` suppresses nothing`],
  })),
  {
    code: "lint/unused-suppression",
    title: "suppressions of what is not found, or not in this field",
    text: suppressed("lint/literal-secret: gone", "lint/every-name spec.egress[1]: elsewhere"),
    finds: [
      "6 CiliumNetworkPolicy dev/api, metadata.annotations: `lint/literal-secret: gone` matches no finding",
      "6 CiliumNetworkPolicy dev/api, metadata.annotations: `lint/every-name spec.egress[1]: elsewhere` matches no finding",
    ],
  },
  {
    code: "lint/unused-suppression",
    title: "a suppression of a finding below the field that it names",
    text: suppressed("lint/every-name spec.egress[0]: the crawler asks for any"),
    finds: [],
  },
  {
    code: "lint/every-name",
    title: "what is suppressed with a reason",
    text: suppressed("lint/every-name: the crawler asks for any"),
    finds: [],
  },
];

function suppressed(...lines: readonly string[]): string {
  return `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: api
  namespace: dev
  annotations:
    reach.cilium-platform/allow: |
${lines.map((line) => `      ${line}`).join("\n")}
spec:
  endpointSelector: {}
  egress: [{ toFQDNs: [{ matchPattern: "*" }] }]
`;
}
