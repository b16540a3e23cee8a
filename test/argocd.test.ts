import assert from "node:assert/strict";

import { ArgoCd } from "../components/argocd/argocd.ts";
import { appOfApps, platformProject } from "../components/argocd/project.ts";
import { argoCdParameters, argoCdValues } from "../components/argocd/values.ts";
import { mergeValues, valueAt } from "../components/helm-values.ts";
import { clusterHandle, cloudFacts, foreignFacts, localFacts, simulatedFacts } from "./support/cluster-handle.ts";
import { recordResources, type Recording } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

describe("Argo CD's values", () => {
  for (const [where, facts, companyParts] of [
    ["on simulated nodes", simulatedFacts, false],
    ["on a local cluster", localFacts, false],
    ["in a cloud", cloudFacts, true],
    ["on somebody else's cluster", foreignFacts, true],
  ] as const) {
    it(`${companyParts ? "bring" : "leave out"} single sign-on and notifications ${where}`, () => {
      const values = argoCdValues(settingsOf({}), facts);
      assert.equal(valueAt(values, "dex.enabled"), companyParts);
      assert.equal(valueAt(values, "notifications.enabled"), companyParts);
    });
  }

  it("leave the server without TLS of its own, by a key that has a dot in it", () => {
    assert.deepEqual(valueAt(argoCdValues(settingsOf({}), cloudFacts), "configs.params"), { "server.insecure": true });
  });

  it("hold no node port of the chart's, which would come in pairs", () => {
    assert.equal(valueAt(argoCdValues(settingsOf({}), localFacts), "server.service.type"), "ClusterIP");
  });

  for (const [word, settings, enabled] of [
    ["no part", {}, false],
    ["every part", { observability: { serviceMonitors: true } }, true],
  ] as const) {
    it(`let ${word} be watched when the stack says so`, () => {
      const values = argoCdValues(settingsOf(settings), cloudFacts);
      for (const part of ["server", "controller", "repoServer", "applicationSet"]) {
        assert.deepEqual(valueAt(values, `${part}.metrics`), { enabled, serviceMonitor: { enabled } });
      }
    });
  }

  it("keep the chart's policy of every part but the server, which it would open to everyone", () => {
    const values = argoCdValues(settingsOf({}), cloudFacts);
    assert.equal(valueAt(values, "global.networkPolicy.create"), false);
    assert.equal(valueAt(values, "server.networkPolicy"), undefined);
    for (const part of ["controller", "repoServer", "applicationSet", "redis", "dex", "notifications"]) {
      assert.equal(valueAt(values, `${part}.networkPolicy.create`), true, part);
    }
  });

  it("keep redis single", () => {
    assert.deepEqual(argoCdValues(settingsOf({}), cloudFacts)["redis-ha"], { enabled: false });
  });
});

describe("Argo CD's parameters", () => {
  it("close what nobody asked for and open the server for the Gateway", () => {
    assert.deepEqual(argoCdParameters(argoCdValues(settingsOf({}), localFacts)), {
      "argocd-cmd-params-cm": { "server.insecure": "true" },
      "argocd-cm": { "admin.enabled": "true", "exec.enabled": "false", "users.anonymous.enabled": "false" },
    });
  });

  it("follow the stack's overlay, so that they never contradict the chart", () => {
    const overlay = {
      configs: {
        params: {
          create: true,
          annotations: { some: "annotation" },
          "server.insecure": false,
          "server.log.level": "debug",
        },
        cm: { "admin.enabled": false, "oidc.config": "", "timeout.reconciliation": "300s" },
      },
    };
    assert.deepEqual(argoCdParameters(mergeValues(argoCdValues(settingsOf({}), localFacts), overlay)), {
      "argocd-cmd-params-cm": { "server.insecure": "false", "server.log.level": "debug" },
      "argocd-cm": {
        "admin.enabled": "false",
        "exec.enabled": "false",
        "users.anonymous.enabled": "false",
        "timeout.reconciliation": "300s",
      },
    });
  });

  it("are none where the values say nothing", () => {
    assert.deepEqual(argoCdParameters({}), { "argocd-cmd-params-cm": {}, "argocd-cm": {} });
  });
});

