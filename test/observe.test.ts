/** Bundles that are observed before they are enforced: they close nothing, and say so. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { candidateWith, judgeStack } from "../components/candidate.ts";
import { enforced } from "../components/settings/bundles.ts";
import type { Manifest } from "../policies/bundle.ts";
import { bundles } from "../policies/bundles.ts";
import { bundleNames } from "../policies/choices.ts";
import { inventoryOf } from "../policies/inhabitants.ts";
import { harmless, neverObserved, observed } from "../policies/observe.ts";
import { formatProblem, formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove, type Proof } from "../policies/prove.ts";
import { compare, outsideOf, readWorld, withExternals, type World } from "../policies/reachability/index.ts";
import { fullContext, twoTenants } from "./support/bundle-context.ts";
import { settingsOf } from "./support/settings.ts";

const observable = bundles.filter(({ name }) => !neverObserved.includes(name));

function cnp(spec: Manifest["spec"]): Manifest {
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: "dev" }, spec };
}

function refused(stack: Readonly<Record<string, unknown>>): string {
  try {
    settingsOf(stack);
  } catch (error) {
    if (error instanceof ProblemsError) return formatProblems(error.problems);
    throw error;
  }
  return "";
}

/** A stack whose bundles have something to say, with some of them observed. */
function settingsWith(observe: readonly string[]): ReturnType<typeof settingsOf> {
  return settingsOf({
    namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
    tenants: twoTenants,
    policies: {
      bundles: bundleNames.filter((name) => !neverObserved.includes(name)),
      observe,
      environmentIsolation: { environments: ["dev", "uat"] },
      // Namespaces of its own: those above are closed by the stack, whoever observes.
      oidcReferenceApp: { environments: ["app-dev", "app-uat"] },
    },
  });
}

function proofOf(settings: ReturnType<typeof settingsOf>): Proof {
  const judged = judgeStack("test", settings);
  return prove(candidateWith(judged.wanted, judged));
}

describe("An observed bundle", () => {
  it("keeps plain allows and the look into questions for names, and isolates nobody [S0-38]", () => {
    const dns = {
      toEndpoints: [{ matchLabels: { "k8s-app": "kube-dns" } }],
      toPorts: [{ ports: [{ port: "53", protocol: "UDP" }], rules: { dns: [{ matchPattern: "*" }] } }],
    };
    const plain = { fromEndpoints: [{}], toPorts: [{ ports: [{ port: "80", protocol: "TCP" }] }] };
    assert.deepEqual(harmless(cnp({ description: "d", endpointSelector: {}, ingress: [plain], egress: [dns] }))?.spec, {
      description: "d",
      endpointSelector: {},
      enableDefaultDeny: { ingress: false, egress: false },
      ingress: [plain],
      egress: [dns],
    });
  });

  for (const [what, entry] of [
    ["HTTP rules", { toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } }] }],
    ["server names", { toPorts: [{ ports: [{ port: "443", protocol: "TCP" }], serverNames: ["example.com"] }] }],
    ["a handshake", { fromEndpoints: [{}], authentication: { mode: "required" } }],
  ] as const) {
    it(`leaves out ${what}, which would stand in the way of those it allows [S0-38]`, () => {
      assert.equal(harmless(cnp({ endpointSelector: {}, ingress: [entry] })), undefined);
    });
  }

  it("leaves out every deny, and what can only isolate [S0-38]", () => {
    assert.equal(harmless(cnp({ endpointSelector: {}, egressDeny: [{ toEntities: ["world"] }] })), undefined);
    const knp = { ...cnp({ podSelector: {}, policyTypes: ["Ingress"] }), kind: "NetworkPolicy" };
    assert.equal(harmless(knp), undefined);
    assert.throws(() => harmless({ ...knp, kind: "CiliumEgressGatewayPolicy" }), /nothing is known about observing a/);
  });

  it("of Kyverno only reports", () => {
    const policy = { ...cnp({ validationActions: ["Deny"], validations: [] }), kind: "ValidatingPolicy" };
    assert.deepEqual(harmless(policy)?.spec, { validationActions: ["Audit"], validations: [] });
  });

  for (const bundle of observable) {
    it(`closes nothing: ${bundle.name} [S0-38]`, () => {
      const inventory = inventoryOf({ bundles, context: fullContext });
      const manifests = observed(bundle).manifests(fullContext);
      const worlds = [[], manifests].map((policies): World => {
        const objects = [...inventory, ...policies].map((object) => ({ object: { ...object } }));
        return readWorld({ manifests: objects, externals: [] }).world;
      });
      const outside = outsideOf(worlds.flatMap(({ rules }) => rules));
      const [before, after] = worlds.map((world) => withExternals(world, outside));
      assert.ok(before !== undefined && after !== undefined);
      const closed = compare(before, after).changed.filter(({ changes }) =>
        changes.some(({ kind }) => kind !== "L7-CHANGED"),
      );
      assert.deepEqual(closed, []);
      assert.ok(
        observed(bundle)
          .promises(fullContext)
          .every((line) => "must" in line),
      );
    });
  }

  it("is one of those that could close something", () => {
    assert.deepEqual(
      bundles.filter(({ name }) => neverObserved.includes(name)).map(({ name }) => name),
      [...neverObserved],
    );
  });
});

