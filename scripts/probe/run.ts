/**
 * Run: one live matrix, from reading the cluster to taking away what was put into it. Whatever happens in between, it is
 * taken away.
 */
import { randomBytes } from "node:crypto";

import type { V1Pod, V1Service } from "@kubernetes/client-node";

import { ProblemsError, UserError } from "../../policies/problems.ts";
import { explain, explanationText, outsideOf, readWorld, withExternals } from "../../policies/reachability/index.ts";
import type { Manifest, Origin, World } from "../../policies/reachability/index.ts";
import { re2Error } from "../../policies/reachability/judge/re2.ts";
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { positionsOf, unknownName } from "../../policies/reachability/report/selection.ts";
import { exitOfProber, lineFor, readLines, secondsFor } from "./asking.ts";
import {
  nodeSeen,
  planCells,
  type Cell,
  type Planned,
  type Prober,
  type ProbeNode,
  type ProbeService,
} from "./cells.ts";
import { ProbedCluster, selectorOf, withPolicies, type ClusterNode, type ClusterState } from "./cluster.ts";
import { judge, type Judged, type Seen } from "./compare.ts";
import { evidenceOf } from "./evidence.ts";
import { loadImage } from "./image.ts";
import { nodePod, prefixOf, serviceFor, workloadPod, type Image, type Run } from "./manifests.ts";
import { needsEnvoy, type EnvoyRule } from "./envoy.ts";
import { askOutside, engineAnswers, kindClusterOf, removeOutside, startOutside, type KindCluster } from "./outside.ts";
import { missingOfRealized, type AgentState, type Awaited } from "./realized.ts";
import { chooseWorkloads, type Chosen, type Ports, type Workload } from "./workloads.ts";
import { until } from "./until.ts";

export interface ProbeOptions {
  readonly kubeconfig: string;
  /** Whom a stack knows besides the pods that run. */
  readonly workloads: readonly Manifest[];
  /** An image that the nodes can pull. Absent: built here and loaded, where the cluster is one of kind's. */
  readonly image?: string;
  /** Only these workloads, as `reach --focus` takes names. Empty: all. */
  readonly focus: readonly string[];
  /** Judged instead of the cluster's policies. */
  readonly policies?: readonly Manifest[];
  /** `file:line` of a rule. */
  readonly place: (origin: Origin) => string | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Difference {
  readonly judged: Judged;
  /** What was seen when it was probed again. */
  readonly again?: Seen;
  readonly explanation: string;
  /** Flows as Hubble has them, in one line each. */
  readonly evidence: readonly string[];
}

export interface ProbeReport {
  readonly cilium: string;
  readonly nodes: number;
  readonly workloads: readonly { readonly name: string; readonly members: readonly string[] }[];
  readonly outside: number;
  readonly judged: readonly Judged[];
  readonly differences: readonly Difference[];
  /** Different at first, and as predicted when probed again. */
  readonly late: readonly Judged[];
  /** What is not probed, with the reason. */
  readonly omitted: readonly string[];
  readonly seconds: {
    readonly deploy: number;
    readonly realize: number;
    readonly probe: number;
    readonly remove: number;
  };
}

/** Nobody outside may hold up a run for longer. */
const waits = { running: 180, realized: 180, gone: 120 } as const;

export async function probeCluster(options: ProbeOptions): Promise<ProbeReport> {
  const cluster = await ProbedCluster.at(options.kubeconfig);
  const state = await cluster.state();
  const prober = new ProbeRun(options, cluster, state);
  try {
    return await prober.go();
  } finally {
    await prober.remove();
  }
}

const mostRestarts = 3;

const seconds = (since: number): number => (Date.now() - since) / 1000;

class ProbeRun {
  readonly #options: ProbeOptions;
  readonly #cluster: ProbedCluster;
  readonly #state: ClusterState;
  readonly #believed: ClusterState;
  readonly #id = randomBytes(3).toString("hex");
  readonly #omitted: string[] = [];
  #workloads: ReadonlyMap<string, Workload> = new Map();
  #made: { readonly run: Run; readonly engine?: KindCluster } | undefined;

