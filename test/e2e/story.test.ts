/**
 * The story of a stack on kwok with the real engine, the real charts and a real API server, told through the npm
 * scripts: up, again, preview, refresh, changes of mind, a second stack beside it, down.
 */
import assert from "node:assert/strict";
import { join } from "node:path";

import { parse } from "yaml";

import { stopProcessesNaming } from "../../components/cluster/processes.ts";
import { fencesIn, textOf } from "../support/documents.ts";
import { Cluster, type PlainObject } from "./support/cluster.ts";
import { inSequence } from "./support/hooks.ts";
import { expectedReleases, Project } from "./support/project.ts";
import { listeningOn, processesNaming } from "./support/remains.ts";
import { outputOf } from "./support/running.ts";

const [page = ""] = fencesIn(textOf("docs/tenants.md"), "yaml");
/** The example that people read, on whatever target. */
const { "platform:target": _, ...tenantsOfThePage } = (parse(page) as { config: Record<string, unknown> }).config;

function withoutTenants(config: Record<string, unknown>): void {
  for (const key of Object.keys(tenantsOfThePage)) Reflect.deleteProperty(config, key);
}

/** All that go without Kyverno and without tenants. */
const everyBundle = {
  bundles: [
    ...["baseline", "environment-isolation", "gateway", "platform", "oidc-reference-app", "apim-openai"],
    ...["egress-gateway", "load-balancer", "fqdn-egress", "demo-dns", "demo-flights", "demo-star-wars"],
  ],
  environmentIsolation: { environments: ["dev", "uat"] },
  authenticatedEdges: ["dev/oauth2-proxy -> dev/frontend"],
  oidcReferenceApp: { apiNames: ["www.cloudflare.com"], collectorNamespace: "observability" },
  egressGateway: { destinations: ["203.0.113.0/24"] },
  loadBalancer: {
    announce: "bgp",
    pools: { lan: { first: "172.18.255.200", last: "172.18.255.200" } },
    bgp: { peers: { router: { address: "172.18.0.1", asn: 64513 } } },
  },
};

/** Where each is applied, and what it runs there. */
const workloadFiles = [
  ["demo-dns", "policies/demo-dns/workloads.yaml", ["mediabot", "rebel-mediabot"]],
  ["demo-flights", "policies/demo-flights/workloads.yaml", ["board", "flights", "reader", "sample", "unlabelled"]],
  ["demo-star-wars", "policies/demo-star-wars/workloads.yaml", ["deathstar", "tiefighter", "xwing"]],
  [
    "dev",
    "policies/oidc-reference-app/workloads/environment.yaml",
    ["api", "azurite", "frontend", "frontend-a", "frontend-b", "oauth2-proxy", "servicebus", "warmup"],
  ],
  ["azure-entraid-sim", "policies/oidc-reference-app/workloads/identity.yaml", ["keycloak"]],
  ["azure-apim-sim", "policies/oidc-reference-app/workloads/apim.yaml", ["apim-simulator", "apim-simulator-uat"]],
] as const;

