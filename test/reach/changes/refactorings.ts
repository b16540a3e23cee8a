/** Changes that change nothing: any line that the diff says of them is a false alarm. */
import type { Change } from "./change.ts";

const shop = "faults/shop";
const books = "faults/books";

export const refactorings: readonly Change[] = [
  {
    says: "The policy of the database gets the name that the team uses for it.",
    set: shop,
    edits: [{ in: "policies/orders.yaml orders/orders-db", from: "name: orders-db\n", to: "name: orders-database\n" }],
    edges: [],
  },
  {
    says: "Two entries of the storefront with the same port become one with two peers.",
    set: shop,
    edits: [
      {
        in: "policies/storefront.yaml storefront/web",
        from: `            app: cart
      toPorts:
        - ports:
            - port: "8080"
              protocol: TCP
    - toEndpoints:
`,
        to: "            app: cart\n",
      },
    ],
    edges: [],
  },
  {
    says: "Health checks of the storefront move to a policy of their own.",
    set: shop,
    edits: [
      { in: "policies/storefront.yaml storefront/web", from: "        - remote-node\n", to: "" },
      {
        add: "policies/storefront.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web-health
  namespace: storefront
spec:
  endpointSelector:
    matchLabels:
      app: web
  ingress:
    - fromEntities: [remote-node]
      toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
`,
      },
    ],
    edges: [],
  },
  {
    says: "What orders may ask of the API server moves to a file that the platform team owns.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: `    - toEntities:
        - kube-apiserver
      toPorts:
        - ports:
            - port: "6443"
              protocol: TCP
`,
        to: "",
      },
      {
        add: "policies/api-server.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: orders-api-server
  namespace: orders
spec:
  endpointSelector:
    matchLabels:
      app: orders-api
  egress:
    - toEntities: [kube-apiserver]
      toPorts:
        - ports: [{ port: "6443", protocol: TCP }]
`,
      },
    ],
    edges: [],
  },
  {
    says: "Two selectors by label become one by expression.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-db",
        from: `        - matchLabels: { app: orders-api }
        - matchLabels: { app: nightly-report }
`,
        to: `        - matchExpressions:
            - { key: app, operator: In, values: [nightly-report, orders-api] }
`,
      },
    ],
    edges: [],
  },
  {
    says: "One default deny for three namespaces becomes one in each of them.",
    set: shop,
    edits: [
      { remove: "policies/baseline.yaml default-deny" },
      ...["storefront", "orders", "payments"].map((namespace) => ({
        add: `policies/${namespace}.yaml`,
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: default-deny
  namespace: ${namespace}
spec:
  endpointSelector: {}
  ingress:
    - {}
  egress:
    - {}
`,
      })),
    ],
    edges: [],
  },
  {
    says: "A policy is written shorter, with comments and other quotes.",
    set: shop,
    edits: [
      { remove: "policies/payments.yaml payments/ledger" },
      {
        add: "policies/payments.yaml",
        text: `# Only payments write to the ledger.
apiVersion: "cilium.io/v2"
kind: CiliumNetworkPolicy
metadata: { namespace: payments, name: 'ledger' }
spec: # reviewed every quarter
  ingress: [{ toPorts: [{ ports: [{ protocol: TCP, port: '9000' }] }], fromEndpoints: [{ matchLabels: { "app": payments } }] }]
  endpointSelector: { matchLabels: { app: ledger } }
`,
      },
    ],
    edges: [],
  },
  {
    says: "The ledger's policy moves to a file of its own.",
    set: shop,
    edits: [{ move: "policies/payments.yaml payments/ledger", to: "policies/ledger/policy.yaml" }],
    edges: [],
  },
  {
    says: "The cart's port is written as the number that its name stands for.",
    set: shop,
    edits: [{ in: "policies/storefront.yaml storefront/cart", from: "port: http\n", to: 'port: "8080"\n' }],
    edges: [],
  },
  {
    says: "The address of the bank is written as a set of ranges.",
    set: shop,
    edits: [
      {
        in: "policies/payments.yaml payments/payments",
        from: `    - toCIDR:
        - 203.0.113.10/32
      toPorts:
`,
        to: `    - toCIDRSet:
        - cidr: 203.0.113.10/32
      toPorts:
`,
      },
    ],
    edges: [],
  },
  {
    says: "Any protocol for name resolution is spelled out.",
    set: shop,
    edits: [
      {
        in: "policies/baseline.yaml dns",
        from: `            - port: "53"
              protocol: ANY
`,
        to: `            - { port: "53", protocol: UDP }
            - { port: "53", protocol: TCP }
            - { port: "53", protocol: SCTP }
`,
      },
    ],
    edges: [],
  },
  {
    says: "The requests that orders take are listed in the order of the API's pages.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: `              - method: GET
                path: /orders/[0-9]+
              - method: POST
                path: /orders
`,
        to: `              - method: POST
                path: /orders
              - method: GET
                path: /orders/[0-9]+
`,
      },
    ],
    edges: [],
  },
  {
    says: "Who may place orders moves to a policy of its own, with a selector that says more of the same pods.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: "              - method: POST\n                path: /orders\n",
        to: "",
      },
      {
        add: "policies/orders.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: orders-placed
  namespace: orders
spec:
  endpointSelector:
    matchLabels:
      app: orders-api
  ingress:
    - fromEndpoints:
        - matchLabels:
            io.kubernetes.pod.namespace: storefront
            app: web
            tier: front
      toPorts:
        - ports: [{ port: "8080", protocol: TCP }]
          rules:
            http:
              - { method: POST, path: /orders }
`,
      },
    ],
    edges: [],
  },
  {
    says: "A policy gets an owner, a reason and a description.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-db",
        from: "  namespace: orders\nspec:\n",
        to: `  namespace: orders
  labels: { owner: core }
  annotations: { reviewed: "2026-10-01" }
spec:
  description: Who may read and write orders.
`,
      },
    ],
    edges: [],
  },
  {
    says: "Orders run three times, in a new image.",
    set: shop,
    edits: [
      {
        in: "workloads.yaml orders/orders-api",
        from: "spec:\n  template:",
        to: "spec:\n  replicas: 3\n  template:",
      },
      {
        in: "workloads.yaml orders/orders-api",
        from: "        - name: main\n",
        to: "        - name: main\n          image: registry.example/shop/orders:2\n",
      },
    ],
    edges: [],
  },
  {
    says: "Pods of the cart get a label that nothing selects.",
    set: shop,
    edits: [
      {
        in: "workloads.yaml storefront/cart",
        from: "{ app: cart, tier: front }",
        to: "{ app: cart, tier: front, track: stable }",
      },
    ],
    edges: [],
  },
  {
    says: "The ledger's policy becomes the NetworkPolicy that says the same.",
    set: shop,
    edits: [
      { remove: "policies/payments.yaml payments/ledger" },
      {
        add: "policies/payments.yaml",
        text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ledger
  namespace: payments
spec:
  podSelector:
    matchLabels:
      app: ledger
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: payments
      ports:
        - { port: 9000, protocol: TCP }
`,
      },
    ],
    edges: [],
  },
  {
    says: "The database would let the cart in, but nothing lets the cart out.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-db",
        from: "        - matchLabels: { app: orders-api }\n",
        to: `        - matchLabels: { app: orders-api }
        - matchLabels: { app: cart, io.kubernetes.pod.namespace: storefront }
`,
      },
    ],
    edges: [],
  },
  {
    says: "What lending may reach is said in Cilium's own kind.",
    set: books,
    edits: [
      { remove: "books.yaml NetworkPolicy:books/lending" },
      {
        add: "books.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: lending
  namespace: books
spec:
  endpointSelector:
    matchLabels:
      app: lending
  egress:
  - toEndpoints:
    - matchLabels:
        app: catalogue
    toPorts:
    - ports:
      - port: "3000"
        protocol: TCP
`,
      },
    ],
    edges: [],
  },
  {
    says: "The default deny says that nothing is allowed.",
    set: books,
    edits: [
      {
        in: "books.yaml books/default-deny",
        from: "  policyTypes:\n  - Ingress\n  - Egress\n",
        to: "  ingress: []\n  egress: []\n  policyTypes: [Egress, Ingress]\n",
      },
    ],
    edges: [],
  },
  {
    says: "The namespace of the readers is chosen by an expression.",
    set: books,
    edits: [
      {
        in: "books.yaml",
        from: `    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: readers
`,
        to: `    - namespaceSelector:
        matchExpressions:
        - { key: kubernetes.io/metadata.name, operator: In, values: [readers] }
`,
      },
    ],
    edges: [],
  },
  {
    says: "Two rules of the catalogue for one port become one.",
    set: books,
    edits: [
      {
        in: "books.yaml",
        from: `          app: lending
    ports:
    - protocol: TCP
      port: 3000
  - from:
    - namespaceSelector:
`,
        to: `          app: lending
    - namespaceSelector:
`,
      },
    ],
    edges: [],
  },
  {
    says: "Selectors of the media bot lose the prefix that says where a label comes from.",
    set: "seeds/004-star-wars",
    edits: [
      {
        in: "policies.yaml default/mediabot-to-one-name",
        from: `            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
`,
        to: `            io.kubernetes.pod.namespace: kube-system
            k8s-app: kube-dns
`,
      },
    ],
    edges: [],
  },
  {
    says: "Names outside are sorted, and the entry for them comes first.",
    set: "seeds/002-fqdn-egress",
    edits: [
      {
        in: "policies.yaml default/allow-egress-fqdn",
        from: `    - toFQDNs:
        - matchName: myservice.com
        - matchName: api.github.com
`,
        to: "",
      },
      {
        in: "policies.yaml default/allow-egress-fqdn",
        from: "  egress:\n",
        to: `  egress:
    - toFQDNs:
        - matchName: api.github.com
        - matchName: myservice.com
`,
      },
    ],
    edges: [],
  },
  {
    says: "The default deny of dev is said in Cilium's own kind.",
    set: "seeds/001-kind-argocd",
    edits: [
      { remove: "policies.yaml dev/default-deny" },
      {
        add: "dev.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: default-deny
  namespace: dev
spec:
  endpointSelector: {}
  ingress: [{}]
  egress: [{}]
`,
      },
    ],
    edges: [],
  },
  {
    says: "Three ports in a row become a range.",
    set: "seeds/001-kind-argocd",
    edits: [
      {
        in: "policies.yaml dev/azure-auth-azurite",
        from: `            - { port: "10000", protocol: TCP }
            - { port: "10001", protocol: TCP }
            - { port: "10002", protocol: TCP }
`,
        to: '            - { port: "10000", endPort: 10002, protocol: TCP }\n',
      },
    ],
    edges: [],
  },
  {
    says: "The guard between dev and uat becomes one policy for each direction.",
    set: "seeds/001-kind-argocd",
    edits: [
      {
        in: "policies.yaml deny-dev-to-uat",
        from: `  ingressDeny:
    - fromEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": uat
`,
        to: "",
      },
      {
        add: "policies.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata:
  name: deny-dev-from-uat
spec:
  endpointSelector:
    matchLabels:
      "k8s:io.kubernetes.pod.namespace": dev
  ingressDeny:
    - fromEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": uat
`,
      },
    ],
    edges: [],
  },
  {
    says: "Somebody lets dev's warm-up call uat's API on both sides, and the guard holds.",
    set: "seeds/001-kind-argocd",
    edits: [
      {
        in: "policies.yaml uat/azure-auth-api",
        from: `        - matchLabels:
            "k8s:app.kubernetes.io/name": subnetcalc-telemetry-warmup
`,
        to: `        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": dev
            "k8s:app.kubernetes.io/name": subnetcalc-telemetry-warmup
        - matchLabels:
            "k8s:app.kubernetes.io/name": subnetcalc-telemetry-warmup
`,
      },
      {
        add: "policies.yaml",
        text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: warm-up-uat
  namespace: dev
spec:
  endpointSelector:
    matchLabels:
      "k8s:app.kubernetes.io/name": subnetcalc-telemetry-warmup
  egress:
    - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": uat
            "k8s:app.kubernetes.io/name": api-fastapi-keycloak
      toPorts:
        - ports:
            - { port: "80", protocol: TCP }
`,
      },
    ],
    edges: [],
  },
  {
    says: "A policy that never limited a rate gets an honest name.",
    set: "seeds/000-apim-openai",
    edits: [
      {
        in: "policies.yaml default/rate-limit-external",
        from: "name: rate-limit-external",
        to: "name: public-from-outside",
      },
    ],
    edges: [],
  },
];
