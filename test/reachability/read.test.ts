/**
 * What a person is told about manifests that Cilium refuses, or takes for something else.
 */
import assert from "node:assert/strict";

import { formatProblems } from "../../policies/problems.ts";
import { readWorld } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

function problemsOf(spec: Fields, source?: string): string {
  const object = { kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: "shop" }, spec };
  const manifest = source === undefined ? { object } : { object, source };
  return formatProblems(readWorld({ manifests: [manifest], externals: [] }).problems);
}

const everyone = { endpointSelector: {} };

describe("reading a policy tells", () => {
  it("every refusal at once, with the place in the file", () => {
    const spec = {
      ...everyone,
      egress: [
        { toEndpoints: [{}], toCIDR: ["10.0.0.0/33"] },
        { toPorts: [{ ports: [{ port: "99999" }, { port: 80 }] }] },
      ],
    };
    assert.equal(
      problemsOf(spec, "shop.yaml:3"),
      [
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[0]: combining toEndpoints and toCIDR is not supported yet",
        "  expected one peer field in each entry  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[0].toCIDR[0]: `10.0.0.0/33` is no range",
        "  expected a range such as 10.0.0.0/8, or an address  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[1].toPorts[0].ports[0].port: `99999` is no port",
        "  expected a number up to 65535 or a port's name, as a text  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[1].toPorts[0].ports[1].port: `80` has the wrong type",
        "  expected a text  [cilium/refused]",
      ].join("\n"),
    );
  });

  it("that default deny is an object", () => {
    assert.equal(
      problemsOf({ ...everyone, enableDefaultDeny: true, ingress: [{}] }),
      [
        "CiliumNetworkPolicy shop/p › spec.enableDefaultDeny: `true` has the wrong type",
        "  expected an object  [cilium/refused]",
      ].join("\n"),
    );
  });

  it("a field that Cilium drops while it enforces the rest", () => {
    assert.equal(
      problemsOf({ ...everyone, egressDeny: [{ toFQDNs: [{ matchName: "a.example" }] }] }),
      [
        "CiliumNetworkPolicy shop/p › spec.egressDeny[0].toFQDNs: Cilium does not know this field, drops it and enforces the rest",
        "  expected only fields of the kind",
        "  fix: remove the field, or the rule that depends on it  [cilium/unknown-field]",
      ].join("\n"),
    );
  });

  it("a field whose meaning the manifests do not hold", () => {
    assert.equal(
      problemsOf({ ...everyone, egress: [{ toServices: [{ k8sService: { serviceName: "db" } }] }] }),
      [
        "CiliumNetworkPolicy shop/p › spec.egress[0].toServices[0]: no Service among the manifests is `db`, so verdicts that depend on it are unknown",
        "  expected the Service among the manifests",
        "  fix: add it: where Cilium finds none, it opens the ports of the entry to everyone  [reachability/service-not-found]",
      ].join("\n"),
    );
  });

  it("a kind that changes no verdict although it looks as if it did, and a kind whose rules are not decided", () => {
    const objects = [
      { apiVersion: "policy.networking.k8s.io/v1alpha1", kind: "AdminNetworkPolicy", metadata: { name: "first" } },
      {
        apiVersion: "policy.networking.k8s.io/v1alpha2",
        kind: "ClusterNetworkPolicy",
        metadata: { name: "first" },
        spec: { tier: "Admin", priority: 1, subject: { namespaces: {} }, ingress: [{ action: "Deny" }] },
      },
      { apiVersion: "projectcalico.org/v3", kind: "NetworkPolicy", metadata: { name: "p", namespace: "shop" } },
      { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", metadata: { name: "p", namespace: "shop" } },
      { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "p", namespace: "shop" } },
    ];
    const { problems, world } = readWorld({ manifests: objects.map((object) => ({ object })), externals: [] });
    assert.deepEqual(
      problems.map(({ code, where, what }) => `${code} ${where}: ${what}`),
      [
        "reachability/kind-without-effect AdminNetworkPolicy first › kind: Cilium does not know this kind, so no verdict depends on it",
        "reachability/not-modelled ClusterNetworkPolicy first › spec: `ClusterNetworkPolicy` is not modelled, so verdicts that depend on it are unknown",
        "reachability/kind-without-effect NetworkPolicy shop/p › kind: this kind is enforced, if at all, by something else than Cilium, so no verdict depends on it",
        "reachability/kind-without-effect AuthorizationPolicy shop/p › kind: this kind is enforced, if at all, by something else than Cilium, so no verdict depends on it",
      ],
    );
    assert.deepEqual(
      world.rules.map(({ origin }) => `${origin.policy.kind} ${origin.path}`),
      ["ClusterNetworkPolicy spec.ingress[0]"],
    );
  });

  it("a name that no rule lets Cilium learn, where names are taken as learned", () => {
    const spec = {
      ...everyone,
      egress: [
        {
          toEntities: ["cluster"],
          toPorts: [{ ports: [{ port: "53" }], rules: { dns: [{ matchPattern: "*.example" }] } }],
        },
        { toFQDNs: [{ matchName: "a.example" }, { matchPattern: "**.b.example" }] },
      ],
    };
    const pods = ["web", "db"].map((name) => ({ kind: "Pod", metadata: { namespace: "shop", name } }));
    const policy = { kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: "shop" }, spec };
    const manifests = [...pods.map((object) => ({ object })), { object: policy, source: "shop.yaml:3" }];
    assert.equal(
      formatProblems(readWorld({ manifests, externals: [], names: "as learned" }).problems),
      [
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[1].toFQDNs[1]: Cilium never learns the addresses of `**.b.example` for shop/web and 1 more, so what the field allows is unknown",
        "  expected an egress rule of the same pods with `rules.dns` for `**.b.example`, to port 53 of the DNS service  [reachability/name-never-learned]",
      ].join("\n"),
    );
    assert.deepEqual(readWorld({ manifests, externals: [] }).problems, []);
  });

  it("nothing about a policy that is as it should be", () => {
    assert.equal(problemsOf({ ...everyone, ingress: [{ fromEndpoints: [{}] }] }), "");
  });
});

describe("a pod on the network of its node", () => {
  it("is no endpoint, and is known as such", () => {
    const made = (name: string, hostNetwork: boolean): Fields => ({
      kind: "DaemonSet",
      metadata: { name, namespace: "shop" },
      spec: { template: { metadata: { labels: { app: name } }, spec: { hostNetwork } } },
    });
    const manifests = [made("agent", true), made("web", false)].map((object) => ({ object }));
    const { world, problems } = readWorld({ manifests, externals: [] });
    assert.deepEqual(
      [world.endpoints, world.onNodes].map((list) => list.map(({ name }) => name)),
      [["shop/web"], ["shop/agent"]],
    );
    assert.deepEqual(problems, []);
  });
});