describe("The AppProject", () => {
  it("takes nothing while the stack names no source", () => {
    assert.deepEqual(platformProject([], []).spec.sourceRepos, []);
  });

  it("takes the stack's sources into the stack's namespaces, policies and routes only [S1-27]", () => {
    assert.deepEqual(platformProject(["https://git.example/policies.git"], ["dev", "uat"]), {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AppProject",
      metadata: { name: "platform", namespace: "argocd" },
      spec: {
        description: "What the platform takes from git.",
        sourceRepos: ["https://git.example/policies.git"],
        destinations: [
          { server: "https://kubernetes.default.svc", namespace: "argocd" },
          { server: "https://kubernetes.default.svc", namespace: "dev" },
          { server: "https://kubernetes.default.svc", namespace: "uat" },
        ],
        clusterResourceWhitelist: [
          { group: "cilium.io", kind: "CiliumClusterwideNetworkPolicy" },
          { group: "cilium.io", kind: "CiliumCIDRGroup" },
          { group: "policies.kyverno.io", kind: "ValidatingPolicy" },
          { group: "policies.kyverno.io", kind: "MutatingPolicy" },
          { group: "policies.kyverno.io", kind: "GeneratingPolicy" },
        ],
        namespaceResourceWhitelist: [
          { group: "networking.k8s.io", kind: "NetworkPolicy" },
          { group: "cilium.io", kind: "CiliumNetworkPolicy" },
          { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
          { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
          { group: "gateway.networking.k8s.io", kind: "ReferenceGrant" },
          { group: "argoproj.io", kind: "Application" },
        ],
      },
    });
  });

  it("holds the Application of Applications, which prunes and heals [S1-27]", () => {
    assert.deepEqual(appOfApps({ repoURL: "https://git.example/policies.git", revision: "main", path: "apps" }).spec, {
      project: "platform",
      source: { repoURL: "https://git.example/policies.git", targetRevision: "main", path: "apps" },
      destination: { server: "https://kubernetes.default.svc", namespace: "argocd" },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    });
  });
});

describe("ArgoCd", () => {
  const source = { repoURL: "https://git.example/policies.git", revision: "main", path: "apps" };

  async function recorded(facts: typeof localFacts, apps?: typeof source): Promise<Recording> {
    const recording = recordResources();
    const settings = settingsOf({ argocd: { nodePort: 31081, sources: ["https://git.example/policies.git"] } }).argocd;
    const values = argoCdValues(settingsOf({}), facts);
    new ArgoCd("argocd", {
      cluster: clusterHandle(facts),
      settings,
      values,
      namespaces: ["dev"],
      ...(apps === undefined ? {} : { apps }),
    });
    await recording.settled();
    return recording;
  }

  it("applies its parameters beside the release, whatever the release made of the values", async () => {
    const recording = await recorded(localFacts);
    const parameters = recording.one("argocd-argocd-cmd-params-cm");
    assert.equal(parameters.type, "kubernetes:core/v1:ConfigMapPatch");
    assert.deepEqual(parameters.inputs["metadata"], {
      name: "argocd-cmd-params-cm",
      namespace: "argocd",
      annotations: { "pulumi.com/patchForce": "true" },
    });
    assert.deepEqual(parameters.inputs["data"], { "server.insecure": "true" });
    assert.deepEqual(recording.one("argocd-argocd-cm").inputs["data"], {
      "admin.enabled": "true",
      "exec.enabled": "false",
      "users.anonymous.enabled": "false",
    });
    for (const name of ["argocd-argocd-cmd-params-cm", "argocd-argocd-cm", "argocd-project", "argocd-node-port"]) {
      assert.ok(recording.one(name).dependencies.includes("kubernetes:helm.sh/v3:Release::argocd-release"));
    }
  });

  it("opens the stack's node port where traffic enters by node ports", async () => {
    const service = (await recorded(localFacts)).one("argocd-node-port");
    assert.deepEqual(service.inputs["spec"], {
      type: "NodePort",
      selector: { "app.kubernetes.io/name": "argocd-server" },
      ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080, nodePort: 31081 }],
    });
  });

  it("opens none behind a load balancer", async () => {
    const { resources } = await recorded(cloudFacts);
    assert.deepEqual(
      resources.filter(({ type }) => type === "kubernetes:core/v1:Service"),
      [],
    );
  });

  it("makes no Application while nobody says where they are described, and one when somebody does", async () => {
    const applications = ({ resources }: Recording) =>
      resources.filter(({ type }) => type === "kubernetes:argoproj.io/v1alpha1:Application");
    assert.equal(applications(await recorded(localFacts)).length, 0);
    const [apps] = applications(await recorded(localFacts, source));
    assert.equal(apps?.dependencies.includes("kubernetes:argoproj.io/v1alpha1:AppProject::argocd-project"), true);
  });

  it("leaves with the cluster, all of it", async () => {
    const { resources } = await recorded(localFacts, source);
    for (const resource of resources.filter(({ parent }) => parent === "platform:argocd:ArgoCd::argocd")) {
      assert.equal(resource.deletedWith, "test:index:Cluster::cluster-owner", resource.name);
      assert.equal(resource.provider, "pulumi:providers:kubernetes::cluster-provider", resource.name);
    }
  });
});
