import assert from "node:assert/strict";

import { argoCdPods } from "../components/argocd/pods.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, BundleContext, Manifest } from "../policies/bundle.ts";
import { environmentIsolation } from "../policies/environment-isolation/bundle.ts";
import { gateway } from "../policies/gateway/bundle.ts";
import { platform } from "../policies/platform/bundle.ts";
import { formatProblems } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { contextOf, fullContext } from "./support/bundle-context.ts";
import { cloudFacts, localFacts } from "./support/cluster-handle.ts";

function problemsOf(context: BundleContext, ...bundles: readonly Bundle[]): string {
  const [first = "on another node", ...rest] = context.apiServerPlaces;
  return formatProblems(prove({ bundles, context, apiServer: [first, ...rest] }).problems);
}

function without(name: string): Bundle {
  return {
    ...platform,
    manifests: (context) => platform.manifests(context).filter(({ metadata }) => metadata.name !== name),
  };
}

describe("The platform's bundle", () => {
  const withSources = contextOf({
    argocd: { sources: ["https://github.com/acme/policies.git", "git@git.example.com:acme/apps.git"] },
    cilium: { hubble: { ui: true } },
  });

  for (const [what, context] of [
    ["on node ports", contextOf({})],
    ["in a cloud", contextOf({ target: "aks" })],
    ["with sources and Hubble's UI", withSources],
    ["where metrics are read", contextOf({ observability: { serviceMonitors: true } })],
    ["with mesh authentication", contextOf({ cilium: { meshAuth: "spire" } })],
    ["without Argo CD", contextOf({ argocd: { enabled: false } })],
    ["without Kyverno", contextOf({ kyverno: { enabled: false } })],
    ["beside all that the platform closes", fullContext],
  ] as const) {
    it(`is proved ${what}`, () => {
      assert.equal(problemsOf(context, baseline, environmentIsolation, gateway, platform), "");
      assert.equal(problemsOf(context, platform), "");
    });
  }

  it("names both ends of a connection by the name of the service, on both sides [S1-37]", () => {
    const named = (name: string) =>
      platform.manifests(withSources).find(({ metadata }) => metadata.name === name)?.spec ?? {};
    const label = "k8s:app.kubernetes.io/name";
    const toPorts = [
      {
        ports: [
          { port: "5556", protocol: "TCP" },
          { port: "5557", protocol: "TCP" },
        ],
      },
    ];
    assert.deepEqual(named("dex"), {
      description: "The server signs people in through Dex.",
      endpointSelector: { matchLabels: { [label]: "argocd-dex-server" } },
      ingress: [{ fromEndpoints: [{ matchLabels: { [label]: "argocd-server" } }], toPorts }],
    });
    assert.deepEqual(named("dex-from-argocd-server"), {
      description: "The server signs people in through Dex.",
      endpointSelector: { matchLabels: { [label]: "argocd-server" } },
      egress: [{ toEndpoints: [{ matchLabels: { [label]: "argocd-dex-server" } }], toPorts }],
    });
  });

  it("lets the API server ask Kyverno's webhooks on the container's port", () => {
    const webhooks = platform
      .manifests(contextOf({ target: "aks" }))
      .find(({ metadata }) => metadata.name === "webhooks");
    assert.deepEqual(webhooks?.spec["ingress"], [
      {
        fromEntities: ["kube-apiserver", "host", "remote-node"],
        toPorts: [{ ports: [{ port: "9443", protocol: "TCP" }] }],
      },
      {
        fromEndpoints: [
          { matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:app": "konnectivity-agent" } },
          { matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "konnectivity-agent" } },
        ],
        toPorts: [{ ports: [{ port: "9443", protocol: "TCP" }] }],
      },
    ]);
  });

  for (const [name, line] of [
    ["repo-server-from-argocd-server", "must: argocd/argocd-server -> argocd/argocd-repo-server TCP 8081"],
    ["api-server-access", "must: argocd/argocd-application-controller -> kube-apiserver all ports"],
    ["controllers", "must: kyverno/kyverno-reports-controller -> kube-apiserver all ports"],
    ["webhooks", "never: world -> kyverno/kyverno-admission-controller"],
    ["repositories-443", "must: argocd/argocd-repo-server -> github.com TCP 443"],
    ["repositories-22", "must: argocd/argocd-repo-server -> git.example.com TCP 22"],
  ] as const) {
    it(`would break its promises without the policy ${name}`, () => {
      assert.ok(problemsOf(withSources, without(name)).includes(`\`${line}\` does not hold`));
    });
  }

  it("keeps Hubble going although somebody closes its pods, and closes none of kube-system itself", () => {
    const closing: Bundle = {
      ...baseline,
      promises: () => [],
      examples: () => [],
      manifests: () =>
        ["hubble-relay", "hubble-ui"].map((app): Manifest => ({
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          metadata: { name: `close-${app}`, namespace: "kube-system" },
          spec: { podSelector: { matchLabels: { "k8s-app": app } }, policyTypes: ["Ingress", "Egress"] },
        })),
    };
    assert.equal(problemsOf(withSources, closing, platform), "");
    const cut = problemsOf(withSources, closing, without("hubble-relay-from-hubble-ui"));
    assert.match(cut, /`must: kube-system\/hubble-ui -> kube-system\/hubble-relay TCP 4245` does not hold/);
    const inKubeSystem = platform.manifests(withSources).filter(({ metadata }) => metadata.namespace === "kube-system");
    assert.equal(inKubeSystem.length, 6);
    for (const { spec } of inKubeSystem) {
      assert.deepEqual(spec["enableDefaultDeny"], { ingress: false, egress: false });
    }
  });
});

