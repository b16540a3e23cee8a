/** Settings: what stands in a stack file, and what its author is told. */
import assert from "node:assert/strict";

import { ProblemsError } from "../policies/problems.ts";
import { readSettings } from "../components/settings/read.ts";
import type { SettingsInput } from "../components/settings/review.ts";
import { asPulumiGives, fixtureConfig, fixtureText } from "./support/stack-config.ts";

type Written = Readonly<Record<string, unknown>>;

function read(written: Written, more: Partial<SettingsInput> = {}) {
  const config = asPulumiGives(
    Object.fromEntries(Object.entries(written).map(([key, value]) => [`platform:${key}`, value])),
  );
  return readSettings({ stack: "test", file: "Pulumi.test.yaml", config, ...more });
}

/** What the author of a stack file is told, without the count above it. */
function told(written: Written, more: Partial<SettingsInput> = {}): string {
  try {
    read(written, more);
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.message.split("\n").slice(2).join("\n");
  }
  return "nothing";
}

const kind = { target: "kind" };
const aks = { target: "aks" };
const existing = {
  target: "existing",
  kubeconfig: "apiVersion: v1",
  existing: { podCidr: "100.64.0.0/16", apiServerHost: "10.1.2.3" },
};

describe("a stack file that says little", () => {
  it("gets every default", () => {
    const settings = readSettings({
      stack: "kwok",
      file: "Pulumi.kwok.yaml",
      config: fixtureConfig("valid-smallest"),
    });
    assert.equal(settings.clusterName, "platform-kwok");
    assert.equal(settings.cilium.kubeProxyReplacement, true);
    assert.equal(settings.cilium.routing, undefined);
    assert.equal(settings.cilium.meshAuth, "disabled");
    assert.equal(settings.cilium.encryption, "disabled");
    assert.deepEqual(settings.cilium.hubble, {
      enabled: true,
      relay: true,
      ui: false,
      relayService: "ClusterIP",
      relayNodePort: 31234,
      uiService: "ClusterIP",
      uiNodePort: 31235,
      metrics: ["dns", "drop", "tcp", "flow", "icmp", "policy", "port-distribution"],
    });
    assert.equal(settings.kwok.nodes, 3);
  });

  it("cannot be changed after it was read", () => {
    const settings = read(kind);
    assert.ok(Object.isFrozen(settings));
    assert.ok(Object.isFrozen(settings.cilium.hubble.metrics));
    assert.throws(() => settings.cilium.hubble.metrics.push("http"), TypeError);
  });
});

describe("a stack file that says much", () => {
  it("keeps zero, false and text that looks like a number", () => {
    const settings = readSettings({ stack: "test", file: "Pulumi.test.yaml", config: fixtureConfig("valid-kind") });
    assert.equal(settings.kind.workers, 0);
    assert.equal(settings.cilium.kubeProxyReplacement, false);
    assert.equal(settings.clusterName, "123");
    assert.deepEqual(settings.namespaces, {
      "team-a": { isolated: true, labels: { "example.com/team": "a" } },
      "team-b": { isolated: false, labels: {} },
    });
  });

  it("is read for AKS and for a cluster somebody else made", () => {
    for (const name of ["valid-aks-prod", "valid-existing"]) {
      assert.equal(typeof readSettings({ stack: "test", file: "f", config: fixtureConfig(name) }).target, "string");
    }
  });

  it("is refused with everything that is wrong, in one go, sorted by place", () => {
    let message = "";
    try {
      readSettings({ stack: "test", file: "Pulumi.test.yaml", config: fixtureConfig("invalid-everything") });
    } catch (error) {
      message = (error as Error).message;
    }
    assert.equal(`${message}\n\n`.trim(), fixtureText("invalid-everything.txt").trim());
  });
});

