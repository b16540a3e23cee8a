/**
 * `npm run probe -- kind` on a cluster with real nodes and a real Cilium, which PROBE_LIVE_KUBECONFIG names
 * (never the person's own): the real bundles are
 * predicted and observed alike but for one known difference, a wrong expectation is a difference, and nothing is left.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { KubeConfig, KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { parseAllDocuments, stringify } from "yaml";

import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { runLabel } from "../../scripts/probe/manifests.ts";
import { Project } from "../e2e/support/project.ts";

const kubeconfig = process.env["PROBE_LIVE_KUBECONFIG"];

/** Everything of the example stack that needs no Envoy: port 443 would have server names. */
const stack = `config:
  platform:target: kind
  platform:namespaces:
    dev: { labels: { environment: dev } }
    uat: { labels: { environment: uat } }
  platform:tenants:
    shop:
      environment: uat
      workloads:
        web: { ports: [8080] }
        api: { ports: [8080], callers: [web] }
      externalNames: [{ names: [payments.example.com], ports: [8443], workloads: [api] }]
  platform:kyverno: { enabled: false }
  platform:gateway: { enabled: false }
  platform:argocd: { enabled: false }
  platform:policies:
    bundles: [baseline, environment-isolation, tenants, demo-dns]
    environmentIsolation: { environments: [dev, uat] }
    folders: [own]
`;

const policy = (name: string, spec: Fields): Fields => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name, namespace: "dev" },
  spec,
});
const kinds = ["Namespace", "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];

const workload = (name: string, ...ports: readonly Fields[]): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "dev", labels: { app: name } },
  spec: { containers: [{ name, ports }] },
});

/** What no bundle has: deny before allow, ranges, entities, named ports, and the traps of ipBlock and of NodePorts. */
const own: readonly Fields[] = [
  policy("web", {
    endpointSelector: { matchLabels: { app: "web" } },
    ingress: [{ fromEntities: ["world"], toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }] }],
    egress: [
      { toEndpoints: [{ matchLabels: { app: "api" } }], toPorts: [{ ports: [{ port: "http", protocol: "TCP" }] }] },
      { toEntities: ["host", "remote-node", "kube-apiserver"] },
      { toCIDR: ["172.16.0.0/12"], toPorts: [{ ports: [{ port: "7000", endPort: 7010, protocol: "TCP" }] }] },
    ],
  }),
  policy("api", {
    endpointSelector: { matchLabels: { app: "api" } },
    ingress: [{ fromEndpoints: [{}] }, { fromEntities: ["remote-node"] }],
    ingressDeny: [
      { fromEndpoints: [{ matchLabels: { app: "batch" } }], toPorts: [{ ports: [{ port: "9090", protocol: "TCP" }] }] },
    ],
  }),
  policy("batch", {
    endpointSelector: { matchLabels: { app: "batch" } },
    egress: [{ toEndpoints: [{ matchLabels: { app: "api" } }] }],
  }),
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "batch-from-a-range", namespace: "dev" },
    spec: {
      podSelector: { matchLabels: { app: "batch" } },
      ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }],
    },
  },
];

const workloads: readonly Fields[] = [
  workload("web"),
  workload("api", { name: "http", containerPort: 8080 }, { name: "admin", containerPort: 9090 }),
  workload("batch"),
];

interface Told {
  readonly counts: {
    readonly cells: number;
    readonly different: number;
    readonly notProbed: number;
    readonly notPredicted: number;
  };
  readonly seconds: { readonly probe: number };
  readonly differences: readonly {
    readonly from: string;
    readonly to: string;
    readonly way: string;
    readonly port: number;
    readonly predicted: string;
    readonly observed: string;
    readonly explanation: readonly string[];
    readonly hubble: readonly string[];
  }[];
  readonly cells: readonly {
    readonly way: string;
    readonly where: string;
    readonly to: string;
    readonly predicted: string;
  }[];
}

