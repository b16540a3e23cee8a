/** The export to plain NetworkPolicy: what is said, what is lost, and that nothing opens. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, parseAllDocuments } from "yaml";

import { bundles } from "../policies/bundles.ts";
import { exportPolicies, privateRanges, type Exported, type NetworkPolicy } from "../policies/export/exported.ts";
import { lossCodes, lossPlace } from "../policies/export/loss.ts";
import { inventoryOf } from "../policies/inhabitants.ts";
import type { Fields } from "../policies/reachability/read/fields.ts";
import { readCases } from "./reachability/cases.ts";
import { fullContext } from "./support/bundle-context.ts";

const world: readonly Fields[] = [
  { kind: "Namespace", metadata: { name: "dev", labels: { environment: "dev" } } },
  { kind: "Namespace", metadata: { name: "uat", labels: { environment: "uat" } } },
  pod("dev", "web", { app: "web" }),
  pod("dev", "api", { app: "api", tier: "back" }),
  pod("uat", "db", { app: "db" }),
  pod("kube-system", "coredns", { "k8s-app": "kube-dns" }),
];

function pod(namespace: string, name: string, labels: Fields): Fields {
  const ports = [{ name: "http", containerPort: 8080 }];
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels }, spec: { containers: [{ ports }] } };
}

function cnp(spec: string, name = "p", namespace = "dev"): Fields {
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name, namespace }, spec: parse(spec) };
}

function ccnp(spec: string, name = "p"): Fields {
  return { apiVersion: "cilium.io/v2", kind: "CiliumClusterwideNetworkPolicy", metadata: { name }, spec: parse(spec) };
}

function knp(spec: string, name: string, namespace = "dev"): Fields {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace },
    spec: parse(spec),
  };
}

function exported(policies: readonly Fields[], inside: readonly string[] = ["10.0.0.0/8"]): Exported {
  return exportPolicies({
    manifests: [...world, ...policies].map((object) => ({ object })),
    inside,
    apiServer: ["on another node"],
  });
}

/** The specs by namespace and name, the losses and the lost connections, as text. */
function told(policies: readonly Fields[], inside?: readonly string[]): unknown {
  const { policies: written, losses, lost, problems } = exported(policies, inside);
  assert.deepEqual(problems, []);
  return {
    specs: Object.fromEntries(
      written.map(({ manifest: { metadata, spec } }) => [`${metadata.namespace}/${metadata.name}`, spec]),
    ),
    losses: losses.map((loss) => `${loss.code} ${lossPlace(loss)}`),
    lost: lost.flatMap(({ from, to }) => from.flatMap((client) => to.map((server) => `${client} -> ${server}`))),
  };
}

/** Directions with rules that only Cilium would enforce, because `policyTypes` leaves them out. */
function unnamed({ spec }: NetworkPolicy): readonly string[] {
  const { policyTypes, ingress, egress } = spec;
  return [
    ...(policyTypes.length === 0 ? ["neither"] : []),
    ...(ingress !== undefined && !policyTypes.includes("Ingress") ? ["ingress"] : []),
    ...(egress !== undefined && !policyTypes.includes("Egress") ? ["egress"] : []),
  ];
}

const ofApi = "endpointSelector: {matchLabels: {app: api}}";
const api = { podSelector: { matchLabels: { app: "api" } } };
const closed = { ...api, policyTypes: ["Ingress"] };

