/** Changes that open, close or narrow something: every edge that does is named, and no other. */
import type { Change } from "./change.ts";

const shop = "faults/shop";
const books = "faults/books";
const flights = "seeds/003-flights";
const names = "seeds/002-fqdn-egress";
const starWars = "seeds/004-star-wars";
const environments = "seeds/001-kind-argocd";

export const openings: readonly Change[] = [
  {
    says: "The storefront reads orders straight from the database, with a rule on either side.",
    set: shop,
    edits: [
      {
        in: "policies/storefront.yaml storefront/web",
        from: "  egress:\n",
        to: `  egress:
    - toEndpoints:
        - matchLabels: { io.kubernetes.pod.namespace: orders, app: orders-db }
      toPorts:
        - ports: [{ port: "5432", protocol: TCP }]
`,
      },
      {
        in: "policies/orders.yaml orders/orders-db",
        from: "        - matchLabels: { app: orders-api }\n",
        to: `        - matchLabels: { app: orders-api }
        - matchLabels: { app: web, io.kubernetes.pod.namespace: storefront }
`,
      },
    ],
    edges: ["ALLOWED storefront/web -> orders/orders-db TCP 5432"],
  },
  {
    says: "The nightly report may go to every host of example.com.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/nightly-report",
        from: "matchName: reports.example.com",
        to: 'matchPattern: "*.example.com"',
      },
    ],
    edges: ["ALLOWED orders/nightly-report -> *.example.com TCP 443"],
  },
  {
    says: "The part of the office network that was left out is left out no more.",
    set: shop,
    edits: [
      {
        in: "policies/storefront.yaml storefront/cart",
        from: "          except:\n            - 10.20.99.0/24\n",
        to: "",
      },
    ],
    edges: ["ALLOWED storefront/cart -> 10.20.99.0/24 TCP 8443"],
  },
  {
    says: "The cart may call any site over TLS.",
    set: shop,
    edits: [
      {
        in: "policies/storefront.yaml storefront/cart",
        from: "  egress:\n",
        to: `  egress:
    - toEntities: [world]
      toPorts:
        - ports: [{ port: "443", protocol: TCP }]
`,
      },
    ],
    edges: [
      "ALLOWED storefront/cart -> 10.20.0.0/16 except 10.20.99.0/24 TCP 443",
      "ALLOWED storefront/cart -> 203.0.113.10/32 TCP 443",
      "ALLOWED storefront/cart -> reports.example.com TCP 443",
      "ALLOWED storefront/cart -> world TCP 443",
    ],
  },
  {
    says: "The default deny of the shop is deleted, because every Deployment has a policy by now: the nightly report has none for its ingress.",
    set: shop,
    edits: [{ remove: "policies/baseline.yaml default-deny" }],
    edges: [
      "ALLOWED 10.20.0.0/16 except 10.20.99.0/24 -> orders/nightly-report all ports",
      "ALLOWED 169.254.169.254/32 -> orders/nightly-report all ports",
      "ALLOWED 203.0.113.10/32 -> orders/nightly-report all ports",
      "ALLOWED kube-apiserver -> orders/nightly-report all ports",
      "ALLOWED kube-system/coredns -> orders/nightly-report all ports",
      "ALLOWED monitoring/prometheus -> orders/nightly-report all ports",
      "ALLOWED remote-node -> orders/nightly-report all ports",
      "ALLOWED reports.example.com -> orders/nightly-report all ports",
      "ALLOWED world -> orders/nightly-report all ports",
    ],
  },
  {
    says: "The guard of the metadata service is deleted with a cloud that nobody uses any more.",
    set: shop,
    edits: [{ remove: "policies/baseline.yaml no-metadata" }],
    edges: [
      "ALLOWED kube-system/coredns -> 169.254.169.254/32 all ports",
      "ALLOWED monitoring/prometheus -> 169.254.169.254/32 all ports",
    ],
  },
  {
    says: "The storefront's policy is made for the whole namespace.",
    set: shop,
    edits: [
      {
        in: "policies/storefront.yaml storefront/web",
        from: "  endpointSelector:\n    matchLabels:\n      app: web\n",
        to: "  endpointSelector: {}\n",
      },
    ],
    edges: [
      "ALLOWED 10.20.0.0/16 except 10.20.99.0/24 -> storefront/cart TCP 8080",
      "ALLOWED 169.254.169.254/32 -> storefront/cart TCP 8080",
      "ALLOWED 203.0.113.10/32 -> storefront/cart TCP 8080",
      "ALLOWED kube-apiserver -> storefront/cart TCP 8080",
      "ALLOWED remote-node -> storefront/cart TCP 8080",
      "ALLOWED reports.example.com -> storefront/cart TCP 8080",
      "ALLOWED world -> storefront/cart TCP 8080",
    ],
  },
  {
    says: "Kiosks need another port of the catalogue, so the list of ports goes.",
    set: books,
    edits: [
      {
        in: "books.yaml NetworkPolicy:books/catalogue",
        from: `          app: kiosk
    ports:
    - protocol: TCP
      port: 3000
`,
        to: "          app: kiosk\n",
      },
    ],
    edges: ["ALLOWED readers/kiosk -> books/catalogue all ports except TCP 3000"],
  },
  {
    says: "The default deny of the books is said for ingress alone.",
    set: books,
    edits: [{ in: "books.yaml books/default-deny", from: "  - Ingress\n  - Egress\n", to: "  - Ingress\n" }],
    edges: [
      "ALLOWED books/catalogue -> host all ports",
      "ALLOWED books/catalogue -> kube-apiserver all ports",
      "ALLOWED books/catalogue -> readers/kiosk all ports",
      "ALLOWED books/catalogue -> remote-node all ports",
      "ALLOWED books/catalogue -> world all ports",
    ],
  },
  {
    says: "Boards of every environment may read flights.",
    set: flights,
    edits: [{ in: "policies.yaml default/readflights", from: "            env: prod\n", to: "" }],
    edges: ["ALLOWED default/board-dev -> default/flights-service TCP 80"],
  },
  {
    says: "The only policy of the flights service is deleted.",
    set: flights,
    edits: [{ remove: "policies.yaml default/readflights" }],
    edges: [
      "ALLOWED default/board-dev -> default/flights-service all ports",
      "ALLOWED default/board-prod -> default/flights-service all ports except TCP 80",
      "ALLOWED default/go-sample-api -> default/flights-service all ports",
      "ALLOWED default/nobody -> default/flights-service all ports",
      "ALLOWED default/other-prod -> default/flights-service all ports",
      "ALLOWED default/version-reader -> default/flights-service all ports",
      "ALLOWED kube-apiserver -> default/flights-service all ports",
      "ALLOWED remote-node -> default/flights-service all ports",
      "ALLOWED world -> default/flights-service all ports",
      "WIDENED default/board-prod -> default/flights-service TCP 80",
    ],
  },
  {
    says: "Whatever has the label run may go out by name.",
    set: names,
    edits: [
      {
        in: "policies.yaml default/allow-egress-fqdn",
        from: "    matchLabels:\n      run: nginx\n",
        to: "    matchExpressions: [{ key: run, operator: Exists }]\n",
      },
    ],
    edges: [
      "ALLOWED default/nginx1 -> api.github.com all ports",
      "ALLOWED default/nginx1 -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "ALLOWED default/nginx1 -> myservice.com all ports",
    ],
  },
  {
    says: "The default deny of the empire is deleted, since each of its ships has a policy: the fighter has none for its ingress.",
    set: starWars,
    edits: [{ remove: "policies.yaml default/empire-default-deny" }],
    edges: [
      "ALLOWED *.github.com -> default/tiefighter all ports",
      "ALLOWED api.github.com -> default/tiefighter all ports",
      "ALLOWED default/deathstar -> default/tiefighter all ports",
      "ALLOWED kube-apiserver -> default/tiefighter all ports",
      "ALLOWED kube-system/coredns -> default/tiefighter all ports",
      "ALLOWED remote-node -> default/tiefighter all ports",
      "ALLOWED world -> default/tiefighter all ports",
    ],
  },
  {
    says: "A deny that denies nobody is deleted, and with it all that isolated its pod.",
    set: starWars,
    edits: [{ remove: "policies.yaml default/xwing-not-to-deathstar" }],
    edges: [
      "ALLOWED default/xwing -> *.github.com all ports",
      "ALLOWED default/xwing -> api.github.com all ports",
      "ALLOWED default/xwing -> host all ports",
      "ALLOWED default/xwing -> kube-apiserver all ports",
      "ALLOWED default/xwing -> kube-system/coredns all ports",
      "ALLOWED default/xwing -> remote-node all ports",
      "ALLOWED default/xwing -> world all ports",
    ],
  },
  {
    says: "Dev's warm-up calls uat's API: a rule on either side, and the guards between the environments go.",
    set: environments,
    edits: [
      { remove: "policies.yaml deny-dev-to-uat" },
      { remove: "policies.yaml deny-uat-to-dev" },
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
        in: "policies.yaml dev/azure-auth-warmup",
        from: `    - toEndpoints:
        - matchLabels:
            "k8s:app.kubernetes.io/name": api-fastapi-keycloak
`,
        to: `    - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": uat
            "k8s:app.kubernetes.io/name": api-fastapi-keycloak
        - matchLabels:
            "k8s:app.kubernetes.io/name": api-fastapi-keycloak
`,
      },
    ],
    edges: ["ALLOWED dev/telemetry-warmup -> uat/api TCP 80"],
  },
];

