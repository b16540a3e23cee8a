/**
 * Capacity: whether the ranges hold as many nodes as the stack may have.
 */
import type { Problem } from "../../policies/problems.ts";
import { nodeMaskSize } from "../cilium/values.ts";
import type { Settings } from "../settings.ts";
import { spanOf } from "./ipv4.ts";

/** Azure keeps the first four addresses and the last one of every subnet. */
const keptInSubnet = 5;

export function capacityProblems(settings: Settings, file: string): readonly Problem[] {
  switch (settings.target) {
    case "kwok":
      return [];
    case "kind":
      return podRange("kind.podCidr", settings.kind.podCidr, settings.kind.workers + 1, file);
    case "aks":
      return aksProblems(settings.aks, file);
    case "existing": {
      const { podCidr, nodeCount } = settings.existing;
      return podCidr === undefined ? [] : podRange("existing.podCidr", podCidr, nodeCount, file);
    }
  }
}

function aksProblems(aks: Settings["aks"], file: string): readonly Problem[] {
  const { systemPool, workloadPool, egressPool } = aks;
  const nodes = systemPool.maxCount + (workloadPool.enabled ? workloadPool.maxCount : 0);
  const egress = egressPool.enabled ? egressPool.count : 0;
  return [
    ...podRange("aks.podCidr", aks.podCidr, nodes + egress, file),
    ...subnet("aks.nodeSubnetCidr", aks.nodeSubnetCidr, nodes, file),
    ...(egressPool.enabled ? subnet("aks.egressSubnetCidr", aks.egressSubnetCidr, egress, file) : []),
    ...poolSize("aks.systemPool", systemPool, file),
    ...(workloadPool.enabled ? poolSize("aks.workloadPool", workloadPool, file) : []),
  ];
}

function poolSize(
  setting: string,
  pool: { readonly minCount: number; readonly maxCount: number },
  file: string,
): readonly Problem[] {
  if (pool.minCount <= pool.maxCount) return [];
  return [
    {
      code: "settings/pool-size",
      where: `${file} › ${setting}.minCount`,
      what: `is more than \`maxCount\`, got \`${String(pool.minCount)}\``,
      expected: `at most \`${String(pool.maxCount)}\``,
    },
  ];
}

/** Every node takes one range of {@link nodeMaskSize} out of the pods' range. */
function podRange(setting: string, range: string, nodes: number, file: string): readonly Problem[] {
  const room = 2 ** (nodeMaskSize - spanOf(range).prefix);
  if (nodes <= room) return [];
  return [
    {
      code: "settings/cidr-size",
      where: `${file} › ${setting}`,
      what: `holds ${room < 1 ? "no node" : countOf(room)} of /${String(nodeMaskSize)} each, got \`${range}\``,
      expected: `room for ${countOf(nodes)}, a range of /${String(nodeMaskSize - Math.ceil(Math.log2(nodes)))} or larger`,
    },
  ];
}

function countOf(nodes: number): string {
  return nodes === 1 ? "1 node" : `${String(nodes)} nodes`;
}

/** An upgrade adds a tenth of the nodes, at least one, for a while. */
function subnet(setting: string, range: string, nodes: number, file: string): readonly Problem[] {
  const { first, last } = spanOf(range);
  const room = last - first + 1 - keptInSubnet;
  const needed = nodes + Math.ceil(nodes / 10);
  if (needed <= room) return [];
  return [
    {
      code: "settings/cidr-size",
      where: `${file} › ${setting}`,
      what: `holds ${String(Math.max(room, 0))} addresses, got \`${range}\``,
      expected: `${String(needed)} addresses, for the nodes and for those an upgrade adds`,
    },
  ];
}
