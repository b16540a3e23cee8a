/** The load balancer's bundle: its objects, form by form, and the pools that are refused, each with its near miss. */
import assert from "node:assert/strict";

import type { BundleContext } from "../policies/bundle.ts";
import { loadBalancer } from "../policies/load-balancer/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { contextOf } from "./support/bundle-context.ts";
import { runProgram } from "./support/program.ts";
import { written } from "./support/stacks.ts";

type Written = Readonly<Record<string, unknown>>;

const pools = { lan: { first: "172.18.255.200", last: "172.18.255.210" } };
const network = "172.18.0.0/16";

function stack(choices: Written, more: Written = {}): Written {
  return { ...more, policies: { bundles: ["load-balancer"], loadBalancer: { network, pools, ...choices } } };
}

function telling(choices: Written): BundleContext {
  return contextOf(stack(choices));
}

/** The objects by their kind. */
function specs(context: BundleContext): Readonly<Record<string, unknown>> {
  return Object.fromEntries(loadBalancer.manifests(context).map(({ kind, spec }) => [kind, spec]));
}

function refused(written: Written): string {
  try {
    contextOf(written);
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return formatProblems(error.problems);
  }
  return "";
}

describe("The load balancer's bundle", () => {
  it("is a pool, and one policy that lets nodes answer ARP for its addresses [S4-05] [S4-07]", () => {
    assert.deepEqual(loadBalancer.manifests(telling({})), [
      {
        apiVersion: "cilium.io/v2",
        kind: "CiliumLoadBalancerIPPool",
        metadata: { name: "lan" },
        spec: { blocks: [{ start: "172.18.255.200", stop: "172.18.255.210" }] },
      },
      {
        apiVersion: "cilium.io/v2alpha1",
        kind: "CiliumL2AnnouncementPolicy",
        metadata: { name: "load-balancer" },
        spec: { loadBalancerIPs: true },
      },
    ]);
  });

  it("never announces an address that the author of a Service chose [S4-07]", () => {
    assert.doesNotMatch(JSON.stringify(loadBalancer.manifests(telling({}))), /externalIPs/);
  });

  it("answers on the listed interfaces alone, each by its whole name [S4-07]", () => {
    const { CiliumL2AnnouncementPolicy } = specs(telling({ interfaces: ["eth0", "bond0.100"] }));
    assert.deepEqual(CiliumL2AnnouncementPolicy, {
      loadBalancerIPs: true,
      interfaces: ["^eth0$", "^bond0\\.100$"],
    });
  });

  it("keeps a pool for the Services of some namespaces, in the order of the names [S4-05]", () => {
    const shop = { first: "172.18.255.211", last: "172.18.255.211", namespaces: ["shop"] };
    const [first, second] = loadBalancer.manifests(telling({ pools: { shop, ...pools } }));
    assert.equal(first?.metadata.name, "lan");
    assert.deepEqual(second?.spec, {
      blocks: [{ start: "172.18.255.211", stop: "172.18.255.211" }],
      serviceSelector: {
        matchExpressions: [{ key: "io.kubernetes.service.namespace", operator: "In", values: ["shop"] }],
      },
    });
  });

  it("tells routers by BGP instead, every Service's address and nothing else [S4-08]", () => {
    const peers = { tor: { address: "192.168.3.1", asn: 64513 } };
    const { CiliumLoadBalancerIPPool, ...bgp } = specs(
      telling({ announce: "bgp", network: undefined, bgp: { peers, passwordSecret: "tor-password" } }),
    );
    assert.ok(CiliumLoadBalancerIPPool !== undefined);
    assert.deepEqual(bgp, {
      CiliumBGPClusterConfig: {
        bgpInstances: [
          {
            name: "as-64512",
            localASN: 64512,
            peers: [
              {
                name: "tor",
                peerASN: 64513,
                peerAddress: "192.168.3.1",
                peerConfigRef: { name: "load-balancer" },
              },
            ],
          },
        ],
      },
      CiliumBGPPeerConfig: {
        families: [{ afi: "ipv4", safi: "unicast", advertisements: { matchLabels: { advertise: "load-balancer" } } }],
        gracefulRestart: { enabled: true },
        authSecretRef: "tor-password",
      },
      CiliumBGPAdvertisement: {
        advertisements: [
          {
            advertisementType: "Service",
            service: { addresses: ["LoadBalancerIP"] },
            selector: { matchExpressions: [{ key: "io.kubernetes.service.namespace", operator: "Exists" }] },
          },
        ],
      },
    });
  });

  it("advertises under the label by which the peers' configuration finds it [S4-08]", () => {
    const peers = { tor: { address: "192.168.3.1", asn: 64513 } };
    const advertisement = loadBalancer
      .manifests(telling({ announce: "bgp", bgp: { peers } }))
      .find(({ kind }) => kind === "CiliumBGPAdvertisement");
    assert.deepEqual(advertisement?.metadata, { name: "load-balancer", labels: { advertise: "load-balancer" } });
  });

  it("is a pool alone where others have made the routes", () => {
    assert.deepEqual(Object.keys(specs(telling({ announce: "none", network: undefined }))), [
      "CiliumLoadBalancerIPPool",
    ]);
  });

  for (const [announce, features] of [
    ["l2", ["lbIpam", "l2Announcements"]],
    ["bgp", ["lbIpam", "bgp"]],
    ["none", ["lbIpam"]],
  ] as const) {
    it(`needs ${features.join(" and ")} with \`${announce}\``, () => {
      const peers = { tor: { address: "192.168.3.1", asn: 64513 } };
      const context = telling({ announce, bgp: { peers } });
      assert.deepEqual(loadBalancer.needs(context), { l7Proxy: false, authentication: false, features });
    });
  }

  it("opens nothing, and the proof has nothing to say about it", () => {
    const { manifests, problems, warnings } = prove({
      bundles: [loadBalancer],
      context: telling({}),
      apiServer: ["on another node"],
    });
    assert.equal(manifests.length, 2);
    assert.deepEqual([problems, warnings], [[], []]);
  });
});

