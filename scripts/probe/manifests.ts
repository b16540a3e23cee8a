/**
 * Manifests: what a run puts into a cluster. A prober bears the very labels of whom it stands for, so that it is the same
 * identity to Cilium, and must be taken for it by nobody else: it is never ready, so no Service of the cluster leads to it,
 * and it has an owner, so no controller adopts it.
 */
import type { Ports, Workload } from "./workloads.ts";
import { transports } from "./workloads.ts";

interface Metadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** As it is written: the client's classes say nothing more. */
export interface Written {
  readonly metadata: Metadata;
}

interface Namespaced extends Written {
  readonly metadata: Metadata & { readonly namespace: string };
}

export interface WrittenPod extends Namespaced {
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly securityContext: object;
    readonly containers: readonly [Readonly<Record<string, unknown>>];
  };
}

export interface WrittenService extends Namespaced {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** On everything of a run. Cilium's label filter drops keys that begin so: no identity changes by it (S8). */
export const runLabel = "annotation.cilium-platform/probe-run";
/** On a prober, its own name: by it its Service finds it. */
const nameLabel = "annotation.cilium-platform/prober";

export interface Image {
  readonly name: string;
  readonly pull: "Never" | "IfNotPresent";
}

export interface Run {
  readonly id: string;
  readonly image: Image;
}

/** Names of a run's objects begin so. */
export function prefixOf({ id }: Run): string {
  return `prober-${id}`;
}

/** Owner of all probers of a namespace: they go with it. */
export function anchor(run: Run, namespace: string): Namespaced {
  return { metadata: { name: prefixOf(run), namespace, labels: { [runLabel]: run.id } } };
}

/** For what has no namespace of its own: pods on the network of their node. */
export function ownNamespace(run: Run): Written {
  return {
    metadata: {
      name: prefixOf(run),
      labels: { [runLabel]: run.id, "pod-security.kubernetes.io/enforce": "privileged" },
    },
  };
}

interface Placed {
  readonly run: Run;
  readonly name: string;
  readonly node: string;
  readonly anchorUid: string;
}

export function workloadPod(
  { namespace, labels, serviceAccount, namedPorts, ports }: Workload,
  { run, name, node, anchorUid }: Placed,
  names: Readonly<Record<string, string>>,
): WrittenPod {
  const pod = proberPod({ run, name, node, anchorUid }, namespace, ports, [
    { name: "PROBER_NAMES", value: JSON.stringify(names) },
  ]);
  const [container] = pod.spec.containers;
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...labels, ...pod.metadata.labels } },
    spec: {
      ...pod.spec,
      serviceAccountName: serviceAccount,
      // Servers of every number are to be stood for, and nobody has to be root for that.
      securityContext: {
        ...pod.spec.securityContext,
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
      },
      containers: [{ ...container, ports: namedPorts.map((port) => ({ ...port })) }],
    },
  };
}

export function nodePod(placed: Placed, ports: Ports): WrittenPod {
  const pod = proberPod(placed, prefixOf(placed.run), ports, [
    // From another of its addresses an answer would be nobody's.
    { name: "PROBER_ADDRESS", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
    { name: "PROBER_TAKEN", value: "skip" },
  ]);
  return { ...pod, spec: { ...pod.spec, hostNetwork: true, dnsPolicy: "Default" } };
}

function proberPod(
  { run, name, node, anchorUid }: Placed,
  namespace: string,
  ports: Ports,
  env: readonly object[],
): WrittenPod {
  return {
    metadata: {
      name,
      namespace,
      labels: { [runLabel]: run.id, [nameLabel]: name },
      ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: prefixOf(run), uid: anchorUid, controller: true }],
    },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // A container that a busy node could not start is started again.
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      // Nobody says so, ever.
      readinessGates: [{ conditionType: "cilium-platform/prober-serves-others" }],
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "prober",
          image: run.image.name,
          imagePullPolicy: run.image.pull,
          command: ["/prober", "serve"],
          env: [
            { name: "PROBER_NAME", value: `${namespace}/${name}` },
            ...transports.map((each) => ({ name: `PROBER_${each}`, value: ports[each].join(",") })),
            ...env,
          ],
          resources: { requests: { cpu: "1m", memory: "16Mi" }, limits: { memory: "64Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

/** The first port that a Service of a run has: no pod's port, so that translation can be told. */
const firstPort = 20001;

/** Two ports of TCP and one of UDP: the ways to them differ by protocol, and not by number. */
export function serviceFor(run: Run, namespace: string, name: string, ports: Ports): WrittenService {
  const chosen = [...ports.TCP.slice(0, 2), ...ports.UDP.slice(0, 1)];
  return {
    metadata: { name, namespace, labels: { [runLabel]: run.id } },
    spec: {
      type: "NodePort",
      selector: { [nameLabel]: name },
      publishNotReadyAddresses: true,
      ports: chosen.map((target, index) => ({
        name: `p${String(index)}`,
        protocol: index < Math.min(2, ports.TCP.length) ? "TCP" : "UDP",
        port: firstPort + index,
        targetPort: target,
      })),
    },
  };
}
