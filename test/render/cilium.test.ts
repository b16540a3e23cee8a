/** What our settings come to in the pinned chart: the literal values Cilium is told. */
import assert from "node:assert/strict";

import {
  ciliumConfig,
  namesOf,
  objectsIn,
  type Rendered,
  type Renderer,
  rendererHere,
  renderStack,
  renderText,
  valuesOf,
} from "./support/rendered-cilium.ts";

const kindStack = { target: "kind" };
const aksStack = { target: "aks" };

const absent = undefined;

/** One column of the table of rendered values: a combination that exists. */
interface Column {
  readonly title: string;
  readonly stack: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, string | undefined>>;
}

const columns: readonly Column[] = [
  {
    title: "kind with kube-proxy and native routing [S1-05]",
    stack: { ...kindStack, cilium: { kubeProxyReplacement: false, routing: "native" } },
    config: {
      "kube-proxy-replacement": "false",
      "routing-mode": "native",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "true",
      "ipv4-native-routing-cidr": "10.244.0.0/16",
      ipam: "kubernetes",
      "cluster-pool-ipv4-cidr": absent,
      "cluster-pool-ipv4-mask-size": absent,
      "enable-bpf-masquerade": absent,
    },
  },
  {
    title: "kind with kube-proxy and a tunnel",
    stack: { ...kindStack, cilium: { kubeProxyReplacement: false, routing: "tunnel" } },
    config: {
      "kube-proxy-replacement": "false",
      "routing-mode": "tunnel",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "false",
      "ipv4-native-routing-cidr": absent,
      ipam: "kubernetes",
      "cluster-pool-ipv4-cidr": absent,
      "cluster-pool-ipv4-mask-size": absent,
      "enable-bpf-masquerade": absent,
    },
  },
  {
    title: "kind without kube-proxy and native routing [S1-06]",
    stack: { ...kindStack, cilium: { kubeProxyReplacement: true, routing: "native" } },
    config: {
      "kube-proxy-replacement": "true",
      "routing-mode": "native",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "true",
      "ipv4-native-routing-cidr": "10.244.0.0/16",
      ipam: "kubernetes",
      "cluster-pool-ipv4-cidr": absent,
      "cluster-pool-ipv4-mask-size": absent,
      "enable-bpf-masquerade": "true",
    },
  },
  {
    title: "kind without kube-proxy and a tunnel [S1-06]",
    stack: { ...kindStack, cilium: { kubeProxyReplacement: true, routing: "tunnel" } },
    config: {
      "kube-proxy-replacement": "true",
      "routing-mode": "tunnel",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "false",
      "ipv4-native-routing-cidr": absent,
      ipam: "kubernetes",
      "cluster-pool-ipv4-cidr": absent,
      "cluster-pool-ipv4-mask-size": absent,
      "enable-bpf-masquerade": "true",
    },
  },
  {
    title: "AKS with kube-proxy [S2-04]",
    stack: { ...aksStack, cilium: { kubeProxyReplacement: false } },
    config: {
      "kube-proxy-replacement": "false",
      "routing-mode": "tunnel",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "false",
      "ipv4-native-routing-cidr": absent,
      ipam: "cluster-pool",
      "cluster-pool-ipv4-cidr": "10.244.0.0/16",
      "cluster-pool-ipv4-mask-size": "24",
      "enable-bpf-masquerade": absent,
    },
  },
  {
    title: "AKS with Cilium instead of kube-proxy [S2-04]",
    stack: { ...aksStack, cilium: { kubeProxyReplacement: true } },
    config: {
      "kube-proxy-replacement": "true",
      "routing-mode": "tunnel",
      "tunnel-protocol": "vxlan",
      "auto-direct-node-routes": "false",
      "ipv4-native-routing-cidr": absent,
      ipam: "cluster-pool",
      "cluster-pool-ipv4-cidr": "10.244.0.0/16",
      "cluster-pool-ipv4-mask-size": "24",
      "enable-bpf-masquerade": "true",
    },
  },
];

const sameInAll = {
  "enable-ipv4-masquerade": "true",
  "mesh-auth-enabled": "false",
  "identity-allocation-mode": "crd",
  "enable-policy": "default",
  "cni-exclusive": "true",
  "set-cilium-node-taints": "true",
  "remove-cilium-node-taints": "true",
  "unmanaged-pod-watcher-interval": "15s",
  "external-envoy-proxy": "true",
  "enable-non-default-deny-policies": "true",
  "policy-default-local-cluster": "true",
};