describe("An export to NetworkPolicy", () => {
  it("says peers, ports and isolation in the words of Kubernetes [S1-54]", () => {
    const policy = cnp(`
      ${ofApi}
      ingress:
        - fromEndpoints: [{matchLabels: {app: web}}, {matchLabels: {"k8s:io.kubernetes.pod.namespace": uat}}]
          toPorts: [{ports: [{port: "8080", protocol: TCP}, {port: "http", protocol: TCP}, {port: "9000", endPort: 9010}]}]
        - fromEndpoints: [{matchExpressions: [{key: "k8s:io.cilium.k8s.namespace.labels.environment", operator: Exists}]}]
          toPorts: [{ports: [{port: "0", protocol: UDP}]}]
      egress:
        - toCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.8/32]}]
    `);
    assert.deepEqual(told([policy]), {
      specs: {
        "dev/p": {
          ...api,
          policyTypes: ["Ingress", "Egress"],
          ingress: [
            {
              from: [
                { podSelector: { matchLabels: { app: "web" } } },
                { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "uat" } } },
              ],
              ports: [
                { protocol: "TCP", port: 8080 },
                { protocol: "TCP", port: "http" },
                { protocol: "TCP", port: 9000, endPort: 9010 },
                { protocol: "UDP", port: 9000, endPort: 9010 },
                { protocol: "SCTP", port: 9000, endPort: 9010 },
              ],
            },
            {
              from: [{ namespaceSelector: { matchExpressions: [{ key: "environment", operator: "Exists" }] } }],
              ports: [{ protocol: "UDP" }],
            },
          ],
          egress: [{ to: [{ ipBlock: { cidr: "203.0.113.0/24", except: ["203.0.113.8/32"] } }] }],
        },
      },
      losses: [],
      lost: [],
    });
  });

  it("says what is empty, and everybody, as Cilium means it [S1-54]", () => {
    const nobody = cnp(`{endpointSelector: {}, ingress: [{}]}`, "nobody");
    const everybody = cnp(`{${ofApi}, ingress: [{fromEntities: [all]}]}`, "everybody");
    assert.deepEqual(told([nobody, everybody]), {
      specs: {
        "dev/nobody": { podSelector: {}, policyTypes: ["Ingress"] },
        "dev/everybody": { ...closed, ingress: [{}] },
      },
      losses: [],
      lost: [],
    });
  });

  for (const [code, rule, place, lost, left] of [
    [
      "export/http",
      `ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "8080", protocol: TCP}], rules: {http: [{method: GET}]}}]}]`,
      "spec.ingress[0]",
      ["dev/web -> dev/api"],
      closed,
    ],
    [
      "export/names",
      `egress: [{toFQDNs: [{matchName: api.example.com}]}]`,
      "spec.egress[0] (api.example.com)",
      ["dev/api -> api.example.com"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/dns-names",
      `egress: [{toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system}}], toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchName: example.com}]}}]}]`,
      "spec.egress[0]",
      ["dev/api -> kube-system/coredns"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/tls",
      `egress: [{toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: "443", protocol: TCP}], serverNames: [example.com]}]}]`,
      "spec.egress[0]",
      ["dev/api -> 203.0.113.0/24"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/entities",
      `egress: [{toEntities: [kube-apiserver]}]`,
      "spec.egress[0] (kube-apiserver)",
      ["dev/api -> kube-apiserver"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/authentication",
      `ingress: [{fromEndpoints: [{matchLabels: {app: web}}], authentication: {mode: required}}]`,
      "spec.ingress[0]",
      ["dev/web -> dev/api"],
      closed,
    ],
    [
      "export/icmp",
      `ingress: [{fromEndpoints: [{matchLabels: {app: web}}], icmps: [{fields: [{type: 8}]}]}]`,
      "spec.ingress[0]",
      ["dev/web -> dev/api"],
      closed,
    ],
    [
      "export/service-accounts",
      `ingress: [{fromEndpoints: [{matchLabels: {"k8s:io.cilium.k8s.policy.serviceaccount": web}}]}]`,
      "spec.ingress[0]",
      [],
      closed,
    ],
    [
      "export/listener",
      `egress: [{toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: "443", protocol: TCP}], listener: {envoyConfig: {name: x}, name: y}}]}]`,
      "spec.egress[0]",
      ["dev/api -> 203.0.113.0/24"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/not-modelled",
      `egress: [{toGroups: [{aws: {region: eu-west-1}}]}]`,
      "spec.egress[0] (toGroups)",
      // Who is meant is not known, so any of the world may be.
      ["dev/api -> world"],
      { ...api, policyTypes: ["Egress"] },
    ],
    [
      "export/ipv6",
      `egress: [{toCIDR: ["2001:db8::/32"]}]`,
      "spec.egress[0]",
      ["dev/api -> 2001:db8::/32"],
      { ...api, policyTypes: ["Egress"] },
    ],
  ] as const) {
    it(`leaves out what it has no word for, and says so: ${code} [S1-54]`, () => {
      assert.deepEqual(told([cnp(`{${ofApi}, ${rule}}`)]), {
        specs: { "dev/p": left },
        losses: [`${code} cnp dev/p ${place}`],
        lost,
      });
    });
  }

  it("lets ranges cover no pod and no node of the other cluster [S1-54]", () => {
    const policy = cnp(`{${ofApi}, egress: [{toCIDR: [0.0.0.0/0]}]}`);
    const except = { podSelector: { matchLabels: { app: "api" } }, policyTypes: ["Egress"] };
    assert.deepEqual(told([policy], ["10.0.0.0/8", "172.16.0.0/12"]), {
      specs: {
        "dev/p": {
          ...except,
          egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "172.16.0.0/12"] } }] }],
        },
      },
      losses: ["export/inside cnp dev/p spec.egress[0]"],
      lost: ["dev/api -> 10.0.0.0/8, 172.16.0.0/12"],
    });
    const within = told([cnp(`{${ofApi}, egress: [{toCIDR: [10.1.0.0/16]}]}`)]) as { readonly specs: unknown };
    assert.deepEqual(within.specs, { "dev/p": except });
  });

  it("opens name resolution without its proxy, and says that less is guarded [S1-54]", () => {
    const dns = cnp(`
      endpointSelector: {}
      egress:
        - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns}}]
          toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchPattern: "*"}]}}]
    `);
    const { policies, losses, lost } = exported([dns]);
    assert.deepEqual(policies[0]?.manifest.spec.egress, [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
            podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
          },
        ],
        ports: [{ protocol: "UDP", port: 53 }],
      },
    ]);
    assert.deepEqual(
      losses.map(({ code, effect }) => [code, effect]),
      [["export/proxy", "guards less"]],
    );
    assert.deepEqual(lost, []);
  });

  describe("of a deny", () => {
    const allow = `{endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: Exists}]}], toPorts: [{ports: [{port: "1", endPort: 100, protocol: TCP}]}]}]}`;
    const guardrail = `{endpointSelector: {matchLabels: {"k8s:io.cilium.k8s.namespace.labels.environment": dev}}, enableDefaultDeny: {ingress: false}, ingressDeny: [{fromEndpoints: [{matchLabels: {"k8s:io.cilium.k8s.namespace.labels.environment": uat}}], toPorts: [{ports: [{port: "22", protocol: TCP}]}]}]}`;

    it("takes what it denies out of the allows it meets, peer by peer and port by port [S1-54]", () => {
      assert.deepEqual(told([cnp(allow, "allow"), ccnp(guardrail, "guardrail")]), {
        specs: {
          "dev/allow": {
            podSelector: {},
            policyTypes: ["Ingress"],
            ingress: [
              {
                from: [
                  {
                    namespaceSelector: {
                      matchExpressions: [{ key: "environment", operator: "NotIn", values: ["uat"] }],
                    },
                  },
                ],
                ports: [{ protocol: "TCP", port: 1, endPort: 100 }],
              },
              {
                from: [{ namespaceSelector: { matchLabels: { environment: "uat" } } }],
                ports: [
                  { protocol: "TCP", port: 1, endPort: 21 },
                  { protocol: "TCP", port: 23, endPort: 100 },
                ],
              },
            ],
          },
        },
        losses: ["export/clusterwide ccnp guardrail spec", "export/deny ccnp guardrail spec.ingressDeny[0]"],
        lost: [],
      });
    });

    it("cuts the pods of an allow in two where it selects some of them [S1-54]", () => {
      const deny = `{endpointSelector: {matchLabels: {tier: back}}, ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "1", endPort: 99, protocol: TCP}]}]}]}`;
      const { policies, problems } = exported([cnp(allow, "allow"), cnp(deny, "deny")]);
      assert.deepEqual(problems, []);
      assert.deepEqual(
        policies.map(({ manifest: { metadata, spec } }) => [
          metadata.name,
          spec.podSelector,
          spec.ingress?.length ?? 0,
        ]),
        [
          ["allow", {}, 0],
          ["allow-2", { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["back"] }] }, 1],
          ["allow-3", { matchLabels: { tier: "back" } }, 2],
          ["deny", { matchLabels: { tier: "back" } }, 0],
        ],
      );
    });

    it("isolates pods that nothing isolated, and allows them the rest [S1-54]", () => {
      const { policies, losses, problems } = exported([ccnp(guardrail, "guardrail")]);
      assert.deepEqual(problems, []);
      assert.deepEqual(
        losses.map((loss) => `${loss.code} ${lossPlace(loss)}`),
        [
          "export/clusterwide ccnp guardrail spec",
          "export/deny ccnp guardrail spec.ingressDeny[0]",
          "export/denied-while-open ccnp guardrail spec.ingressDeny[0]",
          "export/beside-deny ccnp guardrail spec.ingressDeny[0] (nodes and the API server, with ccnp guardrail spec.ingressDeny[0], ICMP, with ccnp guardrail spec.ingressDeny[0])",
          "export/ipv6 ccnp guardrail spec.ingressDeny[0]",
          "export/inside ccnp guardrail spec.ingressDeny[0]",
        ],
      );
      assert.deepEqual(
        policies.map(({ manifest: { metadata } }) => `${metadata.namespace}/${metadata.name}`),
        ["dev/guardrail"],
      );
    });

    it("takes a named port of the same protocol along [S1-54]", () => {
      const named = `{${ofApi}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: http, protocol: TCP}]}]}]}`;
      const deny = `{${ofApi}, ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "22", protocol: TCP}]}]}]}`;
      assert.deepEqual(told([cnp(named, "named"), cnp(deny, "deny")]), {
        specs: { "dev/named": closed, "dev/deny": closed },
        losses: [
          "export/beside-deny cnp dev/named spec.ingress[0] (port http, with cnp dev/deny spec.ingressDeny[0])",
          "export/deny cnp dev/deny spec.ingressDeny[0]",
        ],
        lost: ["dev/web -> dev/api"],
      });
    });

    it("is refused where it keeps out a pod's own node, which nothing else can [S1-54]", () => {
      const { problems } = exported([cnp(`{${ofApi}, ingressDeny: [{fromEntities: [host]}]}`)]);
      assert.deepEqual(
        problems.map(({ code, where }) => [code, where]),
        [["export/opens", "host -> dev/api all ports"]],
      );
    });
  });

  it("writes an allow that isolates nobody for pods that something else isolates [S1-54]", () => {
    const allow = (name: string): Fields =>
      cnp(`{endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{}]}]}`, name);
    const alone = exported([allow("allow")]);
    assert.deepEqual(alone.policies, []);
    const beside = exported([allow("allow"), knp(`{podSelector: {matchLabels: {app: api}}}`, "closed")]);
    assert.deepEqual(
      beside.policies.map(({ manifest: { metadata, spec } }) => [metadata.name, spec.podSelector]),
      [
        ["allow", { matchLabels: { app: "api" } }],
        ["closed", { matchLabels: { app: "api" } }],
      ],
    );
  });

  it("means labels as Cilium does: what never reaches an identity is nobody's [S1-54]", () => {
    const policy = cnp(
      `{${ofApi}, ingress: [{fromEndpoints: [{matchLabels: {pod-template-hash: x}}, {matchLabels: {"container:app": x}}]}]}`,
    );
    assert.deepEqual(exported([policy]).policies[0]?.manifest.spec, closed);
  });

  it("keeps the names of NetworkPolicies and lets others make room [S1-54]", () => {
    const names = exported([
      cnp(`{endpointSelector: {}, ingress: [{}]}`, "same"),
      knp("{podSelector: {}}", "same"),
      ccnp(`{endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": dev}}, ingress: [{}]}`, "same"),
    ]).policies.map(({ manifest: { metadata } }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(names, ["dev/same-cnp", "dev/same", "dev/same-ccnp"]);
  });

  it("names what is no policy of pods, and refuses tiers [S1-54]", () => {
    const egress = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumEgressGatewayPolicy",
      metadata: { name: "out" },
      spec: {},
    };
    assert.deepEqual(exported([egress]).others, ["CiliumEgressGatewayPolicy out"]);
    const host = ccnp(`{nodeSelector: {}, ingress: [{fromEntities: [cluster]}]}`, "nodes");
    assert.deepEqual(
      exported([host]).problems.map(({ code, where }) => [code, where]),
      [["export/host-policy", "ccnp nodes"]],
    );
    const tiered = {
      apiVersion: "policy.networking.k8s.io/v1alpha2",
      kind: "ClusterNetworkPolicy",
      metadata: { name: "first" },
      spec: { tier: "Admin", priority: 1, subject: { namespaces: {} } },
    };
    assert.deepEqual(
      exported([tiered]).problems.map(({ code, where }) => [code, where]),
      [["export/tiers", "ClusterNetworkPolicy first"]],
    );
    assert.deepEqual(
      exported([], ["10.0.0.0"]).problems.map(({ code }) => code),
      ["export/no-range"],
    );
  });

  it("opens nothing in the 300 worlds of Cilium's own verdicts, and names a reason for all it closes [S1-54]", function () {
    this.timeout(60_000);
    const kinds = new Set<string>();
    let [refused, lost] = [0, 0];
    for (const scenario of readCases()) {
      const objects: Fields[] = [
        ...Object.entries(scenario.namespaces).map(([name, labels]) => ({
          kind: "Namespace",
          metadata: { name, labels },
        })),
        ...scenario.pods.map(({ namespace, name, labels, ports }) => ({
          kind: "Pod",
          metadata: { namespace, name, labels },
          spec: { containers: [{ ports: ports.map((each) => ({ ...each, containerPort: each.port })) }] },
        })),
        ...scenario.cidrGroups,
        ...scenario.policies,
      ];
      const found = exportPolicies({
        manifests: objects.map((object) => ({ object })),
        inside: privateRanges,
        apiServer: [scenario.id % 2 === 0 ? "on another node" : "outside the cluster"],
      });
      for (const { code } of found.losses) kinds.add(code);
      for (const { manifest } of found.policies) assert.deepEqual(unnamed(manifest), [], manifest.metadata.name);
      lost += found.lost.length;
      if (found.problems.length > 0) refused += 1;
      // A deny of a pod's own node is all that cannot be closed.
      assert.deepEqual(
        found.problems.filter(({ code, where }) => code !== "export/opens" || !where.startsWith("host -> ")),
        [],
        `world ${String(scenario.id)}`,
      );
    }
    assert.deepEqual({ refused, kinds: kinds.size, lost: lost > 1000 }, { refused: 9, kinds: 13, lost: true });
  });

  it("opens nothing of all bundles together, and tells what they lose [S1-54]", () => {
    const manifests = [
      ...inventoryOf({ bundles, context: fullContext }),
      ...bundles.flatMap((bundle) => bundle.manifests(fullContext)),
    ];
    const { problems, lost, losses } = exportPolicies({
      manifests: manifests.map((object) => ({ object: { ...object } })),
      inside: privateRanges,
      apiServer: fullContext.apiServerPlaces as readonly ["on another node"],
    });
    assert.deepEqual(problems, []);
    const reasonsFor = (client: string, server: string): string[] => {
      const edge = lost.find(({ from, to }) => from.includes(client) && to.includes(server));
      return (edge?.losses ?? []).flatMap((index) => losses[index]?.code ?? []);
    };
    assert.deepEqual(reasonsFor("apim-openai/backend", "myapim.azure-api.net"), ["export/names", "export/tls"]);
    assert.deepEqual(reasonsFor("demo-flights/board", "demo-flights/flights"), ["export/http"]);
    assert.deepEqual(reasonsFor("argocd/argocd-server", "kube-apiserver"), ["export/entities"]);
  });

  it("has a sentence for every code that tells what is said, and what became of it", () => {
    for (const text of Object.values(lossCodes)) assert.match(text, /^[a-zA-Z][^:]+: .+[^.]$/);
  });
});