  constructor(options: ProbeOptions, cluster: ProbedCluster, state: ClusterState) {
    this.#options = options;
    this.#cluster = cluster;
    this.#state = state;
    this.#believed = options.policies === undefined ? state : withPolicies(state, options.policies);
  }

  async go(): Promise<ProbeReport> {
    const { say } = this.#options;
    const nodes = this.#nodes();
    const { world: known } = this.#read([...this.#options.workloads.map(({ object }) => object), ...this.#state.pods]);
    await this.#refuseWithoutEnvoy(needsEnvoy(known.rules));
    const chosen = this.#focused(
      chooseWorkloads(withExternals(known, outsideOf(known.rules)), this.#state.namespaces),
      known,
    );
    this.#tellChosen(chosen);
    this.#workloads = new Map(chosen.workloads.map((each) => [each.name, each]));
    if (chosen.workloads.length === 0)
      throw new UserError("no workload to stand for: no pod runs and the stack knows of none");
    const kind = kindClusterOf(this.#state.nodes);
    const engine = kind !== undefined && (await engineAnswers(kind.engine)) ? kind : undefined;
    if (engine === undefined) this.#omitted.push("outside: no container engine with kind's network is at hand");
    const image = await this.#image(nodes, engine);
    const run: Run = { id: this.#id, image };
    this.#made = { run, ...(engine === undefined ? {} : { engine }) };

    const deploying = Date.now();
    const spread = spreadOver(nodes);
    const count = chosen.workloads.length * spread.length + nodes.length;
    say(`${String(count)} probers for ${String(chosen.workloads.length)} workloads on ${String(nodes.length)} nodes`);
    const names = fqdnsOf(known);
    const outside = engine === undefined ? [] : await this.#outside(engine, run, names, chosen.outside);
    const placed = await this.#deploy(run, chosen, nodes, outside);
    const deployed = seconds(deploying);

    const realizing = Date.now();
    await this.#untilRealized(placed);
    const realized = seconds(realizing);

    const world = this.#worldOf(placed, outside, nodes);
    const planned = this.#plan(world, [...placed, ...outside], nodes);
    for (const { what, cells } of planned.omitted) this.#omitted.push(`${String(cells)} cells: ${what}`);
    say(`${String(planned.cells.length)} cells`);
    const probing = Date.now();
    const judged = await this.#ask(planned.cells, engine);
    const probed = seconds(probing);

    const { differences, late } = await this.#again(judged, world, engine, placed);
    const removing = Date.now();
    await this.remove();
    return {
      cilium: known.cilium,
      nodes: nodes.length,
      workloads: chosen.workloads.map(({ name, members }) => ({ name, members })),
      outside: outside.length,
      judged,
      differences,
      late,
      omitted: this.#omitted,
      seconds: { deploy: deployed, realize: realized, probe: probed, remove: seconds(removing) },
    };
  }

  /** Once, whoever asks. */
  async remove(): Promise<void> {
    const made = this.#made;
    if (made === undefined) return;
    const selector = selectorOf(made.run);
    await Promise.all([
      ...(made.engine === undefined ? [] : [removeOutside(made.engine.engine, made.run)]),
      until(
        "what the run made is still there",
        { seconds: waits.gone, signal: new AbortController().signal },
        async () => {
          const left = await this.#cluster.remove(selector);
          return left.length === 0 ? undefined : left.slice(0, 5).join(", ");
        },
      ),
    ]);
    this.#made = undefined;
  }

  #nodes(): readonly ClusterNode[] {
    const nodes = this.#state.nodes.filter(({ ready, name }) => ready === "yes" && this.#state.agents.has(name));
    if (nodes.length === 0) throw new UserError("no node is Ready with an agent of Cilium: nothing is enforced here");
    const unready = this.#state.nodes.filter((node) => !nodes.includes(node)).map(({ name }) => name);
    if (unready.length > 0) this.#omitted.push(`nodes that are not Ready, or without an agent: ${unready.join(", ")}`);
    return nodes;
  }

  /** The world of these pods under the policies that are believed to hold. */
  #read(pods: readonly Fields[]): { readonly world: World } {
    const byName = new Map<string, Fields>();
    for (const object of [...pods, ...this.#believed.objects]) byName.set(nameOf(object), object);
    const manifests = [...byName.values()].map((object) => ({ object }));
    return readWorld({
      manifests,
      externals: [],
      names: "as learned",
      apiServer: "on another node",
      expressionError: re2Error,
    });
  }

  async #refuseWithoutEnvoy(rules: readonly EnvoyRule[]): Promise<void> {
    if (rules.length === 0) return;
    const [agent] = [...this.#state.agents.values()];
    const envoy = this.#state.pods.some((pod) => labelsOf(pod)["k8s-app"] === "cilium-envoy");
    if (envoy || agent === undefined) return;
    const embedded = await this.#cluster.executeInAgent(agent, ["ls", "/usr/bin/cilium-envoy"]);
    if (embedded.code === 0) return;
    const told = rules.map(({ text }) => `  ${text}`).join("\n");
    throw new UserError(
      "no Envoy runs here, and rules that need one fail open: the pods that they select keep an earlier policy, also for " +
        `rules that have nothing to do with it\n${told}\n  fix: take these policies away, or let Cilium run Envoy`,
    );
  }

  #focused(chosen: Chosen, world: World): Chosen {
    const { focus } = this.#options;
    if (focus.length === 0) return chosen;
    const problems = focus.flatMap((pattern) =>
      positionsOf(pattern, world.endpoints).length === 0 ? [unknownName("--focus", pattern, world)] : [],
    );
    if (problems.length > 0) throw new ProblemsError(problems);
    const names = new Set(
      focus.flatMap((pattern) => positionsOf(pattern, world.endpoints)).map((at) => world.endpoints[at]?.name ?? ""),
    );
    const workloads = chosen.workloads.filter(({ members }) => members.some((name) => names.has(name)));
    return { ...chosen, workloads, absent: [], cut: chosen.cut.filter((name) => names.has(name)) };
  }

  #tellChosen({ absent, cut }: Chosen): void {
    if (absent.length > 0)
      this.#omitted.push(`workloads of namespaces that the cluster does not have: ${absent.join(", ")}`);
    if (cut.length > 0) this.#omitted.push(`not all ports of: ${cut.join(", ")}`);
    this.#omitted.push("SCTP: needs a module of the kernel and a setting of Cilium's");
  }

