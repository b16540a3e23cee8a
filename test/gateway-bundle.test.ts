import assert from "node:assert/strict";

import { gatewayPods } from "../components/gateway/pods.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, BundleContext, BundlePromise, Manifest } from "../policies/bundle.ts";
import { bothSides } from "../policies/edges.ts";
import { dataPlane, gateway } from "../policies/gateway/bundle.ts";
import { pod } from "../policies/inventory.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { silentContext } from "./support/bundle-context.ts";
import { settingsOf } from "./support/settings.ts";

/** A cloud's load balancer in front, one application beside it. */
const behindLoadBalancer: BundleContext = {
  ...silentContext,
  isolatedNamespaces: ["shop"],
  namespaceLabels: { shop: { "platform-gateway-access": "true" } },
  gateway: gatewayPods,
};

const onNodePorts: BundleContext = { ...behindLoadBalancer, entry: ["world", "host", "remote-node"] };

function policy(context: BundleContext, name: string): Manifest {
  const found = gateway.manifests(context).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no policy ${name}`);
  return found;
}

function problemsOf(context: BundleContext, ...bundles: readonly Bundle[]): string {
  const places = ["on another node", "on the pod's node", "outside the cluster"] as const;
  return formatProblems(prove({ bundles, context, apiServer: places }).problems);
}

describe("The gateway's bundle", () => {
  it("lets the data plane reach its control plane on the container's port, by the names of the chart [S1-42] [S1-43]", () => {
    assert.deepEqual(policy(behindLoadBalancer, "data-plane"), {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "data-plane", namespace: "platform-gateway" },
      spec: {
        description: "The data plane is reached from outside on its listeners and reaches its control plane.",
        endpointSelector: {
          matchLabels: {
            "k8s:app.kubernetes.io/name": "platform-nginx",
            "k8s:app.kubernetes.io/instance": "ngf",
            "k8s:app.kubernetes.io/managed-by": "ngf-nginx",
            "k8s:gateway.networking.k8s.io/gateway-name": "platform",
          },
        },
        ingress: [
          {
            fromEntities: ["world"],
            toPorts: [
              {
                ports: [
                  { port: "80", protocol: "TCP" },
                  { port: "443", protocol: "TCP" },
                ],
              },
            ],
          },
        ],
        egress: [
          {
            toEndpoints: [
              {
                matchLabels: {
                  "k8s:io.kubernetes.pod.namespace": "nginx-gateway",
                  "k8s:app.kubernetes.io/name": "nginx-gateway-fabric",
                  "k8s:app.kubernetes.io/instance": "ngf",
                },
              },
            ],
            toPorts: [{ ports: [{ port: "8443", protocol: "TCP" }] }],
          },
        ],
      },
    });
  });

  it("lets every data plane of ours reach the control plane, whatever its namespace [S1-43]", () => {
    const { spec } = policy(behindLoadBalancer, "control-plane");
    assert.deepEqual(spec["ingress"], [
      {
        fromEndpoints: [
          {
            matchLabels: { "k8s:app.kubernetes.io/instance": "ngf", "k8s:app.kubernetes.io/managed-by": "ngf-nginx" },
            matchExpressions: [{ key: "k8s:io.kubernetes.pod.namespace", operator: "Exists" }],
          },
        ],
        toPorts: [{ ports: [{ port: "8443", protocol: "TCP" }] }],
      },
    ]);
    assert.deepEqual(spec["egress"], [{ toEntities: ["kube-apiserver"] }]);
  });

  it("is proved with the baseline and without, on node ports and behind a load balancer", () => {
    for (const context of [onNodePorts, behindLoadBalancer]) {
      assert.equal(problemsOf(context, baseline, gateway), "");
      assert.equal(problemsOf(context, gateway), "");
    }
  });

  it("with the Service's port instead of the container's would cut the data plane off [S1-41] [S1-42]", () => {
    const mistaken: Bundle = {
      ...gateway,
      manifests: (context) =>
        JSON.parse(JSON.stringify(gateway.manifests(context)).replaceAll('"8443"', '"443"')) as [],
    };
    assert.match(
      problemsOf(behindLoadBalancer, mistaken),
      /`must: platform-gateway\/data-plane -> nginx-gateway\/control-plane TCP 8443` does not hold/,
    );
  });

  it("for a load balancer would be closed where nodes put their own address before a connection", () => {
    const mistaken: Bundle = { ...gateway, manifests: () => gateway.manifests(behindLoadBalancer) };
    assert.match(
      problemsOf(onNodePorts, mistaken),
      /`must: remote-node -> platform-gateway\/data-plane TCP 80, 443` does not hold/,
    );
  });

  it("leaves the way to an application to the application, which declares it once for both sides", () => {
    const app = { namespace: "shop", labels: { "app.kubernetes.io/name": "front" } };
    const lines: readonly BundlePromise[] = [
      { must: "platform-gateway/data-plane -> shop/front TCP 8080", because: "there is a route" },
      { never: "platform-gateway/data-plane -> shop/front TCP 9090", because: "the route is to one port" },
      { never: "platform-gateway/example -> shop/front TCP 8080", because: "the data plane alone forwards" },
    ];
    const edge = {
      name: "front",
      description: "The gateway forwards to the front.",
      from: { gateway: dataPlane(gatewayPods) },
      to: app,
      ports: [8080],
    };
    const application: Bundle = {
      name: "application",
      version: "1.0.0",
      promise: "The front is behind the gateway.",
      needs: () => ({ l7Proxy: false, authentication: false }),
      manifests: () => bothSides(edge, []),
      promises: () => lines,
      examples: () => [pod("shop", "front", app.labels)],
    };
    assert.equal(problemsOf(behindLoadBalancer, baseline, gateway, application), "");
    const oneSided: Bundle = { ...application, manifests: () => bothSides(edge, []).slice(0, 1) };
    assert.match(problemsOf(behindLoadBalancer, baseline, gateway, oneSided), /shop\/front TCP 8080` does not hold/);
  });

  it("yields and promises nothing where no gateway is installed", () => {
    assert.deepEqual(gateway.manifests(silentContext), []);
    assert.deepEqual(gateway.promises(silentContext), []);
    assert.deepEqual(gateway.examples(silentContext), []);
  });

  it("is refused where the stack has no gateway", () => {
    const told = { gateway: { enabled: false }, policies: { bundles: ["gateway"] } };
    assert.throws(
      () => settingsOf(told),
      (error) =>
        error instanceof ProblemsError &&
        error.message.includes(
          "Pulumi.test.yaml › policies.bundles: `gateway` is chosen, but the stack has no gateway\n" +
            "  expected `gateway.enabled: true` with the bundle `gateway`  [settings/bundle-about-nobody]",
        ),
    );
  });
});
