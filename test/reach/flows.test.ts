/**
 * Recorded flows: how they are read in every form, and how they weigh a diff.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { main } from "../../reach/command.ts";
import { readFlow } from "../../reach/flows/flow.ts";
import { locatorIn } from "../../reach/flows/locate.ts";
import { quickReader } from "../../reach/flows/quick-flow.ts";
import { readFlows } from "../../reach/flows/read-flows.ts";
import { readWorld } from "../../policies/reachability/index.ts";
import { write } from "../bench/reach/files.ts";
import { changed, generate } from "../bench/reach/generate.ts";
import { recorded } from "./recorded.ts";

const flow = {
  time: "2026-03-14T09:26:53.589793238Z",
  verdict: "DROPPED",
  IP: { source: "10.244.1.15", destination: "10.244.2.27", ipVersion: "IPv4" },
  l4: { TCP: { source_port: 41234, destination_port: 5432, flags: { SYN: true } } },
  source: {
    ID: 690,
    identity: 24577,
    namespace: "shop",
    labels: ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop"],
    pod_name: "web-6d5f7c9b8f-x2x4z",
    workloads: [{ name: "web", kind: "Deployment" }],
  },
  destination: { identity: 24578, namespace: "shop", pod_name: "db-0" },
  Type: "L3_L4",
  node_name: "kind-kind/kind-worker",
  event_type: { type: 1, sub_type: 133 },
  traffic_direction: "EGRESS",
  drop_reason_desc: "POLICY_DENIED",
};
const wrapped = { flow, node_name: "kind-kind/kind-worker", time: flow.time };

describe("a recorded flow", () => {
  const read = {
    verdict: "DROPPED",
    dropReason: "POLICY_DENIED",
    source: {
      namespace: "shop",
      pod: "web-6d5f7c9b8f-x2x4z",
      workloads: ["web"],
      labels: ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop"],
      identity: 24577,
      ip: "10.244.1.15",
      names: [],
    },
    destination: {
      namespace: "shop",
      pod: "db-0",
      workloads: [],
      labels: [],
      identity: 24578,
      ip: "10.244.2.27",
      names: [],
    },
    protocol: "TCP",
    port: 5432,
    direction: "egress",
    opening: "yes",
    reply: "unknown",
    deniedBy: [],
    time: "2026-03-14T09:26:53.589793238Z",
    count: 1,
  };

  it("is read with its envelope and without", () => {
    assert.deepEqual(readFlow(wrapped), read);
    assert.deepEqual(readFlow(flow), read);
  });

  it("is read in the other spelling of protobuf's JSON, with numbers for words and texts for numbers", () => {
    const other = {
      time: flow.time,
      verdict: 2,
      dropReasonDesc: 133,
      IP: flow.IP,
      l4: { TCP: { sourcePort: "41234", destinationPort: "5432", flags: { SYN: true } } },
      source: { ...flow.source, podName: flow.source.pod_name, identity: "24577" },
      destination: { ...flow.destination, podName: "db-0" },
      trafficDirection: 2,
      isReply: null,
    };
    assert.deepEqual(readFlow(other), read);
  });

  it("is a reply if it says so, in either field, or answers a SYN; its port is then the one it comes from", () => {
    const ends = (more: object): unknown => {
      const { reply, port } = readFlow({ ...flow, ...more }) ?? {};
      return [reply, port];
    };
    assert.deepEqual(ends({ is_reply: true }), ["yes", 41234]);
    assert.deepEqual(ends({ is_reply: { value: true } }), ["yes", 41234]);
    assert.deepEqual(ends({ reply: true }), ["yes", 41234]);
    assert.deepEqual(ends({ reply: false }), ["unknown", 5432]);
    assert.deepEqual(ends({ is_reply: false }), ["no", 5432]);
    const answer = { TCP: { source_port: 5432, destination_port: 41234, flags: { SYN: true, ACK: true } } };
    assert.deepEqual(ends({ l4: answer }), ["yes", 5432]);
  });

  it("has the type of ICMP for its port, 0 where it is left out", () => {
    const { protocol, port } = readFlow({ ...flow, l4: { ICMPv4: {} } }) ?? {};
    assert.deepEqual([protocol, port], ["ICMP", 0]);
  });

  it("has a request with its host and its path as Envoy compares it", () => {
    const url = "http://db.shop:8080/v1/items?id=7#top";
    assert.deepEqual(readFlow({ ...flow, l7: { type: "REQUEST", http: { method: "PUT", url } } })?.request, {
      kind: "http",
      method: "PUT",
      host: "db.shop:8080",
      path: "/v1/items?id=7",
      headers: [],
    });
  });

  it("stands for many where Hubble folded them", () => {
    const aggregate = { ingress_flow_count: 3, egress_flow_count: 4 };
    assert.equal(readFlow({ ...flow, aggregate })?.count, 7);
  });

  it("is nothing else that Hubble prints", () => {
    for (const other of [null, 7, [], {}, { node_status: {} }, { lost_events: { num_events_lost: "7" } }]) {
      assert.equal(readFlow(other), undefined);
    }
  });

  it("is read quickly as it is read as a whole", () => {
    const quick = quickReader();
    const { workloads } = generate({ workloads: 40 });
    const lines = [...recorded({ workloads, flows: 500, seed: 7 }), JSON.stringify(wrapped)];
    const seen = lines.map((line) => quick(line));
    assert.equal(seen.filter((each) => each === undefined).length, 0);
    for (const [index, line] of lines.entries()) {
      const whole = readFlow(JSON.parse(line));
      assert.ok(whole);
      const { source, destination, verdict, protocol, port, reply, count, time = "" } = whole;
      const second = time.slice(0, 19);
      const weighed = { source, destination, verdict, protocol, port, reply, count, time: second };
      const { deniedBy, opening, ...rest } = seen[index] ?? ({} as never);
      assert.deepEqual(rest, weighed);
    }
  });

  it("is left to the whole reading in any other form, or cut off anywhere", () => {
    const quick = quickReader();
    const line = JSON.stringify(wrapped);
    for (let length = 0; length < line.length; length += 1) assert.equal(quick(line.slice(0, length)), undefined);
    assert.equal(quick(JSON.stringify(wrapped, null, 2)), undefined);
    assert.equal(quick(JSON.stringify(flow)), undefined);
    assert.equal(quick(line.replace('"labels":[', '"labels":[,')), undefined);
  });
});

describe("the end of a flow", () => {
  const of = (kind: string, name: string, labels: object, steps: (spec: object) => object): { object: object } => ({
    object: { kind, metadata: { namespace: "shop", name }, spec: steps({ metadata: { labels } }) },
  });
  const inTemplate = (template: object): object => ({ template });
  const manifests = [
    of("Deployment", "web", { app: "web" }, inTemplate),
    of("Deployment", "web-canary", { app: "web", track: "canary" }, inTemplate),
    of("StatefulSet", "db", { app: "db" }, inTemplate),
    of("DaemonSet", "agent", { app: "agent" }, inTemplate),
    of("CronJob", "report", { app: "report" }, (template) => ({ jobTemplate: { spec: { template } } })),
    of("Deployment", "a", { app: "twin" }, inTemplate),
    of("Deployment", "b", { app: "twin" }, inTemplate),
  ] as never;
  const locate = locatorIn(readWorld({ manifests, externals: [] }).world);
  const party = { workloads: [], labels: [], identity: 0, names: [], namespace: "shop" };
  const pod = (name: string): unknown => {
    const found = locate({ ...party, pod: name });
    return found.kind === "pod" ? found.name : found.kind;
  };

  it("is a workload by the name of its pod, whoever made the pod", () => {
    assert.equal(pod("web-6d5f7c9b8f-x2x4z"), "shop/web");
    assert.equal(pod("web-canary-6d5f7c9b8f-x2x4z"), "shop/web-canary");
    assert.equal(pod("db-0"), "shop/db");
    assert.equal(pod("agent-x2x4z"), "shop/agent");
    assert.equal(pod("report-29400120-vx9tm"), "shop/report");
    assert.equal(pod("report-29400120-3-vx9tm"), "shop/report");
    assert.equal(pod("other-6d5f7c9b8f-x2x4z"), "unknown");
  });

  it("is a workload by its labels, if only one has them", () => {
    const labels = ["k8s:app=db", "k8s:io.kubernetes.pod.namespace=shop", "k8s:io.cilium.k8s.policy.cluster=default"];
    assert.deepEqual(locate({ ...party, labels }), { kind: "pod", name: "shop/db", differs: [] });
    const twins = ["k8s:app=twin", "k8s:io.kubernetes.pod.namespace=shop"];
    assert.deepEqual(locate({ ...party, labels: twins, pod: "c-x2x4z" }), {
      kind: "ambiguous",
      name: "shop/c-x2x4z",
      candidates: ["shop/a", "shop/b"],
    });
  });

  it("is outside by its reserved labels or numbers, its name or its address", () => {
    const outside = (more: object): unknown => locate({ workloads: [], labels: [], identity: 0, names: [], ...more });
    assert.deepEqual(outside({ labels: ["reserved:host"] }), {
      kind: "external",
      external: { name: "host", entity: "host" },
    });
    assert.deepEqual(outside({ identity: 6 }), {
      kind: "external",
      external: { name: "remote-node", entity: "remote-node" },
    });
    assert.deepEqual(outside({ labels: ["reserved:kube-apiserver", "cidr:20.31.7.9/32"] }), {
      kind: "external",
      external: { name: "kube-apiserver", entity: "kube-apiserver" },
      apiServer: "outside the cluster",
    });
    assert.deepEqual(outside({ labels: ["reserved:world"], ip: "8.8.8.8", names: ["dns.google"] }), {
      kind: "external",
      external: { name: "dns.google", fqdn: "dns.google", ip: "8.8.8.8" },
    });
    assert.deepEqual(outside({ identity: 16777218, ip: "8.8.8.8" }), {
      kind: "external",
      external: { name: "8.8.8.8", ip: "8.8.8.8" },
    });
    assert.deepEqual(outside({ ip: "10.244.1.9" }), { kind: "unknown", name: "10.244.1.9" });
  });
});

describe("a file of flows", () => {
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  async function* pieces(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield typeof text === "string" ? Buffer.from(text) : text;
  }
  const line = JSON.stringify(wrapped);

  it("is read across the borders of what arrives, plain or packed, with or without a last line break", async () => {
    const text = `${line}\n${line}\r\n\n${line}`;
    const packed = gzipSync(text);
    for (const stdin of [
      pieces(text),
      pieces(...(text.match(/.{1,7}|\n/gsu) ?? [])),
      pieces(packed),
      pieces(packed.subarray(0, 1), packed.subarray(1, 40), packed.subarray(40)),
      pieces(`${text}\n`),
    ]) {
      const lines: number[] = [];
      await readFlows("-", (each) => lines.push(each.line), { stdin });
      assert.deepEqual(lines, [1, 2, 4]);
    }
  });

  it("tells malformed lines by number, and passes over what else Hubble prints", async () => {
    const text = [
      line,
      "{",
      '{"lost_events":{"source":"PERF_EVENT_RING_BUFFER"}}',
      "[]",
      "x".repeat(1_100_000),
      line,
    ].join("\n");
    const found: number[] = [];
    const tally = await readFlows("-", (each) => found.push(each.line), { stdin: pieces(text) });
    assert.deepEqual(found, [1, 6]);
    assert.deepEqual(tally, {
      lines: 6,
      flows: 2,
      others: 1,
      malformed: 3,
      examples: [
        { line: 2, what: "no JSON" },
        { line: 4, what: "JSON, but no flow" },
        { line: 5, what: "no JSON" },
      ],
    });
  });
});

describe("reach diff --flows", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reach-flows-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const pods = `
kind: Pod
metadata: { namespace: shop, name: web, labels: { app: web } }
---
kind: Pod
metadata: { namespace: shop, name: job, labels: { app: job } }
---
kind: Pod
metadata: { namespace: shop, name: db, labels: { app: db } }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: shop, name: db }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: APP } }]
      toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
    - fromCIDR: [192.0.2.0/24]
`;

  function place(name: string, text: string): string {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async function diff(
    lines: readonly string[],
    ...more: readonly string[]
  ): Promise<{ code: number; out: string; err: string }> {
    const base = place("base/all.yaml", pods.replace("APP", "web"));
    const head = place("head/all.yaml", pods.replace("APP", "job"));
    let [out, err] = ["", ""];
    const code = await main(["diff", base, head, "--flows", place("flows.jsonl", lines.join("\n")), ...more], {
      print: (text) => void (out += text),
      warn: (text) => void (err += text),
      progress: () => undefined,
      paint: (_style, text) => text,
    });
    return { code, out, err };
  }

  const pod = (name: string): object => ({ namespace: "shop", pod_name: name });
  const to = (source: object, destination: object, port: number, more: object = {}): string =>
    JSON.stringify({
      flow: { ...flow, source, destination, l4: { TCP: { source_port: 41234, destination_port: port } }, ...more },
    });
  const passed = { verdict: "FORWARDED", is_reply: false, drop_reason_desc: undefined };

  it("tells how often what closes was used, what opens was tried, and who is unknown", async () => {
    const { out, code } = await diff([
      to(pod("web"), pod("db"), 5432, passed),
      to(pod("web"), pod("db"), 5432, { ...passed, time: "2026-03-15T00:00:00Z", verdict: "REDIRECTED" }),
      to(pod("web"), pod("db"), 5433, passed),
      to(pod("db"), pod("web"), 41234, {
        ...passed,
        is_reply: true,
        l4: { TCP: { source_port: 5432, destination_port: 41234 } },
      }),
      to(pod("job"), pod("db"), 5432),
      to({ namespace: "billing", pod_name: "invoice-x2x4z", workloads: [{ name: "invoice" }] }, pod("db"), 5432),
      to({ labels: ["reserved:world"] }, pod("db"), 5432, { IP: { source: "8.8.8.8", destination: "10.244.2.27" } }),
      to({ labels: ["reserved:world"] }, pod("db"), 5432, { IP: { source: "192.0.2.7", destination: "10.244.2.27" } }),
      "nonsense",
    ]);
    assert.equal(code, 0);
    const own = out
      .split("\n")
      .filter((line) => /^(Flows|not among|outside|\d+ malformed|[A-Z]+ {2}| {2}used)/.test(line));
    assert.deepEqual(own, [
      "Flows: closes 1 edge that was used 2 times, opens 1 edge on which 1 flow was dropped; 7 requests of 8 recorded flows (and 1 reply), 2026-03-14T09:26:53Z to 2026-03-15T00:00:00Z",
      "not among the manifests: billing/invoice (1)",
      "outside every range and name of the policies: 8.8.8.8 (1)",
      "1 malformed line: line 9 (no JSON)",
      "ALLOWED  shop/job -> shop/db  TCP 5432  (same namespace)",
      "  used     dropped 1 time, 2026-03-14T09:26:53Z to 2026-03-14T09:26:53Z",
      "DENIED  shop/web -> shop/db  TCP 5432  (same namespace)",
      "  used     2 times, 2026-03-14T09:26:53Z to 2026-03-15T00:00:00Z",
    ]);
  });

  it("says the same to programs and in tables", async () => {
    const lines = [to(pod("web"), pod("db"), 5432, passed)];
    const { changes, flows } = JSON.parse((await diff(lines, "-o", "json")).out) as {
      readonly changes: readonly { readonly kind: string; readonly used: object }[];
      readonly flows: Readonly<Record<string, unknown>>;
    };
    assert.deepEqual(
      changes.map(({ kind, used }) => [kind, used]),
      [
        ["ALLOWED", { forwarded: 0, dropped: 0 }],
        ["DENIED", { forwarded: 1, dropped: 0, first: "2026-03-14T09:26:53Z", last: "2026-03-14T09:26:53Z" }],
      ],
    );
    assert.deepEqual([flows["recorded"], flows["closed"]], [1, { pairs: 1, flows: 1 }]);
    assert.match((await diff(lines, "-o", "csv")).out, /DENIED,.*,1,0,2026-03-14T09:26:53Z,2026-03-14T09:26:53Z/);
    assert.match((await diff(lines, "-o", "markdown")).out, /\| Used +\|/);
  });

  it("refuses flows none of which asks for a connection", async () => {
    const { code, err } = await diff([JSON.stringify({ lost_events: {} }), "{"]);
    assert.equal(code, 2);
    assert.equal(
      err,
      `${join(folder, "flows.jsonl")}: 0 flows, none of which asks for a connection, 1 malformed line, line 2: no JSON
  expected flows as Hubble prints them: \`hubble observe -o jsonpb\`  [flows/none-usable]
`,
    );
  });

  it("refuses a damaged archive", async () => {
    const path = place("flows.gz", "");
    writeFileSync(path, gzipSync(to(pod("web"), pod("db"), 5432)).subarray(0, 40));
    let err = "";
    const base = place("base/all.yaml", pods);
    const code = await main(["diff", base, base, "--flows", path], {
      print: () => undefined,
      warn: (text) => void (err += text),
      progress: () => undefined,
      paint: (_style, text) => text,
    });
    assert.equal(code, 2);
    assert.match(err, /^.*flows\.gz: is compressed and damaged\n/);
  });

  it("weighs twenty thousand flows", async () => {
    const world = generate({ workloads: 40 });
    const base = join(folder, "many-before");
    const head = join(folder, "many-after");
    write(world, base, "json");
    write(changed(world), head, "json");
    const file = place("many.jsonl", [...recorded({ workloads: world.workloads, flows: 20_000, seed: 3 })].join("\n"));
    let out = "";
    const code = await main(["diff", base, head, "--flows", file, "-o", "json"], {
      print: (text) => void (out += text),
      warn: () => undefined,
      progress: () => undefined,
      paint: (_style, text) => text,
    });
    assert.equal(code, 0);
    const { flows } = JSON.parse(out) as { readonly flows: Readonly<Record<string, unknown>> };
    assert.deepEqual([flows["recorded"], flows["requests"], flows["strangers"]], [20_000, 17_402, []]);
  });
});
