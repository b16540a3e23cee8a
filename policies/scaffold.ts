/**
 * Scaffold: the first version of what a new service needs: its policies on both sides, name resolution, the workloads that are
 * spoken of, and promises with what is nearly them. Pure: who writes files is not known here.
 */
import { nameResolution } from "./baseline/bundle.ts";
import type { BundlePromise, GatewayPods, Manifest } from "./bundle.ts";
import { networkPolicy, peerOf, selectorOf, tcp, type Workload } from "./edges.ts";
import { dataPlane, dataPlaneExample } from "./gateway/bundle.ts";
import { clusterDnsPod, pod, standIn } from "./inventory.ts";
import { namedEgress } from "./named-egress.ts";
import { environmentLabel, gatewayAccessLabel, gatewayNamespace, isolateLabel, present } from "./names.ts";
import type { CiliumNetworkPolicySpec } from "./types/cilium.ts";

/** Another workload, on the other end of an edge. */
export interface Neighbour extends Workload {
  readonly name: string;
  /** `by itself`: nobody said its labels, so those above are the usual ones. */
  readonly labelled: "as said" | "by itself";
}

export interface Service extends Workload {
  readonly name: string;
  /** TCP ports of its containers. */
  readonly ports: readonly number[];
  /** Value of the label `environment` of its namespace. Absent: none. */
  readonly environment?: string;
  /** Who may call all of these ports. */
  readonly callers: readonly Neighbour[];
  /** Whom it may call. */
  readonly calls: readonly (Neighbour & { readonly ports: readonly number[] })[];
  /** What it may reach outside the cluster, by exact name. */
  readonly outside: readonly { readonly name: string; readonly port: number }[];
  /** Host names of its route behind the Gateway. Empty: none. The route leads to the first of its ports. */
  readonly hosts: readonly string[];
  /** Port of the Service before it. */
  readonly servicePort: number;
  /** Namespaces with which it must never meet, whatever else is opened: those of other environments. */
  readonly apart: readonly string[];
}

export interface Scaffold {
  readonly policies: readonly Manifest[];
  /** What the service itself consists of. */
  readonly workloads: readonly Manifest[];
  readonly namespace: Manifest;
  /** Others that the promises speak of, which several services may share. */
  readonly neighbours: readonly Manifest[];
  readonly promises: readonly BundlePromise[];
}

export function scaffold(service: Service, gateway: GatewayPods): Scaffold {
  const routed = service.hosts.length > 0;
  return {
    policies: [
      servicePolicy(service, gateway),
      ...outsidePolicies(service),
      ...service.callers.map((caller) => callerSide(service, caller)),
      ...service.calls.map((called) => calledSide(service, called)),
      ...(routed ? [gatewaySide(service, gateway)] : []),
    ],
    workloads: [deployment(service), ...(service.ports.length === 0 ? [] : [kubernetesService(service)])],
    namespace: {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: service.namespace, labels: namespaceLabels(service) },
      spec: {},
    },
    neighbours: [
      clusterDnsPod,
      ...(routed ? [pod(gatewayNamespace, dataPlaneName, gateway.dataPlaneLabels)] : []),
      ...[...service.callers, ...service.calls].map(neighbourPod),
      ...[service.namespace, ...service.apart].map((namespace) => standIn(namespace, strangerName)),
    ],
    promises: promisesOf(service),
  };
}

/** As the stack has to give them to the namespace. */
export function namespaceLabels({ environment, hosts }: Service): Readonly<Record<string, string>> {
  return {
    [isolateLabel]: present,
    ...(environment === undefined ? {} : { [environmentLabel]: environment }),
    ...(hosts.length > 0 ? { [gatewayAccessLabel]: present } : {}),
  };
}

const dataPlaneName = dataPlaneExample.slice(gatewayNamespace.length + 1);

/** Whoever else is in a namespace. */
const strangerName = "stranger";

