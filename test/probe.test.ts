/** Probe: who is probed, which connections are tried, what is seen beside what was predicted, and how that is told. */
import assert from "node:assert/strict";

import { Parser } from "tar";

import { explain, explanationText, outsideOf, readWorld, withExternals } from "../policies/reachability/index.ts";
import type { World } from "../policies/reachability/index.ts";
import type { Fields } from "../policies/reachability/read/fields.ts";
import { reachesIdentity } from "../policies/reachability/select/labels.ts";
import { binaryArchive } from "../scripts/kind-images/archive.ts";
import { lineFor, readLines } from "../scripts/probe/asking.ts";
import { planCells, type Cell, type Prober, type Surroundings } from "../scripts/probe/cells.ts";
import { judge, type Seen } from "../scripts/probe/compare.ts";
import { needsEnvoy } from "../scripts/probe/envoy.ts";
import { flowLines } from "../scripts/probe/evidence.ts";
import { runLabel, serviceFor, workloadPod } from "../scripts/probe/manifests.ts";
import { missingOfRealized, readAgentState } from "../scripts/probe/realized.ts";
import { reportText } from "../scripts/probe/report.ts";
import type { ProbeReport } from "../scripts/probe/run.ts";
import { chooseWorkloads } from "../scripts/probe/workloads.ts";

const namespace = (name: string): Fields => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: {} } });
const pod = (where: string, name: string, labels: Fields, port = 0): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: where, labels },
  spec: {
    serviceAccountName: "default",
    containers: [{ name, ports: port === 0 ? [] : [{ name: "http", containerPort: port }] }],
  },
});
const policy = (where: string, name: string, spec: Fields): Fields => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name, namespace: where },
  spec,
});
const toPorts = (port: string, rules?: Fields): Fields[] => [
  { ports: [{ port, protocol: "ANY" }], ...(rules === undefined ? {} : { rules }) },
];

const dns = pod("kube-system", "coredns", { "k8s-app": "kube-dns" });
const objects: readonly Fields[] = [
  namespace("dev"),
  namespace("kube-system"),
  pod("dev", "web", { app: "web" }),
  pod("dev", "web-twin", { app: "web" }),
  pod("dev", "api", { app: "api" }, 8080),
  dns,
  policy("dev", "api", {
    endpointSelector: { matchLabels: { app: "api" } },
    ingress: [
      { fromEndpoints: [{ matchLabels: { app: "web" } }], toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }] },
    ],
  }),
  policy("dev", "web", {
    endpointSelector: { matchLabels: { app: "web" } },
    egress: [
      { toEndpoints: [{ matchLabels: { app: "api" } }] },
      {
        toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns" } }],
        toPorts: toPorts("53", { dns: [{ matchPattern: "*.example.com" }] }),
      },
      { toFQDNs: [{ matchName: "pay.example.com" }], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] },
    ],
  }),
];

function worldOf(all: readonly Fields[], names: "known" | "as learned" = "as learned"): World {
  return readWorld({ manifests: all.map((object) => ({ object })), externals: [], names }).world;
}

const nodes = [
  { name: "one", address: "10.0.0.1", apiServer: "here" },
  { name: "two", address: "10.0.0.2", apiServer: "elsewhere" },
] as const;

function prober(as: string, turn: "a" | "b", more: Partial<Prober> = {}): Prober {
  const [where = "", name = ""] = as.split("/");
  return {
    id: `${where}/prober-${name}-${turn}`,
    as,
    kind: "pod",
    node: turn === "a" ? "one" : "two",
    address: `10.1.${turn === "a" ? "0" : "1"}.${String(name.length)}`,
    ports: { TCP: [8080, 8081], UDP: [] },
    asks: turn === "a" ? "yes" : "no",
    ...more,
  };
}

const api = prober("dev/api", "b", {
  service: {
    namespace: "dev",
    name: "prober-api",
    clusterIP: "10.96.0.9",
    ports: [{ protocol: "TCP", port: 20001, target: 8080, nodePort: 31000 }],
  },
});