/** What is written, and the whole of what is told. */
const refusals: readonly (readonly [title: string, written: Written, text: string])[] = [
  [
    "no target",
    {},
    "Pulumi.test.yaml › target: is missing\n" + "  expected `kwok`, `kind`, `aks` or `existing`  [settings/missing]",
  ],
  [
    "an unknown target",
    { target: "minikube" },
    "Pulumi.test.yaml › target: unknown word, got `minikube`\n" +
      "  expected `kwok`, `kind`, `aks` or `existing`  [settings/unknown-word]",
  ],
  [
    "a target with a slip of the finger",
    { target: "knd" },
    "Pulumi.test.yaml › target: unknown word, got `knd`\n" +
      "  expected `kwok`, `kind`, `aks` or `existing`\n" +
      "  fix: did you mean `kind`?  [settings/unknown-word]",
  ],
  [
    "a mistyped toggle",
    { ...kind, cilium: { kubeProxyReplacment: true } },
    "Pulumi.test.yaml › cilium.kubeProxyReplacment: unknown key\n" +
      "  expected one of `bgp`, `egressGateway`, `encryption`, `hubble`, `kubeProxyReplacement`, `l2Announcements`, `lbIpam`, `meshAuth`, `prometheus`, `routing`, `sctp` or `values`\n" +
      "  fix: did you mean `kubeProxyReplacement`?  [settings/unknown-key]",
  ],
  [
    "a key one level too high",
    { ...kind, pullThroughCaches: [] },
    "Pulumi.test.yaml › pullThroughCaches: unknown key\n" +
      "  expected one of `aks`, `argocd`, `chartMirror`, `cilium`, `clusterName`, `existing`, `gateway`, `imageRegistry`, `kind`, `kwok`, `kyverno`, `namespaces`, `observability`, `policies`, `target` or `tenants`\n" +
      "  fix: did you mean `kind.pullThroughCaches`?  [settings/unknown-key]",
  ],
  [
    "an unknown key of a list item",
    { ...kind, kind: { portMappings: [{ nodePort: 30500, hostPort: 85, protocol: "TCP" }] } },
    "Pulumi.test.yaml › kind.portMappings[0].protocol: unknown key\n" +
      "  expected one of `hostPort` or `nodePort`  [settings/unknown-key]",
  ],
  [
    "a list item without a key it must have",
    { ...kind, kind: { portMappings: [{ hostPort: 85 }] } },
    "Pulumi.test.yaml › kind.portMappings[0].nodePort: is missing\n" +
      "  expected a whole number from 30000 to 32767  [settings/missing]",
  ],
  [
    "a key with a dot",
    { ...kind, "cilium.routing": "native" },
    "Pulumi.test.yaml › cilium.routing: a key with a dot is one key to Pulumi, not a path, got `platform:cilium.routing`\n" +
      "  expected one of `aks`, `argocd`, `chartMirror`, `cilium`, `clusterName`, `existing`, `gateway`, `imageRegistry`, `kind`, `kwok`, `kyverno`, `namespaces`, `observability`, `policies`, `target` or `tenants`\n" +
      "  fix: set it with `pulumi config set --path 'platform:cilium.routing' <value>`  [settings/unknown-key]",
  ],
  [
    "`off` where the word is `disabled`",
    { ...kind, cilium: { meshAuth: "off" } },
    "Pulumi.test.yaml › cilium.meshAuth: unknown word, got `off`\n" +
      "  expected `disabled` or `spire`\n" +
      "  fix: write `disabled`  [settings/unknown-word]",
  ],
  [
    "`off` that a YAML reader turned into false",
    { ...kind, cilium: { encryption: false } },
    "Pulumi.test.yaml › cilium.encryption: unknown word, got `false`\n" +
      "  expected `disabled` or `wireguard`\n" +
      "  fix: write `disabled`  [settings/unknown-word]",
  ],
  [
    "`off` where a boolean is expected",
    { ...kind, kyverno: { enabled: "off" } },
    "Pulumi.test.yaml › kyverno.enabled: wrong type, got `off`\n" +
      "  expected `true` or `false`\n" +
      "  fix: write `false`, without quotes  [settings/wrong-type]",
  ],
  [
    "text where a boolean is expected (row 4)",
    { ...kind, cilium: { kubeProxyReplacement: "true" } },
    "Pulumi.test.yaml › cilium.kubeProxyReplacement: wrong type, got `true`\n" +
      "  expected `true` or `false`\n" +
      "  fix: write `true`, without quotes  [settings/wrong-type]",
  ],
  [
    "a replacement mode of earlier versions (row 4)",
    { ...kind, cilium: { kubeProxyReplacement: "strict" } },
    "Pulumi.test.yaml › cilium.kubeProxyReplacement: is not offered, because Cilium knows only replaced or not since 1.14, got `strict`\n" +
      "  expected `true` or `false`  [settings/not-offered]",
  ],
  [
    "the third routing mode (row 11)",
    { ...kind, cilium: { routing: "hybrid" } },
    "Pulumi.test.yaml › cilium.routing: is not offered, because it is a third mode of Cilium that we do not offer, got `hybrid`\n" +
      "  expected `native` or `tunnel`  [settings/not-offered]",
  ],
  [
    "ztunnel as encryption (rows 54 to 56)",
    { ...kind, cilium: { encryption: "ztunnel" } },
    "Pulumi.test.yaml › cilium.encryption: is not offered, because ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`\n" +
      "  expected `disabled` or `wireguard`  [settings/not-offered]",
  ],
  [
    "ztunnel as mesh-auth (rows 54 to 56)",
    { ...kind, cilium: { meshAuth: "ztunnel" } },
    "Pulumi.test.yaml › cilium.meshAuth: is not offered, because ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`\n" +
      "  expected `disabled` or `spire`  [settings/not-offered]",
  ],
  [
    "IPsec (rows 53 and 57)",
    { ...kind, cilium: { encryption: "ipsec" } },
    "Pulumi.test.yaml › cilium.encryption: is not offered, because IPsec clashes with several features and with the kernels of most AKS nodes, got `ipsec`\n" +
      "  expected `disabled` or `wireguard`  [settings/not-offered]",
  ],
  [
    "AKS Automatic (row 20)",
    { ...aks, aks: { tier: "Automatic" } },
    "Pulumi.test.yaml › aks.tier: is not offered, because AKS Automatic brings its own network plugin and its own kube-proxy, got `Automatic`\n" +
      "  expected `Free`, `Standard` or `Premium`  [settings/not-offered]",
  ],
  [
    "a network plugin of Azure's (row 20)",
    { ...aks, aks: { networkPlugin: "azure" } },
    "Pulumi.test.yaml › aks.networkPlugin: is no setting, because its value follows from another one\n" +
      "  expected it to be derived from the platform: always `none`, Cilium is the pod network\n" +
      "  fix: remove it  [settings/derived]",
  ],
  [
    "a name of earlier Cilium versions",
    { ...kind, cilium: { tunnel: "disabled" } },
    "Pulumi.test.yaml › cilium.tunnel: is called `cilium.routing` here, because Cilium removed its own value `tunnel` in 1.15\n" +
      "  expected `cilium.routing`\n" +
      "  fix: move the choice to `cilium.routing`  [settings/renamed]",
  ],
  [
    "a name that says only half",
    { ...kind, cilium: { kubeProxy: "replaced" } },
    "Pulumi.test.yaml › cilium.kubeProxy: is called `cilium.kubeProxyReplacement` here, because the setting says whether Cilium replaces kube-proxy, as the chart does\n" +
      "  expected `cilium.kubeProxyReplacement`\n" +
      "  fix: move the choice to `cilium.kubeProxyReplacement`  [settings/renamed]",
  ],
  [
    "kube-proxy's mode on kind (row 18)",
    { ...kind, kind: { kubeProxyMode: "none" } },
    "Pulumi.test.yaml › kind.kubeProxyMode: is no setting, because its value follows from another one\n" +
      "  expected it to be derived from `cilium.kubeProxyReplacement`\n" +
      "  fix: remove it  [settings/derived]",
  ],
  [
    "a block that is no block",
    { ...kind, cilium: "native" },
    "Pulumi.test.yaml › cilium: wrong type, got `native`\n  expected a block of settings  [settings/wrong-type]",
  ],
  [
    "a block that is empty",
    { ...kind, cilium: null },
    "Pulumi.test.yaml › cilium: wrong type, got `null`\n  expected a block of settings  [settings/wrong-type]",
  ],
  [
    "a number in quotes",
    { ...kind, kind: { workers: "3" } },
    "Pulumi.test.yaml › kind.workers: wrong type, got `3`\n" +
      "  expected a whole number from 0 to 20\n" +
      "  fix: write `3` without quotes  [settings/wrong-type]",
  ],
  [
    "half a node",
    { ...kind, kind: { workers: 0.5 } },
    "Pulumi.test.yaml › kind.workers: out of range, got `0.5`\n" +
      "  expected a whole number from 0 to 20  [settings/out-of-range]",
  ],
  [
    "a node port next to the range",
    { ...kind, gateway: { httpNodePort: 29999 } },
    "Pulumi.test.yaml › gateway.httpNodePort: out of range, got `29999`\n" +
      "  expected a whole number from 30000 to 32767  [settings/out-of-range]",
  ],
  [
    "a Kubernetes version that YAML takes for a number",
    { ...aks, aks: { kubernetesVersion: 1.35 } },
    "Pulumi.test.yaml › aks.kubernetesVersion: wrong type, got `1.35`\n" +
      '  expected a Kubernetes minor version in quotes, for example `"1.35"`\n' +
      "  fix: put it in quotes  [settings/wrong-type]",
  ],
  [
    "an address range that is none",
    { ...kind, kind: { podCidr: "999.1.1.1/16" } },
    "Pulumi.test.yaml › kind.podCidr: wrong format, got `999.1.1.1/16`\n" +
      "  expected an IPv4 range that starts at its first address, for example `10.244.0.0/16`  [settings/wrong-format]",
  ],
  [
    "an address range with host bits",
    { ...kind, kind: { podCidr: "10.244.0.1/16" } },
    "Pulumi.test.yaml › kind.podCidr: wrong format, got `10.244.0.1/16`\n" +
      "  expected an IPv4 range that starts at its first address, for example `10.244.0.0/16`  [settings/wrong-format]",
  ],
  [
    "every repository as a source",
    { ...kind, argocd: { sources: ["https://git.example.com/a.git", "*"] } },
    "Pulumi.test.yaml › argocd.sources[1]: wrong format, got `*`\n" +
      "  expected a repository URL, not every repository  [settings/wrong-format]",
  ],
  [
    "a registry with a scheme",
    { ...kind, imageRegistry: "https://mirror.example.com" },
    "Pulumi.test.yaml › imageRegistry: wrong format, got `https://mirror.example.com`\n" +
      "  expected a registry host with an optional port and path, without scheme, for example `mirror.example.com/platform`  [settings/wrong-format]",
  ],
  [
    "a cluster name in capitals (row 45)",
    { ...kind, clusterName: "Platform" },
    "Pulumi.test.yaml › clusterName: wrong format, got `Platform`\n" +
      "  expected `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit  [settings/wrong-format]",
  ],
  [
    "a cluster name of 33 characters (row 45)",
    { ...kind, clusterName: "a23456789-123456789-123456789-123" },
    "Pulumi.test.yaml › clusterName: wrong format, got `a23456789-123456789-123456789-123`\n" +
      "  expected at most 32 characters  [settings/wrong-format]",
  ],
  [
    "a namespace that is no RFC 1123 name",
    { ...kind, namespaces: { readFlights: {} } },
    "Pulumi.test.yaml › namespaces.readFlights: wrong name, got `readFlights`\n" +
      "  expected at most 63 of `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit  [settings/wrong-name]",
  ],
  [
    "a namespace of the platform's [S1-19]",
    { ...kind, namespaces: { "cilium-spire": {} } },
    "Pulumi.test.yaml › namespaces.cilium-spire: belongs to Cilium\n" +
      "  expected a namespace of the stack's own\n" +
      "  fix: choose another name  [settings/namespace-taken]",
  ],
  [
    "a label value that is a number",
    { ...kind, namespaces: { team: { labels: { level: 3 } } } },
    "Pulumi.test.yaml › namespaces.team.labels.level: wrong type, got `3`\n" +
      "  expected a Kubernetes label value: at most 63 letters, digits, `-`, `_` and `.`, in quotes if it looks like a number\n" +
      "  fix: put it in quotes  [settings/wrong-type]",
  ],
  [
    "the block of another target",
    { ...kind, aks: { location: "westeurope" } },
    "Pulumi.test.yaml › aks: has no effect on target `kind`\n" +
      "  expected the block `kind` only\n" +
      "  fix: remove it  [settings/other-target]",
  ],
  [
    "a kubeconfig for a cluster of our own",
    { ...kind, kubeconfig: "top secret" },
    "Pulumi.test.yaml › kubeconfig: has no effect on target `kind`, which makes its own cluster\n" +
      "  expected the key to be absent\n" +
      "  fix: remove it  [settings/other-target]",
  ],
  [
    "somebody else's cluster without its facts",
    { target: "existing" },
    "Pulumi.test.yaml › existing.podCidr: is missing\n" +
      "  expected the IPv4 range the cluster's pods have  [settings/missing]\n" +
      "\n" +
      "Pulumi.test.yaml › kubeconfig: is missing\n" +
      "  expected the kubeconfig of the cluster, as a secret\n" +
      "  fix: run `pulumi config set --secret platform:kubeconfig < <file>`  [settings/missing]",
  ],
  [
    "somebody else's cluster without a routing mode",
    { ...existing, existing: { ...existing.existing, routing: [] } },
    "Pulumi.test.yaml › existing.routing: names no routing mode\n" +
      "  expected at least one of `native` and `tunnel`  [settings/missing]",
  ],
  [
    "authorized addresses of a private cluster",
    { ...aks, aks: { privateCluster: true, authorizedIpRanges: ["203.0.113.0/24"] } },
    "Pulumi.test.yaml › aks.authorizedIpRanges: has no effect on a private cluster, whose API server has no public address\n" +
      "  expected either `aks.privateCluster` or `aks.authorizedIpRanges`  [settings/private-and-public]",
  ],
];