describe("A stack that observes bundles", function () {
  this.timeout(30_000);

  for (const observe of [...observable.map(({ name }) => [name]), observable.map(({ name }) => name)]) {
    // What lives in closed namespaces is enforced after the baseline.
    if (observe.length === 1 && (observe[0] === "baseline" || observe[0] === "tenants")) continue;
    it(`keeps every other promise: ${observe.length === 1 ? (observe[0] ?? "") : "all of them"} [S0-38]`, () => {
      assert.deepEqual(proofOf(settingsWith(observe)).problems.map(formatProblem), []);
    });
  }

  it("leaves the namespace of such a bundle open, and closes it again when it is enforced [S0-38]", () => {
    const settings = settingsWith(["demo-dns"]);
    assert.equal(settings.namespaces["demo-dns"]?.isolated, false);
    assert.equal(settings.namespaces["demo-flights"]?.isolated, true);
    assert.deepEqual(enforced(settings), settingsWith([]));
  });

  it("says of each what is not enforced, in every run [S0-38]", () => {
    const { warnings, bundles: chosen } = judgeStack("test", settingsWith(["demo-dns"]));
    assert.deepEqual(warnings.filter(({ code }) => code === "policies/observed").map(formatProblem), [
      "Pulumi.test.yaml › policies.observe: `demo-dns` is observed, not enforced: it closes nothing, and its `never` lines are not proved\n" +
        "  expected that to be for a while\n" +
        "  fix: `npm run observe -- test --flows FILE` says what enforcing it would close  [policies/observed]",
    ]);
    assert.equal(
      chosen.find(({ name }) => name === "demo-dns")?.promise,
      "observed, not enforced: A mediabot of the empire reaches the names of one form below github.com, and nothing else outside.",
    );
  });

  it("is refused where there is nothing to observe [S0-38]", () => {
    assert.equal(
      refused({
        namespaces: { "demo-dns": {} },
        policies: { bundles: ["baseline", "demo-dns"], observe: ["demo-dns", "gateway"] },
      }),
      "Pulumi.test.yaml › namespaces.demo-dns.isolated: `true`, but the bundle `demo-dns`, which lives in `demo-dns`, is only observed\n" +
        "  expected an open namespace for as long as that, because a closed one leaves nothing to observe\n" +
        "  fix: set it to false until `demo-dns` is enforced, or take the namespace out of `namespaces`  [policies/observed-but-closed]\n\n" +
        "Pulumi.test.yaml › policies.observe: `gateway` is not among the stack's bundles\n" +
        "  expected bundles of `policies.bundles`\n" +
        "  fix: add `gateway` to policies.bundles, or take it off this list  [policies/observed-but-absent]",
    );
    assert.match(
      refused({ policies: { bundles: ["baseline", "demo-dns"], observe: ["baseline"] } }),
      /`demo-dns` is enforced, and `baseline` only observed\n {2}expected what the bundle opens to be closed first/,
    );
    assert.match(
      refused({ tenants: twoTenants, policies: { bundles: ["baseline", "tenants"], observe: ["tenants"] } }),
      /`tenants` is observed, but `baseline` closes every tenant's namespaces\n/,
    );
    assert.match(
      refused({
        policies: {
          bundles: ["baseline", "apim-openai", "egress-gateway"],
          observe: ["egress-gateway"],
          egressGateway: { destinations: ["203.0.113.0/24"] },
        },
      }),
      /`egress-gateway` says nothing of who may talk to whom\n {2}expected bundles that could close a connection/,
    );
  });
});

