/** Changes of a stack file: what they do to the policies of our own bundles. */

export interface StackChange {
  readonly says: string;
  readonly before: Stack;
  readonly after: Stack;
  /** All that becomes different between any two endpoints on any port; empty for a pure refactoring. */
  readonly edges: readonly string[];
}

type Stack = Readonly<Record<string, unknown>>;

const off = { enabled: false };

/** Without add-ons, so that lists stay short. */
const plain: Stack = { target: "kind", gateway: off, kyverno: off, argocd: off, cilium: { hubble: off } };

const demos: Stack = {
  ...plain,
  namespaces: { dev: {}, uat: {} },
  policies: {
    bundles: ["baseline", "fqdn-egress", "demo-flights", "demo-star-wars"],
    fqdnEgress: { names: ["api.example.com", "cdn.example.com"], ports: [443] },
  },
};

function demosWith(policies: Stack): Stack {
  return { ...demos, policies: { ...(demos["policies"] as Stack), ...policies } };
}

/** Nothing is closed, and a guard keeps the environments apart. */
const guarded: Stack = {
  ...plain,
  namespaces: {
    dev: { isolated: false, labels: { environment: "dev" } },
    uat: { isolated: false, labels: { environment: "uat" } },
  },
  policies: { bundles: ["environment-isolation"], environmentIsolation: { environments: ["dev", "uat"] } },
};

/** The same with a namespace more, in this environment. */
function withLoad(environment: string): Stack {
  const load = { isolated: false, labels: { environment } };
  return { ...guarded, namespaces: { ...(guarded["namespaces"] as Stack), load } };
}

export const stackChanges: readonly StackChange[] = [
  {
    says: "Namespaces and bundles are listed in the order of the alphabet.",
    before: demos,
    after: {
      ...demosWith({ bundles: ["demo-flights", "demo-star-wars", "fqdn-egress", "baseline"] }),
      namespaces: { uat: {}, dev: {} },
    },
    edges: [],
  },
  {
    says: "Names outside are listed the other way round.",
    before: demos,
    after: demosWith({ fqdnEgress: { names: ["cdn.example.com", "api.example.com"], ports: [443] } }),
    edges: [],
  },
  {
    says: "A second port is opened to every name.",
    before: demos,
    after: demosWith({ fqdnEgress: { names: ["api.example.com", "cdn.example.com"], ports: [443, 8443] } }),
    edges: [
      "ALLOWED fqdn-egress/nginx -> api.example.com TCP 8443",
      "ALLOWED fqdn-egress/nginx -> cdn.example.com TCP 8443",
    ],
  },
  {
    says: "A name is misspelt.",
    before: demos,
    after: demosWith({ fqdnEgress: { names: ["api.example.com", "cnd.example.com"], ports: [443] } }),
    edges: [
      "ALLOWED fqdn-egress/nginx -> cnd.example.com TCP 443",
      "DENIED fqdn-egress/nginx -> cdn.example.com TCP 443",
    ],
  },
  {
    says: "Ships may ask for a landing, and no more for anything else.",
    before: demosWith({ demoStarWars: { form: "l4" } }),
    after: demosWith({ demoStarWars: { form: "l7" } }),
    edges: ["NARROWED demo-star-wars/tiefighter -> demo-star-wars/deathstar TCP 80"],
  },
  {
    says: "Flights listen on another port.",
    before: demosWith({ demoFlights: { targetPort: 8080 } }),
    after: demosWith({ demoFlights: { targetPort: 9090 } }),
    edges: [
      "ALLOWED demo-flights/board -> demo-flights/flights TCP 9090",
      "ALLOWED demo-flights/reader -> demo-flights/sample TCP 9090",
      "DENIED demo-flights/board -> demo-flights/flights TCP 8080",
      "DENIED demo-flights/reader -> demo-flights/sample TCP 8080",
    ],
  },
  {
    says: "The guard between environments is taken from the bundles.",
    before: guarded,
    after: { ...guarded, policies: { bundles: [] } },
    edges: [
      "ALLOWED dev/example -> uat/example all ports",
      "ALLOWED dev/example -> uat/other-example all ports",
      "ALLOWED dev/other-example -> uat/example all ports",
      "ALLOWED dev/other-example -> uat/other-example all ports",
      "ALLOWED uat/example -> dev/example all ports",
      "ALLOWED uat/example -> dev/other-example all ports",
      "ALLOWED uat/other-example -> dev/example all ports",
      "ALLOWED uat/other-example -> dev/other-example all ports",
    ],
  },
  {
    says: "One of uat's namespaces gets the label of an environment that no guard knows.",
    before: withLoad("uat"),
    after: withLoad("load-tests"),
    edges: [
      "ALLOWED dev/example -> load/example all ports",
      "ALLOWED dev/example -> load/other-example all ports",
      "ALLOWED dev/other-example -> load/example all ports",
      "ALLOWED dev/other-example -> load/other-example all ports",
      "ALLOWED load/example -> dev/example all ports",
      "ALLOWED load/example -> dev/other-example all ports",
      "ALLOWED load/other-example -> dev/example all ports",
      "ALLOWED load/other-example -> dev/other-example all ports",
    ],
  },
];