describe("What SPIRE needs", () => {
  const on = contextOf({ cilium: { meshAuth: "spire" } });
  const spire = ({ metadata }: Manifest): boolean => metadata.namespace === "cilium-spire";

  it("is allowed where mesh authentication is on, on the ports of its containers, and closes nobody [S1-19] [S1-20] [S1-23]", () => {
    assert.deepEqual(platform.manifests(contextOf({})).filter(spire), []);
    const [server, dns, ...others] = platform.manifests(on).filter(spire);
    assert.deepEqual(others, []);
    assert.deepEqual(server?.spec, {
      description: "Nodes ask the server for identities, and it asks the API server who is asking.",
      endpointSelector: { matchLabels: { "k8s:app": "spire-server" } },
      ingress: [{ fromEntities: ["host", "remote-node"], toPorts: [{ ports: [{ port: "8081", protocol: "TCP" }] }] }],
      egress: [{ toEntities: ["kube-apiserver"] }],
      enableDefaultDeny: { ingress: false, egress: false },
    });
    assert.deepEqual(dns?.spec["enableDefaultDeny"], { ingress: false, egress: false });
  });

  it("goes on although somebody closes its namespace, and is reached in no other way [S1-19]", () => {
    const closing: Bundle = {
      ...baseline,
      promises: () => [
        { never: "world -> cilium-spire/spire-server", because: "it is closed" },
        { never: "remote-node -> cilium-spire/spire-server TCP 80, 8080", because: "it is closed" },
        { never: "cilium-spire/spire-server -> world", because: "it is closed" },
      ],
      examples: () => [],
      manifests: () => [
        {
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          metadata: { name: "close-everything", namespace: "cilium-spire" },
          spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
        },
      ],
    };
    const onlySpire = { ...platform, manifests: (each: BundleContext) => platform.manifests(each).filter(spire) };
    const promises = onlySpire.promises(on).filter((line) => JSON.stringify(line).includes("cilium-spire"));
    const bundle: Bundle = { ...onlySpire, promises: () => promises };
    assert.equal(promises.length, 4);
    assert.equal(problemsOf(on, closing, bundle), "");
    const shut = problemsOf(on, closing, { ...bundle, manifests: () => [] });
    assert.match(shut, /`must: remote-node -> cilium-spire\/spire-server TCP 8081` does not hold/);
    assert.match(shut, /`must: cilium-spire\/spire-server -> kube-system\/coredns UDP 53; TCP 53` does not hold/);
  });
});

describe("What policies know of Argo CD", () => {
  for (const [source, repositories] of [
    ["https://github.com/acme/policies.git", [{ host: "github.com", port: 443 }]],
    ["https://user@git.example.com:8443/acme", [{ host: "git.example.com", port: 8443 }]],
    ["https://GitHub.com/acme/*", [{ host: "github.com", port: 443 }]],
    ["ssh://git@git.example.com/acme.git", [{ host: "git.example.com", port: 22 }]],
    ["ssh://git@git.example.com:2222/acme.git", [{ host: "git.example.com", port: 2222 }]],
    ["git@git.example.com:acme/apps.git", [{ host: "git.example.com", port: 22 }]],
    ["oci://ghcr.io/acme/charts", [{ host: "ghcr.io", port: 443 }]],
    ["http://gitea.gitea.svc.cluster.local:3000/acme", []],
    ["http://gitea.gitea.svc:3000/acme", []],
    ["http://gitea:3000/acme", []],
    ["https://*.example.com/acme", []],
    ["https://203.0.113.7/acme", []],
    ["file:///srv/git", []],
  ] as const) {
    it(`of ${source}: ${repositories.map(({ host, port }) => `${host}:${String(port)}`).join("") || "nothing"}`, () => {
      assert.deepEqual(argoCdPods({ sources: [source, source] }, localFacts).repositories, repositories);
    });
  }

  it("is that outside reaches its server by node ports, and by nothing else", () => {
    assert.deepEqual(argoCdPods({ sources: [] }, localFacts).entry, ["world", "host", "remote-node"]);
    assert.deepEqual(argoCdPods({ sources: [] }, cloudFacts).entry, ["host"]);
  });
});
