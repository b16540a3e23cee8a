/**
 * aksPools: which node pools a cluster has, and what each of them takes.
 *
 * Azure wants one system pool inside the cluster; the others are resources of their own, because inline pools cannot be
 * changed afterwards.
 */
import { egressGatewayLabel, present } from "../../policies/names.ts";
import type { Settings } from "../settings.ts";

export interface AksPool {
  /** Azure allows 12 lower-case letters and digits. */
  readonly name: "system" | "workload" | "egress";
  readonly mode: "System" | "User";
  readonly subnet: "nodes" | "egress";
  readonly vmSize: string;
  readonly osDiskGb: number;
  /** Number of nodes: fixed where both are the same. */
  readonly minCount: number;
  readonly maxCount: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
}

/** The system pool first. */
export function aksPools(aks: Settings["aks"]): readonly [AksPool, ...AksPool[]] {
  const { systemPool, workloadPool, egressPool } = aks;
  return [
    {
      ...sized(systemPool),
      name: "system",
      mode: "System",
      subnet: "nodes",
      labels: {},
      // The platform's add-ons are not Azure's critical ones: closed to them, the system pool alone would leave them
      // nowhere to run.
      taints: workloadPool.enabled ? ["CriticalAddonsOnly=true:NoSchedule"] : [],
    },
    ...(workloadPool.enabled
      ? [{ ...sized(workloadPool), name: "workload", mode: "User", subnet: "nodes", labels: {}, taints: [] } as const]
      : []),
    ...(egressPool.enabled ? [egress(egressPool)] : []),
  ];
}

function sized(pool: Settings["aks"]["systemPool"]): Pick<AksPool, "vmSize" | "osDiskGb" | "minCount" | "maxCount"> {
  const { vmSize, osDiskGb, minCount, maxCount } = pool;
  return { vmSize, osDiskGb, minCount, maxCount };
}

/** A fixed number of nodes: an egress policy names the node it leaves through, so they must not come and go. */
function egress(pool: Settings["aks"]["egressPool"]): AksPool {
  return {
    name: "egress",
    mode: "User",
    subnet: "egress",
    vmSize: pool.vmSize,
    osDiskGb: pool.osDiskGb,
    minCount: pool.count,
    maxCount: pool.count,
    labels: { [egressGatewayLabel]: present },
    // Nothing but the traffic of others passes here. Cilium's agent tolerates every taint.
    taints: [`${egressGatewayLabel}=${present}:NoSchedule`],
  };
}

/** The fields a pool has wherever it stands, inside the cluster or as a resource of its own. */
export function poolFields(pool: AksPool, aks: Settings["aks"]) {
  return {
    mode: pool.mode,
    type: "VirtualMachineScaleSets",
    osType: "Linux",
    osSKU: "Ubuntu",
    vmSize: pool.vmSize,
    osDiskType: "Ephemeral",
    osDiskSizeGB: pool.osDiskGb,
    count: pool.minCount,
    ...(pool.minCount === pool.maxCount
      ? { enableAutoScaling: false }
      : { enableAutoScaling: true, minCount: pool.minCount, maxCount: pool.maxCount }),
    // Below the 254 addresses of the /24 that Cilium gives each node.
    maxPods: 110,
    ...(aks.zones.length === 0 ? {} : { availabilityZones: [...aks.zones] }),
    nodeLabels: { ...pool.labels },
    nodeTaints: [...pool.taints],
    enableEncryptionAtHost: aks.encryptionAtHost,
    securityProfile: { sshAccess: "Disabled" },
    upgradeSettings: { maxSurge: "10%", drainTimeoutInMinutes: 30, nodeSoakDurationInMinutes: 1 },
  };
}