describe("the story of a stack on kwok", function () {
  const project = new Project();
  const tracked = project.read("Pulumi.kwok.yaml");
  let cluster: Cluster;
  let second: Cluster;
  let releases: readonly string[] = [];

  inSequence();

  after(async () => {
    await project.remove();
  });

  it("comes up with one command and says what runs", async () => {
    const output = outputOf(await project.script("up"));
    assert.match(output, /kwok is up \(kwok, \d+ s\)/);
    assert.match(output, /cilium 1\.20\.2/);
    assert.match(output, /nodes are simulated/);
    assert.match(output, /nothing\s+runs inside a pod and no policy is enforced/);
    assert.match(output, /npm run down -- kwok/);
    cluster = new Cluster(project.kubeconfig("kwok"));
    releases = expectedReleases(output);
  });

  it("leaves the tracked stack file as it was", () => {
    assert.equal(project.read("Pulumi.kwok.yaml"), tracked);
  });

  it("keeps kubeconfig and passphrase readable by their owner only", () => {
    assert.equal(project.mode(".platform/kwok/kubeconfig"), 0o600);
    assert.equal(project.mode(".platform/passphrase"), 0o600);
  });

  it("has every release deployed", async () => {
    const deployed = await cluster.releases();
    assert.deepEqual(deployed, Object.fromEntries(releases.map((release) => [release, "deployed"])));
  });

  it("has every custom resource definition Established", async () => {
    const conditions = await cluster.definitions();
    assert.ok(conditions.length > 40, `${String(conditions.length)} definitions`);
    assert.deepEqual(
      conditions.filter(({ established }) => !established),
      [],
    );
  });

  it("has its policies accepted by the real operator", async () => {
    assert.equal(await cluster.policyValidity("dev", "allow-dns"), "True");
    assert.equal(await cluster.policyValidity("uat", "allow-dns"), "True");
  });

  it("has a wrong policy judged as wrong by the real operator", async () => {
    await cluster.applyPolicy("dev", "wrong-port", [{ port: "99999", protocol: "TCP" }]);
    assert.equal(await cluster.policyValidity("dev", "wrong-port"), "False");
    await cluster.deletePolicy("dev", "wrong-port");
  });

  it("applies what Argo CD's values are for as objects", async () => {
    const parameters = await cluster.configMap("argocd", "argocd-cmd-params-cm");
    assert.equal(parameters["server.insecure"], "true");
    const settings = await cluster.configMap("argocd", "argocd-cm");
    assert.match(settings["resource.exclusions"] ?? "", /CiliumIdentity/);
  });

  it("listens on the loopback interface only", async () => {
    const elsewhere = (await listeningOn(project.dir)).filter((address) => !/^(127\.0\.0\.1|\[::1\])/.test(address));
    assert.deepEqual(elsewhere, []);
  });

  it("changes nothing the second time", async () => {
    const output = outputOf(await project.script("up"));
    assert.match(output, /Resources:\s+\d+ unchanged\s/);
    assert.doesNotMatch(output, /\d+ (created|updated|deleted|replaced)/);
  });

  it("previews no changes", async () => {
    outputOf(await project.script("preview", "kwok", "--expect-no-changes"));
  });

  it("refreshes without finding a difference", async () => {
    outputOf(await project.script("refresh", "kwok", "--expect-no-changes"));
  });

  it("changes its mind about routing, kube-proxy and Hubble without replacing the cluster", async () => {
    const before = await cluster.uid();
    project.configure("kwok", (config) => {
      config["platform:cilium"] = { routing: "tunnel", kubeProxyReplacement: false, hubble: { ui: true } };
      config["platform:policies"] = { folders: ["test/fixtures/own/good"] };
    });
    const output = outputOf(await project.script("up"));
    assert.equal(await cluster.uid(), before);
    const config = await cluster.configMap("kube-system", "cilium-config");
    assert.equal(config["routing-mode"], "tunnel");
    assert.equal(config["kube-proxy-replacement"], "false");
    assert.doesNotMatch(output, /replaced/);
  });

  it("has the policies of its own folder accepted by the real operator, and none of the workloads beside them", async () => {
    assert.equal(await cluster.policyValidity("dev", "api"), "True");
    assert.equal(await cluster.policyValidity("dev", "api-from-web"), "True");
    await assert.rejects(cluster.object("apps/v1", "Deployment", "dev", "web"), /not found/i);
  });

  it("refuses a promise of its own that is broken, before anything is touched", async () => {
    project.configure("kwok", (config) => {
      config["platform:policies"] = { folders: ["test/fixtures/own/broken"] };
    });
    const { code, output } = await project.script("up");
    assert.notEqual(code, 0);
    assert.match(output, /promises\.yaml:3: `must: dev\/example -> dev\/other-example TCP 8080` does not hold/);
    assert.equal(await cluster.policyValidity("dev", "api"), "True");
    project.configure("kwok", (config) => {
      config["platform:policies"] = { folders: ["test/fixtures/own/good"] };
    });
  });

  it("refuses an impossible change before anything is touched", async () => {
    const config = await cluster.configMap("kube-system", "cilium-config");
    project.configure("kwok", (settings) => {
      settings["platform:cilium"] = { kubeProxyReplacement: false, egressGateway: true, routeing: "native" };
    });
    const { code, output } = await project.script("up");
    assert.notEqual(code, 0);
    assert.match(output, /did you mean `routing`\?/);
    assert.deepEqual(await cluster.configMap("kube-system", "cilium-config"), config);
  });

  it("switches every add-on off within a minute each, and on again", async () => {
    project.configure("kwok", (config) => {
      delete config["platform:cilium"];
      config["platform:kyverno"] = { enabled: false };
      config["platform:argocd"] = { enabled: false };
      config["platform:gateway"] = { enabled: false };
    });
    const started = Date.now();
    outputOf(await project.script("up"));
    assert.ok(Date.now() - started < 180_000, `${String(Date.now() - started)} ms for three add-ons`);
    assert.deepEqual(Object.keys(await cluster.releases()), ["kube-system/cilium"]);

    project.configure("kwok", (config) => {
      delete config["platform:kyverno"];
      delete config["platform:argocd"];
      delete config["platform:gateway"];
      // In the same breath, because every up takes its time.
      Object.assign(config, tenantsOfThePage);
    });
    outputOf(await project.script("up"));
    assert.deepEqual(Object.keys(await cluster.releases()).sort(), releases);
  });

  it("has what tenants get as it was written, in their namespaces alone", async () => {
    const quota = await cluster.object("v1", "ResourceQuota", "shop-jobs", "tenant");
    assert.deepEqual((quota["spec"] as { hard: unknown }).hard, {
      "limits.memory": "16Gi",
      pods: "60",
      "requests.cpu": "8",
      "requests.memory": "16Gi",
      "requests.storage": "20Gi",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    });
    const project = await cluster.object("argoproj.io/v1alpha1", "AppProject", "argocd", "tenant-shop");
    assert.deepEqual((project["spec"] as { sourceRepos: unknown }).sourceRepos, ["https://git.example.com/shop.git"]);
    const route = await cluster.object("gateway.networking.k8s.io/v1", "HTTPRoute", "books", "site");
    assert.deepEqual((route["spec"] as { hostnames: unknown }).hostnames, [
      "books.example.com",
      "www.books.example.com",
    ]);
    assert.equal(await cluster.policyValidity("books", "shop.api-from-books.site"), "True");
    assert.equal(await cluster.policyValidity("shop", "shop.api-names-1-tls"), "True");
  });

  it("lets administrators of a tenant work in its namespaces and change nothing of the platform's", async () => {
    for (const [verb, group, resource, namespace, allowed] of [
      ["create", "apps", "deployments", "shop", true],
      ["get", "networking.k8s.io", "networkpolicies", "shop", true],
      ["create", "apps", "deployments", "books", false],
      ["create", "networking.k8s.io", "networkpolicies", "shop", false],
      ["delete", "networking.k8s.io", "networkpolicies", "shop", false],
      ["create", "cilium.io", "ciliumnetworkpolicies", "shop", false],
      ["patch", "gateway.networking.k8s.io", "httproutes", "shop", false],
      ["create", "policies.kyverno.io", "policyexceptions", "shop", false],
      ["create", "rbac.authorization.k8s.io", "rolebindings", "shop", false],
    ] as const) {
      const answer = await cluster.groupMay("shop-operators", { verb, group, resource, namespace });
      assert.equal(answer, allowed, `${verb} ${resource} in ${namespace}`);
    }
  });

  it("stands beside a second stack with every bundle, undisturbed", async () => {
    project.copyStack("kwok", "second");
    project.configure("second", (config) => {
      withoutTenants(config);
      config["platform:kyverno"] = { enabled: false };
      config["platform:argocd"] = { enabled: false };
      config["platform:cilium"] = {
        ...{ egressGateway: true, lbIpam: true, bgp: true, meshAuth: "spire", encryption: "wireguard" },
        hubble: { ui: true },
      };
      config["platform:policies"] = everyBundle;
    });
    const output = outputOf(await project.script("up", "second"));
    assert.match(output, /open {8}pool lan: 172\.18\.255\.200 to 172\.18\.255\.200, 1 address\n/);
    second = new Cluster(project.kubeconfig("second"));
    assert.notEqual(await second.uid(), await cluster.uid());
    assert.deepEqual(
      Object.keys(await second.releases()).sort(),
      expectedReleases(output).filter((release) => !/^(argocd|kyverno)\//.test(release)),
    );
    outputOf(await project.script("preview", "kwok", "--expect-no-changes"));
  });

  it("has every policy of every bundle of the second accepted by the real operator", async () => {
    const { True: valid = 0, ...others } = await second.policyValidities();
    assert.ok(valid > 75, String(valid));
    assert.deepEqual(others, {});
  });

  it("has a node of the second for its egress gateway [S0-22]", async () => {
    assert.deepEqual(await second.nodesWith("egress-gateway=true"), ["node-000000"]);
    const policy = await second.object("cilium.io/v2", "CiliumEgressGatewayPolicy", "", "egress-gateway");
    assert.deepEqual((policy["spec"] as { readonly destinationCIDRs: unknown }).destinationCIDRs, ["203.0.113.0/24"]);
  });

  it("gives a Service of the second an address of the pool, and the next one none, because there was one [S4-04] [S4-05]", async () => {
    assert.equal(await second.loadBalancer("dev", "first"), "172.18.255.200");
    assert.equal(await second.loadBalancer("dev", "second"), "out_of_ips");
  });

  it("takes into the second the workloads of demos and of the reference application as they are [S4-18] [S4-28]", async () => {
    for (const [namespace, file, deployments] of workloadFiles) {
      const { items } = parse(project.read(file)) as { readonly items: readonly PlainObject[] };
      await second.apply(namespace, items);
      assert.deepEqual(await second.availableDeployments(namespace, deployments.length), deployments, namespace);
    }
  });

  it("changes nothing of the second by another preview, and takes it down", async () => {
    outputOf(await project.script("preview", "second", "--expect-no-changes"));
    outputOf(await project.script("down", "second"));
  });

  it("starts again a control plane whose processes ended with the machine", async () => {
    const before = await cluster.uid();
    await stopProcessesNaming(join(project.dir, ".platform", "kwok"), "at once");
    project.configure("kwok", (config) => {
      withoutTenants(config);
      config["platform:namespaces"] = { dev: {}, uat: {} };
    });
    const output = outputOf(await project.script("up"));
    assert.match(output, /the control plane of kwok was stopped: it is started again/);
    cluster = new Cluster(project.kubeconfig("kwok"));
    assert.equal(await cluster.uid(), before);
    // Tenants that left the stack file took their namespaces along.
    const gone = ["shop", "shop-jobs", "books", "sandbox"];
    assert.deepEqual(
      (await cluster.namespaces()).filter((namespace) => gone.includes(namespace)),
      [],
    );
    await cluster.applyPolicy("dev", "after-the-restart", [{ port: "80", protocol: "TCP" }]);
    assert.equal(await cluster.policyValidity("dev", "after-the-restart"), "True");
    // Within the time that Helm gives a chart, by far.
    assert.notEqual(await cluster.podIsReady("dev", "after-the-restart"), "not within 60 s");
  });

  it("makes a cluster anew that was removed behind its back, once a refresh has seen it", async () => {
    const before = await cluster.uid();
    await stopProcessesNaming(join(project.dir, ".platform", "kwok"), "at once");
    project.forget(".platform/kwok/kwok");
    outputOf(await project.script("refresh"));
    outputOf(await project.script("up"));
    cluster = new Cluster(project.kubeconfig("kwok"));
    assert.notEqual(await cluster.uid(), before);
    assert.deepEqual(Object.keys(await cluster.releases()).sort(), releases);
  });

  it("goes down and leaves no process, no port, no file and no state", async () => {
    outputOf(await project.script("down"));
    assert.deepEqual(await processesNaming(project.dir), []);
    assert.deepEqual(await listeningOn(project.dir), []);
    assert.equal(project.checkpoint("kwok"), undefined);
    assert.equal(project.exists(".platform/kwok"), false);
    assert.equal(project.read("Pulumi.kwok.yaml").includes("encryptionsalt"), false);
  });
});
