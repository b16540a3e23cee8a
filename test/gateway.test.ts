import assert from "node:assert/strict";

import { GatewayApi } from "../components/gateway/crds.ts";
import { NginxGatewayFabric } from "../components/gateway/gateway.ts";
import { gatewayNames } from "../components/gateway/pods.ts";
import { namesOfGateway } from "../components/gateway/names.ts";
import { platformGateway } from "../components/gateway/platform-gateway.ts";
import { type RateLimit, rateLimitPolicy, rateLimitWarnings } from "../components/gateway/rate-limit.ts";
import { gatewayValues } from "../components/gateway/values.ts";
import { formatProblems } from "../policies/problems.ts";
import { clusterHandle, cloudFacts, localFacts, simulatedFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

describe("The gateway's values", () => {
  it("publish the listeners on the stack's node ports where traffic enters by node ports [S1-24]", () => {
    const settings = settingsOf({ gateway: { httpNodePort: 31080, httpsNodePort: 31443 } });
    assert.deepEqual(gatewayValues(settings, localFacts), {
      nginxGateway: { gatewayClassName: "nginx", productTelemetry: { enable: false } },
      nginx: {
        service: {
          type: "NodePort",
          externalTrafficPolicy: "Cluster",
          nodePorts: [
            { port: 31080, listenerPort: 80 },
            { port: 31443, listenerPort: 443 },
          ],
        },
      },
    });
  });

  it("keep the client's address behind a load balancer", () => {
    assert.deepEqual(gatewayValues(settingsOf({}), cloudFacts)["nginx"], {
      service: { type: "LoadBalancer", externalTrafficPolicy: "Local" },
    });
  });

  it("give the client's address up where L2 announcements answer for the load balancer", () => {
    assert.deepEqual(gatewayValues(settingsOf({ cilium: { l2Announcements: true } }), cloudFacts)["nginx"], {
      service: { type: "LoadBalancer", externalTrafficPolicy: "Cluster" },
    });
  });
});

describe("Names of the gateway", () => {
  it("are those of the chart and its controller, not those of the static manifests [S1-25]", () => {
    assert.deepEqual(gatewayNames, {
      controlPlane: "ngf-nginx-gateway-fabric",
      controlPlaneLabels: {
        "app.kubernetes.io/name": "nginx-gateway-fabric",
        "app.kubernetes.io/instance": "ngf",
      },
      proxyConfig: "ngf-proxy-config",
      dataPlane: "platform-nginx",
      dataPlaneLabels: {
        "app.kubernetes.io/name": "platform-nginx",
        "app.kubernetes.io/instance": "ngf",
        "app.kubernetes.io/managed-by": "ngf-nginx",
        "gateway.networking.k8s.io/gateway-name": "platform",
      },
    });
  });

  it("say the chart's name once when the release already has it", () => {
    assert.equal(namesOfGateway("nginx-gateway-fabric", "edge", "nginx").controlPlane, "nginx-gateway-fabric");
    assert.equal(namesOfGateway("my-nginx-gateway-fabric", "edge", "nginx").controlPlane, "my-nginx-gateway-fabric");
    assert.equal(namesOfGateway("edge", "edge", "nginx").controlPlane, "edge-nginx-gateway-fabric");
  });
});

describe("The platform's Gateway", () => {
  it("takes HTTP routes from namespaces with the access label and from no others [S1-26]", () => {
    assert.deepEqual(platformGateway("platform", simulatedFacts), {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "platform", namespace: "platform-gateway" },
      spec: {
        gatewayClassName: "nginx",
        listeners: [
          {
            name: "http",
            port: 80,
            protocol: "HTTP",
            allowedRoutes: {
              namespaces: { from: "Selector", selector: { matchLabels: { "platform-gateway-access": "true" } } },
            },
          },
        ],
      },
    });
  });

  it("counts as ready when it is Programmed, where a controller really runs", () => {
    assert.deepEqual(platformGateway("platform", localFacts).metadata.annotations, {
      "pulumi.com/waitFor": "condition=Programmed",
    });
  });
});

