/** Cells: every connection that is tried, with what the engine predicts of it. Pure: who stands where is handed in. */
import { decide, type Verdict, type World } from "../../policies/reachability/index.ts";
import type { L7Element, Side, Traffic } from "../../policies/reachability/model.ts";
import { matchesName } from "../../policies/reachability/select/dns-names.ts";
import type { Ports, Transport } from "./workloads.ts";
import { transports } from "./workloads.ts";

/** A prober that runs, and who it is to policies. */
export interface Prober {
  /** Of the pod or container: `dev/prober-3-a`. */
  readonly id: string;
  /** Who it stands for: `dev/example`, `the node kind-worker`, `outside`. */
  readonly as: string;
  readonly kind: "pod" | "node" | "outside";
  /** Name of its node; empty outside. */
  readonly node: string;
  readonly address: string;
  /** It listens on these. */
  readonly ports: Ports;
  /** Whether it asks as well as answers. */
  readonly asks: "yes" | "no";
  /** The Service before it. */
  readonly service?: ProbeService;
  /** What it is known by outside, where that is a name. */
  readonly fqdn?: string;
}

export interface ProbeService {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly protocol: Transport;
    readonly port: number;
    /** The pod's. */
    readonly target: number;
    readonly nodePort: number;
  }[];
}

/** What the prober is told of one destination; `id` is given when it is asked. */
export interface Destination {
  readonly protocol: Transport;
  readonly address: string;
  readonly port: number;
  readonly tries: number;
  /** Milliseconds for each try. */
  readonly wait: number;
  readonly host?: string;
  readonly resolver?: string;
  readonly speaks: "dns" | "connect";
  readonly question?: string;
}

export type Way =
  "pod IP" | "Service address" | "Service name" | "NodePort" | "node" | "outside" | "name" | "API server";

/** `turned-away`: a proxy answers that it may not be asked. */
export type Expected = "allowed" | "denied" | "turned-away" | "unknown";

export interface Cell {
  readonly from: Prober;
  readonly to: string;
  readonly way: Way;
  readonly where: "same node" | "across nodes" | "outside";
  /** What policy sees. */
  readonly traffic: Traffic;
  readonly destination: Destination;
  readonly expected: Expected;
  /** Who must answer; absent where no prober of ours does. */
  readonly answers?: string;
}

export interface Surroundings {
  /** Everybody under the name that `nameFrom` gives. */
  readonly world: World;
  readonly probers: readonly Prober[];
  readonly nodes: readonly ProbeNode[];
  readonly kubeProxy: "replaced" | "runs";
  readonly routing: "tunnel" | "native";
  readonly apiServers: readonly { readonly address: string; readonly port: number; readonly node?: string }[];
  /** Whether the cluster has a DNS of its own that answers. */
  readonly clusterDns: "answers" | "absent";
}

export interface ProbeNode {
  readonly name: string;
  readonly address: string;
  readonly apiServer: "here" | "elsewhere";
}

export interface Planned {
  readonly cells: readonly Cell[];
  /** Kinds of cells that are not probed, with the reason and how many. */
  readonly omitted: readonly { readonly what: string; readonly cells: number }[];
}

/** What a node is called in the world, seen from a pod on the same node or on another. */
export function nodeSeen(node: ProbeNode, from: string): string {
  const place = node.name === from ? "host" : "remote-node";
  return node.apiServer === "here" ? `${place} with the API server` : place;
}

const anyQuestion = "who.probe.invalid";
const unasked = "nobody-asks-for-this.probe.invalid";

/** All cells. Cells that are not probed are counted by their reason. */
export function planCells(surroundings: Surroundings): Planned {
  const plan = new Plan(surroundings);
  const clients = surroundings.probers.filter(({ asks }) => asks === "yes");
  for (const client of clients) {
    for (const server of surroundings.probers) plan.pair(client, server);
    plan.apiServers(client);
  }
  return { cells: plan.cells, omitted: [...plan.omitted].map(([what, cells]) => ({ what, cells })) };
}

class Plan {
  readonly cells: Cell[] = [];
  readonly omitted = new Map<string, number>();
  readonly #given: Surroundings;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #resolvers: readonly Prober[];

