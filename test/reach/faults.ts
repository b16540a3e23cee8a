/**
 * Faults: realistic worlds that work, each broken in one place, and the flow that Hubble then drops.
 */
import type { External } from "../../policies/reachability/read/externals.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

export interface Fault {
  readonly title: string;
  /** A folder below test/fixtures/reach. */
  readonly world: string;
  readonly target?: "aks";
  /** What is written wrong: a text that stands once in the file, and what stands there instead. */
  readonly broken: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** As `hubble observe -o jsonpb` prints it, without what no policy sees. */
  readonly flow: Fields;
  /** Peers outside that the policies do not name. */
  readonly externals?: readonly External[];
  /** All that the patch changes between any two endpoints on any port. */
  readonly effect: readonly string[];
  /** What `why` proposes. */
  readonly steps: readonly string[];
}

const pod = (namespace: string, workload: string, podName: string, kind = "Deployment"): Fields => ({
  namespace,
  pod_name: podName,
  workloads: [{ name: workload, kind }],
});
const web = pod("storefront", "web", "web-6d5f7c9b8f-x2x4z");
const cart = pod("storefront", "cart", "cart-7c9b8f6d5f-q8w6k");
const ordersApi = pod("orders", "orders-api", "orders-api-5f7c9b8f6d-b4b8c");
const ordersDb = pod("orders", "orders-db", "orders-db-0", "StatefulSet");
const report = {
  namespace: "orders",
  pod_name: "nightly-report-29400120-vx9tm",
  workloads: [{ name: "nightly-report", kind: "CronJob" }],
};
const payments = pod("payments", "payments", "payments-8f6d5f7c9b-z7z9d");
const ledger = pod("payments", "ledger", "ledger-9b8f6d5f7c-2n4r6");
const catalogue = { namespace: "books", pod_name: "catalogue-7d8f9c6b5d-k2k4m" };
const lending = { namespace: "books", pod_name: "lending-6b5d7d8f9c-t5t7v" };
const kiosk = { namespace: "readers", pod_name: "kiosk-9c6b5d7d8f-p6p8r" };
const address = (ip: string, names: readonly string[] = []): Fields => ({
  source: {},
  destination: { identity: 16777218, labels: [`cidr:${ip}/32`, "reserved:world"] },
  ...(names.length === 0 ? {} : { destination_names: names }),
});

const dropped = (
  direction: "EGRESS" | "INGRESS",
  source: Fields,
  destination: Fields,
  l4: Fields,
  more: Fields = {},
): Fields => ({
  flow: {
    time: "2026-03-14T09:26:53.589793238Z",
    verdict: "DROPPED",
    IP: { source: "10.244.1.15", destination: "10.244.2.27", ipVersion: "IPv4" },
    l4,
    source,
    destination,
    Type: "L3_L4",
    node_name: "kind-worker",
    event_type: { type: 5 },
    traffic_direction: direction,
    drop_reason_desc: "POLICY_DENIED",
    ...more,
  },
  node_name: "kind-worker",
  time: "2026-03-14T09:26:53.589793238Z",
});
const tcp = (port: number): Fields => ({ TCP: { source_port: 41234, destination_port: port, flags: { SYN: true } } });
const outside = (ip: string, names?: readonly string[]): [Fields, Fields] => {
  const { destination, ...rest } = address(ip, names);
  const { source, ...more } = rest;
  return [destination as Fields, { ...more, IP: { source: "10.244.1.15", destination: ip, ipVersion: "IPv4" } }];
};
const toOutside = (source: Fields, ip: string, l4: Fields, names?: readonly string[]): Fields => {
  const [destination, more] = outside(ip, names);
  return dropped("EGRESS", source, destination, l4, more);
};
const nothing = "";

const shop = "faults/shop";
const books = "faults/books";