describe("A limit of requests", () => {
  const limit = (written: Readonly<Record<string, unknown>>): RateLimit => {
    const { rateLimit } = settingsOf({ gateway: { rateLimit: written } }).gateway;
    assert.ok(rateLimit !== undefined);
    return rateLimit;
  };

  // The fields are those of RateLimitPolicy in config/crd/bases of NGINX Gateway Fabric 2.6.7.
  it("limits the requests of each client at the Gateway, in the Gateway's own namespace [S0-09]", () => {
    assert.deepEqual(rateLimitPolicy("platform", limit({ rate: "50r/s" })), {
      apiVersion: "gateway.nginx.org/v1alpha1",
      kind: "RateLimitPolicy",
      metadata: { name: "platform-rate-limit", namespace: "platform-gateway" },
      spec: {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "platform" }],
        rateLimit: {
          rejectCode: 429,
          local: { rules: [{ key: "$binary_remote_addr", rate: "50r/s", burst: 20, noDelay: true }] },
        },
      },
    });
  });

  it("without a burst has no word about one", () => {
    const { rateLimit } = rateLimitPolicy("platform", limit({ rate: "600r/m", burst: 0, rejectCode: 503 })).spec;
    assert.deepEqual(rateLimit, {
      rejectCode: 503,
      local: { rules: [{ key: "$binary_remote_addr", rate: "600r/m" }] },
    });
  });

  it("may only be watched", () => {
    const { rateLimit } = rateLimitPolicy("platform", limit({ rate: "50r/s", mode: "observe" })).spec;
    assert.equal("dryRun" in rateLimit && rateLimit.dryRun, true);
  });

  it("is none unless the stack says so, and is refused as a number", () => {
    assert.equal(settingsOf({}).gateway.rateLimit, undefined);
    for (const rate of ["50", "0r/s", "50r/h", "50 r/s"]) {
      assert.throws(() => limit({ rate }), /expected a rate per second or minute, for example `50r\/s` or `600r\/m`/);
    }
  });

  it("is made with the Gateway and before anybody may connect, and without one not at all", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const crds = new GatewayApi("gateway-api", { cluster });
    const rateLimit = limit({ rate: "50r/s" });
    new NginxGatewayFabric("gateway", { cluster, values: {}, rateLimit, after: [crds.release] });
    await recording.settled();
    const policy = recording.one("gateway-rate-limit");
    assert.equal(policy.type, "kubernetes:gateway.nginx.org/v1alpha1:RateLimitPolicy");
    assert.ok(policy.dependencies.includes("kubernetes:helm.sh/v3:Release::gateway-release"));
    assert.ok(policy.dependencies.includes("kubernetes:core/v1:Namespace::gateway-namespace"));
    assert.ok(!policy.dependencies.some((name) => name.endsWith("::gateway-gateway")));
    assert.equal(policy.deletedWith, "test:index:Cluster::cluster-owner");
  });

  it("is told to be one for all where a node puts its address before the client's", () => {
    const limited = settingsOf({ gateway: { rateLimit: { rate: "50r/s" } } });
    assert.equal(
      formatProblems(rateLimitWarnings(limited, localFacts, "Pulumi.test.yaml")),
      "Pulumi.test.yaml › gateway.rateLimit: connections reach the gateway with the address of a node, so one limit holds for all clients behind it\n" +
        "  expected a rate that all of them together may have, got `50r/s`  [gateway/rate-limit-of-all]",
    );
    assert.deepEqual(rateLimitWarnings(limited, cloudFacts, "Pulumi.test.yaml"), []);
    assert.deepEqual(rateLimitWarnings(settingsOf({}), localFacts, "Pulumi.test.yaml"), []);
  });
});

describe("NginxGatewayFabric", () => {
  it("comes after the Gateway API and brings the Gateway in a namespace apart from the control plane", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const crds = new GatewayApi("gateway-api", { cluster });
    new NginxGatewayFabric("gateway", { cluster, values: { some: "value" }, after: [crds.release] });
    await recording.settled();

    const definitions = recording.one("gateway-api-release");
    assert.equal(definitions.inputs["name"], "gateway-api");
    assert.equal(definitions.inputs["namespace"], "kube-system");

    const release = recording.one("gateway-release");
    assert.equal(release.inputs["name"], "ngf");
    assert.equal(release.inputs["namespace"], "nginx-gateway");
    assert.deepEqual(release.inputs["values"], { some: "value" });
    assert.ok(release.dependencies.includes("kubernetes:helm.sh/v3:Release::gateway-api-release"));

    const gateway = recording.one("gateway-gateway");
    assert.equal(gateway.type, "kubernetes:gateway.networking.k8s.io/v1:Gateway");
    assert.ok(gateway.dependencies.includes("kubernetes:helm.sh/v3:Release::gateway-release"));
    assert.ok(gateway.dependencies.includes("kubernetes:core/v1:Namespace::gateway-namespace"));

    const names = [
      "gateway-api-release",
      "gateway-control-namespace",
      "gateway-namespace",
      "gateway-release",
      "gateway-gateway",
    ];
    for (const name of names) {
      assert.equal(recording.one(name).deletedWith, "test:index:Cluster::cluster-owner");
      assert.equal(recording.one(name).provider, "pulumi:providers:kubernetes::cluster-provider");
    }
  });
});