function surroundings(probers: readonly Prober[], more: Partial<Surroundings> = {}): Surroundings {
  const seenNodes = ["host with the API server", "remote-node with the API server"];
  const world = seenNodes.reduce(
    (made, name) =>
      withExternals(
        made,
        [{ name, entity: "kube-apiserver" }],
        name.startsWith("host") ? "on the pod's node" : "on another node",
      ),
    worldOf(objects.filter(({ metadata }) => (metadata as { name: string }).name !== "web-twin")),
  );
  return {
    world: withExternals(world, [
      { name: "host", entity: "host" },
      { name: "remote-node", entity: "remote-node" },
      { name: "world", entity: "world" },
      { name: "outside", ip: "10.0.0.9" },
      { name: "pay.example.com", ip: "10.0.0.8", fqdn: "pay.example.com" },
    ]),
    probers,
    nodes,
    kubeProxy: "replaced",
    routing: "tunnel",
    apiServers: [],
    clusterDns: "absent",
    ...more,
  };
}

const told = ({ from, to, way, where, traffic, destination, expected }: Cell): string =>
  `${from.as} -> ${to} ${traffic.protocol} ${String(traffic.port)} ${way} ${destination.address}:${String(destination.port)} ${where} ${expected}`;

describe("Who is probed", () => {
  const known = worldOf(objects);
  const chosen = chooseWorkloads(withExternals(known, outsideOf(known.rules)), new Set(["dev", "kube-system"]));

  it("is one of each class that no policy tells apart", () => {
    assert.deepEqual(
      chosen.workloads.map(({ name, members }) => [name, ...members]),
      [
        ["dev/api", "dev/api"],
        ["dev/web", "dev/web", "dev/web-twin"],
        ["kube-system/coredns", "kube-system/coredns"],
      ],
    );
  });

  it("is asked on every port on which somebody is answered differently, and on one that nobody names", () => {
    const [first, second] = chosen.workloads;
    assert.deepEqual(first?.ports, { TCP: [8080, 8081, 8099], UDP: [8099] });
    assert.deepEqual(second?.ports, { TCP: [8099], UDP: [8099] });
    assert.deepEqual(chosen.outside, { TCP: [443, 444, 8099], UDP: [8099] });
  });

  it("is told by name where the cluster does not have the namespace", () => {
    assert.deepEqual(chooseWorkloads(known, new Set(["dev"])).absent, ["kube-system/coredns"]);
  });
});

describe("What is put into the cluster", () => {
  const run = { id: "abc", image: { name: "prober:1", pull: "Never" } } as const;
  const known = worldOf(objects);
  const { workloads } = chooseWorkloads(known, new Set(["dev", "kube-system"]));
  const [first] = workloads;
  assert.ok(first);
  const made = workloadPod(first, { run, name: "prober-abc-0-a", node: "one", anchorUid: "uid-1" }, {});

  it("is the same identity as whom it stands for, because Cilium drops our labels", () => {
    assert.equal(made.metadata.labels["app"], "api");
    const ours = Object.keys(made.metadata.labels).filter((key) => key !== "app");
    assert.deepEqual(ours.filter(reachesIdentity), []);
    assert.ok(ours.includes(runLabel));
  });

  it("is never ready and has an owner, so that no Service leads to it and no controller adopts it", () => {
    assert.deepEqual(made.spec["readinessGates"], [{ conditionType: "cilium-platform/prober-serves-others" }]);
    assert.deepEqual(made.metadata["ownerReferences"], [
      { apiVersion: "v1", kind: "ConfigMap", name: "prober-abc", uid: "uid-1", controller: true },
    ]);
  });

  it("gives its Service other ports than those of the pod", () => {
    const { spec } = serviceFor(run, "dev", "prober-abc-0-a", { TCP: [8080, 8081, 8099], UDP: [53] });
    assert.deepEqual(spec["ports"], [
      { name: "p0", protocol: "TCP", port: 20001, targetPort: 8080 },
      { name: "p1", protocol: "TCP", port: 20002, targetPort: 8081 },
      { name: "p2", protocol: "UDP", port: 20003, targetPort: 53 },
    ]);
    assert.equal(spec["publishNotReadyAddresses"], true);
  });
});