  constructor(given: Surroundings) {
    this.#given = given;
    this.#positions = new Map(given.world.endpoints.map(({ name }, position) => [name, position]));
    this.#resolvers = given.probers.filter(
      ({ as, kind }) => kind === "pod" && as.startsWith("kube-system/") && this.#isClusterDns(as),
    );
  }

  pair(client: Prober, server: Prober): void {
    if (client.id === server.id) return;
    switch (server.kind) {
      case "pod":
        // Outside has no route to pods.
        if (client.kind !== "outside") this.#ports(client, server, "pod IP");
        this.#service(client, server);
        return;
      case "node":
        if (client.kind === "pod") this.#ports(client, server, "node");
        return;
      case "outside":
        if (client.kind === "pod") this.#ports(client, server, server.fqdn === undefined ? "outside" : "name");
    }
  }

  apiServers(client: Prober): void {
    if (client.kind !== "pod") return;
    for (const { address, port, node } of this.#given.apiServers) {
      const found = this.#given.nodes.find(({ name }) => name === node);
      const to = found === undefined ? "the API server outside" : nodeSeen(found, client.node);
      this.#add({
        client,
        to,
        way: "API server",
        protocol: "TCP",
        dialed: port,
        target: port,
        address,
        speaks: "connect",
      });
    }
  }

  #ports(client: Prober, server: Prober, way: Way): void {
    for (const protocol of transports) {
      for (const port of server.ports[protocol]) {
        const to = this.#seen(server, client);
        const common = {
          client,
          server,
          to,
          way,
          protocol,
          dialed: port,
          target: port,
          address: server.address,
        } as const;
        if (way !== "name") this.#add({ ...common, speaks: "dns" });
        else {
          const resolver = this.#resolverFor(client, server.fqdn ?? "");
          // An address whose name nobody asked for is like any other.
          if (resolver === undefined) this.#omit("names that the workload may not ask for");
          else this.#add({ ...common, speaks: "dns", host: server.fqdn ?? "", resolver });
        }
      }
    }
  }

  #service(client: Prober, server: Prober): void {
    const { service } = server;
    if (service === undefined) return;
    const { nodes, kubeProxy } = this.#given;
    for (const [index, { protocol, port, target, nodePort }] of service.ports.entries()) {
      const to = server.as;
      const common = { client, server, to, protocol, target, speaks: "dns" } as const;
      if (client.kind !== "outside") {
        const host = `${service.name}.${service.namespace}.svc.cluster.local.`;
        const byName = client.kind === "pod" && index === 0 && this.#asksClusterDns(client, host);
        this.#add({
          ...common,
          way: byName ? "Service name" : "Service address",
          dialed: port,
          address: service.clusterIP,
          ...(byName ? { host } : {}),
        });
      }
      for (const node of nodes) {
        const seen = { ...common, way: "NodePort", dialed: nodePort, address: node.address } as const;
        if (client.kind === "outside") this.#fromOutside(seen, server, node);
        else if (client.kind === "pod" && index === 0 && node.name !== client.node) {
          // kube-proxy translates behind the policy of the client, and before that of the server.
          if (kubeProxy === "runs")
            this.#omit("NodePorts from inside, which kube-proxy translates behind egress policy");
          else this.#add(seen);
        }
      }
    }
  }

  /** As whom it arrives: as itself where it comes in on the pod's own node, else as the routing makes it (trap 18). */
  #fromOutside(seen: Omit<Wanted, "to"> & { readonly to: string }, server: Prober, node: ProbeNode): void {
    const { kubeProxy, routing, nodes } = this.#given;
    if (kubeProxy === "runs") {
      // It hides the client behind the node that the connection came in at.
      const from = nodeSeen(node, server.node);
      this.#add(seen, from);
      return;
    }
    if (node.name === server.node) this.#add(seen);
    else if (routing === "tunnel") this.#add(seen, this.#positions.has("world") ? "world" : undefined);
    else this.#add(seen, nodeSeen(nodes.find(({ name }) => name === node.name) ?? node, server.node));
  }

  /** `as`: who the client is to the server, where that is not itself. */
  #add(wanted: Wanted, as?: string): void {
    const { client, server, to, way, protocol, dialed, target, address, speaks, host, resolver } = wanted;
    const from = this.#positions.get(as ?? this.#seenBy(client, server));
    const toPosition = this.#positions.get(to);
    if (from === undefined || toPosition === undefined)
      throw new RangeError(`not in the world: ${as ?? client.as} or ${to}`);
    const traffic: Traffic = { from, to: toPosition, protocol, port: target };
    const verdict = decide(traffic, this.#given.world);
    const asked = askedOf(verdict);
    if (typeof asked === "string") {
      this.#omit(asked);
      return;
    }
    const cell = (expected: Expected, question: string): Cell => ({
      from: client,
      to: server?.as ?? to,
      way,
      where: this.#where(client, server),
      traffic,
      destination: {
        protocol,
        address,
        port: dialed,
        tries: expected === "denied" ? 2 : 3,
        wait: 1000,
        speaks,
        ...(speaks === "dns" ? { question } : {}),
        ...(host === undefined ? {} : { host }),
        ...(resolver === undefined ? {} : { resolver }),
      },
      expected,
      ...(speaks === "connect" || server === undefined ? {} : { answers: server.id }),
    });
    if (verdict.outcome !== "allowed") this.cells.push(cell(verdict.outcome, anyQuestion));
    else {
      this.cells.push(cell("allowed", asked.question));
      if (asked.refused !== undefined && way === "pod IP") this.cells.push(cell("turned-away", asked.refused));
    }
  }

  #where(client: Prober, server: Prober | undefined): Cell["where"] {
    if (client.kind === "outside" || server === undefined || server.kind === "outside") return "outside";
    return client.node === server.node ? "same node" : "across nodes";
  }

  /** Who a server is to a client. */
  #seen(server: Prober, client: Prober): string {
    if (server.kind !== "node") return server.as;
    const node = this.#given.nodes.find(({ name }) => name === server.node);
    return node === undefined ? "remote-node" : nodeSeen(node, client.node);
  }

  #seenBy(client: Prober, server: Prober | undefined): string {
    return server === undefined ? client.as : this.#seen(client, server);
  }

  #omit(what: string): void {
    this.omitted.set(what, (this.omitted.get(what) ?? 0) + 1);
  }

  #isClusterDns(name: string): boolean {
    const { endpoints } = this.#given.world;
    return endpoints.some((each) => each.name === name && each.podLabels?.get("k8s-app") === "kube-dns");
  }

  /** Address and port of a prober that stands for the cluster's DNS and may be asked for this name. */
  #resolverFor(client: Prober, name: string): string | undefined {
    const found = this.#resolvers.find((each) => each.id !== client.id && this.#mayAsk(client, each.as, name));
    return found === undefined ? undefined : `${found.address}:53`;
  }

  #asksClusterDns(client: Prober, name: string): boolean {
    if (this.#given.clusterDns === "absent") return false;
    const [first] = this.#resolvers;
    return first !== undefined && this.#mayAsk(client, first.as, name);
  }

  #mayAsk(client: Prober, server: string, name: string): boolean {
    const from = this.#positions.get(client.as);
    const to = this.#positions.get(server);
    if (from === undefined || to === undefined) return false;
    const { outcome, egress, ingress } = decide({ from, to, protocol: "UDP", port: 53 }, this.#given.world);
    return outcome === "allowed" && [egress, ingress].every((side) => passes(side, name));
  }
}