describe("the pinned chart, rendered", function () {
  this.timeout(60_000);
  let renderer: Renderer;

  before(function () {
    const here = rendererHere();
    if (typeof here !== "string") {
      renderer = here;
    } else if (process.env["CI"] === undefined || process.env["CI"] === "") {
      console.log(`      skipped: ${here}`);
      this.skip();
    } else {
      assert.fail(here);
    }
  });

  for (const { title, stack, config } of columns) {
    it(`${title} tells Cilium exactly this`, () => {
      const objects = renderStack(renderer, stack);
      const written = ciliumConfig(objects);
      assert.deepEqual(pick(written, Object.keys(config)), config);
      assert.deepEqual(pick(written, Object.keys(sameInAll)), sameInAll);
      assert.deepEqual(
        agentEnvironment(objects).filter(({ name }) => name.startsWith("KUBERNETES_SERVICE_")),
        config["kube-proxy-replacement"] === "true" ? serviceAddress(stack["target"] as "kind" | "aks") : [],
      );
    });
  }

  it("identities and policies are kept in CRDs, without a store of their own [S4-02]", () => {
    const config = ciliumConfig(renderStack(renderer, kindStack));
    assert.equal(config["identity-allocation-mode"], "crd");
    assert.equal(config["kvstore"], undefined);
  });

  it("agent, operator, Envoy, relay and UI are the workloads of a stack that wants them all [S4-01]", () => {
    const objects = renderStack(renderer, { ...kindStack, cilium: { hubble: { ui: true } } });
    assert.deepEqual(namesOf(objects, "DaemonSet"), ["cilium", "cilium-envoy"]);
    assert.deepEqual(namesOf(objects, "Deployment"), ["cilium-operator", "hubble-relay", "hubble-ui"]);
  });

  it("one node takes one operator, more take two [S4-11]", () => {
    assert.equal(operatorReplicas(renderStack(renderer, { ...kindStack, kind: { workers: 0 } })), 1);
    assert.equal(operatorReplicas(renderStack(renderer, { ...kindStack, kind: { workers: 1 } })), 2);
  });

  describe("mesh authentication", () => {
    it("disabled leaves nothing of SPIRE behind [S1-11]", () => {
      const objects = renderStack(renderer, kindStack);
      const config = ciliumConfig(objects);
      assert.equal(config["mesh-auth-enabled"], "false");
      assert.equal(config["mesh-auth-mutual-enabled"], undefined);
      assert.equal(namesOf(objects, "Namespace").includes("cilium-spire"), false);
    });

    it("spire shows as the mutual key and the address of its server [S1-14]", () => {
      const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium: { meshAuth: "spire" } }));
      assert.equal(config["mesh-auth-enabled"], "true");
      assert.equal(config["mesh-auth-mutual-enabled"], "true");
      assert.equal(config["mesh-auth-mutual-listener-port"], "4250");
      assert.equal(config["mesh-auth-spire-server-address"], "spire-server.cilium-spire.svc:8081");
      assert.equal(config["mesh-auth-spiffe-trust-domain"], "spiffe.cilium");
    });

    it("spire brings its namespace, its server and its agents [S1-11] [S1-13]", () => {
      const objects = renderStack(renderer, { ...kindStack, cilium: { meshAuth: "spire" } });
      assert.equal(namesOf(objects, "Namespace").includes("cilium-spire"), true);
      assert.deepEqual(
        objects
          .filter(({ metadata }) => metadata.namespace === "cilium-spire")
          .filter(({ kind }) => ["StatefulSet", "DaemonSet", "Service", "ConfigMap"].includes(kind))
          .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
          .sort(),
        [
          "ConfigMap/spire-agent",
          "ConfigMap/spire-bundle",
          "ConfigMap/spire-server",
          "DaemonSet/spire-agent",
          "Service/spire-server",
          "StatefulSet/spire-server",
        ],
      );
    });

    it("spire keeps no data on a cluster to throw away, and a volume on one that lasts [S1-11]", () => {
      const claims = (stack: Readonly<Record<string, unknown>>): unknown =>
        spec(find(renderStack(renderer, { ...stack, cilium: { meshAuth: "spire" } }), "StatefulSet", "spire-server"))[
          "volumeClaimTemplates"
        ];
      assert.equal(claims(kindStack), undefined);
      assert.equal((claims(aksStack) as unknown[]).length, 1);
    });

    it("spire runs as root on kind and as the images say elsewhere [S1-11]", () => {
      const users = (stack: Readonly<Record<string, unknown>>): unknown[] => {
        const objects = renderStack(renderer, { ...stack, cilium: { meshAuth: "spire" } });
        return [
          containerOf(find(objects, "StatefulSet", "spire-server"), "spire-server"),
          containerOf(find(objects, "DaemonSet", "spire-agent"), "spire-agent"),
        ].map((container) => container["securityContext"]);
      };
      assert.deepEqual(users(kindStack), [
        { runAsUser: 0, runAsGroup: 0 },
        { runAsUser: 0, runAsGroup: 0 },
      ]);
      assert.deepEqual(users(aksStack), [undefined, undefined]);
    });

    it("the namespace of spire carries no mark of isolation [S1-19]", () => {
      const objects = renderStack(renderer, { ...kindStack, cilium: { meshAuth: "spire" } });
      assert.equal(find(objects, "Namespace", "cilium-spire").metadata.labels, undefined);
    });
  });

  describe("encryption", () => {
    it("wireguard changes its own keys and no others [S1-09]", () => {
      const without = ciliumConfig(renderStack(renderer, kindStack));
      const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium: { encryption: "wireguard" } }));
      assert.deepEqual(difference(without, config), {
        "enable-wireguard": "true",
        "wireguard-persistent-keepalive": "0s",
      });
    });

    it("wireguard encrypts between nodes only where the stack's own values say so", () => {
      const cilium = { encryption: "wireguard", values: { encryption: { nodeEncryption: true } } };
      const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium }));
      assert.equal(config["enable-wireguard"], "true");
      assert.equal(config["encrypt-node"], "true");
    });

    it("strict egress encryption in a tunnel lets remote nodes through by itself (row 59)", () => {
      const egress = { enabled: true, cidr: "10.244.0.0/16" };
      const cilium = { routing: "tunnel", encryption: "wireguard", values: { encryption: { strictMode: { egress } } } };
      const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium }));
      assert.equal(config["enable-encryption-strict-mode-egress"], "true");
      assert.equal(config["encryption-strict-egress-allow-remote-node-identities"], "true");
    });
  });

  describe("toggles", () => {
    const toggles: readonly (readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, string>>])[] =
      [
        ["sctp [S2-06]", { sctp: true, kubeProxyReplacement: false }, { "enable-sctp": "true" }],
        ["the egress gateway", { egressGateway: true }, { "enable-egress-gateway": "true" }],
        ["BGP [S4-08]", { bgp: true }, { "enable-bgp-control-plane": "true" }],
        ["LB-IPAM [S4-04]", { lbIpam: true }, { "enable-lb-ipam": "true" }],
        [
          "L2 announcements [S4-14]",
          { l2Announcements: true },
          {
            "enable-l2-announcements": "true",
            "enable-l2-neigh-discovery": "true",
            "k8s-client-qps": "50",
            "k8s-client-burst": "100",
          },
        ],
      ];
    for (const [title, cilium, expected] of toggles) {
      it(`${title} is told to Cilium when the stack wants it, and only then`, () => {
        const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium }));
        const plain = { ...cilium, ...Object.fromEntries(Object.entries(cilium).map(([key]) => [key, false])) };
        const without = ciliumConfig(renderStack(renderer, { ...kindStack, cilium: plain }));
        assert.deepEqual(pick(config, Object.keys(expected)), expected);
        for (const key of Object.keys(expected)) assert.notEqual(without[key], expected[key], key);
      });
    }

    it("Cilium's own Gateway API stays off [S2-09]", () => {
      const config = ciliumConfig(renderStack(renderer, kindStack));
      assert.equal(config["enable-gateway-api"], undefined);
    });

    it("the connection tracking of iptables is left out only without kube-proxy on nodes of our own (row 12)", () => {
      const told = (stack: Readonly<Record<string, unknown>>): string | undefined =>
        ciliumConfig(renderStack(renderer, stack))["install-no-conntrack-iptables-rules"];
      assert.equal(told({ ...kindStack, cilium: { routing: "native" } }), "true");
      assert.equal(told({ ...kindStack, cilium: { routing: "tunnel" } }), "false");
      assert.equal(told({ ...kindStack, cilium: { routing: "native", kubeProxyReplacement: false } }), "false");
      assert.equal(told(aksStack), "false");
    });
  });

  describe("Hubble", () => {
    it("is rendered twice without a difference of one byte (row 38)", () => {
      const values = valuesOf({ ...kindStack, cilium: { hubble: { ui: true } } });
      assert.equal(renderText(renderer, values), renderText(renderer, values));
    });

    it("gets its certificates from a job that also runs on schedule", () => {
      const objects = renderStack(renderer, kindStack);
      const job = find(objects, "CronJob", "hubble-generate-certs");
      assert.equal(spec(job)["schedule"], "0 0 1 */4 *");
      assert.equal(namesOf(objects, "Job").length, 1);
    });

    it("brings relay and UI by our values alone [S4-16] [S0-20]", () => {
      const deployments = (hubble: unknown): readonly string[] =>
        namesOf(renderStack(renderer, { ...kindStack, cilium: { hubble } }), "Deployment").filter((name) =>
          name.startsWith("hubble"),
        );
      assert.deepEqual(deployments({}), ["hubble-relay"]);
      assert.deepEqual(deployments({ relay: false }), []);
      assert.deepEqual(deployments({ ui: true }), ["hubble-relay", "hubble-ui"]);
      assert.deepEqual(deployments({ relay: false, ui: true }), ["hubble-relay", "hubble-ui"]);
      assert.deepEqual(deployments({ enabled: false }), []);
    });

    it("switched off is off, UI asked for in vain included (row 36) [S1-10]", () => {
      const config = ciliumConfig(
        renderStack(renderer, { ...kindStack, cilium: { hubble: { enabled: false, ui: true } } }),
      );
      assert.equal(config["enable-hubble"], "false");
    });

    it("opens relay and UI on node ports where asked, and not otherwise [S2-08] [S1-10]", () => {
      const ports = (hubble: unknown): unknown =>
        ["hubble-relay", "hubble-ui"].map((name) => {
          const service = spec(find(renderStack(renderer, { ...kindStack, cilium: { hubble } }), "Service", name));
          const [port] = service["ports"] as { nodePort?: number }[];
          return [service["type"], port?.nodePort];
        });
      assert.deepEqual(ports({ ui: true }), [
        ["ClusterIP", undefined],
        ["ClusterIP", undefined],
      ]);
      assert.deepEqual(ports({ ui: true, relayService: "NodePort", uiService: "NodePort" }), [
        ["NodePort", 31234],
        ["NodePort", 31235],
      ]);
      assert.deepEqual(ports({ ui: true, uiService: "NodePort", uiNodePort: 31999 }), [
        ["ClusterIP", undefined],
        ["NodePort", 31999],
      ]);
    });

    it("measures what the stack lists, in the chart's own notation [S2-07]", () => {
      const metrics = ["dns", "drop", "tcp", "flow", "icmp", "http", "httpV2:labelsContext=source_ip,destination_ip"];
      const config = ciliumConfig(renderStack(renderer, { ...kindStack, cilium: { hubble: { metrics } } }));
      assert.equal(
        config["hubble-metrics"],
        "dns drop tcp flow icmp http httpV2:labelsContext=source_ip,destination_ip",
      );
      assert.equal(config["hubble-metrics-server"], ":9965");
    });

    it("measures nothing where the list is empty", () => {
      const objects = renderStack(renderer, { ...kindStack, cilium: { hubble: { metrics: [] } } });
      assert.equal(ciliumConfig(objects)["hubble-metrics"], undefined);
      assert.equal(namesOf(objects, "Service").includes("hubble-metrics"), false);
    });
  });

  describe("monitoring", () => {
    const everything = {
      ...kindStack,
      cilium: { prometheus: true },
      observability: { serviceMonitors: true, dashboards: true },
    };

    it("opens the metrics of agent, operator and Envoy with one setting", () => {
      const told = (cilium: unknown): unknown => {
        const objects = renderStack(renderer, { ...kindStack, cilium });
        const config = ciliumConfig(objects);
        const envoy = containerOf(find(objects, "DaemonSet", "cilium-envoy"), "cilium-envoy");
        const metrics = (envoy["ports"] as { name: string; containerPort: number }[] | undefined)?.find(
          ({ name }) => name === "envoy-metrics",
        );
        return [config["prometheus-serve-addr"], config["operator-prometheus-serve-addr"], metrics?.containerPort];
      };
      assert.deepEqual(told({}), [undefined, undefined, undefined]);
      assert.deepEqual(told({ prometheus: true }), [":9962", ":9963", 9964]);
    });

    it("renders a service monitor for each part without asking for the CRD (row 39)", () => {
      assert.deepEqual([...namesOf(renderStack(renderer, everything), "ServiceMonitor")].sort(), [
        "cilium-agent",
        "cilium-envoy",
        "cilium-operator",
        "hubble",
        "hubble-relay",
      ]);
      assert.deepEqual(
        namesOf(renderStack(renderer, { ...kindStack, cilium: { prometheus: true } }), "ServiceMonitor"),
        [],
      );
    });

    it("renders the charts' own dashboards with the label that Grafana looks for [S0-29]", () => {
      const dashboards = renderStack(renderer, everything).filter(
        ({ metadata }) => metadata.labels?.["grafana_dashboard"] === "1",
      );
      assert.deepEqual(dashboards.map(({ metadata }) => metadata.name).sort(), [
        "cilium-dashboard",
        "cilium-operator-dashboard",
        "hubble-dashboard",
        "hubble-dns-namespace",
        "hubble-l7-http-metrics-by-workload",
        "hubble-network-overview-namespace",
      ]);
      assert.deepEqual(
        renderStack(renderer, kindStack).filter(({ metadata }) => metadata.labels?.["grafana_dashboard"] !== undefined),
        [],
      );
    });
  });

  it("node initialisation comes when the stack's own values ask for it [S2-05]", () => {
    const daemonSets = (own: Readonly<Record<string, unknown>>): readonly string[] =>
      namesOf(renderStack(renderer, { ...aksStack, cilium: { values: own } }), "DaemonSet");
    assert.deepEqual(daemonSets({}), ["cilium", "cilium-envoy"]);
    assert.deepEqual([...daemonSets({ nodeinit: { enabled: true } })].sort(), [
      "cilium",
      "cilium-envoy",
      "cilium-node-init",
    ]);
  });

  it("the stack's own values come last and reach Cilium [S4-03]", () => {
    const values = { socketLB: { hostNamespaceOnly: true }, operator: { replicas: 3 } };
    const objects = renderStack(renderer, { ...kindStack, cilium: { values } });
    assert.equal(ciliumConfig(objects)["bpf-lb-sock-hostns-only"], "true");
    assert.equal(operatorReplicas(objects), 3);
  });

  it("objectsIn leaves out what renders to nothing", () => {
    assert.deepEqual(objectsIn("---\n---\nkind: A\nmetadata: {name: a}\n"), [{ kind: "A", metadata: { name: "a" } }]);
  });
});

