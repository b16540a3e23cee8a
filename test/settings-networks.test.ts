/** Networks: ranges that meet, lie outside, belong to somebody else or hold too few nodes; each with its near miss. */
import assert from "node:assert/strict";

import { contains, isIpv4Address, isIpv4Range, overlap } from "../components/settings/ipv4.ts";
import { ProblemsError } from "../policies/problems.ts";
import { settingsOf } from "./support/settings.ts";

type Written = Readonly<Record<string, unknown>>;

const aks = (block: Written): Written => ({ target: "aks", aks: block });
const kind = (block: Written): Written => ({ target: "kind", kind: block });
const existing = (block: Written): Written => ({
  target: "existing",
  kubeconfig: "secret",
  existing: { podCidr: "100.64.0.0/16", apiServerHost: "api.example.com", ...block },
});

function told(written: Written): string {
  try {
    settingsOf(written);
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.message.split("\n").slice(2).join("\n");
  }
  return "nothing";
}

/** What is refused with its whole text, and the nearest thing that is not. */
interface Case {
  readonly title: string;
  readonly refused: Written;
  readonly text: string;
  readonly nearMiss: Written;
}

const cases: readonly Case[] = [
  {
    title: "pods and Services of kind may not share an address",
    refused: kind({ serviceCidr: "10.244.0.0/20" }),
    text:
      "Pulumi.test.yaml › kind.serviceCidr: overlaps `kind.podCidr`, got `10.244.0.0/20`\n" +
      "  expected an IPv4 range outside `10.244.0.0/16`  [settings/cidr-overlap]",
    nearMiss: kind({ serviceCidr: "10.245.0.0/20" }),
  },
  {
    title: "Services of kind fit into a /12",
    refused: kind({ podCidr: "172.16.0.0/16", serviceCidr: "10.0.0.0/11" }),
    text:
      "Pulumi.test.yaml › kind.serviceCidr: is too large, got `10.0.0.0/11`\n" +
      "  expected a range from /12 to /28  [settings/cidr-size]",
    nearMiss: kind({ podCidr: "172.16.0.0/16", serviceCidr: "10.0.0.0/12" }),
  },
  {
    title: "Services of kind leave room for the tenth address",
    refused: kind({ serviceCidr: "10.96.0.0/29" }),
    text:
      "Pulumi.test.yaml › kind.serviceCidr: is too small, got `10.96.0.0/29`\n" +
      "  expected a range from /12 to /28  [settings/cidr-size]",
    nearMiss: kind({ serviceCidr: "10.96.0.0/28" }),
  },
  {
    title: "every node of kind takes a /24 of the pods' range",
    refused: kind({ podCidr: "10.244.0.0/23", workers: 2 }),
    text:
      "Pulumi.test.yaml › kind.podCidr: holds 2 nodes of /24 each, got `10.244.0.0/23`\n" +
      "  expected room for 3 nodes, a range of /22 or larger  [settings/cidr-size]",
    nearMiss: kind({ podCidr: "10.244.0.0/23", workers: 1 }),
  },
  {
    title: "a pods' range smaller than a node's holds no node",
    refused: kind({ podCidr: "10.244.0.0/25", workers: 0 }),
    text:
      "Pulumi.test.yaml › kind.podCidr: holds no node of /24 each, got `10.244.0.0/25`\n" +
      "  expected room for 1 node, a range of /24 or larger  [settings/cidr-size]",
    nearMiss: kind({ podCidr: "10.244.0.0/24", workers: 0 }),
  },
  {
    title: "pods of AKS lie outside the virtual network",
    refused: aks({ podCidr: "10.240.128.0/17" }),
    text:
      "Pulumi.test.yaml › aks.podCidr: overlaps `aks.vnetCidr`, got `10.240.128.0/17`\n" +
      "  expected an IPv4 range outside `10.240.0.0/16`  [settings/cidr-overlap]",
    nearMiss: aks({ podCidr: "10.241.128.0/17" }),
  },
  {
    title: "Services of AKS lie outside the virtual network and the pods",
    refused: aks({ serviceCidr: "10.240.0.0/13", dnsServiceIp: "10.240.0.10" }),
    text:
      "Pulumi.test.yaml › aks.serviceCidr: overlaps `aks.vnetCidr`, got `10.240.0.0/13`\n" +
      "  expected an IPv4 range outside `10.240.0.0/16`  [settings/cidr-overlap]\n" +
      "\n" +
      "Pulumi.test.yaml › aks.serviceCidr: overlaps `aks.podCidr`, got `10.240.0.0/13`\n" +
      "  expected an IPv4 range outside `10.244.0.0/16`  [settings/cidr-overlap]",
    nearMiss: aks({ serviceCidr: "10.232.0.0/13", dnsServiceIp: "10.232.0.10" }),
  },
  {
    title: "Azure asks for Services in less than a /12",
    refused: aks({ serviceCidr: "10.0.0.0/12" }),
    text:
      "Pulumi.test.yaml › aks.serviceCidr: is too large, got `10.0.0.0/12`\n" +
      "  expected a range from /13 to /28  [settings/cidr-size]",
    nearMiss: aks({ serviceCidr: "10.0.0.0/13" }),
  },
  {
    title: "Azure keeps some ranges for itself",
    refused: aks({ serviceCidr: "172.30.128.0/17", dnsServiceIp: "172.30.128.10" }),
    text:
      "Pulumi.test.yaml › aks.serviceCidr: meets a range that Azure keeps for itself, got `172.30.128.0/17`\n" +
      "  expected an IPv4 range outside `172.30.0.0/16`  [settings/cidr-reserved]",
    nearMiss: aks({ serviceCidr: "172.29.128.0/17", dnsServiceIp: "172.29.128.10" }),
  },
  {
    title: "nodes of AKS lie inside the virtual network",
    refused: aks({ nodeSubnetCidr: "10.239.252.0/22" }),
    text:
      "Pulumi.test.yaml › aks.nodeSubnetCidr: is not inside the virtual network, got `10.239.252.0/22`\n" +
      "  expected a part of `aks.vnetCidr`, `10.240.0.0/16`  [settings/subnet-outside]",
    nearMiss: aks({ nodeSubnetCidr: "10.240.252.0/22" }),
  },
  {
    title: "the egress subnet lies beside that of the nodes",
    refused: aks({ egressSubnetCidr: "10.240.3.224/27", egressPool: { enabled: true } }),
    text:
      "Pulumi.test.yaml › aks.egressSubnetCidr: overlaps `aks.nodeSubnetCidr`, got `10.240.3.224/27`\n" +
      "  expected an IPv4 range outside `10.240.0.0/22`  [settings/cidr-overlap]",
    nearMiss: aks({ egressSubnetCidr: "10.240.3.224/27" }),
  },
  {
    title: "the DNS Service has an address of the Services",
    refused: aks({ dnsServiceIp: "10.1.0.0" }),
    text:
      "Pulumi.test.yaml › aks.dnsServiceIp: is outside the Service range, got `10.1.0.0`\n" +
      "  expected an address inside `10.0.0.0/16` after its first two  [settings/dns-outside]",
    nearMiss: aks({ dnsServiceIp: "10.0.255.254" }),
  },
  {
    title: "the first address of the Services belongs to the API server",
    refused: aks({ dnsServiceIp: "10.0.0.1" }),
    text:
      "Pulumi.test.yaml › aks.dnsServiceIp: belongs to the range itself or to the Service `kubernetes`, got `10.0.0.1`\n" +
      "  expected an address inside `10.0.0.0/16` after its first two  [settings/dns-first]",
    nearMiss: aks({ dnsServiceIp: "10.0.0.2" }),
  },
  {
    title: "every node AKS may have takes a /24 of the pods' range",
    refused: aks({ podCidr: "10.244.0.0/21", systemPool: { maxCount: 4 }, workloadPool: { maxCount: 5 } }),
    text:
      "Pulumi.test.yaml › aks.podCidr: holds 8 nodes of /24 each, got `10.244.0.0/21`\n" +
      "  expected room for 9 nodes, a range of /20 or larger  [settings/cidr-size]",
    nearMiss: aks({ podCidr: "10.244.0.0/21", systemPool: { maxCount: 4 }, workloadPool: { maxCount: 4 } }),
  },
  {
    title: "a subnet of AKS holds its nodes, those of an upgrade and Azure's five addresses",
    refused: aks({
      nodeSubnetCidr: "10.240.0.0/28",
      systemPool: { maxCount: 5 },
      workloadPool: { maxCount: 6 },
    }),
    text:
      "Pulumi.test.yaml › aks.nodeSubnetCidr: holds 11 addresses, got `10.240.0.0/28`\n" +
      "  expected 13 addresses, for the nodes and for those an upgrade adds  [settings/cidr-size]",
    nearMiss: aks({ nodeSubnetCidr: "10.240.0.0/28", systemPool: { maxCount: 5 }, workloadPool: { maxCount: 5 } }),
  },
  {
    title: "a pool has no fewer nodes at most than at least",
    refused: aks({ systemPool: { minCount: 4, maxCount: 3 } }),
    text:
      "Pulumi.test.yaml › aks.systemPool.minCount: is more than `maxCount`, got `4`\n" +
      "  expected at most `3`  [settings/pool-size]",
    nearMiss: aks({ systemPool: { minCount: 3, maxCount: 3 } }),
  },
  {
    title: "pods and Services of somebody else's cluster may not share an address",
    refused: existing({ serviceCidr: "100.64.255.0/24" }),
    text:
      "Pulumi.test.yaml › existing.serviceCidr: overlaps `existing.podCidr`, got `100.64.255.0/24`\n" +
      "  expected an IPv4 range outside `100.64.0.0/16`  [settings/cidr-overlap]",
    nearMiss: existing({ serviceCidr: "100.65.0.0/24" }),
  },
  {
    title: "the pods' range of somebody else's cluster holds its nodes",
    refused: existing({ podCidr: "100.64.0.0/23", nodeCount: 3 }),
    text:
      "Pulumi.test.yaml › existing.podCidr: holds 2 nodes of /24 each, got `100.64.0.0/23`\n" +
      "  expected room for 3 nodes, a range of /22 or larger  [settings/cidr-size]",
    nearMiss: existing({ podCidr: "100.64.0.0/22", nodeCount: 3 }),
  },
];