describe("npm run observe", function () {
  this.timeout(30_000);
  const program = join(import.meta.dirname, "..", "scripts", "platform.ts");
  let folder = "";

  const flow = (namespace: string, pod: string, name?: string): string =>
    JSON.stringify({
      flow: {
        time: "2026-11-20T08:00:00Z",
        verdict: "FORWARDED",
        is_reply: false,
        Type: "L3_L4",
        source: { namespace, pod_name: pod },
        destination: { labels: ["reserved:world"] },
        ...(name === undefined ? {} : { destination_names: [name] }),
        IP: { source: "10.244.1.15", destination: "203.0.113.7" },
        l4: { TCP: { source_port: 41234, destination_port: 443, flags: { SYN: true } } },
      },
    });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "observe-test-"));
    const file = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
    };
    file(
      "Pulumi.test.yaml",
      "config: {platform:target: kwok, platform:policies: {bundles: [baseline, fqdn-egress], observe: [fqdn-egress]}}\n",
    );
    file("wanted.jsonl", `${flow("fqdn-egress", "nginx", "api.github.com")}\n`);
    file("unwanted.jsonl", `${flow("fqdn-egress", "nginx1")}\n`.repeat(3));
    const question = JSON.parse(flow("fqdn-egress", "nginx")) as { flow: object };
    const asked = { destination: { namespace: "kube-system", pod_name: "coredns" }, IP: undefined };
    const dns = { ...question.flow, ...asked, l4: { UDP: { source_port: 41234, destination_port: 53 } } };
    file("question.jsonl", `${JSON.stringify({ flow: dns })}\n`);
    file("unknown.jsonl", `${flow("fqdn-egress", "batch", "api.github.com")}\n`);
    file(
      "running.yaml",
      "apiVersion: v1\nkind: List\nitems:\n" +
        "- {apiVersion: v1, kind: Namespace, metadata: {name: fqdn-egress, labels: {kyverno.io/isolate: 'true'}}}\n" +
        "- {apiVersion: v1, kind: Pod, metadata: {name: batch, namespace: fqdn-egress, labels: {run: nginx}}}\n",
    );
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function run(...args: readonly string[]): { stdout: string; stderr: string; status: number | null } {
    return spawnSync(process.execPath, [program, "observe", ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: "/nowhere", HOME: folder },
    });
  }

  it("ends well where everything recorded stays open [S0-38]", () => {
    const { stdout, status } = run("test", "--flows", "wanted.jsonl");
    assert.equal(
      stdout,
      "fqdn-egress: 1 request recorded, 2026-11-20T08:00:00Z to 2026-11-20T08:00:00Z\n" +
        "enforced, they would close no connection that was used\n",
    );
    assert.equal(status, 0);
  });

  it("names the connections that were used and would close, with the policy that does it [S0-38]", () => {
    const { stdout, status } = run("test", "--flows", "unwanted.jsonl");
    assert.equal(
      stdout,
      `fqdn-egress: 3 requests recorded, 2026-11-20T08:00:00Z to 2026-11-20T08:00:00Z
enforced, they would close or restrict 1 connection that was used

fqdn-egress/example and 2 more -> world and 2 more  all ports
  used   3 times, last 2026-11-20T08:00:00Z
  would  denied, egress isolated by knp fqdn-egress/default-deny, cnp fqdn-egress/allow-dns
`,
    );
    assert.equal(status, 1);
  });

  it("takes a question that passes the DNS proxy for one that stays open [S0-38]", () => {
    const { stdout, status } = run("test", "--flows", "question.jsonl");
    assert.match(stdout, /enforced, they would close no connection that was used\n$/);
    assert.equal(status, 0);
  });

  it("does not judge for a workload that nobody described, and does so once somebody does [S0-38]", () => {
    const { stdout, status } = run("test", "--flows", "unknown.jsonl");
    assert.match(
      stdout,
      /\n\nnot judged, because no manifest describes them: fqdn-egress\/batch \(1\)\n {2}fix: kubectl get pods,namespaces /,
    );
    assert.equal(status, 1);
    const described = run("test", "--flows", "unknown.jsonl", "--workloads", "running.yaml");
    assert.equal(described.stderr, "");
    assert.equal(described.status, 0);
  });

  for (const [args, expected] of [
    [["--flows", "wanted.jsonl"], /^observe: expected one stack, got 0/],
    [["test"], /^observe: names no flows/],
    [["test", "--flow", "x"], /^observe: Unknown option '--flow'/],
    [["test", "--flows", "absent.jsonl"], /absent\.jsonl: /],
  ] as const) {
    it(`refuses \`${args.join(" ")}\``, () => {
      const { stderr, stdout, status } = run(...args);
      assert.match(stderr, expected);
      assert.deepEqual([stdout, status], ["", 1]);
    });
  }
});