describe("npm run probe -- kind", function () {
  this.timeout(900_000);
  let project: Project | undefined;
  let made: readonly Fields[] = [];

  const cluster = (): KubernetesObjectApi => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig ?? "");
    return KubernetesObjectApi.makeApiClient(config);
  };
  const probed = async (
    ...words: readonly string[]
  ): Promise<{ readonly code: number | null; readonly told: Told }> => {
    const { code, stdout, stderr } = await started(project, "probe", "kind", "-o", "json", ...words).done;
    assert.ok(stdout.startsWith("{"), stderr);
    return { code, told: JSON.parse(stdout) as Told };
  };

  before(async function () {
    if (kubeconfig === undefined) {
      this.skip();
      return;
    }
    project = new Project();
    const { dir } = project;
    for (const each of ["own/policies", "own/workloads", ".platform/kind"]) {
      mkdirSync(join(dir, each), { recursive: true, mode: 0o700 });
    }
    writeFileSync(join(dir, "Pulumi.kind.yaml"), stack);
    writeFileSync(join(dir, ".platform/kind/kubeconfig"), readFileSync(kubeconfig), { mode: 0o600 });
    writeFileSync(join(dir, "own/policies/own.yaml"), documentsOf(own));
    writeFileSync(join(dir, "own/workloads/own.yaml"), documentsOf(workloads));
    const said = await started(project, "inventory", "kind").done;
    assert.equal(said.code, 0, said.stderr);
    writeFileSync(join(dir, "inventory.yaml"), said.stdout);
    const objects = parseAllDocuments(said.stdout).map((document) => document.toJS() as unknown);
    const api = cluster();
    for (const object of objects.filter(isFields).filter(({ kind }) => kinds.includes(String(kind)))) {
      const created = await api.create(object as unknown as KubernetesObject).catch((error: unknown) => {
        // kube-system and its like are there.
        if ((error as { code?: unknown }).code === 409 && object["kind"] === "Namespace") return undefined;
        throw error;
      });
      if (created !== undefined) made = [...made, object];
    }
  });

  after(async () => {
    if (kubeconfig === undefined) return;
    const api = cluster();
    for (const object of [...made].reverse())
      await api.delete(object as unknown as KubernetesObject).catch(() => undefined);
    await project?.remove();
  });

  it("finds every cell as it is predicted, on every way", async () => {
    const { code, told } = await probed();
    // Known, and not hidden: what S16 says of a name inside a range is not what agents enforce (docs/probe.md).
    const known = told.differences.filter(isNameInRange);
    assert.deepEqual(
      told.differences.filter((each) => !known.includes(each)),
      [],
    );
    assert.deepEqual(
      known.map(({ to }) => to),
      ["any.github.com", "github.com", "payments.example.com"],
    );
    assert.deepEqual([code, told.counts.notProbed, told.counts.notPredicted], [1, 0, 0]);
    assert.ok(told.counts.cells > 300, String(told.counts.cells));
    const seen = new Set(told.cells.map(({ way, predicted }) => `${way} ${predicted}`));
    for (const way of ["pod IP", "Service address", "NodePort", "outside", "name"]) {
      assert.ok(seen.has(`${way} allowed`) && seen.has(`${way} denied`), `${way}: ${[...seen].join(", ")}`);
    }
    for (const each of ["Service name allowed", "API server allowed", "node allowed"]) assert.ok(seen.has(each), each);
  });

  it("probes three hundred cells in less than fifteen seconds", async () => {
    const { told } = await probed("--focus", "dev/");
    assert.ok(told.counts.cells > 300, String(told.counts.cells));
    assert.ok(told.seconds.probe < 15, `${String(told.counts.cells)} cells in ${String(told.seconds.probe)} s`);
  });

  it("shows a wrong expectation as a difference, with our explanation and Hubble's verdict", async () => {
    // Whoever believes that nothing denies batch is told so by the wire.
    const believed = own.filter(({ metadata }) => (metadata as Fields)["name"] !== "batch");
    project?.write("believed.yaml", documentsOf(believed));
    const { code, told } = await probed(
      "--focus",
      "dev/example",
      "--focus",
      "dev/batch",
      "--policies",
      "believed.yaml",
    );
    assert.equal(code, 1);
    const found = told.differences.find(({ from, to }) => from === "dev/batch" && to === "dev/example");
    assert.deepEqual([found?.predicted, found?.observed], ["allowed", "denied"]);
    assert.match(found?.explanation.join("\n") ?? "", /egress: no policy selects dev\/batch/);
    assert.match(found?.hubble.join("\n") ?? "", /DROPPED POLICY_DENIED EGRESS/);
  });

  it("leaves nothing behind, not even when it is interrupted", async () => {
    const running = started(project, "probe", "kind", "--focus", "dev/");
    await running.says(/\d+ probers for/);
    process.kill(running.pid, "SIGINT");
    const { code } = await running.done;
    assert.equal(code, 130);
    const api = cluster();
    for (const [apiVersion, kind] of [
      ["v1", "Pod"],
      ["v1", "Service"],
      ["v1", "ConfigMap"],
      ["v1", "Namespace"],
    ] as const) {
      const { items } = await api.list(
        apiVersion,
        kind,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        runLabel,
      );
      assert.deepEqual(
        items.map(({ metadata }) => metadata?.name),
        [],
        kind,
      );
    }
  });
});

/** To an address that has a name, by a rule about the range it is in. */
function isNameInRange({ from, way, port, predicted, observed }: Told["differences"][number]): boolean {
  return from === "dev/web" && way === "name" && port === 7000 && predicted === "denied" && observed === "allowed";
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as npm starts it, with both of its outputs apart. */
function started(
  project: Project | undefined,
  ...words: readonly string[]
): { readonly pid: number; readonly done: Promise<Ended>; readonly says: (what: RegExp) => Promise<void> } {
  assert.ok(project);
  const child = spawn(process.execPath, [join(project.dir, "scripts/platform.ts"), ...words], {
    cwd: project.dir,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  return {
    pid: child.pid ?? -1,
    done: new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, ...said });
      });
    }),
    says: async (what) => {
      await new Promise<void>((resolve, reject) => {
        child.stderr.on("data", () => {
          if (what.test(said.stderr)) resolve();
        });
        child.on("close", () => {
          reject(new Error(said.stderr));
        });
      });
    },
  };
}

function documentsOf(objects: readonly Fields[]): string {
  return objects.map((each) => stringify(each)).join("---\n");
}
