/** Workloads: for whom a prober stands, one for each class of workloads of a namespace that no policy tells apart. */
import { portSpace } from "../../policies/reachability/pairs/port-line.ts";
import { connect, type Endpoint, type Matrix, type World } from "../../policies/reachability/index.ts";
import { serviceAccountKey } from "../../policies/reachability/select/labels.ts";

/** What can be probed: SCTP needs a kernel module and a setting of Cilium's. */
export type Transport = "TCP" | "UDP";
export const transports: readonly Transport[] = ["TCP", "UDP"];

export type Ports = Readonly<Record<Transport, readonly number[]>>;

/** One class, called by the first of its members. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly namedPorts: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
  /** Everybody it stands for, itself too. */
  readonly members: readonly string[];
  /** At least one port of each kind that any rule tells from another. */
  readonly ports: Ports;
}

/** A port that hardly any rule names. */
const stranger = 8099;

/** More would make every cell of a large cluster a hundred; what is left out is told. */
export const mostPorts = 12;

export interface Chosen {
  readonly workloads: readonly Workload[];
  /** Ports that what lies outside the cluster has to answer on. */
  readonly outside: Ports;
  /** Of namespaces that the cluster does not have. */
  readonly absent: readonly string[];
  /** Workloads of which not all ports are probed. */
  readonly cut: readonly string[];
}

/** `world` has everybody who may be probed, and what lies outside as the policies tell it apart. */
export function chooseWorkloads(world: World, namespaces: ReadonlySet<string>): Chosen {
  const matrix = connect(world);
  const groups = new Map<string, number[]>();
  const absent: string[] = [];
  for (const [number, members] of matrix.classes.entries()) {
    for (const position of members) {
      const endpoint = world.endpoints[position];
      if (endpoint?.kind !== "pod") continue;
      const [namespace = ""] = endpoint.name.split("/");
      if (!namespaces.has(namespace)) {
        absent.push(endpoint.name);
        continue;
      }
      const key = JSON.stringify([number, namespace, accountOf(endpoint)]);
      groups.set(key, [...(groups.get(key) ?? []), position]);
    }
  }
  const cut: string[] = [];
  const workloads = [...groups.values()].flatMap((members): Workload[] => {
    const [first = -1] = members;
    const endpoint = world.endpoints[first];
    if (endpoint === undefined) return [];
    const ports = portsTo(first, matrix);
    const named = endpoint.ports.flatMap(({ port, protocol }) => (protocol === "TCP" ? [port] : []));
    const all = { TCP: merged([...ports.TCP, ...named]), UDP: ports.UDP };
    if (transports.some((each) => all[each].length > mostPorts)) cut.push(endpoint.name);
    const [namespace = ""] = endpoint.name.split("/");
    return [
      {
        name: endpoint.name,
        namespace,
        labels: Object.fromEntries(endpoint.podLabels ?? []),
        serviceAccount: accountOf(endpoint),
        namedPorts: endpoint.ports.map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
        members: members.map((position) => world.endpoints[position]?.name ?? ""),
        ports: { TCP: all.TCP.slice(0, mostPorts), UDP: all.UDP.slice(0, mostPorts) },
      },
    ];
  });
  const externals = world.endpoints.flatMap(({ kind }, position) => (kind === "external" ? [position] : []));
  const beyond = externals.map((position) => portsTo(position, matrix));
  return {
    workloads: workloads.sort((a, b) => (a.name < b.name ? -1 : 1)),
    outside: {
      TCP: merged(beyond.flatMap(({ TCP }) => TCP)).slice(0, 4 * mostPorts),
      UDP: merged(beyond.flatMap(({ UDP }) => UDP)).slice(0, 4 * mostPorts),
    },
    absent: absent.sort(),
    cut: cut.sort(),
  };
}

/** A pod that names no account runs as this one. */
function accountOf({ labels }: Endpoint): string {
  return labels.get(serviceAccountKey)?.[0]?.value ?? "default";
}

/** The first port of every range that somebody is answered differently on, and one port that nobody names. */
function portsTo(server: number, { world, cell, classes }: Matrix): Ports {
  const found: Record<Transport, Set<number>> = { TCP: new Set([stranger]), UDP: new Set([stranger]) };
  for (const [client] of classes) {
    if (client === undefined) continue;
    if (world.endpoints[client]?.kind !== "pod" && world.endpoints[server]?.kind !== "pod") continue;
    for (const { protocol, first, last } of cell(client, server)) {
      if (protocol !== "TCP" && protocol !== "UDP") continue;
      const [lowest, highest] = boundsOf(protocol);
      if (first > lowest) found[protocol].add(first);
      if (last < highest) found[protocol].add(last + 1);
    }
  }
  return { TCP: merged([...found.TCP]), UDP: merged([...found.UDP]) };
}

function boundsOf(protocol: Transport): readonly [number, number] {
  const space = portSpace.find((each) => each.protocol === protocol);
  // Port 0 cannot be listened on: everything from 0 on is everything.
  return [Math.max(1, space?.first ?? 0), space?.last ?? 65535];
}

function merged(ports: readonly number[]): number[] {
  return [...new Set(ports)].filter((port) => port > 0 && port < 65536).sort((a, b) => a - b);
}