describe("The image of the prober", () => {
  it("is a tar with one layer of one binary, equal whenever it is made", async () => {
    const input = {
      name: "cilium-platform/prober:1",
      path: "/prober",
      content: Buffer.from("binary"),
      architecture: "amd64",
    };
    const archive = binaryArchive(input);
    assert.deepEqual(archive, binaryArchive(input));
    const entries = await unpacked(archive);
    assert.deepEqual([...entries.keys()].slice(1), ["layer.tar", "manifest.json"]);
    const [manifest] = JSON.parse(String(entries.get("manifest.json"))) as [{ RepoTags: string[]; Config: string }];
    assert.deepEqual(manifest.RepoTags, ["cilium-platform/prober:1"]);
    const config = JSON.parse(String(entries.get(manifest.Config))) as { config: unknown };
    assert.deepEqual(config.config, { Entrypoint: ["/prober"], User: "65532:65532" });
    const layer = await unpacked(entries.get("layer.tar") ?? Buffer.alloc(0));
    assert.deepEqual([...layer], [["prober", Buffer.from("binary")]]);
  });
});

async function unpacked(archive: Buffer): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => found.set(entry.path, Buffer.concat(chunks)));
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.end(archive);
  });
  return found;
}

describe("Which connections are tried", () => {
  it("are every port by pod IP, then the Service and the NodePorts before it, with what policy makes of each", () => {
    const { cells } = planCells(surroundings([prober("dev/web", "a"), api]));
    assert.deepEqual(cells.map(told), [
      "dev/web -> dev/api TCP 8080 pod IP 10.1.1.3:8080 across nodes allowed",
      "dev/web -> dev/api TCP 8081 pod IP 10.1.1.3:8081 across nodes denied",
      "dev/web -> dev/api TCP 8080 Service address 10.96.0.9:20001 across nodes allowed",
      "dev/web -> dev/api TCP 8080 NodePort 10.0.0.2:31000 across nodes allowed",
    ]);
  });

  it("have three tries where an answer is expected, and two where silence is", () => {
    const { cells } = planCells(surroundings([prober("dev/web", "a"), api]));
    assert.deepEqual(
      cells.slice(0, 2).map(({ destination: { tries, wait } }) => [tries, wait]),
      [
        [3, 1000],
        [2, 1000],
      ],
    );
  });

  it("ask DNS rules a question that passes, and one that does not", () => {
    const resolver = prober("kube-system/coredns", "b", { ports: { TCP: [], UDP: [53] } });
    const { cells } = planCells(surroundings([prober("dev/web", "a"), resolver]));
    assert.deepEqual(
      cells.map(({ expected, destination: { question } }) => [expected, question]),
      [
        ["allowed", "any.example.com"],
        ["turned-away", "nobody-asks-for-this.probe.invalid"],
      ],
    );
  });

  it("resolve a name by whoever stands for cluster DNS, and leave it out where the rules let nobody ask", () => {
    const resolver = prober("kube-system/coredns", "b", { ports: { TCP: [], UDP: [] } });
    const named = prober("pay.example.com", "b", {
      kind: "outside",
      node: "",
      address: "10.0.0.8",
      fqdn: "pay.example.com",
      ports: { TCP: [443, 444], UDP: [] },
    });
    const { cells } = planCells(surroundings([prober("dev/web", "a"), resolver, named]));
    assert.deepEqual(
      cells.map(({ destination: { host, resolver: by, port }, expected }) => [host, by, port, expected]),
      [
        ["pay.example.com", "10.1.1.7:53", 443, "allowed"],
        ["pay.example.com", "10.1.1.7:53", 444, "denied"],
      ],
    );
    assert.deepEqual(planCells(surroundings([prober("dev/web", "a"), named])).omitted, [
      { what: "names that the workload may not ask for", cells: 2 },
    ]);
  });

  it("come from outside as the routing makes them", () => {
    const outside = prober("outside", "a", { kind: "outside", node: "", address: "10.0.0.9" });
    const asWhom = (routing: "tunnel" | "native"): string[] => {
      const given = surroundings([outside, api], { routing });
      return planCells(given).cells.map(
        ({ destination, traffic }) => `${destination.address} as ${given.world.endpoints[traffic.from]?.name ?? ""}`,
      );
    };
    assert.deepEqual(asWhom("tunnel"), ["10.0.0.1 as world", "10.0.0.2 as outside"]);
    assert.deepEqual(asWhom("native"), ["10.0.0.1 as remote-node with the API server", "10.0.0.2 as outside"]);
  });

  it("leave NodePorts from inside out by name where kube-proxy translates them", () => {
    const { omitted } = planCells(surroundings([prober("dev/web", "a"), api], { kubeProxy: "runs" }));
    assert.deepEqual(omitted, [
      { what: "NodePorts from inside, which kube-proxy translates behind egress policy", cells: 1 },
    ]);
  });
});