/** What is refused with its whole text, and the nearest thing that is not. */
const cases: readonly {
  readonly title: string;
  readonly refused: Written;
  readonly text: string;
  readonly nearMiss: Written;
}[] = [
  {
    title: "without an address to hand out [S4-05]",
    refused: stack({ pools: {} }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools: the bundle `load-balancer` is chosen without an address to hand out\n" +
      "  expected at least one pool, for example `lan: { first: 192.168.3.200, last: 192.168.3.210 }`  [settings/no-pool]",
    nearMiss: stack({ pools: { one: { first: "172.18.1.1", last: "172.18.1.1" } } }),
  },
  {
    title: "with a pool that ends before it begins [S4-05]",
    refused: stack({ pools: { lan: { first: "172.18.255.210", last: "172.18.255.200" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan.last: lies before `first`, `172.18.255.210`, got `172.18.255.200`\n" +
      "  expected `172.18.255.210` or a later address  [settings/pool-backwards]",
    nearMiss: stack({ pools: { lan: { first: "172.18.255.210", last: "172.18.255.210" } } }),
  },
  {
    title: "by ARP without the network the nodes are in [S4-06]",
    refused: stack({ network: undefined }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.network: nobody beyond a router hears ARP, and which addresses are on this side is not known\n" +
      "  expected the range of the network that the nodes are in\n" +
      "  fix: docker network inspect kind shows it, usually 172.18.0.0/16  [settings/network-unknown]",
    nearMiss: stack({ network: undefined, announce: "none" }),
  },
  {
    title: "by ARP with addresses of another network [S4-06]",
    refused: stack({ pools: { lan: { first: "192.168.3.200", last: "192.168.3.210" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: is not inside the network the nodes are in, got 192.168.3.200 to 192.168.3.210, 11 addresses\n" +
      "  expected addresses of `172.18.0.0/16` between its first and its last, which ARP leads to  [settings/pool-outside]",
    nearMiss: stack({ network: "192.168.3.0/24", pools: { lan: { first: "192.168.3.200", last: "192.168.3.210" } } }),
  },
  {
    title: "by ARP with the last address of the network, which is everybody's [S4-06]",
    refused: stack({ pools: { lan: { first: "172.18.255.255", last: "172.18.255.255" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: is not inside the network the nodes are in, got 172.18.255.255 to 172.18.255.255, 1 address\n" +
      "  expected addresses of `172.18.0.0/16` between its first and its last, which ARP leads to  [settings/pool-outside]",
    nearMiss: stack({ pools: { lan: { first: "172.18.255.254", last: "172.18.255.254" } } }),
  },
  {
    title: "with addresses of the nodes, which containers get from below [S4-05]",
    refused: stack({ pools: { lan: { first: "172.18.0.4", last: "172.18.0.20" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: meets the 3 containers of the cluster, which get the first addresses, got 172.18.0.4 to 172.18.0.20, 17 addresses\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ pools: { lan: { first: "172.18.0.5", last: "172.18.0.20" } } }),
  },
  {
    title: "with addresses of pods [S4-05]",
    refused: stack({ announce: "none", pools: { lan: { first: "10.243.255.255", last: "10.244.0.0" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: meets the pods, `10.244.0.0/16`, got 10.243.255.255 to 10.244.0.0, 2 addresses\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ announce: "none", pools: { lan: { first: "10.243.255.255", last: "10.243.255.255" } } }),
  },
  {
    title: "with addresses of Services [S4-05]",
    refused: stack({ announce: "none", pools: { lan: { first: "10.96.255.255", last: "10.97.0.9" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: meets the Services, `10.96.0.0/16`, got 10.96.255.255 to 10.97.0.9, 11 addresses\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ announce: "none", pools: { lan: { first: "10.97.0.0", last: "10.97.0.9" } } }),
  },
  {
    title: "with addresses that the stack says are others' [S4-05]",
    refused: stack({ reserved: ["172.18.255.192/28"] }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.lan: meets `policies.loadBalancer.reserved`, `172.18.255.192/28`, got 172.18.255.200 to 172.18.255.210, 11 addresses\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ reserved: ["172.18.255.184/29"] }),
  },
  {
    title: "with two pools that share an address [S4-05]",
    refused: stack({ pools: { ...pools, more: { first: "172.18.255.210", last: "172.18.255.220" } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.pools.more: meets the pool `lan`, got 172.18.255.210 to 172.18.255.220, 11 addresses\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ pools: { ...pools, more: { first: "172.18.255.211", last: "172.18.255.220" } } }),
  },
  {
    title: "by BGP and nobody who is told [S4-08]",
    refused: stack({ announce: "bgp" }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.bgp.peers: `announce: bgp` and nobody who is told\n" +
      "  expected at least one router, for example `tor: { address: 192.168.3.1, asn: 64513 }`  [settings/no-peer]",
    nearMiss: stack({ announce: "bgp", bgp: { peers: { tor: { address: "192.168.3.1", asn: 64513 } } } }),
  },
  {
    title: "by BGP to a router whose address it would hand out [S4-08]",
    refused: stack({ announce: "bgp", bgp: { peers: { tor: { address: "172.18.255.200", asn: 64513 } } } }),
    text:
      "Pulumi.test.yaml › policies.loadBalancer.bgp.peers.tor.address: meets the pool `lan`, got `172.18.255.200`\n" +
      "  expected addresses that nobody else has  [settings/pool-taken]",
    nearMiss: stack({ announce: "bgp", bgp: { peers: { tor: { address: "172.18.255.199", asn: 64513 } } } }),
  },
  {
    title: "on AKS, where the load balancer is Azure's [S4-06]",
    refused: stack({ pools: {} }, { target: "aks" }),
    text:
      "Pulumi.test.yaml › policies.bundles: `load-balancer` is chosen, but on AKS the load balancer is Azure's: it hands out the addresses and leads to them\n" +
      "  expected no bundle `load-balancer`\n" +
      "  fix: take `load-balancer` off the list: a Service of the type LoadBalancer works without it  [settings/load-balancer-of-others]",
    nearMiss: stack({}, { target: "kwok" }),
  },
  {
    title: "on a network that takes no announcements [S1-51]",
    refused: stack(
      {},
      { target: "existing", kubeconfig: "secret", existing: { podCidr: "10.1.0.0/16", apiServerHost: "x" } },
    ),
    text:
      "Pulumi.test.yaml › policies.bundles: `load-balancer` is chosen, but the network takes no announcements of ours\n" +
      "  expected no bundle `load-balancer`\n" +
      "  fix: if the network does take them, set `existing.announcements: possible`  [settings/load-balancer-of-others]",
    nearMiss: stack(
      {},
      {
        target: "existing",
        kubeconfig: "secret",
        existing: { podCidr: "10.1.0.0/16", apiServerHost: "x", announcements: "possible" },
      },
    ),
  },
];

describe("A load balancer is refused", () => {
  for (const { title, refused: wrong, text, nearMiss } of cases) {
    it(title, () => {
      assert.equal(refused(wrong), text);
      assert.equal(refused(nearMiss), "");
    });
  }

  it("only where it is chosen", () => {
    assert.equal(refused({ policies: { loadBalancer: { pools: {} } } }), "");
  });
});

describe("A stack with a load balancer", function () {
  this.timeout(60_000);

  it("says what there is to hand out, with the number of addresses [S4-05]", async () => {
    const { outputs, resources } = await runProgram(
      written("balanced", { ...stack({}, { target: "kwok", cilium: { lbIpam: true, l2Announcements: true } }) }),
    );
    assert.deepEqual(outputs["addresses"], { "pool lan": "172.18.255.200 to 172.18.255.210, 11 addresses" });
    const made = resources.filter(({ name, kind }) => name.startsWith("policies-") && kind === "custom");
    assert.deepEqual(made.map(({ type, name }) => `${name} ${type}`).sort(), [
      "policies-lan kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool",
      "policies-load-balancer kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy",
    ]);
  });
});
