/** Tenants: what a team's block of the stack file becomes, what it opens, and what is refused of it. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { argoCdPods } from "../components/argocd/pods.ts";
import { reviewSettings } from "../components/settings/review.ts";
import { administratorClusterRole, administratorsBinding } from "../components/tenants/access.ts";
import { tenantProject } from "../components/tenants/project.ts";
import { limitRange, resourceQuota } from "../components/tenants/quota.ts";
import { httpRoutes } from "../components/tenants/route.ts";
import { Tenants } from "../components/tenants/tenants.ts";
import { canonicalQuantity } from "../components/quantity.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import type { BundleContext } from "../policies/bundle.ts";
import { environmentIsolation } from "../policies/environment-isolation/bundle.ts";
import { gateway } from "../policies/gateway/bundle.ts";
import { formatProblems } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { tenants } from "../policies/tenants/bundle.ts";
import { contextOf, twoTenants } from "./support/bundle-context.ts";
import { edgesOf, objectsOf, outcome, worldOf } from "./support/bundle-world.ts";
import { clusterHandle, localFacts } from "./support/cluster-handle.ts";
import { fencesIn, textOf } from "./support/documents.ts";
import { Namespaces } from "../components/namespaces.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";
import { asPulumiGives, fixtureConfig, fixtureText } from "./support/stack-config.ts";

type Block = Readonly<Record<string, unknown>>;

const open = { policies: { bundles: ["baseline", "gateway"] } };

function tenantOf(block: Block) {
  const { shop } = settingsOf({ ...open, tenants: { shop: block } }).tenants;
  return shop ?? assert.fail("no tenant");
}

/** What the author of a stack file is told. */
function told(stack: Block): string {
  const config = Object.fromEntries(
    Object.entries({ target: "kind", ...open, ...stack }).map(([key, value]) => [`platform:${key}`, value]),
  );
  return formatProblems(
    reviewSettings({ stack: "test", file: "Pulumi.test.yaml", config: asPulumiGives(config) }).problems,
  );
}

describe("A tenant", () => {
  it("brings its namespaces along, closed, with whose they are and what holds in them", () => {
    const { namespaces, policies } = settingsOf({ ...open, namespaces: { dev: {} }, tenants: twoTenants });
    assert.deepEqual(namespaces, {
      dev: { isolated: true, labels: {} },
      shop: {
        isolated: true,
        labels: {
          team: "shop",
          environment: "uat",
          "pod-security.kubernetes.io/enforce": "restricted",
          "platform-gateway-access": "true",
        },
      },
      books: {
        isolated: true,
        labels: { team: "books", environment: "uat", "pod-security.kubernetes.io/enforce": "restricted" },
      },
      "books-jobs": {
        isolated: true,
        labels: { team: "books", environment: "uat", "pod-security.kubernetes.io/enforce": "restricted" },
      },
    });
    assert.deepEqual(policies.bundles, ["baseline", "gateway", "tenants"]);
  });

  it("opens the Gateway to the namespace of a route alone", () => {
    const { namespaces } = settingsOf({
      ...open,
      tenants: {
        shop: {
          namespaces: ["shop", "shop-web"],
          team: "retail",
          podSecurity: "baseline",
          workloads: { web: { namespace: "shop-web", ports: [8080], route: { hostnames: ["shop.example.com"] } } },
        },
      },
    });
    assert.deepEqual(namespaces["shop"]?.labels, { team: "retail", "pod-security.kubernetes.io/enforce": "baseline" });
    assert.deepEqual(namespaces["shop-web"]?.labels, {
      team: "retail",
      "pod-security.kubernetes.io/enforce": "baseline",
      "platform-gateway-access": "true",
    });
  });
});