function neighbourPod(neighbour: Neighbour & { readonly ports?: readonly number[] }): Manifest {
  return pod(neighbour.namespace, neighbour.name, neighbour.labels, containerPorts(neighbour.ports ?? []));
}

function containerPorts(ports: readonly number[]) {
  return ports.map((port) => ({ name: `tcp-${String(port)}`, containerPort: port }));
}

/** All of its own side in one object. It closes its pods by itself, should nothing else close the namespace. */
function servicePolicy(service: Service, gateway: GatewayPods): Manifest {
  const { name, namespace, callers, calls, hosts, ports } = service;
  const [dns] = nameResolution(namespace, name, {});
  const rules: CiliumNetworkPolicySpec = {
    description: `Who reaches ${name}, and whom it reaches in the cluster.`,
    endpointSelector: selectorOf(service),
    enableDefaultDeny: { ingress: true, egress: true },
    ingress: [
      // Its node reaches it anyhow; without any entry nothing would close it, whatever enableDefaultDeny says.
      ...(callers.length + hosts.length === 0 ? [{ fromEntities: ["host" as const] }] : []),
      ...(callers.length === 0
        ? []
        : [
            {
              fromEndpoints: callers.map((caller) => peerOf(caller, namespace)),
              toPorts: [{ ports: tcp(ports) }],
            },
          ]),
      ...(hosts.length === 0
        ? []
        : [{ fromEndpoints: [peerOf(dataPlane(gateway), namespace)], toPorts: [{ ports: tcp(ports.slice(0, 1)) }] }]),
    ],
    egress: [
      ...((dns?.spec["egress"] ?? []) as NonNullable<CiliumNetworkPolicySpec["egress"]>),
      ...calls.map((called) => ({
        toEndpoints: [peerOf(called, namespace)],
        toPorts: [{ ports: tcp(called.ports) }],
      })),
    ],
  };
  return networkPolicy(namespace, name, rules);
}

/** On 443 the TLS handshake has to ask for the name as well. */
function outsidePolicies(service: Service): readonly Manifest[] {
  const ports = [...new Set(service.outside.map(({ port }) => port))];
  return ports.flatMap((port) =>
    namedEgress({
      name: `${service.name}-outside-${String(port)}`,
      description: `${service.name} reaches these names outside the cluster.`,
      from: service,
      names: service.outside.filter((each) => each.port === port).map(({ name }) => name),
      ports: [port],
      serverName: port === 443 ? "required" : "ignored",
    }),
  );
}

/** A neighbour's side only adds: whether the neighbour is closed is not for this service to say. */
function addedTo(
  { namespace, ...neighbour }: Workload,
  name: string,
  spec: Omit<CiliumNetworkPolicySpec, "endpointSelector" | "enableDefaultDeny">,
): Manifest {
  const { description, ...rules } = spec;
  return networkPolicy(namespace, name, {
    ...(description === undefined ? {} : { description }),
    endpointSelector: selectorOf(neighbour),
    enableDefaultDeny: { ingress: false, egress: false },
    ...rules,
  });
}

function callerSide(service: Service, caller: Neighbour): Manifest {
  return addedTo(caller, `${caller.name}-calls-${service.name}`, {
    description: `${caller.name} may call ${service.name}.`,
    egress: [{ toEndpoints: [peerOf(service, caller.namespace)], toPorts: [{ ports: tcp(service.ports) }] }],
  });
}

function calledSide(service: Service, called: Service["calls"][number]): Manifest {
  return addedTo(called, `${called.name}-called-by-${service.name}`, {
    description: `${service.name} may call ${called.name}.`,
    ingress: [{ fromEndpoints: [peerOf(service, called.namespace)], toPorts: [{ ports: tcp(called.ports) }] }],
  });
}

function gatewaySide(service: Service, gateway: GatewayPods): Manifest {
  return addedTo(dataPlane(gateway), `gateway-to-${service.namespace}.${service.name}`, {
    description: `The gateway may forward to ${service.name}.`,
    egress: [
      { toEndpoints: [peerOf(service, gatewayNamespace)], toPorts: [{ ports: tcp(service.ports.slice(0, 1)) }] },
    ],
  });
}