describe("address ranges", () => {
  for (const { title, refused, text, nearMiss } of cases) {
    it(title, () => {
      assert.equal(told(refused), text);
      assert.equal(told(nearMiss), "nothing");
    });
  }

  it("are counted with both ends", () => {
    assert.equal(overlap("10.0.0.0/24", "10.0.1.0/24"), false);
    assert.equal(overlap("10.0.0.0/23", "10.0.1.0/24"), true);
    assert.equal(overlap("0.0.0.0/0", "255.255.255.255/32"), true);
    assert.equal(contains("10.0.0.0/23", "10.0.1.0/24"), true);
    assert.equal(contains("10.0.1.0/24", "10.0.0.0/23"), false);
    assert.equal(contains("10.0.0.0/24", "10.0.0.0/24"), true);
  });

  it("are parsed, not matched", () => {
    for (const range of ["10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32"]) assert.equal(isIpv4Range(range), true, range);
    for (const range of [
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0/8",
      "10.0.0.1/8",
      "256.0.0.0/8",
      "fd00::/8",
      "010.0.0.0/8",
      "",
    ]) {
      assert.equal(isIpv4Range(range), false, range);
    }
    for (const address of ["10.0.0.1", "0.0.0.0"]) assert.equal(isIpv4Address(address), true, address);
    for (const address of ["10.0.0", "10.0.0.256", "::1", "10.0.0.1/32"])
      assert.equal(isIpv4Address(address), false, address);
  });
});
