/** The page on troubleshooting, and the commands of ours on it that ask a cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { gatewayNames } from "../components/gateway/pods.ts";
import { doctorText, examine, type Looked } from "../scripts/doctor.ts";
import { examineAgents, type AgentSaid } from "../scripts/doctor/agents.ts";
import { drift } from "../scripts/doctor/drift.ts";
import { examinePod, type PodSaid } from "../scripts/doctor/pod.ts";
import { whoSees } from "../scripts/drops.ts";
import { startFakeApiServer, type FakeApiServer } from "./support/api-server.ts";
import { proofs } from "./support/command-proofs.ts";
import { commandsIn, root, sectionOf, tableRowsIn, textOf } from "./support/documents.ts";

const page = textOf("docs/troubleshooting.md");

/** Commands under a question. */
function askedUnder(question: string): readonly string[] {
  return commandsIn(sectionOf(page, `## ${question}`));
}

describe("The page on troubleshooting", () => {
  for (const [title, asked] of [
    [
      "Is everything applied and valid? [S0-17]",
      ["npm run doctor", "get cnp,ccnp -A", "condition=Valid", "get cep -A"],
    ],
    ["Will the cluster take it? [S0-18]", ["reach lint", "apply --dry-run=server"]],
    ["Does Cilium run? [S0-19]", ["npm run doctor", "--selector k8s-app=cilium", "daemonsets"]],
    ["What is violated? [S0-26]", ["hubble observe --verdict DROPPED", "describe cnp"]],
    [
      "A name does not resolve [S0-30]",
      ["reach explain", "--rm --stdin --tty -- nslookup kubernetes.default.svc.cluster.local"],
    ],
    ["A name resolves once and not again [S0-33]", ["run test-dns-policy", "logs test-dns-policy", "delete pod"]],
    [
      "A connection is blocked [S0-34]",
      ["--verdict DROPPED --last 100", "reach why", "reach explain", "--show-labels"],
    ],
    ["A rule about a name does nothing [S0-35]", ["reach lint", "cilium-dbg fqdn cache list", "cilium-dbg status"]],
    ["Before a change that may go wrong [S0-38]", ["npm run backup", "npm run restore"]],
    ["TLS to the gateway fails [S1-57]", ["get pods", "describe pods", "logs --tail=200"]],
    [
      "The gateway does not become ready [S1-58]",
      ["reach explain platform-gateway/data-plane nginx-gateway/control-plane 8443"],
    ],
    ["What is dropped on a node? [S1-59]", ["cilium-dbg monitor --type drop"]],
    ["Is it the right Cilium, and does it work? [S2-11]", ["cilium version --client", "cilium status --wait"]],
    ["What does this pod lose? [S2-16]", ["npm run drops"]],
    ["Is Cilium healthy inside? [S4-13]", ["cilium-dbg status", "status --output json"]],
    ["Does the network itself work? [S4-15]", ["cilium connectivity test --namespace kube-system"]],
  ] as const) {
    it(`has an answer to: ${title}`, () => {
      const commands = askedUnder(title.replace(/ \[.*/, ""));
      assert.deepEqual(
        asked.filter((words) => !commands.some((command) => command.includes(words))),
        [],
      );
    });
  }

  it("says of each question whether only real nodes can answer it, as the proofs of its commands do", () => {
    const told = tableRowsIn(page).map(([question = "", nodes]) => [/\[([^\]]+)\]/.exec(question)?.[1], nodes]);
    const wrong = told.filter(([question = "", nodes]) => {
      const commands = askedUnder(question);
      const live = commands.filter((command) => "lacks" in (proofs[command] ?? {}));
      // What simulated nodes answer may still say little.
      if (live.length === 0) return nodes !== "no" && nodes !== "in part";
      return nodes !== (live.length === commands.length ? "yes" : "in part");
    });
    assert.deepEqual(wrong, []);
    assert.equal(told.length, 16);
  });

  it("asks agents by the name that their program has had since 1.15", () => {
    assert.deepEqual(
      commandsIn(page).filter((command) => / -- cilium /.test(command)),
      [],
    );
  });

  it("calls the data plane of the gateway by its label [S1-57]", () => {
    const label = `app.kubernetes.io/name=${gatewayNames.dataPlaneLabels["app.kubernetes.io/name"] ?? ""}`;
    assert.ok(askedUnder("TLS to the gateway fails").every((command) => command.endsWith(` ${label}`)));
  });
});

