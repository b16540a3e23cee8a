import assert from "node:assert/strict";

import { parse } from "yaml";

import { PullThroughCaches } from "../components/cluster/pull-through-caches.ts";
import { kindConfig } from "../components/cluster/kind-config.ts";
import { registryHosts, upstreamOf } from "../components/cluster/pull-through-hosts.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

async function record(pullThroughCaches: readonly { registry: string; port: number }[], clusterName = "shop") {
  const recording = recordResources();
  const settings = settingsOf({ target: "kind", clusterName, kind: { pullThroughCaches } });
  new PullThroughCaches("caches", { clusterName, settings });
  await recording.settled();
  return recording;
}

const two = [
  { registry: "docker.io", port: 5001 },
  { registry: "quay.io", port: 5002 },
];

describe("PullThroughCaches", () => {
  it("run one container per registry, each in front of its own upstream", async () => {
    const { one } = await record(two);
    const containers = ["docker.io", "quay.io"].map((registry) => {
      const { name, envs, ports, networksAdvanced } = one(`caches-container-${registry}`).inputs;
      return { name, envs, ports, networksAdvanced };
    });
    assert.deepEqual(containers, [
      {
        name: "shop-cache-docker-io",
        envs: ["REGISTRY_PROXY_REMOTEURL=https://registry-1.docker.io"],
        ports: [{ internal: 5000, external: 5001, ip: "127.0.0.1" }],
        networksAdvanced: [{ name: "kind" }],
      },
      {
        name: "shop-cache-quay-io",
        envs: ["REGISTRY_PROXY_REMOTEURL=https://quay.io"],
        ports: [{ internal: 5000, external: 5002, ip: "127.0.0.1" }],
        networksAdvanced: [{ name: "kind" }],
      },
    ]);
  });

  it("keep what was pulled when the cluster goes", async () => {
    const { one } = await record(two);
    assert.equal(one("caches-volume-quay.io").retainOnDelete, true);
    assert.deepEqual(one("caches-container-quay.io").inputs["volumes"], [
      { volumeName: "shop-cache-quay-io", containerPath: "/var/lib/registry" },
    ]);
  });

  it("leave an image alone that another stack may use", async () => {
    const { one } = await record(two);
    assert.equal(one("caches-image").inputs["keepLocally"], true);
  });

  it("never meet those of another stack", async () => {
    const named = async (clusterName: string) =>
      (await record(two, clusterName)).resources
        .filter(({ type }) => type === "docker:index/container:Container")
        .map(({ inputs }) => inputs["name"]);
    const [one, other] = [await named("platform-kind"), await named("platform-second")];
    assert.deepEqual(
      one.filter((name) => other.includes(name)),
      [],
    );
  });

  it("talk to the container engine through a provider of their own", async () => {
    const { resources } = await record(two);
    const without = resources.filter(({ type, provider }) => type.startsWith("docker:") && provider === undefined);
    assert.deepEqual(without, []);
  });
});

describe("Nodes of kind", () => {
  const settings = settingsOf({ target: "kind", clusterName: "shop", kind: { workers: 1, pullThroughCaches: two } });

  it("ask the cache first and the registry itself when it does not answer", () => {
    assert.deepEqual(registryHosts(settings), {
      "docker.io":
        'server = "https://registry-1.docker.io"\n\n[host."http://shop-cache-docker-io:5000"]\n  capabilities = ["pull", "resolve"]\n',
      "quay.io":
        'server = "https://quay.io"\n\n[host."http://shop-cache-quay-io:5000"]\n  capabilities = ["pull", "resolve"]\n',
    });
  });

  it("read it from a folder, all of them, and not from a patch that keeps containerd 2 from starting", () => {
    const config = parse(kindConfig(settings, "kind")) as { nodes: { role: string; extraMounts: unknown }[] };
    const mounts = [
      { hostPath: "./.platform/kind/registries", containerPath: "/etc/containerd/certs.d", readOnly: true },
    ];
    assert.deepEqual(
      config.nodes.map(({ role, extraMounts }) => ({ role, extraMounts })),
      [
        { role: "control-plane", extraMounts: mounts },
        { role: "worker", extraMounts: mounts },
      ],
    );
    assert.equal("containerdConfigPatches" in config, false);
  });

  it("mount nothing without caches", () => {
    assert.doesNotMatch(kindConfig(settingsOf({ target: "kind" }), "kind"), /extraMounts|registries/);
  });
});

describe("The upstream of a registry", () => {
  for (const [registry, upstream] of [
    ["docker.io", "https://registry-1.docker.io"],
    ["quay.io", "https://quay.io"],
    ["mirror.example.com:5000", "https://mirror.example.com:5000"],
  ] as const) {
    it(`is ${upstream} for ${registry}`, () => {
      assert.equal(upstreamOf(registry), upstream);
    });
  }
});