interface Wanted {
  readonly client: Prober;
  /** Absent: somebody who is no prober. */
  readonly server?: Prober;
  /** Who is asked, as the world calls it. */
  readonly to: string;
  readonly way: Way;
  readonly protocol: Transport;
  readonly dialed: number;
  /** The port that policy sees. */
  readonly target: number;
  readonly address: string;
  readonly speaks: Destination["speaks"];
  readonly host?: string;
  readonly resolver?: string;
}

/** Names that pass an element, or `all` of them; undefined where it asks for something else. */
function patternsOf(element: L7Element): readonly string[] | "all" | undefined {
  if (element.kind === "anything" || element.by.kind === "none") return "all";
  if (element.by.kind !== "dns") return undefined;
  return element.by.rules.flatMap((rule) => {
    const { matchName, matchPattern } = JSON.parse(rule) as { matchName?: string; matchPattern?: string };
    return [matchName, matchPattern].filter((each) => each !== undefined);
  });
}

function passes({ l7 }: Side, name: string): boolean {
  if (l7.length === 0) return true;
  return l7.some((element) => {
    const patterns = patternsOf(element);
    return patterns === "all" || patterns?.some((pattern) => matchesName({ pattern }, name)) === true;
  });
}

/** A question that passes both sides, and one that a proxy turns away if it looks at questions; or why none is known. */
function askedOf({
  outcome,
  egress,
  ingress,
}: Verdict): { readonly question: string; readonly refused?: string } | string {
  if (outcome !== "allowed") return { question: anyQuestion };
  const sides = [egress, ingress];
  if (sides.some(({ authentication }) => authentication === "required" || authentication === "test-always-fail")) {
    return "connections that wait for a handshake of mesh authentication";
  }
  const elements = sides.flatMap(({ l7 }) => l7);
  if (elements.some((element) => patternsOf(element) === undefined)) return "HTTP and TLS, which Envoy looks at";
  const written = elements.flatMap((element) => {
    const patterns = patternsOf(element);
    return patterns === undefined || patterns === "all" ? [] : patterns;
  });
  const candidates = [anyQuestion, ...written.map((pattern) => pattern.replace(/\*+/g, "any").replace(/\.$/, ""))];
  const question = candidates.find((name) => sides.every((side) => passes(side, name)));
  if (question === undefined) return "DNS rules of which no name passes both sides";
  return sides.every((side) => passes(side, unasked)) ? { question } : { question, refused: unasked };
}