describe("a stack file is refused for", () => {
  for (const [title, written, text] of refusals) {
    it(title, () => {
      assert.equal(told(written), text);
    });
  }

  it("a cluster name that follows from the stack's and is none (row 45)", () => {
    const text = told(kind, { stack: "Prod_1", file: "Pulumi.Prod_1.yaml" });
    assert.equal(
      text,
      "Pulumi.Prod_1.yaml › clusterName: is no cluster name, got `platform-Prod_1`\n" +
        "  expected `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit\n" +
        "  fix: set `platform:clusterName`  [cilium/cluster-name]",
    );
  });

  it("a kubeconfig in plain text, without telling it", () => {
    const own = { stack: "test", file: "Pulumi.test.yaml", values: { kubeconfig: "top secret" } };
    assert.equal(
      told({ ...existing, kubeconfig: "top secret" }, { own }),
      "Pulumi.test.yaml › kubeconfig: stands in plain text\n" +
        "  expected a secret\n" +
        "  fix: run `pulumi config set --secret platform:kubeconfig < <file>`  [settings/plain-secret]",
    );
  });
});

describe("a stack file is not refused for", () => {
  const accepted: readonly (readonly [title: string, written: Written])[] = [
    ["a cluster name of 32 characters", { ...kind, clusterName: "a23456789-123456789-123456789-12" }],
    ["a cluster name of one character", { ...kind, clusterName: "a" }],
    ["keys of other programs", { ...kind, "": undefined }],
    ["a registry with a port and a path", { ...kind, imageRegistry: "mirror.example.com:5000/a/b" }],
    ["its own target's empty block", { ...kind, kind: {} }],
    ["both ends of the node ports", { ...kind, gateway: { httpNodePort: 30000, httpsNodePort: 32767 } }],
    ["a kubeconfig that is a secret", existing],
  ];
  for (const [title, written] of accepted) {
    it(title, () => {
      const config = Object.fromEntries(Object.entries(written).filter(([key]) => key !== ""));
      assert.equal(told(config), "nothing");
    });
  }
});