function serviceAddress(target: "kind" | "aks"): readonly { name: string; value: string }[] {
  switch (target) {
    case "kind":
      return [
        { name: "KUBERNETES_SERVICE_HOST", value: "platform-test-control-plane" },
        { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
      ];
    case "aks":
      return [
        { name: "KUBERNETES_SERVICE_HOST", value: "platform.hcp.westeurope.azmk8s.io" },
        { name: "KUBERNETES_SERVICE_PORT", value: "443" },
      ];
  }
}

function pick(config: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(keys.map((key) => [key, config[key]]));
}

/** Keys of `after` that are new or other than in `before`; keys that are gone, as undefined. */
function difference(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(keys.filter((key) => before[key] !== after[key]).map((key) => [key, after[key]]));
}

type Fields = Readonly<Record<string, unknown>>;

function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found !== undefined, `${kind}/${name} was not rendered`);
  return found;
}

function spec(object: Rendered): Fields {
  return object["spec"] as Fields;
}

function containerOf(workload: Rendered, name: string): Fields {
  const template = spec(workload)["template"] as { spec: { containers: (Fields & { name: string })[] } };
  const container = template.spec.containers.find((one) => one.name === name);
  assert.ok(container !== undefined, `${workload.metadata.name} has no container ${name}`);
  return container;
}

function agentEnvironment(objects: readonly Rendered[]): readonly { name: string; value?: string }[] {
  return containerOf(find(objects, "DaemonSet", "cilium"), "cilium-agent")["env"] as { name: string; value?: string }[];
}

function operatorReplicas(objects: readonly Rendered[]): unknown {
  return spec(find(objects, "Deployment", "cilium-operator"))["replicas"];
}