describe("A rule that needs Envoy", () => {
  it("is found with its place, and a DNS rule is none", () => {
    const rules = worldOf([
      ...objects,
      policy("dev", "http", {
        endpointSelector: {},
        ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } }] }],
      }),
      policy("dev", "names", {
        endpointSelector: {},
        egress: [{ toPorts: [{ ports: [{ port: "443", protocol: "TCP" }], serverNames: ["a.example.com"] }] }],
      }),
    ]).rules;
    assert.deepEqual(
      needsEnvoy(rules).map(({ text }) => text),
      ["cnp dev/http spec.ingress[0]: http", "cnp dev/names spec.egress[0]: tls"],
    );
  });
});

/** As the agent of 1.20.2 said it on a real node, cut to what is read. */
const agentSaid = `{"policy": "[]", "revision": 7}

--- next ---
[{"id": 158, "status": {"external-identifiers": {"cni-attachment-id": "cf17:eth0"}, "identity": {"id": 1906}, "state": "ready",
  "networking": {"addressing": [{"ipv4": "10.244.1.110", "ipv4-pool-name": "default"}]},
  "policy": {"realized": {"policy-revision": 7}, "spec": {"policy-revision": 7}}}}]

--- next ---
[{"cidr": "0.0.0.0/0", "identity": 2}, {"cidr": "10.244.1.110/32", "hostIP": "172.18.0.3", "identity": 1906}]
`;

describe("Policy in force", () => {
  const state = readAgentState(agentSaid);
  const awaited = { pod: "dev/web", node: "one", address: "10.244.1.110" };

  it("is when the agent has realized its newest revision and every agent knows the identity", () => {
    assert.equal(missingOfRealized([awaited], new Map([["one", state]])), undefined);
  });

  const rows: readonly [string, Partial<typeof state>, string][] = [
    ["before the newest revision is realized", { revision: 8 }, "dev/web is at revision 7 of 8"],
    ["while there is no endpoint", { endpoints: [] }, "dev/web is no endpoint on one yet"],
    [
      "while an endpoint is regenerated",
      { endpoints: state.endpoints.map((each) => ({ ...each, state: "regenerating" })) },
      "dev/web is regenerating",
    ],
    ["while an address is not known", { addresses: new Map() }, "one does not know 10.244.1.110 as 1906 yet"],
  ];
  for (const [title, differing, missing] of rows) {
    it(`is not ${title}`, () => {
      assert.equal(missingOfRealized([awaited], new Map([["one", { ...state, ...differing }]])), missing);
    });
  }
});

const seen = (outcome: Seen["outcome"], more: Partial<Seen> = {}): Seen => ({ id: 0, ms: 1, outcome, ...more });

describe("What was seen", () => {
  const { cells } = planCells(surroundings([prober("dev/web", "a"), api]));
  const [allowed, denied] = cells;
  assert.ok(allowed !== undefined && denied !== undefined);

  const rows: readonly [string, Cell, Seen | undefined, string][] = [
    ["an answer of whoever was meant", allowed, seen("allowed", { by: "dev/prober-api-b" }), "equal"],
    ["an answer of somebody else", allowed, seen("allowed", { by: "dev/prober-web-b" }), "different"],
    ["silence where an answer was expected", allowed, seen("denied"), "different"],
    ["silence where silence was expected", denied, seen("denied"), "equal"],
    ["an answer where silence was expected", denied, seen("allowed", { by: "dev/prober-api-b" }), "different"],
    ["a refusal where silence was expected", denied, seen("refused"), "different"],
    [
      "an error of the prober where silence was expected",
      denied,
      seen("error", { detail: "no buffers" }),
      "not probed",
    ],
    ["nothing at all where silence was expected", denied, undefined, "not probed"],
    ["anything where the engine does not say", { ...denied, expected: "unknown" }, seen("allowed"), "not predicted"],
    [
      "an answer at an address whose name was not resolved",
      { ...allowed, way: "Service name" },
      seen("allowed", { by: "dev/prober-api-b" }),
      "different",
    ],
  ];
  for (const [title, cell, what, verdict] of rows) {
    it(`is ${verdict} if it is ${title}`, () => {
      assert.equal(judge(cell, what).verdict, verdict);
    });
  }

  it("is asked in one line, because a container cannot be told the end", () => {
    assert.equal(lineFor(cells).split("\n").length, 2);
  });

  it("is believed only to the end that the prober says", () => {
    const line = '{"id":0,"outcome":"allowed","by":"x","ms":3}\n';
    assert.deepEqual([...readLines(`${line}{"asked":1}\n`).keys()], [0]);
    assert.throws(() => readLines(line), /breaks off after 0 lines/);
    assert.throws(() => readLines(`${line}{"asked":2}\n`), /breaks off after 1 lines/);
  });
});