describe("A data plane that cannot reach its control plane", function () {
  this.timeout(30_000);
  let folder = "";

  /** A command of the page, in a folder with one stack that has a gateway. */
  function typed(command: string): { stdout: string; stderr: string; status: number | null } {
    const ours = command
      .replace("npm run --silent", `node ${join(root, "scripts/platform.ts")}`)
      .replace("inventory --", "inventory")
      .replace("npx reach", `node ${join(root, "reach/reach.mjs")}`);
    const env = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}` };
    return spawnSync("bash", ["-c", ours], { cwd: folder, encoding: "utf8", env });
  }

  const written = "npm run --silent inventory -- kind > platform.yaml";
  const asked = "npx reach explain platform-gateway/data-plane nginx-gateway/control-plane 8443 platform.yaml";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gateway-"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(
      join(folder, "Pulumi.kind.yaml"),
      "config: {platform:target: kind, platform:policies: {bundles: [baseline, gateway]}}\n",
    );
    assert.equal(typed(written).status, 0);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("does reach it as the bundle is [S1-58]", () => {
    assert.match(
      typed(asked).stdout,
      /^platform-gateway\/data-plane -> nginx-gateway\/control-plane TCP 8443: allowed\n/,
    );
  });

  it("is told which rule names the port of the Service [S1-58]", () => {
    const file = join(folder, "platform.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll('port: "8443"', 'port: "443"'));
    const { stdout } = typed(asked);
    assert.match(stdout, /TCP 8443: denied\n/);
    assert.match(stdout, /near miss: cnp platform-gateway\/data-plane spec\.egress\[0\] \([^)]+\), another port/);
    assert.match(stdout, /missing: an egress rule for platform-gateway\/data-plane that allows TCP 8443/);
    writeFileSync(file, text);
  });
});

describe("npm run doctor", () => {
  const agent = (name: string, ready: number): object => ({
    metadata: { name, namespace: "kube-system" },
    status: { desiredNumberScheduled: 3, numberReady: ready },
  });
  const deployment = (name: string, ready: number): object => ({
    metadata: { name, namespace: "kube-system" },
    spec: { replicas: 2 },
    status: { readyReplicas: ready },
  });
  const definition = (name: string, status: string): object => ({
    metadata: { name },
    status: { conditions: [{ type: "Established", status }] },
  });
  const policy = (name: string, status?: string): object => ({
    metadata: { name, namespace: "dev" },
    ...(status === undefined ? {} : { status: { conditions: [{ type: "Valid", status, message: "unknown field" }] } }),
  });
  const well: Looked = {
    daemonSets: [agent("cilium", 3), agent("cilium-envoy", 3)],
    deployments: [deployment("cilium-operator", 2), deployment("hubble-relay", 2)],
    definitions: [definition("ciliumnetworkpolicies.cilium.io", "True"), definition("others.example.com", "False")],
    policies: [policy("a", "True")],
  };

  it("finds all well where it is [S0-19] [S4-13]", () => {
    assert.equal(
      doctorText(examine(well)),
      "ok   DaemonSet cilium 3 of 3\nok   DaemonSet cilium-envoy 3 of 3\nok   Deployment cilium-operator 2 of 2\n" +
        "ok   Deployment hubble-relay 2 of 2\nok   1 kinds of Cilium\nok   1 policies\n",
    );
  });

  for (const [what, seen, line] of [
    ["no agents", { daemonSets: [agent("cilium-envoy", 3)] }, "BAD  DaemonSet cilium: is not there"],
    [
      "an Envoy that does not come up",
      { daemonSets: [agent("cilium", 3), agent("cilium-envoy", 2)] },
      "BAD  DaemonSet cilium-envoy 2 of 3: not all are ready",
    ],
    [
      "an operator that does not run",
      { deployments: [deployment("cilium-operator", 0)] },
      "BAD  Deployment cilium-operator 0 of 2: not all are ready",
    ],
    ["no kinds", { definitions: [] }, "BAD  0 kinds of Cilium: none is there"],
    [
      "a kind that is not established",
      { definitions: [definition("x.cilium.io", "False")] },
      "BAD  1 kinds of Cilium: not Established: x.cilium.io",
    ],
    [
      "a policy that the operator refused",
      { policies: [policy("a", "False")] },
      "BAD  1 policies: not Valid: dev/a (unknown field)",
    ],
    ["a policy that nobody judged", { policies: [policy("a")] }, "BAD  1 policies: not Valid: dev/a (not judged yet)"],
  ] as const) {
    it(`names ${what} [S0-17]`, () => {
      const lines = doctorText(examine({ ...well, ...seen })).split("\n");
      assert.deepEqual(
        lines.filter((each) => each.startsWith("BAD")),
        [line],
      );
    });
  }
});

describe("npm run doctor on real nodes", () => {
  const flow = (reason: string): string =>
    JSON.stringify({
      flow: {
        verdict: "DROPPED",
        drop_reason_desc: reason,
        source: { identity: 7, namespace: "dev", pod_name: "web" },
        destination: { identity: 2, labels: ["reserved:world"] },
      },
    });
  const endpoint = (id: number, state: string, realized = 7): object => ({
    id,
    status: {
      state,
      identity: { id: 1906 },
      policy: {
        realized: { "policy-enabled": "both", "policy-revision": realized },
        spec: { "policy-revision": 7 },
      },
    },
  });
  const well: AgentSaid = {
    node: "one",
    status: JSON.stringify({ cilium: { state: "Ok" }, kubernetes: { state: "Ok" }, controllers: [] }),
    endpoints: JSON.stringify([endpoint(158, "ready")]),
    drops: flow("POLICY_DENIED"),
  };

  it("finds agents, endpoints and drops well where policy alone drops [S0-17] [S4-13]", () => {
    assert.equal(
      doctorText(examineAgents([well])),
      "ok   1 agents healthy by their own word\nok   1 endpoints\nok   1 drops by policy in the last 5m\n",
    );
  });

  const ask = "kubectl --namespace kube-system exec daemonset/cilium --container cilium-agent --";
  for (const [what, said, text] of [
    [
      "an agent that lost the API server",
      { status: '{"cilium":{"state":"Ok"},"kubernetes":{"state":"Failure","msg":"no route"}}' },
      `BAD  1 agents healthy by their own word: one: kubernetes Failure no route\n     next: ${ask} cilium-dbg status --all-controllers`,
    ],
    [
      "an agent that does not answer",
      { status: "" },
      `BAD  1 agents healthy by their own word: one: says nothing\n     next: ${ask} cilium-dbg status --all-controllers`,
    ],
    [
      "a controller that fails",
      { status: '{"controllers":[{"name":"sync","status":{"consecutive-failure-count":3}}]}' },
      `BAD  1 agents healthy by their own word: one: controller sync fails\n     next: ${ask} cilium-dbg status --all-controllers`,
    ],
    [
      "an endpoint that is not ready",
      { endpoints: JSON.stringify([endpoint(158, "regenerating")]) },
      `BAD  1 endpoints: one 158 is regenerating\n     next: ${ask} cilium-dbg endpoint list`,
    ],
    [
      "what was dropped for another reason than policy",
      { drops: `${flow("CT_MAP_INSERTION_FAILED")}\n${flow("CT_MAP_INSERTION_FAILED")}` },
      "BAD  0 drops by policy in the last 5m: for other reasons: CT_MAP_INSERTION_FAILED dev/web -> world (2)\n" +
        `     next: ${ask} hubble observe --verdict DROPPED --since 5m`,
    ],
  ] as const) {
    it(`names ${what}, with what to ask next [S0-17]`, () => {
      const lines = doctorText(examineAgents([{ ...well, ...said }])).split("\n");
      const at = lines.findIndex((line) => line.startsWith("BAD"));
      assert.equal(lines.slice(at, at + 2).join("\n"), text);
    });
  }

  it("names settings of the agents that are not what the stack says", () => {
    const values = { kubeProxyReplacement: "true", routingMode: "tunnel", hubble: { enabled: true } };
    const config = { "kube-proxy-replacement": "true", "routing-mode": "tunnel", "enable-hubble": "true" };
    assert.deepEqual(drift(values, config), { what: "cilium-config in 3 settings as the stack says" });
    assert.equal(
      doctorText([drift(values, { ...config, "routing-mode": "native" })]),
      "BAD  cilium-config in 3 settings as the stack says: routing-mode is native, not tunnel\n" +
        "     next: npm run preview -- <stack> --refresh\n",
    );
  });

  it("asks for no Envoy where it is switched off", () => {
    const looked = {
      config: { "external-envoy-proxy": "false" },
      daemonSets: [],
      deployments: [],
      definitions: [],
      policies: [],
    };
    assert.doesNotMatch(doctorText(examine(looked)), /cilium-envoy/);
  });

  const pod: PodSaid = {
    pod: "dev/web",
    node: "one",
    agent: "cilium-abcde",
    id: 158,
    endpoint: JSON.stringify([endpoint(158, "ready")]),
    names: '[{"fqdn":"api.example.com.","ips":["10.0.0.8"]}]',
    drops: "",
  };

  it("tells of one pod its endpoint, its policy, the names it learned and what it lost [S0-35] [S2-16]", () => {
    assert.equal(
      doctorText(examinePod(pod)),
      "ok   dev/web is endpoint 158 on one, identity 1906\nok   dev/web has policy both in force\n" +
        "ok   dev/web has learned api.example.com\nok   dev/web lost nothing in the last 5m\n",
    );
    assert.equal(
      doctorText(
        examinePod({
          ...pod,
          endpoint: JSON.stringify([endpoint(158, "ready", 6)]),
          names: "[]",
          drops: flow("POLICY_DENIED"),
        }),
      ),
      "ok   dev/web is endpoint 158 on one, identity 1906\n" +
        "BAD  dev/web has policy both in force: revision 6 of 7\n" +
        "     next: kubectl --namespace kube-system exec cilium-abcde --container cilium-agent -- cilium-dbg endpoint get 158\n" +
        "ok   dev/web has learned no name\n" +
        "BAD  dev/web lost nothing in the last 5m: POLICY_DENIED dev/web -> world (1)\n" +
        "     next: npm run drops -- <stack> dev/web\n",
    );
  });
});

describe("npm run drops", () => {
  const pod = "/api/v1/namespaces/dev/pods/web";
  const agents =
    "/api/v1/namespaces/kube-system/pods?fieldSelector=spec.nodeName%3Dworker&labelSelector=k8s-app%3Dcilium";
  const endpoint = "/apis/cilium.io/v2/namespaces/dev/ciliumendpoints/web";
  const all = {
    [pod]: { metadata: { name: "web" }, spec: { nodeName: "worker" } },
    [agents]: { items: [{ metadata: { name: "cilium-abcde" } }] },
    [endpoint]: { status: { id: 1121 } },
  };
  let server: FakeApiServer;

  beforeEach(async () => {
    server = await startFakeApiServer(all);
  });
  afterEach(async () => {
    await server.close();
  });

  const asked = { namespace: "dev", name: "web" };

  it("asks the agent on the pod's node about the pod's endpoint [S2-16]", async () => {
    assert.deepEqual(await whoSees(server.kubeconfig, asked), {
      node: "worker",
      agent: "cilium-abcde",
      endpoint: 1121,
      command: ["cilium-dbg", "monitor", "--type", "drop", "--related-to", "1121"],
    });
  });

  for (const [what, path, object, expected] of [
    ["a pod that there is not", pod, undefined, /the API server answers with 404/],
    ["a pod on no node", pod, { spec: {} }, /dev\/web is on no node yet/],
    [
      "a pod on its node's network",
      pod,
      { spec: { nodeName: "worker", hostNetwork: true } },
      /uses the network of its node: to policies it is the node worker/,
    ],
    ["a node without an agent", agents, { items: [] }, /no agent runs on worker, where dev\/web is/],
    [
      "a pod that is no endpoint",
      endpoint,
      undefined,
      /is no endpoint of Cilium: it is older than the agent on worker\n {2}fix: delete the pod/,
    ],
    ["an endpoint without a number", endpoint, { status: {} }, /its endpoint has no number yet/],
  ] as const) {
    it(`says what is wrong with ${what} [S2-16]`, async () => {
      if (object === undefined) server.objects.delete(path);
      else server.objects.set(path, object);
      await assert.rejects(whoSees(server.kubeconfig, asked), expected);
    });
  }
});
