/** The text that kind makes a cluster from: whole, and setting by setting. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { kindConfig } from "../components/cluster/kind-config.ts";
import { settingsOf } from "./support/settings.ts";

interface KindNode {
  readonly role: string;
  readonly extraMounts?: readonly object[];
  readonly extraPortMappings?: readonly { readonly containerPort: number; readonly hostPort: number }[];
}
interface KindText {
  readonly networking: Readonly<Record<string, unknown>>;
  readonly nodes: readonly KindNode[];
}

const nothingOn = { gateway: { enabled: false }, argocd: { enabled: false } };

function textOf(written: Readonly<Record<string, unknown>>): KindText {
  return parse(kindConfig(settingsOf({ target: "kind", ...written }), "mine")) as KindText;
}

describe("a kind configuration", () => {
  it("is this text where nothing is said", () => {
    assert.equal(
      kindConfig(settingsOf({ target: "kind" }), "mine"),
      `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  apiServerAddress: 127.0.0.1
  apiServerPort: 6443
  disableDefaultCNI: true
  kubeProxyMode: none
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/16
nodes:
  - role: control-plane
    extraPortMappings:
      - containerPort: 30080
        hostPort: 30080
        listenAddress: 127.0.0.1
        protocol: TCP
      - containerPort: 30443
        hostPort: 30443
        listenAddress: 127.0.0.1
        protocol: TCP
      - containerPort: 30081
        hostPort: 30081
        listenAddress: 127.0.0.1
        protocol: TCP
  - role: worker
  - role: worker
`,
    );
  });

  it("does not depend on when it is made", () => {
    const settings = settingsOf({ target: "kind" });
    assert.equal(kindConfig(settings, "mine"), kindConfig(settings, "mine"));
  });

  for (const workers of [0, 1, 4]) {
    it(`has ${String(workers)} workers beside one control plane, which alone publishes ports [S1-01]`, () => {
      const { nodes } = textOf({ kind: { workers } });
      const [first, ...others] = nodes;
      assert.equal(first?.role, "control-plane");
      assert.equal(first.extraPortMappings?.length, 3);
      assert.deepEqual(
        others,
        Array.from({ length: workers }, () => ({ role: "worker" })),
      );
    });
  }

  for (const written of [{}, { cilium: { kubeProxyReplacement: false } }, { cilium: { routing: "tunnel" } }]) {
    it(`brings no network of its own, with ${JSON.stringify(written)} [S1-02]`, () => {
      assert.equal(textOf(written).networking["disableDefaultCNI"], true);
    });
  }

  for (const [kubeProxyReplacement, mode] of [
    [true, "none"],
    [false, "iptables"],
  ] as const) {
    it(`has kube-proxy as ${mode} where Cilium's replacement is ${String(kubeProxyReplacement)} [S1-03]`, () => {
      assert.equal(textOf({ cilium: { kubeProxyReplacement } }).networking["kubeProxyMode"], mode);
    });
  }

  it("has the addresses of the stack", () => {
    const kind = { apiServerPort: 16443, podCidr: "10.10.0.0/16", serviceCidr: "10.20.0.0/16" };
    assert.deepEqual(textOf({ kind }).networking, {
      apiServerAddress: "127.0.0.1",
      apiServerPort: 16443,
      disableDefaultCNI: true,
      kubeProxyMode: "none",
      podSubnet: "10.10.0.0/16",
      serviceSubnet: "10.20.0.0/16",
    });
  });

  it("lets every node read where the caches are, from the folder of its stack", () => {
    const { nodes } = textOf({
      kind: { workers: 1, pullThroughCaches: [{ registry: "quay.io", port: 5001 }] },
    });
    const mounts = [
      { hostPath: "./.platform/mine/registries", containerPath: "/etc/containerd/certs.d", readOnly: true },
    ];
    assert.deepEqual(
      nodes.map(({ role, extraMounts }) => ({ role, extraMounts })),
      [
        { role: "control-plane", extraMounts: mounts },
        { role: "worker", extraMounts: mounts },
      ],
    );
  });

  it("mounts nothing without caches", () => {
    assert.deepEqual(
      textOf({}).nodes.map(({ extraMounts }) => extraMounts),
      [undefined, undefined, undefined],
    );
  });
});

describe("the published ports", () => {
  const rows: readonly [string, Readonly<Record<string, unknown>>, readonly [number, number][]][] = [
    ["none where nothing listens", nothingOn, []],
    [
      "both of the gateway",
      { ...nothingOn, gateway: { httpNodePort: 30180, httpsNodePort: 30543 } },
      [
        [30180, 30180],
        [30543, 30543],
      ],
    ],
    ["the one of Argo CD", { ...nothingOn, argocd: { nodePort: 30181 } }, [[30181, 30181]]],
    [
      "the stack's own, each where the stack wants it",
      { ...nothingOn, kind: { portMappings: [{ nodePort: 31234, hostPort: 8234 }] } },
      [[31234, 8234]],
    ],
    [
      "the add-ons' first and then the stack's own",
      { gateway: { enabled: false }, kind: { portMappings: [{ nodePort: 31234, hostPort: 8234 }] } },
      [
        [30081, 30081],
        [31234, 8234],
      ],
    ],
  ];
  for (const [what, written, ports] of rows) {
    it(`are ${what}`, () => {
      assert.deepEqual(
        textOf(written).nodes[0]?.extraPortMappings?.map(({ containerPort, hostPort }) => [containerPort, hostPort]),
        ports,
      );
    });
  }
});