describe("The report", () => {
  const given = surroundings([prober("dev/web", "a"), api]);
  const { cells } = planCells(given);
  const judged = cells.map((cell) =>
    judge(
      cell,
      cell.expected === "allowed" ? seen("allowed", { by: cell.answers ?? "", address: "x" }) : seen("denied"),
    ),
  );
  const report: ProbeReport = {
    cilium: "1.20",
    nodes: 2,
    workloads: [{ name: "dev/web", members: ["dev/web"] }],
    outside: 0,
    judged,
    differences: [],
    late: [],
    omitted: ["SCTP: not here"],
    seconds: { deploy: 3, realize: 1, probe: 2, remove: 1 },
  };

  it("says that every cell is as predicted", () => {
    assert.equal(
      reportText("kind", report),
      "kind: 4 cells, predicted = observed in every cell (Cilium 1.20)\n" +
        "  who         1 workload on 2 nodes, 0 outside\n" +
        "  ways        pod IP across nodes 2, Service address 1, NodePort 1\n" +
        "  predicted   3 allowed, 1 denied\n" +
        "  took        3.0 s to deploy, 1.0 s until policy was in force, 2.0 s to probe, 1.0 s to remove\n" +
        "  not probed  SCTP: not here\n",
    );
  });

  it("shows a difference with what Hubble saw, and with our rule and its place", () => {
    const [, denied] = cells;
    assert.ok(denied);
    const wrong = judge(denied, seen("allowed", { by: "dev/prober-api-b" }));
    const text = reportText("kind", {
      ...report,
      judged: [wrong],
      differences: [
        {
          judged: wrong,
          explanation: explanationText(explain(denied.traffic, given.world), () => "policies/api.yaml:1"),
          evidence: ["two: FORWARDED INGRESS 7 -> 8 TCP Flags: SYN"],
        },
      ],
    });
    assert.equal(
      text.split("\n\n")[0],
      "DIFFERENT dev/web -> dev/api TCP 8081, pod IP, across nodes\n" +
        "  predicted  denied\n" +
        "  observed   allowed, answered by dev/prober-api-b\n" +
        "  hubble     two: FORWARDED INGRESS 7 -> 8 TCP Flags: SYN\n" +
        "  egress: allowed by cnp dev/web spec.egress[0] (S4)\n" +
        "    cnp dev/web spec.egress[0]: policies/api.yaml:1\n" +
        "  ingress: isolated by cnp dev/api spec.ingress[0], and nothing allows it (S2)\n" +
        "    cnp dev/api spec.ingress[0]: policies/api.yaml:1\n" +
        "    near miss: cnp dev/api spec.ingress[0] (policies/api.yaml:1), another port\n" +
        "    missing: an ingress rule for dev/api that allows TCP 8081 from dev/web",
    );
    assert.match(text, /^kind: 1 cell, 1 cell differs/m);
  });

  it("takes Hubble's flows as they are", () => {
    const flow = {
      verdict: "DROPPED",
      drop_reason_desc: "POLICY_DENIED",
      traffic_direction: "INGRESS",
      source: { identity: 2, labels: ["reserved:world"] },
      destination: { identity: 1906, labels: ["k8s:app=api"] },
      Summary: "TCP Flags: SYN",
    };
    assert.deepEqual(flowLines(`${JSON.stringify({ flow })}\n\nno flow\n`), [
      "DROPPED POLICY_DENIED INGRESS 2 (reserved:world) -> 1906 TCP Flags: SYN",
    ]);
  });
});