export const lockOuts: readonly Change[] = [
  {
    says: "A label is misspelt on the way from the storefront to orders.",
    set: shop,
    edits: [{ in: "policies/storefront.yaml storefront/web", from: "app: orders-api", to: "app: order-api" }],
    edges: ["DENIED storefront/web -> orders/orders-api TCP 8080"],
  },
  {
    says: "The ledger listens on another port, say its policy and nobody else.",
    set: shop,
    edits: [{ in: "policies/payments.yaml payments/ledger", from: '"9000"', to: '"9090"' }],
    edges: ["DENIED payments/payments -> payments/ledger TCP 9000"],
  },
  {
    says: "Pods of payments get the label that other teams use, and the policies keep the old one.",
    set: shop,
    edits: [{ in: "workloads.yaml payments/payments", from: "app: payments, tier", to: "app: payments-api, tier" }],
    edges: [
      "DENIED orders/orders-api -> payments/payments TCP 9000",
      "DENIED payments/payments -> 203.0.113.10/32 TCP 443; ICMP 8",
      "DENIED payments/payments -> payments/ledger TCP 9000",
    ],
  },
  {
    says: "Payments leave the list of namespaces that may resolve names.",
    set: shop,
    edits: [{ in: "policies/baseline.yaml dns", from: "[storefront, orders, payments]", to: "[storefront, orders]" }],
    edges: [
      "DENIED payments/ledger -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "DENIED payments/payments -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
    ],
  },
  {
    says: "Monitoring joins the namespaces that start closed, and nobody said what it needs.",
    set: shop,
    edits: [
      {
        in: "policies/baseline.yaml default-deny",
        from: "[storefront, orders, payments]",
        to: "[storefront, orders, payments, monitoring]",
      },
    ],
    edges: [
      "DENIED 10.20.0.0/16 except 10.20.99.0/24 -> monitoring/prometheus all ports",
      "DENIED 169.254.169.254/32 -> monitoring/prometheus all ports",
      "DENIED 203.0.113.10/32 -> monitoring/prometheus all ports",
      "DENIED kube-apiserver -> monitoring/prometheus all ports",
      "DENIED kube-system/coredns -> monitoring/prometheus all ports",
      "DENIED monitoring/prometheus -> 10.20.0.0/16 except 10.20.99.0/24 all ports",
      "DENIED monitoring/prometheus -> 203.0.113.10/32 all ports",
      "DENIED monitoring/prometheus -> host all ports",
      "DENIED monitoring/prometheus -> kube-apiserver all ports",
      "DENIED monitoring/prometheus -> kube-system/coredns all ports",
      "DENIED monitoring/prometheus -> orders/orders-api TCP 9090",
      "DENIED monitoring/prometheus -> remote-node all ports",
      "DENIED monitoring/prometheus -> reports.example.com all ports",
      "DENIED monitoring/prometheus -> storefront/cart TCP 9102",
      "DENIED monitoring/prometheus -> world all ports",
      "DENIED remote-node -> monitoring/prometheus all ports",
      "DENIED reports.example.com -> monitoring/prometheus all ports",
      "DENIED world -> monitoring/prometheus all ports",
    ],
  },
  {
    says: "The guard of the metadata service loses the line that kept it from isolating anybody.",
    set: shop,
    edits: [
      {
        in: "policies/baseline.yaml no-metadata",
        from: "  enableDefaultDeny: { ingress: false, egress: false }\n",
        to: "",
      },
    ],
    edges: [
      "DENIED kube-system/coredns -> 10.20.0.0/16 except 10.20.99.0/24 all ports",
      "DENIED kube-system/coredns -> 203.0.113.10/32 all ports",
      "DENIED kube-system/coredns -> host all ports",
      "DENIED kube-system/coredns -> kube-apiserver all ports",
      "DENIED kube-system/coredns -> monitoring/prometheus all ports",
      "DENIED kube-system/coredns -> remote-node all ports",
      "DENIED kube-system/coredns -> reports.example.com all ports",
      "DENIED kube-system/coredns -> world all ports",
      "DENIED monitoring/prometheus -> 10.20.0.0/16 except 10.20.99.0/24 all ports",
      "DENIED monitoring/prometheus -> 203.0.113.10/32 all ports",
      "DENIED monitoring/prometheus -> host all ports",
      "DENIED monitoring/prometheus -> kube-apiserver all ports",
      "DENIED monitoring/prometheus -> kube-system/coredns all ports",
      "DENIED monitoring/prometheus -> orders/orders-api TCP 9090",
      "DENIED monitoring/prometheus -> remote-node all ports",
      "DENIED monitoring/prometheus -> reports.example.com all ports",
      "DENIED monitoring/prometheus -> storefront/cart TCP 9102",
      "DENIED monitoring/prometheus -> world all ports",
    ],
  },
  {
    says: "The policy of payments is deleted before its successor is there.",
    set: shop,
    edits: [{ remove: "policies/payments.yaml payments/payments" }],
    edges: [
      "DENIED orders/orders-api -> payments/payments TCP 9000",
      "DENIED payments/payments -> 203.0.113.10/32 TCP 443; ICMP 8",
      "DENIED payments/payments -> payments/ledger TCP 9000",
    ],
  },
  {
    says: "Orders speak to their database over UDP, says a slip of the hand.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: '            - port: "5432"\n              protocol: TCP\n',
        to: '            - port: "5432"\n              protocol: UDP\n',
      },
    ],
    edges: ["DENIED orders/orders-api -> orders/orders-db TCP 5432"],
  },
  {
    says: "Nobody may administer the database on any port, says a deny that beats the allows beside it.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-db",
        from: '      toPorts:\n        - ports: [{ port: "22", protocol: TCP }]\n',
        to: "",
      },
    ],
    edges: [
      "DENIED orders/nightly-report -> orders/orders-db TCP 5432",
      "DENIED orders/orders-api -> orders/orders-db TCP 5432",
    ],
  },
  {
    says: "The readers' namespace gets the default deny of the books, and the kiosk no policy.",
    set: books,
    edits: [
      {
        add: "readers.yaml",
        text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: readers
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
`,
      },
    ],
    edges: [
      "DENIED kube-apiserver -> readers/kiosk all ports",
      "DENIED readers/kiosk -> books/catalogue TCP 3000",
      "DENIED readers/kiosk -> host all ports",
      "DENIED readers/kiosk -> kube-apiserver all ports",
      "DENIED readers/kiosk -> remote-node all ports",
      "DENIED readers/kiosk -> world all ports",
      "DENIED remote-node -> readers/kiosk all ports",
      "DENIED world -> readers/kiosk all ports",
    ],
  },
  {
    says: "The catalogue is called catalog from now on, in its policy only.",
    set: books,
    edits: [
      {
        in: "books.yaml NetworkPolicy:books/catalogue",
        from: "  podSelector:\n    matchLabels:\n      app: catalogue\n",
        to: "  podSelector:\n    matchLabels:\n      app: catalog\n",
      },
    ],
    edges: ["DENIED books/lending -> books/catalogue TCP 3000", "DENIED readers/kiosk -> books/catalogue TCP 3000"],
  },
  {
    says: "Everything outside is denied, to be on the safe side.",
    set: names,
    edits: [
      {
        in: "policies.yaml default/allow-egress-fqdn",
        from: "  egress:\n",
        to: "  egressDeny:\n    - toCIDR: [0.0.0.0/0]\n  egress:\n",
      },
    ],
    edges: ["DENIED default/nginx -> api.github.com all ports", "DENIED default/nginx -> myservice.com all ports"],
  },
  {
    says: "Name resolution is tidied away from a policy by name.",
    set: names,
    edits: [
      {
        in: "policies.yaml default/allow-egress-fqdn",
        from: `    - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
      toPorts:
        - ports:
            - { port: "53", protocol: ANY }
          rules:
            dns:
              - matchPattern: "*"
`,
        to: "",
      },
    ],
    edges: [
      "DENIED default/nginx -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "UNKNOWN default/nginx -> api.github.com all ports",
      "UNKNOWN default/nginx -> myservice.com all ports",
    ],
  },
  {
    says: "A name that nobody seems to use is taken from the list.",
    set: names,
    edits: [{ in: "policies.yaml default/allow-egress-fqdn", from: "        - matchName: myservice.com\n", to: "" }],
    edges: ["DENIED default/nginx -> myservice.com all ports"],
  },
  {
    says: "The fighter's policy loses its name resolution.",
    set: starWars,
    edits: [
      {
        in: "policies.yaml default/tiefighter-to-deathstar",
        from: `    - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
      toPorts:
        - ports:
            - { port: "53", protocol: ANY }
          rules:
            dns:
              - matchPattern: "*"
`,
        to: "",
      },
    ],
    edges: ["DENIED default/tiefighter -> kube-system/coredns TCP 53; UDP 53; SCTP 53"],
  },
  {
    says: "The simulator of uat is copied from dev's, namespace and all.",
    set: environments,
    edits: [
      {
        in: "policies.yaml azure-apim-sim/apim-simulator-uat",
        from: '"k8s:io.kubernetes.pod.namespace": uat',
        to: '"k8s:io.kubernetes.pod.namespace": dev',
      },
    ],
    edges: ["DENIED azure-apim-sim/apim-simulator-uat -> uat/api TCP 80"],
  },
  {
    says: "Keycloak forgets who signs people in for uat.",
    set: environments,
    edits: [
      {
        in: "policies.yaml azure-entraid-sim/keycloak",
        from: `        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": uat
            "k8s:app.kubernetes.io/name": oauth2-proxy-frontend
            "k8s:app.kubernetes.io/component": auth-proxy
`,
        to: "",
      },
    ],
    edges: ["DENIED uat/oauth2-proxy-frontend -> azure-entraid-sim/keycloak TCP 8080"],
  },
];

/** Requests, and ports that move: something opens and something closes, or neither does. */
export const moves: readonly Change[] = [
  {
    says: "Payments listen on another port under the same name, which policies name.",
    set: shop,
    edits: [{ in: "workloads.yaml payments/payments", from: "containerPort: 9000", to: "containerPort: 9443" }],
    edges: [
      "ALLOWED orders/orders-api -> payments/payments TCP 9443",
      "DENIED orders/orders-api -> payments/payments TCP 9000",
    ],
  },
  {
    says: "Orders are read through the storefront, and no longer placed.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: "              - method: POST\n                path: /orders\n",
        to: "",
      },
    ],
    edges: ["NARROWED storefront/web -> orders/orders-api TCP 8080"],
  },
  {
    says: "Which requests orders take is left to the service.",
    set: shop,
    edits: [
      {
        in: "policies/orders.yaml orders/orders-api",
        from: `          rules:
            http:
              - method: GET
                path: /orders/[0-9]+
              - method: POST
                path: /orders
`,
        to: "",
      },
    ],
    edges: ["WIDENED storefront/web -> orders/orders-api TCP 8080"],
  },
  {
    says: "The proxy is taken from name resolution, which is why Cilium learns no names any more.",
    set: shop,
    edits: [
      {
        in: "policies/baseline.yaml dns",
        from: '          rules:\n            dns:\n              - matchPattern: "*"\n',
        to: "",
      },
    ],
    edges: [
      "L7-CHANGED orders/nightly-report -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED orders/orders-api -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED orders/orders-db -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED payments/ledger -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED payments/payments -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED storefront/cart -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "L7-CHANGED storefront/web -> kube-system/coredns TCP 53; UDP 53; SCTP 53",
      "UNKNOWN orders/nightly-report -> reports.example.com TCP 443",
    ],
  },
  {
    says: "The version is read on the port of the Service, which no policy sees.",
    set: flights,
    edits: [{ in: "policies.yaml default/readversion", from: '"8080"', to: '"80"' }],
    edges: [
      "ALLOWED default/version-reader -> default/go-sample-api TCP 80",
      "DENIED default/version-reader -> default/go-sample-api TCP 8080",
    ],
  },
  {
    says: "The path of flights takes whatever comes behind it.",
    set: flights,
    edits: [{ in: "policies.yaml default/readflights", from: "path: /flights", to: "path: /flights.*" }],
    edges: ["L7-CHANGED default/board-prod -> default/flights-service TCP 80"],
  },
  {
    says: "Ships may send the death star what they like.",
    set: starWars,
    edits: [
      {
        in: "policies.yaml default/deathstar-from-empire",
        from: "          rules:\n            http:\n              - { method: POST, path: /v1/request-landing }\n",
        to: "",
      },
    ],
    edges: ["WIDENED default/tiefighter -> default/deathstar TCP 80"],
  },
  {
    says: "The gateway asks Argo CD on the port of its Service.",
    set: environments,
    edits: [
      {
        in: "policies.yaml azure-auth-gateway/azure-auth-gateway",
        from: `            "k8s:app.kubernetes.io/name": argocd-server
      toPorts:
        - ports:
            - { port: "8080", protocol: TCP }
`,
        to: `            "k8s:app.kubernetes.io/name": argocd-server
      toPorts:
        - ports:
            - { port: "443", protocol: TCP }
`,
      },
    ],
    edges: [
      "ALLOWED azure-auth-gateway/gateway -> argocd/argocd-server TCP 443",
      "DENIED azure-auth-gateway/gateway -> argocd/argocd-server TCP 8080",
    ],
  },
];