describe("An amount", () => {
  for (const [written, kept] of [
    ["4", "4"],
    ["1.5", "1500m"],
    ["500m", "500m"],
    ["2000m", "2"],
    ["0", "0"],
    ["0.25", "250m"],
    ["1000", "1k"],
    ["16Gi", "16Gi"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["512Ki", "512Ki"],
    ["0.5Ki", "512"],
    ["10G", "10G"],
    ["1500k", "1500k"],
    ["1048576", "1048576"],
  ] as const) {
    it(`of ${written} is kept by the API server as ${kept}`, () => {
      assert.equal(canonicalQuantity(written), kept);
    });
  }
});

describe("The objects of a tenant", () => {
  it("limit each namespace, and leave no way in beside the Gateway", () => {
    const { quota } = tenantOf({ quota: { cpu: "1.5", memory: "2048Mi", pods: 5, storage: "1Gi" } });
    assert.deepEqual(resourceQuota("shop", quota), {
      metadata: { name: "tenant", namespace: "shop" },
      spec: {
        hard: {
          "requests.cpu": "1500m",
          "requests.memory": "2Gi",
          "limits.memory": "2Gi",
          "requests.storage": "1Gi",
          pods: "5",
          "services.nodeports": "0",
          "services.loadbalancers": "0",
        },
      },
    });
    assert.deepEqual(limitRange("shop", quota), {
      metadata: { name: "tenant", namespace: "shop" },
      spec: {
        limits: [{ type: "Container", default: { memory: "128Mi" }, defaultRequest: { cpu: "100m", memory: "128Mi" } }],
      },
    });
  });

  it("give administrators a role of ours, in the namespace alone", () => {
    const { administrators } = tenantOf({ administrators: { groups: ["ops"], users: ["jane@example.com"] } });
    assert.deepEqual(administratorsBinding("shop", administrators), {
      metadata: { name: "tenant-administrators", namespace: "shop" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "platform-tenant-administrator",
      },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "ops" },
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane@example.com" },
      ],
    });
  });

  const platforms = ["networkpolicies", "ciliumnetworkpolicies", "httproutes", "resourcequotas", "limitranges"];

  /** Rules that let somebody change what the platform decides, or hand rights on. */
  function tooMuch(rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[]) {
    const rights = ["roles", "rolebindings", "serviceaccounts/token", "namespaces", "policyexceptions", "*"];
    return rules.filter(
      ({ resources, verbs }) =>
        resources.some((resource) => rights.includes(resource)) ||
        verbs.includes("*") ||
        (resources.some((resource) => platforms.includes(resource)) &&
          verbs.some((verb) => !["get", "list", "watch"].includes(verb))),
    );
  }

  it("let administrators look at policies, routes and quotas and change none of them", () => {
    const { rules } = administratorClusterRole();
    assert.deepEqual(tooMuch(rules), []);
    const readable = rules.flatMap(({ resources }) => resources);
    assert.deepEqual(
      platforms.filter((each) => !readable.includes(each)),
      [],
    );
    const asEdit = { resources: ["ingresses", "networkpolicies"], verbs: ["create", "delete", "patch", "update"] };
    assert.deepEqual(tooMuch([asEdit, { resources: ["pods"], verbs: ["create"] }]), [asEdit]);
  });

  it("let git bring the same kinds and no others, from its repositories, into its namespaces", () => {
    const { spec, metadata } = tenantProject("shop", ["https://git.example.com/shop.git"], ["shop", "shop-jobs"]);
    assert.deepEqual(metadata, { name: "tenant-shop", namespace: "argocd" });
    assert.deepEqual(spec.sourceRepos, ["https://git.example.com/shop.git"]);
    assert.deepEqual(spec.destinations, [
      { server: "https://kubernetes.default.svc", namespace: "shop" },
      { server: "https://kubernetes.default.svc", namespace: "shop-jobs" },
    ]);
    assert.deepEqual(spec.clusterResourceWhitelist, []);
    assert.deepEqual(
      spec.namespaceResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`),
      [
        "/ConfigMap",
        "/PersistentVolumeClaim",
        "/Pod",
        "/Secret",
        "/Service",
        "/ServiceAccount",
        "apps/DaemonSet",
        "apps/Deployment",
        "apps/StatefulSet",
        "autoscaling/HorizontalPodAutoscaler",
        "batch/CronJob",
        "batch/Job",
        "policy/PodDisruptionBudget",
      ],
    );
  });

  it("lead hosts at the platform's Gateway to the Service [S1-60]", () => {
    const route = { hostnames: ["shop.127.0.0.1.sslip.io", "b.example.com"], service: "front", servicePort: 8081 };
    assert.deepEqual(httpRoutes("shop", tenantOf({ workloads: { web: { ports: [8080], route }, api: {} } })), [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: "web", namespace: "shop" },
        spec: {
          parentRefs: [
            {
              group: "gateway.networking.k8s.io",
              kind: "Gateway",
              namespace: "platform-gateway",
              name: "platform",
              sectionName: "http",
            },
          ],
          hostnames: ["shop.127.0.0.1.sslip.io", "b.example.com"],
          rules: [
            {
              matches: [{ path: { type: "PathPrefix", value: "/" } }],
              backendRefs: [{ group: "", kind: "Service", name: "front", port: 8081, weight: 1 }],
            },
          ],
        },
      },
    ]);
  });

  it("come after its namespaces, and each after what brings its kind", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const settings = settingsOf({
      ...open,
      tenants: {
        ...twoTenants,
        books: {
          ...twoTenants.books,
          administrators: { users: ["jane"] },
          repositories: ["https://git.example.com/books.git"],
        },
      },
    });
    const namespaces = new Namespaces("namespaces", { cluster, namespaces: settings.namespaces });
    const [argoCd, gatewayApi] = ["argocd", "gateway-api"].map(
      (name) => new Namespaces(name, { cluster, namespaces: { [name]: { isolated: false, labels: {} } } }),
    );
    new Tenants("tenants", { cluster, tenants: settings.tenants, namespaces, argoCd, gatewayApi });
    await recording.settled();

    const after = (name: string): readonly string[] =>
      recording.one(name).dependencies.map((each) => each.split("::")[1] ?? "");
    assert.ok(after("tenants-books-jobs-quota").includes("namespaces-books-jobs"));
    assert.ok(after("tenants-books-defaults").includes("namespaces-books"));
    assert.ok(after("tenants-books-administrators").includes("tenants-administrator"));
    assert.ok(after("tenants-books-project").includes("argocd-argocd"));
    assert.ok(after("tenants-shop-web-route").includes("gateway-api-gateway-api"));
    assert.ok(!after("tenants-books-quota").includes("argocd-argocd"));
    assert.deepEqual(
      recording.resources.filter(({ name }) => name.startsWith("tenants-shop")).map(({ name }) => name),
      ["tenants-shop-quota", "tenants-shop-defaults", "tenants-shop-web-route"],
    );
    assert.equal(recording.one("tenants-shop-quota").deletedWith, "test:index:Cluster::cluster-owner");
  });

  it("are no routes and no projects where the stack has neither Gateway nor Argo CD, and no role without anybody", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const settings = settingsOf({ ...open, tenants: twoTenants });
    const namespaces = new Namespaces("namespaces", { cluster, namespaces: settings.namespaces });
    new Tenants("tenants", {
      cluster,
      tenants: settings.tenants,
      namespaces,
      argoCd: undefined,
      gatewayApi: undefined,
    });
    await recording.settled();
    const kinds = recording.resources.filter(({ name }) => name.startsWith("tenants-")).map(({ type }) => type);
    assert.deepEqual([...new Set(kinds)].sort(), ["kubernetes:core/v1:LimitRange", "kubernetes:core/v1:ResourceQuota"]);
  });

  it("let the repository server of Argo CD out to its repositories", () => {
    const context = contextOf({
      ...open,
      tenants: { shop: { repositories: ["ssh://git@code.example.com/shop.git"] } },
    });
    assert.deepEqual(context.argocd, argoCdPods({ sources: ["ssh://git@code.example.com/shop.git"] }, localFacts));
    assert.deepEqual(context.argocd.repositories, [{ host: "code.example.com", port: 22 }]);
  });
});

/** Two bundles may bring the same pod. */
function once(edges: readonly string[]): readonly string[] {
  return [...new Set(edges)];
}

const guarded = {
  policies: {
    bundles: ["baseline", "gateway", "environment-isolation"],
    environmentIsolation: { environments: ["dev", "uat"] },
  },
};

describe("The policies of tenants", () => {
  const chosen = [baseline, environmentIsolation, gateway, tenants];
  const context = contextOf({
    ...guarded,
    namespaces: { sandbox: { labels: { environment: "dev" } } },
    tenants: twoTenants,
  });
  const world = worldOf(objectsOf(chosen, context));

  it("open what the stack lists, and nothing else", () => {
    assert.deepEqual(once(edgesOf("shop", world)), [
      "platform-gateway/data-plane -> shop/web TCP 8080",
      "platform-gateway/data-plane -> shop/web-peer TCP 8080",
      "shop/web -> shop/api TCP 8080",
      "shop/web -> shop/api-peer TCP 8080",
      "shop/web-peer -> shop/api TCP 8080",
      "shop/web-peer -> shop/api-peer TCP 8080",
      "shop/api -> payments.example.com TCP 443, 5671",
      "shop/api-peer -> payments.example.com TCP 443, 5671",
      "books/site -> shop/api TCP 8080",
      "books/site -> shop/api-peer TCP 8080",
      "books/site-peer -> shop/api TCP 8080",
      "books/site-peer -> shop/api-peer TCP 8080",
    ]);
  });

  it("let a tenant that is open within reach itself in all its namespaces, and nobody else", () => {
    assert.equal(outcome("books/example -> books-jobs/example TCP 9999", world), "allowed");
    assert.equal(outcome("books-jobs/example -> books/site TCP 80", world), "allowed");
    assert.equal(outcome("books-jobs/example -> shop/api TCP 8080", world), "denied");
  });

  it("ask the TLS handshake for the name on 443 and on no other port", () => {
    const names = tenants
      .manifests(context)
      .filter(({ metadata }) => metadata.name.includes("-names-"))
      .map(({ metadata, spec }) => [metadata.name, spec["egress"]]);
    assert.deepEqual(names, [
      [
        "shop.api-names-1-tls",
        [
          {
            toFQDNs: [{ matchName: "payments.example.com" }],
            toPorts: [{ ports: [{ port: "443", protocol: "TCP" }], serverNames: ["payments.example.com"] }],
          },
        ],
      ],
      [
        "shop.api-names-1",
        [
          {
            toFQDNs: [{ matchName: "payments.example.com" }],
            toPorts: [{ ports: [{ port: "5671", protocol: "TCP" }] }],
          },
        ],
      ],
    ]);
  });

  function brokenIn(tenantBlocks: Block, more: Block = guarded): string {
    const candidate: BundleContext = contextOf({ ...more, ...tenantBlocks });
    const { problems } = prove({ bundles: chosen, context: candidate, apiServer: ["on another node"] });
    return problems.map(({ what }) => what.replace(/\n.*/s, "")).join("\n");
  }

  const sandbox = { namespaces: { sandbox: { labels: { environment: "dev" } } } };

  it("keep every promise, those of the stack among them", () => {
    const shop = { ...twoTenants.shop, promises: [{ never: "shop/web -> shop/api TCP 22", because: "no shell" }] };
    assert.equal(brokenIn({ ...sandbox, tenants: { ...twoTenants, shop } }), "");
  });

  it("are not applied with a promise of the stack that does not hold, or is about nobody", () => {
    const shop = {
      ...twoTenants.shop,
      promises: [{ never: "books/site -> shop/api" }, { must: "shop/wep -> shop/api TCP 8080" }],
    };
    assert.equal(
      brokenIn({ ...sandbox, tenants: { ...twoTenants, shop } }),
      "`never: books/site -> shop/api` does not hold: books/site -> shop/api TCP 8080: allowed\n" +
        "`must: shop/wep -> shop/api TCP 8080` does not hold: no workload and nothing outside is called `shop/wep`; did you mean `shop/web`?",
    );
  });

  it("let pods of one workload call each other where it lists itself", () => {
    const queue = { workloads: { queue: { ports: [5672], callers: ["queue"] }, web: {} } };
    const called = contextOf({ ...open, tenants: { queue } });
    assert.deepEqual(edgesOf("queue", worldOf(objectsOf([baseline, gateway, tenants], called))), [
      "queue/queue -> queue/queue-peer TCP 5672",
      "queue/queue-peer -> queue/queue TCP 5672",
    ]);
    assert.equal(brokenIn({ tenants: { queue } }, open), "");
  });

  it("leave routes out with the chart of the gateway", () => {
    const { gateway: _, ...without } = context;
    const names = tenants.manifests(without).map(({ metadata }) => metadata.name);
    assert.ok(!names.some((name) => name.includes("route")));
    assert.deepEqual(prove({ bundles: chosen, context: without, apiServer: ["on another node"] }).problems, []);
  });
});

describe("A stack with tenants", () => {
  const shop = { workloads: { web: { ports: [8080] } } };

  it("is told everything that cannot be, at once", () => {
    const { problems } = reviewSettings({
      stack: "test",
      file: "Pulumi.test.yaml",
      config: fixtureConfig("invalid-tenants"),
    });
    assert.equal(`${formatProblems(problems)}\n`, fixtureText("invalid-tenants.txt"));
  });

  for (const [title, block, text] of [
    [
      "an unknown key",
      { ...shop, quotas: {} },
      "Pulumi.test.yaml › tenants.shop.quotas: unknown key\n" +
        "  expected one of `administrators`, `environment`, `externalNames`, `namespaces`, `podSecurity`, `promises`, `quota`, `repositories`, `team`, `within` or `workloads`\n" +
        "  fix: did you mean `quota`?  [settings/unknown-key]",
    ],
    [
      "an amount that Kubernetes does not take",
      { quota: { memory: "8GB" } },
      "Pulumi.test.yaml › tenants.shop.quota.memory: wrong format, got `8GB`\n" +
        "  expected bytes, as Kubernetes writes them: `512Mi`, `1.5Gi` or `10G`  [settings/wrong-format]",
    ],
    [
      "a thousandth of a byte",
      { quota: { memory: "512m" } },
      "Pulumi.test.yaml › tenants.shop.quota.memory: wrong format, got `512m`\n" +
        "  expected bytes, as Kubernetes writes them: `512Mi`, `1.5Gi` or `10G`  [settings/wrong-format]",
    ],
    [
      "a number where an amount is text",
      { quota: { cpu: 4 } },
      "Pulumi.test.yaml › tenants.shop.quota.cpu: wrong type, got `4`\n" +
        '  expected cores, as Kubernetes writes them: `"4"`, `"1.5"` or `500m`\n' +
        "  fix: put it in quotes  [settings/wrong-type]",
    ],
    [
      "a wildcard as host",
      { workloads: { web: { ports: [1], route: { hostnames: ["*.example.com"] } } } },
      "Pulumi.test.yaml › tenants.shop.workloads.web.route.hostnames[0]: wrong format, got `*.example.com`\n" +
        "  expected a full host name in lower case without a wildcard, for example `shop.example.com`  [settings/wrong-format]",
    ],
    [
      "a pod by name outside",
      { externalNames: [{ names: ["web.shop.svc"], workloads: ["web"] }] },
      "Pulumi.test.yaml › tenants.shop.externalNames[0].names[0]: wrong format, got `web.shop.svc`\n" +
        "  expected a name outside the cluster: pods are reached as `callers` of a workload  [settings/wrong-format]",
    ],
    [
      "every repository",
      { repositories: ["https://*"] },
      "Pulumi.test.yaml › tenants.shop.repositories[0]: wrong format, got `https://*`\n" +
        "  expected the URL of one repository, for example `https://git.example.com/shop.git`  [settings/wrong-format]",
    ],
    [
      "everybody as administrator",
      { administrators: { groups: ["system:authenticated"] } },
      "Pulumi.test.yaml › tenants.shop.administrators.groups[0]: wrong format, got `system:authenticated`\n" +
        "  expected one name as the API server knows it, none of its own `system:` ones  [settings/wrong-format]",
    ],
    [
      "no labels at all",
      { workloads: { web: { labels: {} } } },
      "Pulumi.test.yaml › tenants.shop.workloads.web.labels: wrong format, got `{}`\n" +
        "  expected at least one label  [settings/wrong-format]",
    ],
    [
      "a workload with a capital letter",
      { workloads: { Web: {} } },
      "Pulumi.test.yaml › tenants.shop.workloads.Web: wrong name, got `Web`\n" +
        "  expected at most 63 of `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit  [settings/wrong-name]",
    ],
    [
      "a caller without a port to call",
      { workloads: { web: { callers: ["web"] } } },
      "Pulumi.test.yaml › tenants.shop.workloads.web.callers: has callers, but no port that they could call\n" +
        "  expected `ports` of its containers  [settings/opens-nothing]",
    ],
  ] as const) {
    it(`is refused for ${title}`, () => {
      assert.equal(told({ tenants: { shop: block } }), text);
    });
  }

  it("is refused for a tenant with a capital letter", () => {
    assert.equal(
      told({ tenants: { Shop: {} } }),
      "Pulumi.test.yaml › tenants.Shop: wrong name, got `Shop`\n" +
        "  expected at most 63 of `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit  [settings/wrong-name]",
    );
  });

  it("is refused for a route beside a Gateway that nobody closed", () => {
    const route = { hostnames: ["shop.example.com"] };
    assert.equal(
      told({ policies: {}, tenants: { shop: { workloads: { web: { ports: [80], route } } } } }),
      "Pulumi.test.yaml › policies.bundles: a tenant has a route, but the bundle `gateway` is not chosen\n" +
        "  expected the Gateway to be closed but for its listeners and its routes\n" +
        "  fix: add `gateway`  [policies/needs-gateway]",
    );
  });

  it("is refused on AKS for a group that Entra knows by no id", () => {
    const administrators = { groups: ["ops", "00000000-0000-0000-0000-000000000000"], users: ["jane@example.com"] };
    assert.equal(
      told({ target: "aks", tenants: { shop: { administrators } } }),
      "Pulumi.test.yaml › tenants.shop.administrators.groups[0]: no group of Entra, got `ops`\n" +
        "  expected an object id of Entra, for example `00000000-0000-0000-0000-000000000000`  [settings/wrong-format]",
    );
  });

  it("is refused for the bundle without anybody", () => {
    assert.equal(
      told({ policies: { bundles: ["tenants"] } }),
      "Pulumi.test.yaml › policies.bundles: `tenants` is chosen, but the stack has none\n" +
        "  expected a tenant under `tenants`, which brings the bundle along\n" +
        "  fix: take it off the list  [settings/bundle-about-nobody]",
    );
  });

  it("may have callers from a tenant without an environment", () => {
    const called = { shop: { environment: "prod", workloads: { web: { ports: [80], callers: ["books/site"] } } } };
    assert.equal(told({ tenants: { ...called, books: { workloads: { site: {} } } } }), "");
  });
});

describe("The page on tenants", () => {
  const [example = ""] = fencesIn(textOf("docs/tenants.md"), "yaml");
  const { config } = parse(example) as { config: Record<string, unknown> };

  it("has an example that is accepted as it stands, and proved", () => {
    const stack = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace(/^platform:/, ""), value]),
    );
    assert.equal(told(stack), "");
    const bundles = [baseline, environmentIsolation, gateway, tenants];
    const proof = prove({ bundles, context: contextOf(stack), apiServer: ["on another node"] });
    assert.deepEqual(proof.problems, []);
    assert.ok(proof.results.some(({ text }) => text === "shop/web -> shop/api TCP 22"));
  });
});