/** Within the Pod Security Standard `restricted`, and without a token that it does not need. */
function deployment({ name, namespace, labels, ports }: Service): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name,
              image: `registry.invalid/${name}:your-tag`,
              ports: containerPorts(ports),
              resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "128Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  };
}

function kubernetesService({ name, namespace, labels, ports, servicePort }: Service): Manifest {
  const [first, ...rest] = ports;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: {
      selector: labels,
      ports: [
        { name: `tcp-${String(servicePort)}`, port: servicePort, targetPort: first },
        ...rest.map((port) => ({ name: `tcp-${String(port)}`, port, targetPort: port })),
      ],
    },
  };
}

function promisesOf(service: Service): readonly BundlePromise[] {
  const { name, namespace, ports, servicePort, hosts, callers, calls, outside, apart } = service;
  const at = `${namespace}/${name}`;
  const stranger = `${namespace}/${strangerName}`;
  const every = ports.map(String).join(", ");
  const [first] = ports;
  const unnamed = ports.includes(servicePort) ? [] : [servicePort];
  return [
    ...callers.flatMap((caller): BundlePromise[] => {
      const client = `${caller.namespace}/${caller.name}`;
      return [
        { must: `${client} -> ${at} TCP ${every}`, because: `${caller.name} calls ${name}` },
        { never: `${client} -> ${at} UDP ${every}`, because: "what is opened is TCP" },
        ...unnamed.map((port) => ({
          never: `${client} -> ${at} TCP ${String(port)}`,
          because: "that is the port of the Service, which no policy sees",
        })),
      ];
    }),
    ...(hosts.length === 0 || first === undefined
      ? []
      : [
          { must: `${dataPlaneExample} -> ${at} TCP ${String(first)}`, because: "its route leads there" },
          { never: `${dataPlaneExample} -> ${at} UDP ${String(first)}`, because: "what is opened is TCP" },
          ...unnamed.map((port) => ({
            never: `${dataPlaneExample} -> ${at} TCP ${String(port)}`,
            because: "that is the port of the Service, which no policy sees",
          })),
        ]),
    { never: `${stranger} -> ${at}`, because: "sharing a namespace is no permission to call" },
    { never: `world -> ${at}`, because: "what comes from outside comes through the gateway" },
    { must: `host -> ${at} all ports`, because: "the kubelet probes its pods" },
    { must: `${at} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
    { never: `${at} -> kube-system/coredns TCP 9153`, because: "name resolution is all it needs there" },
    ...calls.flatMap((called): BundlePromise[] => {
      const server = `${called.namespace}/${called.name}`;
      const theirs = called.ports.map(String).join(", ");
      return [
        { must: `${at} -> ${server} TCP ${theirs}`, because: `${name} calls ${called.name}` },
        { never: `${at} -> ${server} UDP ${theirs}`, because: "what is opened is TCP" },
      ];
    }),
    { never: `${at} -> ${stranger}`, because: "it calls whom it lists" },
    { never: `${at} -> kube-apiserver`, because: "an application has no business with the API server" },
    ...(outside.length === 0
      ? [{ never: `${at} -> world`, because: "it needs nothing outside the cluster" }]
      : [{ never: `${at} -> not-listed.invalid`, because: "it reaches the names it lists" }]),
    ...outside.flatMap(({ name: host, port }): BundlePromise[] => [
      { must: `${at} -> ${host} TCP ${String(port)}`, because: `${name} needs it` },
      { never: `${at} -> ${host} UDP ${String(port)}`, because: "what is opened is TCP" },
    ]),
    ...apart.flatMap((other): BundlePromise[] => [
      { never: `${at} -> ${other}/*`, because: `${namespace} and ${other} never meet` },
      { never: `${other}/* -> ${at}`, because: `${namespace} and ${other} never meet` },
    ]),
  ];
}