export const faults: readonly Fault[] = [
  {
    title: "the client's egress entry is missing",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: `    - toEndpoints:
        - matchLabels:
            app: ledger
      toPorts:
        - ports:
            - port: "9000"
              protocol: TCP
`,
        to: nothing,
      },
    ],
    flow: dropped("EGRESS", payments, ledger, tcp(9000)),
    effect: ["ALLOWED payments/payments -> payments/ledger TCP 9000"],
    steps: ["add an egress entry to cnp payments/payments spec"],
  },
  {
    title: "the server's ingress entry is missing",
    world: shop,
    broken: [{ file: "policies/orders.yaml", from: "        - matchLabels: { app: nightly-report }\n", to: nothing }],
    flow: dropped("INGRESS", report, ordersDb, tcp(5432)),
    effect: ["ALLOWED orders/nightly-report -> orders/orders-db TCP 5432"],
    steps: ["let cnp orders/orders-db spec.ingress[0] apply from orders/nightly-report as well"],
  },
  {
    title: "both sides are missing",
    world: shop,
    broken: [
      {
        file: "policies/storefront.yaml",
        from: `    - toEndpoints:
        - matchLabels:
            app: cart
      toPorts:
        - ports:
            - port: "8080"
              protocol: TCP
`,
        to: nothing,
      },
      {
        file: "policies/storefront.yaml",
        from: `    - fromEndpoints:
        - matchLabels:
            app: web
      toPorts:
        - ports:
            - port: http
              protocol: TCP
`,
        to: nothing,
      },
    ],
    flow: dropped("EGRESS", web, cart, tcp(8080)),
    effect: ["ALLOWED storefront/web -> storefront/cart TCP 8080"],
    steps: [
      "let cnp storefront/web spec.egress[0] apply to storefront/cart as well",
      "add an ingress entry to cnp storefront/cart spec",
    ],
  },
  {
    title: "another port",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: `            app: payments
      toPorts:
        - ports:
            - port: "9000"
`,
        to: `            app: payments
      toPorts:
        - ports:
            - port: "9001"
`,
      },
    ],
    flow: dropped("INGRESS", payments, ledger, tcp(9000)),
    effect: ["ALLOWED payments/payments -> payments/ledger TCP 9000"],
    steps: ["let cnp payments/ledger spec.ingress[0] allow TCP 9000 as well"],
  },
  {
    title: "another protocol",
    world: shop,
    broken: [
      {
        file: "policies/orders.yaml",
        from: `        - matchLabels: { app: nightly-report }
      toPorts:
        - ports: [{ port: "5432", protocol: TCP }]
`,
        to: `        - matchLabels: { app: nightly-report }
      toPorts:
        - ports: [{ port: "5432", protocol: UDP }]
`,
      },
    ],
    flow: dropped("INGRESS", ordersApi, ordersDb, tcp(5432)),
    effect: ["ALLOWED orders/orders-api -> orders/orders-db TCP 5432"],
    steps: ["add an ingress entry to cnp orders/orders-db spec"],
  },
  {
    title: "a slip in the label of a peer",
    world: shop,
    broken: [
      {
        file: "policies/storefront.yaml",
        from: `            io.kubernetes.pod.namespace: orders
            app: orders-api`,
        to: `            io.kubernetes.pod.namespace: orders
            app: order-api`,
      },
    ],
    flow: dropped("EGRESS", web, ordersApi, tcp(8080)),
    effect: ["ALLOWED storefront/web -> orders/orders-api TCP 8080"],
    steps: ["correct the selector in cnp storefront/web spec.egress[1].toEndpoints[0], which selects nobody"],
  },
  {
    title: "a slip in the label of the pods that a policy governs",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: `  endpointSelector:
    matchLabels:
      app: ledger`,
        to: `  endpointSelector:
    matchLabels:
      app: legder`,
      },
    ],
    flow: dropped("INGRESS", payments, ledger, tcp(9000)),
    effect: ["ALLOWED payments/payments -> payments/ledger TCP 9000"],
    steps: ["correct the endpointSelector of cnp payments/ledger spec, which selects nobody"],
  },
  {
    title: "a peer whose namespace is not named",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: "            io.kubernetes.pod.namespace: orders\n",
        to: nothing,
      },
    ],
    flow: dropped("INGRESS", ordersApi, payments, tcp(9000)),
    effect: ["ALLOWED orders/orders-api -> payments/payments TCP 9000"],
    steps: ["correct the selector in cnp payments/payments spec.ingress[0].fromEndpoints[0], which selects nobody"],
  },
  {
    title: "a deny of a range",
    world: shop,
    broken: [
      {
        file: "policies/baseline.yaml",
        from: "        - 169.254.169.254/32\n",
        to: "        - 169.254.169.254/32\n        - 10.20.0.0/16 # the office\n",
      },
    ],
    flow: toOutside(cart, "10.20.1.1", tcp(8443)),
    externals: [{ name: "10.20.1.1", ip: "10.20.1.1" }],
    effect: ["ALLOWED storefront/cart -> 10.20.1.1 TCP 8443"],
    steps: ["give storefront/cart ccnp no-metadata spec as a policy of its own, with an exception for 10.20.1.1"],
  },
  {
    title: "a deny of pods on a range of ports",
    world: shop,
    broken: [
      {
        file: "policies/orders.yaml",
        from: `        - ports: [{ port: "22", protocol: TCP }]`,
        to: `        - ports: [{ port: "22", endPort: 6000, protocol: TCP }]`,
      },
    ],
    flow: dropped("INGRESS", ordersApi, ordersDb, tcp(5432), { drop_reason_desc: "POLICY_DENY" }),
    effect: ["ALLOWED orders/orders-api -> orders/orders-db TCP 5432"],
    steps: ["except orders/orders-api from cnp orders/orders-db spec.ingressDeny[0]"],
  },
  {
    title: "a range where pods are meant",
    world: shop,
    broken: [
      {
        file: "policies/storefront.yaml",
        from: `    - toEndpoints:
        - matchLabels:
            app: cart
`,
        to: `    - toCIDR:
        - 10.244.0.0/16
`,
      },
    ],
    flow: dropped("EGRESS", web, cart, tcp(8080)),
    effect: ["ALLOWED storefront/web -> storefront/cart TCP 8080"],
    steps: ["let cnp storefront/web spec.egress[1] apply to storefront/cart as well"],
  },
  {
    title: "a rule by name without a DNS rule",
    world: shop,
    broken: [
      {
        file: "policies/baseline.yaml",
        from: `          rules:
            dns:
              - matchPattern: "*"
`,
        to: nothing,
      },
    ],
    flow: toOutside(report, "198.51.100.7", tcp(443)),
    effect: [
      "L7-CHANGED orders/nightly-report -> kube-system/coredns TCP 53",
      "L7-CHANGED orders/nightly-report -> kube-system/coredns UDP 53",
      "L7-CHANGED orders/nightly-report -> kube-system/coredns SCTP 53",
    ],
    steps: ["let DNS of orders/nightly-report pass the proxy, in cnp orders/nightly-report spec"],
  },
  {
    title: "an address of the world",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: "    - toCIDR:\n        - 203.0.113.10/32\n      toPorts:",
        to: "    - toCIDR:\n        - 203.0.113.11/32\n      toPorts:",
      },
    ],
    flow: toOutside(payments, "203.0.113.10", tcp(443)),
    externals: [{ name: "203.0.113.10", ip: "203.0.113.10" }],
    effect: ["ALLOWED payments/payments -> 203.0.113.10 TCP 443"],
    steps: ["let cnp payments/payments spec.egress[1] apply to 203.0.113.10 as well"],
  },
  {
    title: "an address that an exception takes out of its range",
    world: shop,
    broken: [
      { file: "policies/storefront.yaml", from: "            - 10.20.99.0/24", to: "            - 10.20.64.0/18" },
    ],
    flow: toOutside(cart, "10.20.70.1", tcp(8443)),
    externals: [{ name: "10.20.70.1", ip: "10.20.70.1" }],
    effect: ["ALLOWED storefront/cart -> 10.20.70.1 TCP 8443"],
    steps: ["let cnp storefront/cart spec.egress[0] apply to 10.20.70.1 as well"],
  },
  {
    title: "a name that is learned and not allowed",
    world: shop,
    broken: [
      {
        file: "policies/orders.yaml",
        from: "        - matchName: reports.example.com\n",
        to: "        - matchName: report.example.com\n",
      },
    ],
    flow: toOutside(report, "198.51.100.7", tcp(443), ["reports.example.com"]),
    externals: [{ name: "reports.example.com", fqdn: "reports.example.com", ip: "198.51.100.7" }],
    effect: ["ALLOWED orders/nightly-report -> reports.example.com TCP 443"],
    steps: ["let cnp orders/nightly-report spec.egress[1] apply to reports.example.com as well"],
  },
  {
    title: "the API server of kind",
    world: shop,
    broken: [{ file: "policies/orders.yaml", from: "        - kube-apiserver\n", to: "        - ingress\n" }],
    flow: dropped(
      "EGRESS",
      ordersApi,
      { identity: 7, labels: ["reserved:kube-apiserver", "reserved:remote-node"] },
      tcp(6443),
      { IP: { source: "10.244.1.15", destination: "172.18.0.2" } },
    ),
    effect: ["ALLOWED orders/orders-api -> kube-apiserver TCP 6443"],
    steps: ["let cnp orders/orders-api spec.egress[2] apply to kube-apiserver as well"],
  },
  {
    title: "the API server of AKS, which is outside",
    world: shop,
    target: "aks",
    broken: [{ file: "policies/orders.yaml", from: "        - kube-apiserver\n", to: "        - remote-node\n" }],
    flow: dropped(
      "EGRESS",
      ordersApi,
      { identity: 16777220, labels: ["cidr:20.31.7.9/32", "reserved:kube-apiserver", "reserved:world"] },
      tcp(6443),
      { IP: { source: "10.244.1.15", destination: "20.31.7.9" } },
    ),
    effect: ["ALLOWED orders/orders-api -> kube-apiserver TCP 6443"],
    steps: ["let cnp orders/orders-api spec.egress[2] apply to kube-apiserver as well"],
  },
  {
    title: "the nodes' health checks",
    world: shop,
    broken: [{ file: "policies/storefront.yaml", from: "        - remote-node\n", to: nothing }],
    flow: dropped("INGRESS", { identity: 6, labels: ["reserved:remote-node"] }, web, tcp(8080)),
    effect: ["ALLOWED remote-node -> storefront/web TCP 8080"],
    steps: ["add an ingress entry to cnp storefront/web spec"],
  },
  {
    title: "a workload for which there is only the default deny",
    world: shop,
    broken: [
      {
        file: "policies/payments.yaml",
        from: `---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: ledger
  namespace: payments
spec:
  endpointSelector:
    matchLabels:
      app: ledger
  ingress:
    - fromEndpoints:
        - matchLabels:
            app: payments
      toPorts:
        - ports:
            - port: "9000"
              protocol: TCP
`,
        to: nothing,
      },
    ],
    flow: dropped("INGRESS", payments, ledger, tcp(9000)),
    effect: ["ALLOWED payments/payments -> payments/ledger TCP 9000"],
    steps: ["add cnp payments/ledger-from-payments"],
  },
  {
    title: "a port by a name that the pod does not have",
    world: shop,
    broken: [
      { file: "policies/orders.yaml", from: "            - port: grpc\n", to: "            - port: grpc-web\n" },
    ],
    flow: dropped("EGRESS", ordersApi, payments, tcp(9000)),
    effect: ["ALLOWED orders/orders-api -> payments/payments TCP 9000"],
    steps: ["let cnp orders/orders-api spec.egress[1] allow TCP 9000 as well"],
  },
  {
    title: "a path that the HTTP rules lack",
    world: shop,
    broken: [
      {
        file: "policies/orders.yaml",
        from: "              - method: POST\n                path: /orders\n",
        to: nothing,
      },
    ],
    flow: dropped("INGRESS", web, ordersApi, tcp(8080), {
      Type: "L7",
      is_reply: false,
      drop_reason_desc: "DROP_REASON_UNKNOWN",
      l7: { type: "REQUEST", http: { method: "POST", url: "http://orders-api.orders/orders", protocol: "HTTP/1.1" } },
    }),
    effect: ["L7-CHANGED storefront/web -> orders/orders-api TCP 8080"],
    steps: ["let cnp orders/orders-api spec.ingress[0] pass POST /orders as well"],
  },
  {
    title: "NetworkPolicies only: another port",
    world: books,
    broken: [
      {
        file: "books.yaml",
        from: "          app: lending\n    ports:\n    - protocol: TCP\n      port: 3000\n",
        to: "          app: lending\n    ports:\n    - protocol: TCP\n      port: 80\n",
      },
    ],
    flow: dropped("INGRESS", lending, catalogue, tcp(3000)),
    effect: ["ALLOWED books/lending -> books/catalogue TCP 3000"],
    steps: ["let knp books/catalogue spec.ingress[1] apply from books/lending as well"],
  },
  {
    title: "NetworkPolicies only: a peer without its namespace",
    world: books,
    broken: [
      {
        file: "books.yaml",
        from: `    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: readers
      podSelector:`,
        to: `    - podSelector:`,
      },
    ],
    flow: dropped("INGRESS", kiosk, catalogue, tcp(3000)),
    effect: ["ALLOWED readers/kiosk -> books/catalogue TCP 3000"],
    steps: ["correct the selector in knp books/catalogue spec.ingress[1].from[0], which selects nobody"],
  },
  {
    title: "NetworkPolicies only: no policy for the client",
    world: books,
    broken: [
      {
        file: "books.yaml",
        from: `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: lending
  namespace: books
spec:
  podSelector:
    matchLabels:
      app: lending
  policyTypes:
  - Egress
  egress:
  - to:
    - podSelector:
        matchLabels:
          app: catalogue
    ports:
    - protocol: TCP
      port: 3000
`,
        to: nothing,
      },
    ],
    flow: dropped("EGRESS", lending, catalogue, tcp(3000)),
    effect: ["ALLOWED books/lending -> books/catalogue TCP 3000"],
    steps: ["add knp books/lending-to-catalogue"],
  },
  {
    title: "one application of two environments that denies keep apart",
    world: "seeds/001-kind-argocd",
    broken: [],
    flow: dropped(
      "EGRESS",
      { namespace: "dev", pod_name: "frontend-6d5f7c9b8f-x2x4z" },
      { namespace: "uat", pod_name: "api-7c9b8f6d5f-q8w6k" },
      tcp(8080),
      { drop_reason_desc: "POLICY_DENY" },
    ),
    effect: ["ALLOWED dev/frontend -> uat/api TCP 8080"],
    steps: [
      "except uat/api from ccnp deny-dev-to-uat spec.egressDeny[0]",
      "add an egress entry to cnp dev/azure-auth-frontend spec",
      "except dev/frontend from ccnp deny-uat-to-dev spec.ingressDeny[0]",
      "add an ingress entry to cnp uat/azure-auth-api spec",
    ],
  },
  {
    title: "a request that the death star does not take",
    world: "seeds/004-star-wars",
    broken: [],
    flow: dropped(
      "INGRESS",
      { namespace: "default", pod_name: "tiefighter" },
      { namespace: "default", pod_name: "deathstar-7848d6c4d5-th9v2" },
      tcp(80),
      {
        Type: "L7",
        is_reply: false,
        l7: { type: "REQUEST", http: { method: "PUT", url: "http://deathstar/v1/exhaust-port", protocol: "HTTP/1.1" } },
      },
    ),
    effect: ["L7-CHANGED default/tiefighter -> default/deathstar TCP 80"],
    steps: ["add an ingress entry for PUT /v1/exhaust-port to cnp default/deathstar-from-empire spec"],
  },
];

/** A flow whose answer is told in full. */
export const shopFlow: Pick<Fault, "world" | "broken" | "flow"> = {
  world: shop,
  broken: [
    {
      file: "policies/payments.yaml",
      from: "  endpointSelector:\n    matchLabels:\n      app: ledger",
      to: "  endpointSelector:\n    matchLabels:\n      app: legder",
    },
  ],
  flow: dropped("INGRESS", payments, ledger, tcp(9000)),
};
