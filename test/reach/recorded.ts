/**
 * Recorded: flows as Hubble prints them, about 1 KB each, of a world's own workloads. Seeded, so that a figure can be had again.
 */
import type { KubernetesObject } from "../bench/reach/generate.ts";
import { seeded } from "../bench/reach/random.ts";

export interface Recording {
  readonly workloads: readonly KubernetesObject[];
  readonly flows: number;
  readonly seed: number;
}

const ports = [8080, 443, 5432, 9090, 53] as const;
const addresses = ["192.0.2.7", "198.51.100.9", "10.1.2.3", "8.8.8.8", "172.20.4.5"] as const;

/** One line each. One in seven is a reply, one in eleven was dropped, one in five goes outside. */
export function* recorded({ workloads, flows, seed }: Recording): Generator<string> {
  const random = seeded(seed);
  for (let number = 0; number < flows; number += 1) {
    const source = workloads[random.below(workloads.length)];
    const destination = workloads[random.below(workloads.length)];
    if (source === undefined || destination === undefined) return;
    const outside = number % 5 === 0 ? addresses[random.below(addresses.length)] : undefined;
    const dropped = number % 11 === 0;
    const reply = number % 7 === 0;
    const time = new Date(Date.UTC(2026, 2, 1) + number * 7).toISOString().replace("Z", "123456Z");
    const port = ports[random.below(ports.length)] ?? 80;
    yield JSON.stringify({
      flow: {
        time,
        uuid: `3f9c1e5a-77aa-4b2c-9d0e-${String(number).padStart(12, "0")}`,
        emitter: { name: "Hubble", version: "1.20.2" },
        verdict: dropped ? "DROPPED" : "FORWARDED",
        ...(dropped ? { drop_reason: 133 } : {}),
        ethernet: { source: "0a:58:0a:f4:01:0f", destination: "0a:58:0a:f4:02:1b" },
        IP: { source: "10.244.1.15", destination: outside ?? "10.244.2.27", ipVersion: "IPv4" },
        l4: { TCP: { source_port: 30000 + random.below(30000), destination_port: port, flags: { SYN: true } } },
        source: party(source, random.below(3)),
        destination:
          outside === undefined
            ? party(destination, random.below(3))
            : { identity: 16777218, labels: [`cidr:${outside}/32`, "reserved:world"] },
        Type: "L3_L4",
        node_name: "kind-kind/kind-worker",
        event_type: dropped ? { type: 1, sub_type: 133 } : { type: 4, sub_type: 3 },
        traffic_direction: "EGRESS",
        ...(dropped
          ? { drop_reason_desc: "POLICY_DENIED" }
          : { trace_observation_point: "TO_STACK", trace_reason: "NEW" }),
        ...(dropped ? {} : { is_reply: reply, interface: { index: 17, name: "lxc2f4a9c3d1e0b" } }),
        Summary: "TCP Flags: SYN",
      },
      node_name: "kind-kind/kind-worker",
      time,
    });
  }
}

/** A pod of the workload; replicas differ in their names. */
function party({ metadata, spec }: KubernetesObject, replica: number): unknown {
  const { name, namespace } = metadata as { readonly name: string; readonly namespace: string };
  const template = spec?.["template"] as
    { readonly metadata?: { readonly labels?: Record<string, string> } } | undefined;
  const labels = Object.entries(template?.metadata?.labels ?? {}).map(([key, value]) => `k8s:${key}=${value}`);
  return {
    ID: 1000 + replica,
    identity: 20000 + name.length * 37,
    cluster_name: "default",
    namespace,
    labels: [...labels, "k8s:io.cilium.k8s.policy.cluster=default", `k8s:io.kubernetes.pod.namespace=${namespace}`],
    pod_name: `${name}-6d5f7c9b8f-x2x4${"bcd"[replica] ?? "b"}`,
    workloads: [{ name, kind: "Deployment" }],
  };
}