  async #image(nodes: readonly ClusterNode[], engine: KindCluster | undefined): Promise<Image> {
    const { image } = this.#options;
    if (image !== undefined) return { name: image, pull: "IfNotPresent" };
    if (engine !== undefined) return await loadImage(engine, nodes, "load");
    throw new UserError(
      "no image of the prober: only kind's nodes take one from here\n" +
        "  fix: build tools/prober, push it to a registry that the nodes pull from, and say --image <its name>",
    );
  }

  async #outside(engine: KindCluster, run: Run, names: readonly string[], ports: Ports): Promise<readonly Prober[]> {
    const wanted = [
      { id: `outside/${prefixOf(run)}`, as: "outside" },
      ...names.map((fqdn) => ({ id: `outside/${fqdn}`, as: fqdn, fqdn })),
    ];
    const containers = await startOutside(engine, run, wanted, ports);
    return wanted.map(({ id, as, ...more }, index): Prober => ({
      id,
      as,
      kind: "outside",
      node: "",
      address: containers[index]?.address ?? "",
      ports,
      asks: index === 0 ? "yes" : "no",
      ...("fqdn" in more ? { fqdn: more.fqdn } : {}),
    }));
  }

  async #deploy(
    run: Run,
    { workloads, outside: ports }: Chosen,
    nodes: readonly ClusterNode[],
    outside: readonly Prober[],
  ): Promise<readonly Prober[]> {
    const { signal } = this.#options;
    await this.#cluster.createNamespace(run);
    const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace);
    const accounts = (of: readonly Workload[]): string[] =>
      [...new Set(of.map(({ serviceAccount }) => serviceAccount))].filter((each) => each !== "default");
    const uids = new Map(
      await Promise.all([
        this.#cluster.prepareNamespace(run, prefixOf(run), []).then((uid) => [prefixOf(run), uid] as const),
        ...[...byNamespace].map(
          async ([namespace, of]) =>
            [namespace, await this.#cluster.prepareNamespace(run, namespace, accounts(of))] as const,
        ),
      ]),
    );
    const names = Object.fromEntries(
      outside.flatMap(({ fqdn, address }) => (fqdn === undefined ? [] : [[fqdn, address]])),
    );
    const places = spreadOver(nodes);
    const high = (of: readonly number[]): number[] => of.filter((port) => port >= 1024);
    const nodePorts: Ports = { TCP: high(ports.TCP), UDP: high(ports.UDP) };
    const wanted = [
      ...workloads.flatMap((workload, index) =>
        places.map((_, turn) => {
          const node = places[(index + turn) % places.length]?.name ?? "";
          const name = `${prefixOf(run)}-${String(index)}-${turn === 0 ? "a" : "b"}`;
          const anchorUid = uids.get(workload.namespace) ?? "";
          return {
            pod: workloadPod(workload, { run, name, node, anchorUid }, names),
            prober: { as: workload.name, kind: "pod", node, ports: workload.ports, asks: turn === 0 ? "yes" : "no" },
            service: turn === 0 ? serviceFor(run, workload.namespace, name, workload.ports) : undefined,
          } as const;
        }),
      ),
      ...nodes.map(({ name: node }, index) => {
        const name = `${prefixOf(run)}-node-${String(index)}`;
        return {
          pod: nodePod({ run, name, node, anchorUid: uids.get(prefixOf(run)) ?? "" }, nodePorts),
          prober: { as: `the node ${node}`, kind: "node", node, ports: nodePorts, asks: "yes" },
          service: undefined,
        } as const;
      }),
    ];
    // A moment after its namespace, an account of it may still be missing.
    const created = await Promise.all(
      wanted.map(async ({ pod, prober, service }) => {
        const [refused, made] = await Promise.all([
          this.#cluster.createPod(pod),
          service === undefined ? undefined : this.#cluster.createService(service),
        ]);
        if (refused !== undefined) this.#omitted.push(`${prober.as}: its prober is not admitted: ${refused}`);
        if (typeof made === "string") this.#omitted.push(`${prober.as}: its Service is not admitted: ${made}`);
        return { id: `${pod.metadata.namespace}/${pod.metadata.name}`, prober, refused, made };
      }),
    );
    const expected = created.filter(({ refused }) => refused === undefined);
    let running: ReadonlyMap<string, V1Pod> = new Map();
    await until("probers are not running", { seconds: waits.running, signal }, async () => {
      const pods = await this.#cluster.podsOf(run);
      running = new Map(pods.map((pod) => [`${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}`, pod]));
      const ended = pods.find(({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > mostRestarts);
      if (ended !== undefined) throw new UserError(await this.#whyEnded(ended));
      const missing = expected.filter(({ id }) => !isRunning(running.get(id)));
      return missing.length === 0
        ? undefined
        : missing
            .slice(0, 3)
            .map(({ id }) => waitingText(id, running.get(id)))
            .join("; ");
    });
    return await Promise.all(
      expected.map(async ({ id, prober, made }): Promise<Prober> => {
        const [namespace = "", name = ""] = id.split("/");
        const taken = prober.kind === "node" ? takenIn(await this.#cluster.logOf(namespace, name)) : new Set<string>();
        if (taken.size > 0) this.#omitted.push(`${prober.as}: somebody else listens on ${[...taken].join(", ")}`);
        const service = made === undefined || typeof made === "string" ? undefined : serviceOf(made);
        return {
          ...prober,
          id,
          address: running.get(id)?.status?.podIP ?? "",
          ports: {
            TCP: prober.ports.TCP.filter((port) => !taken.has(`TCP ${String(port)}`)),
            UDP: prober.ports.UDP.filter((port) => !taken.has(`UDP ${String(port)}`)),
          },
          ...(service === undefined ? {} : { service }),
        };
      }),
    );
  }

  async #whyEnded({ metadata, status }: V1Pod): Promise<string> {
    const [namespace, name] = [metadata?.namespace ?? "", metadata?.name ?? ""];
    const log = await this.#cluster.logOf(namespace, name);
    const { lastState } = status?.containerStatuses?.[0] ?? {};
    const { reason = "", message = "" } = lastState?.terminated ?? {};
    return `the prober ${namespace}/${name} ends again and again: ${[reason, message, log].join(" ").trim()}`;
  }

  async #untilRealized(placed: readonly Prober[]): Promise<void> {
    const pods = placed
      .filter(({ kind }) => kind === "pod")
      .map(({ id, node, address }): Awaited => ({ pod: id, node, address }));
    await until("policy is not in force", { seconds: waits.realized, signal: this.#options.signal }, async () => {
      const agents: ReadonlyMap<string, AgentState> = await this.#cluster.agentStates(this.#state.agents);
      return missingOfRealized(pods, agents);
    });
  }

  /** Exactly those who are there, as the policies of the cluster see them. */
  #worldOf(placed: readonly Prober[], outside: readonly Prober[], nodes: readonly ClusterNode[]): World {
    const { world } = this.#read(this.#podsAs(placed));
    const hosts = this.#probeNodes(nodes);
    const entities = new Set(hosts.flatMap((node) => hosts.map((other) => nodeSeen(node, other.name))));
    const inside = [...entities].reduce((made, name) => {
      const entity = name.includes("API server") ? "kube-apiserver" : name === "host" ? "host" : "remote-node";
      return withExternals(made, [{ name, entity }], name.startsWith("host") ? "on the pod's node" : "on another node");
    }, world);
    return withExternals(
      inside,
      [
        { name: "world", entity: "world" as const },
        { name: "the API server outside", entity: "kube-apiserver" as const },
        ...outside.map(({ as, address, fqdn }) => ({ name: as, ip: address, ...(fqdn === undefined ? {} : { fqdn }) })),
      ],
      "outside the cluster",
    );
  }

  /** The probers' pods under the names of whom they stand for, one for each. */
  #podsAs(placed: readonly Prober[]): readonly Fields[] {
    const names = new Set(placed.filter(({ kind }) => kind === "pod").map(({ as }) => as));
    return [...names].map((as) => {
      const workload = this.#workloads.get(as);
      const [namespace = "", name = ""] = as.split("/");
      return {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels: workload?.labels ?? {} },
        spec: {
          serviceAccountName: workload?.serviceAccount ?? "default",
          containers: [{ name: "prober", ports: workload?.namedPorts ?? [] }],
        },
      };
    });
  }

  #probeNodes(nodes: readonly ClusterNode[]): readonly ProbeNode[] {
    const servers = new Set(this.#state.apiServers.map(({ address }) => address));
    return nodes.map(({ name, address }) => ({
      name,
      address,
      apiServer: servers.has(address) ? "here" : "elsewhere",
    }));
  }

  #plan(world: World, probers: readonly Prober[], nodes: readonly ClusterNode[]): Planned {
    const { config, apiServers, dns } = this.#state;
    const hosts = this.#probeNodes(nodes);
    return planCells({
      world,
      probers,
      nodes: hosts,
      kubeProxy: config["kube-proxy-replacement"] === "true" ? "replaced" : "runs",
      routing: config["routing-mode"] === "native" ? "native" : "tunnel",
      apiServers: apiServers.map(({ address, port }) => {
        const node = hosts.find((each) => each.address === address)?.name;
        return { address, port, ...(node === undefined ? {} : { node }) };
      }),
      clusterDns: dns > 0 ? "answers" : "absent",
    });
  }

  /** All sources at once, each asked once for all its destinations. */
  async #ask(cells: readonly Cell[], engine: KindCluster | undefined): Promise<readonly Judged[]> {
    const bySource = Map.groupBy(cells, ({ from }) => from);
    const answered = await Promise.all(
      [...bySource].map(async ([source, own]) => {
        try {
          const seen = await this.#askOne(source, own, engine);
          return own.map((cell, id) => judge(cell, seen.get(id)));
        } catch (error) {
          // Nobody's verdict, and told by name.
          this.#omitted.push(`${source.as}: ${error instanceof Error ? error.message : String(error)}`);
          return own.map((cell) => judge(cell, undefined));
        }
      }),
    );
    return answered.flat();
  }

  async #askOne(
    source: Prober,
    cells: readonly Cell[],
    engine: KindCluster | undefined,
  ): Promise<ReadonlyMap<number, Seen>> {
    const line = lineFor(cells);
    const limit = secondsFor(cells);
    const run = this.#made?.run;
    if (source.kind === "outside") {
      if (engine === undefined || run === undefined) throw new UserError("no engine");
      return await askOutside(engine.engine, `${prefixOf(run)}-0`, line, limit);
    }
    const [namespace = "", pod = ""] = source.id.split("/");
    const { code, stdout, stderr } = await this.#cluster.executeIn(namespace, pod, ["/prober", "ask"], line, limit);
    if (code !== 0) throw new UserError(exitOfProber(code, stderr));
    return readLines(stdout);
  }

  /** What differs is waited for and probed once more, and only then told, with what Hubble saw of it. */
  async #again(
    judged: readonly Judged[],
    world: World,
    engine: KindCluster | undefined,
    placed: readonly Prober[],
  ): Promise<Pick<ProbeReport, "differences" | "late">> {
    const different = judged.filter(({ verdict }) => verdict === "different");
    if (different.length === 0) return { differences: [], late: [] };
    await this.#untilRealized(placed);
    const again = await this.#ask(
      different.map(({ cell }) => cell),
      engine,
    );
    const byCell = new Map(again.map((each) => [each.cell, each]));
    // Silence may be a packet that a busy machine lost. An answer where silence was expected was given, whatever comes later.
    const late = different.filter(({ cell }) => cell.expected !== "denied" && byCell.get(cell)?.verdict === "equal");
    const lasting = different.filter((each) => !late.includes(each));
    // One of each kind tells as much as a hundred, and each is a command in two agents.
    const evidence = new Map(
      await Promise.all(
        lasting
          .slice(0, 20)
          .map(async (each) => [each, await evidenceOf(each.cell, this.#cluster, this.#state.agents)] as const),
      ),
    );
    const differences = lasting.map((each): Difference => {
      const { seen } = byCell.get(each.cell) ?? {};
      return {
        judged: each,
        ...(seen === undefined ? {} : { again: seen }),
        explanation: explanationText(explain(each.cell.traffic, world), this.#options.place),
        evidence: evidence.get(each) ?? [],
      };
    });
    return { differences, late };
  }
}

function labelsOf(pod: Fields): Readonly<Record<string, unknown>> {
  const metadata = isFields(pod["metadata"]) ? pod["metadata"] : {};
  return isFields(metadata["labels"]) ? metadata["labels"] : {};
}

function nameOf({ kind, metadata }: Fields): string {
  const { namespace, name } = isFields(metadata) ? metadata : {};
  return JSON.stringify([kind, namespace ?? "", name]);
}

/** One node each for the two probers of a workload; with a single node both are there. */
function spreadOver(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  const [first, second] = nodes;
  if (first === undefined) return [];
  return [first, second ?? first];
}

/** Every name that a policy speaks of, a wildcard with something in its place. */
function fqdnsOf(world: World): readonly string[] {
  return [...new Set(outsideOf(world.rules).flatMap((each) => ("fqdn" in each ? [each.fqdn] : [])))].slice(0, 8);
}

function isRunning(pod: V1Pod | undefined): boolean {
  return pod?.status?.containerStatuses?.[0]?.state?.running !== undefined && pod.status.podIP !== undefined;
}

function waitingText(id: string, pod: V1Pod | undefined): string {
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  return `${id}: ${waiting?.reason ?? pod?.status?.reason ?? pod?.status?.phase ?? "not there"}${waiting?.message === undefined ? "" : ` (${waiting.message})`}`;
}

function takenIn(log: string): ReadonlySet<string> {
  return new Set([...log.matchAll(/^taken ((?:TCP|UDP) \d+)$/gm)].map(([, port = ""]) => port));
}

function serviceOf({ metadata, spec }: V1Service): ProbeService {
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    clusterIP: spec?.clusterIP ?? "",
    ports: (spec?.ports ?? []).map(({ protocol, port, targetPort, nodePort }) => ({
      protocol: protocol === "UDP" ? "UDP" : "TCP",
      port,
      target: Number(targetPort),
      nodePort: nodePort ?? 0,
    })),
  };
}
