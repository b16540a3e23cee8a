/**
 * Networks: address ranges that must not meet, must lie in one another, or belong to somebody else.
 */
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { contains, numberOf, overlap, spanOf } from "./ipv4.ts";

/** One range and the setting that names it. */
interface RangeUse {
  readonly setting: string;
  readonly range: string;
}

/** Ranges Azure keeps for itself: {@link https://learn.microsoft.com/azure/aks/configure-azure-cni#plan-ip-addressing-for-your-cluster} */
const keptByAzure = ["169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"];

/** Everything wrong with the ranges of the stack's target. */
export function networkProblems(settings: Settings, file: string): readonly Problem[] {
  switch (settings.target) {
    case "kwok":
      return [];
    case "kind":
      return kindProblems(settings.kind, file);
    case "aks":
      return aksProblems(settings.aks, file);
    case "existing": {
      const { podCidr, serviceCidr } = settings.existing;
      return podCidr === undefined || serviceCidr === undefined
        ? []
        : meeting(use("existing.podCidr", podCidr), use("existing.serviceCidr", serviceCidr), file);
    }
  }
}

function kindProblems(kind: Settings["kind"], file: string): readonly Problem[] {
  const services = use("kind.serviceCidr", kind.serviceCidr);
  return [
    ...meeting(use("kind.podCidr", kind.podCidr), services, file),
    // The API server takes no larger range, and kubeadm gives DNS the tenth address.
    ...sized(services, 12, 28, file),
  ];
}

function aksProblems(aks: Settings["aks"], file: string): readonly Problem[] {
  const pods = use("aks.podCidr", aks.podCidr);
  const services = use("aks.serviceCidr", aks.serviceCidr);
  const vnet = use("aks.vnetCidr", aks.vnetCidr);
  const nodes = use("aks.nodeSubnetCidr", aks.nodeSubnetCidr);
  const egress = use("aks.egressSubnetCidr", aks.egressSubnetCidr);
  return [
    ...meeting(vnet, pods, file),
    ...meeting(vnet, services, file),
    ...meeting(pods, services, file),
    ...[pods, services, vnet].flatMap((own) => kept(own, file)),
    ...outside(vnet, nodes, file),
    ...(aks.egressPool.enabled ? [...outside(vnet, egress, file), ...meeting(nodes, egress, file)] : []),
    // Azure asks for less than a /12.
    ...sized(services, 13, 28, file),
    ...dnsProblems(aks, file),
  ];
}

function dnsProblems(aks: Settings["aks"], file: string): readonly Problem[] {
  const address = numberOf(aks.dnsServiceIp);
  const { first, last } = spanOf(aks.serviceCidr);
  const where = `${file} › aks.dnsServiceIp`;
  const expected = `an address inside \`${aks.serviceCidr}\` after its first two`;
  if (address < first || address > last) {
    return [
      {
        code: "settings/dns-outside",
        where,
        what: `is outside the Service range, got \`${aks.dnsServiceIp}\``,
        expected,
      },
    ];
  }
  if (address <= first + 1) {
    const what = `belongs to the range itself or to the Service \`kubernetes\`, got \`${aks.dnsServiceIp}\``;
    return [{ code: "settings/dns-first", where, what, expected }];
  }
  return [];
}

function use(setting: string, range: string): RangeUse {
  return { setting, range };
}

/** A problem, told at `second`, if the two share an address. */
function meeting(first: RangeUse, second: RangeUse, file: string): readonly Problem[] {
  if (!overlap(first.range, second.range)) return [];
  return [
    {
      code: "settings/cidr-overlap",
      where: `${file} › ${second.setting}`,
      what: `overlaps \`${first.setting}\`, got \`${second.range}\``,
      expected: `an IPv4 range outside \`${first.range}\``,
    },
  ];
}

function kept(own: RangeUse, file: string): readonly Problem[] {
  return keptByAzure
    .filter((range) => overlap(range, own.range))
    .map((range) => ({
      code: "settings/cidr-reserved",
      where: `${file} › ${own.setting}`,
      what: `meets a range that Azure keeps for itself, got \`${own.range}\``,
      expected: `an IPv4 range outside \`${range}\``,
    }));
}

function outside(vnet: RangeUse, subnet: RangeUse, file: string): readonly Problem[] {
  if (contains(vnet.range, subnet.range)) return [];
  return [
    {
      code: "settings/subnet-outside",
      where: `${file} › ${subnet.setting}`,
      what: `is not inside the virtual network, got \`${subnet.range}\``,
      expected: `a part of \`${vnet.setting}\`, \`${vnet.range}\``,
    },
  ];
}

/** Both ends included. */
function sized(own: RangeUse, largest: number, smallest: number, file: string): readonly Problem[] {
  const { prefix } = spanOf(own.range);
  if (prefix >= largest && prefix <= smallest) return [];
  return [
    {
      code: "settings/cidr-size",
      where: `${file} › ${own.setting}`,
      what: `is too ${prefix < largest ? "large" : "small"}, got \`${own.range}\``,
      expected: `a range from /${String(largest)} to /${String(smallest)}`,
    },
  ];
}