describe("npm run export", function () {
  this.timeout(20_000);
  const program = join(import.meta.dirname, "..", "scripts", "platform.ts");
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "export-"));
    writeFileSync(
      join(folder, "Pulumi.test.yaml"),
      "config: {platform:target: kind, platform:namespaces: {dev: {}}, platform:gateway: {enabled: false}, platform:argocd: {enabled: false}, platform:kyverno: {enabled: false}}\n",
    );
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function run(...args: readonly string[]): { stdout: string; stderr: string; status: number | null } {
    return spawnSync(process.execPath, [program, "export", ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: "/nowhere", HOME: folder },
    });
  }

  it("prints objects that kubectl takes, and beside them what is lost [S1-54]", () => {
    const { stdout, stderr, status } = run("--stack", "test", "--to", "kubernetes");
    assert.equal(status, 0);
    assert.deepEqual(
      parseAllDocuments(stdout).map((document) => document.getIn(["metadata", "name"])),
      ["default-deny", "allow-dns"],
    );
    assert.equal(
      stderr,
      `2 policies as 2 NetworkPolicies: nothing opens, 0 pairs lose connections, 58 pairs are as before

guards less: a proxy that lets every request pass: the port is open without it, to the same requests and to what is no request
  cnp dev/allow-dns spec.egress[0]

No range covers 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 240.0.0.0/4: pods and nodes there may have such addresses.
Whatever a NetworkPolicy says, a pod and the node it runs on reach each other.
Where the API server has an address outside these, who may reach the world may reach it.
`,
    );
  });

  it("writes a file for each namespace into a folder of its own, and the report as JSON [S1-54]", () => {
    const { stdout, status } = run(
      "test",
      "--to",
      "kubernetes",
      "--into",
      "plain",
      "-o",
      "json",
      "--inside",
      "10.1.0.0/16",
    );
    assert.equal(status, 0);
    assert.deepEqual(readdirSync(join(folder, "plain")), ["dev.yaml"]);
    assert.match(readFileSync(join(folder, "plain", "dev.yaml"), "utf8"), /^apiVersion: networking\.k8s\.io\/v1\n/);
    const report = JSON.parse(stdout) as {
      kind: string;
      inside: unknown;
      policies: unknown[];
      losses: { code: string }[];
    };
    assert.deepEqual(
      [report.kind, report.inside, report.policies.length, report.losses.map(({ code }) => code)],
      ["export", ["10.1.0.0/16"], 2, ["export/proxy"]],
    );
    mkdirSync(join(folder, "mine"));
    writeFileSync(join(folder, "mine", "notes"), "");
    assert.match(run("test", "--to", "kubernetes", "--into", "mine").stderr, /`mine` is not empty/);
    assert.equal(existsSync(join(folder, "mine", "dev.yaml")), false);
  });

  for (const [args, expected] of [
    [["--to", "kubernetes"], /^expected one stack, got 0/],
    [["test"], /^--to: expected `kubernetes`/],
    [["test", "--to", "kubernetes", "--everything"], /Unknown option '--everything'/],
    [["test", "--to", "kubernetes", "-o", "html"], /^--output: got `html`/],
    [["test", "--to", "kubernetes", "--inside", "ten"], /`ten` is no range/],
    [["absent", "--to", "kubernetes"], /^Pulumi\.absent\.yaml does not exist/],
  ] as const) {
    it(`refuses \`${args.join(" ")}\``, () => {
      const { stderr, stdout, status } = run(...args);
      assert.match(stderr, expected);
      assert.deepEqual([stdout, status], ["", 1]);
    });
  }
});
