/**
 * Answer: why one flow was dropped, and the smallest change of the manifests that would let it pass.
 */
import type { Problem } from "../../policies/problems.ts";
import { containsAddress, parseAddress } from "../../policies/reachability/select/cidr.ts";
import { explain, explanationText, policyText } from "../../policies/reachability/explain.ts";
import type { Origin, PolicyKind, Traffic, World } from "../../policies/reachability/model.ts";
import { withExternals, type ApiServer, type External } from "../../policies/reachability/read/externals.ts";
import { isFields, type Fields, type Manifest } from "../../policies/reachability/read/fields.ts";
import { readWorld, type ReadWorld } from "../../policies/reachability/read/world.ts";
import { remembered } from "../../policies/reachability/pairs/remembered.ts";
import { repair, type Repair } from "../../policies/reachability/repair.ts";
import { policyOf } from "../../policies/reachability/read/policy-objects.ts";
import { edited } from "../../policies/reachability/repair/edits.ts";
import { requestText } from "../../policies/reachability/repair/l7.ts";
import type { Wanted } from "../../policies/reachability/repair/proof.ts";
import { passing } from "../../policies/reachability/repair/requests.ts";
import { selectsLabels } from "../../policies/reachability/select/selectors.ts";
import { decide } from "../../policies/reachability/verdict.ts";
import { counted } from "../output/counted.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import { forward, type Flow, type Party } from "./flow.ts";
import { locatorIn, type Located } from "./locate.ts";
import { fileOf, homeOf, newTexts, patchText, type NewText } from "./patch.ts";

/** The manifests that are asked, and what they do not say themselves. */
export interface Ground {
  readonly manifests: readonly Manifest[];
  /** Objects of the platform below, which no repair touches. */
  readonly isForeign: (manifest: Manifest) => boolean;
  readonly place: (origin: Origin) => string | undefined;
  readonly cilium: World["cilium"];
  /** Where the API server runs, unless the flow knows better. */
  readonly apiServer: ApiServer;
  /** Folders that were given, as against files. */
  readonly folders: readonly string[];
  readonly directory: string;
  /** Files as the repairs of earlier flows leave them, by path: every patch applies after those before it. */
  readonly mended?: ReadonlyMap<string, string>;
}

export interface Answered {
  readonly answer: Answer;
  /** As the repair leaves it; the same where there is none. */
  readonly ground: Ground;
}

export interface Answer {
  /** `dev/web-5d8f7-x2x4z -> dev/db-0 TCP 5432, DROPPED at egress: POLICY_DENIED`. */
  readonly flow: string;
  readonly line: number;
  readonly connection?: Wanted;
  /** The walk through both sides. */
  readonly explanation: readonly string[];
  /** What the flow and the manifests do not agree on, and what policies cannot explain. */
  readonly notes: readonly string[];
  readonly repair?: Proposal;
  /** An earlier answer's repair lets this flow pass as well. */
  readonly mended?: "by an earlier repair";
  /** Where nothing is exact: what would open more, the least first. */
  readonly wider: readonly Proposal[];
}

export interface Proposal {
  readonly steps: readonly string[];
  /** `opens dev/web -> dev/db TCP 5432 and nothing else; 1,204 pairs unchanged`. */
  readonly proved: string;
  /** Every other pair that the change touches. */
  readonly also: readonly string[];
  /** A unified diff of the files; absent where the manifests came from no file. */
  readonly patch?: string;
}

export async function answer(line: number, recorded: Flow, ground: Ground): Promise<Answered> {
  const asked = new Asked(forward(recorded), ground);
  const told = await toldOf(asked, line, recorded, ground);
  return { answer: told, ground: asked.mended(told) };
}

async function toldOf(asked: Asked, line: number, recorded: Flow, ground: Ground): Promise<Answer> {
  const base = { flow: flowText(recorded), line };
  const problem = asked.problem();
  if (problem !== undefined) return { ...base, explanation: [], notes: [problem], wider: [] };
  const { wanted } = asked;
  const explanation = asked.explanation();
  const notes = [...asked.notes(recorded), ...asked.refused()];
  const verdict = asked.verdict();
  const known = { ...base, connection: wanted, explanation };
  if (verdict.outcome === "unknown" && !asked.waitsForName())
    return { ...known, notes: [...notes, unknownText], wider: [] };
  if (verdict.outcome === "allowed" && ground.mended !== undefined && !notPolicy(recorded))
    return { ...known, notes: [...notes, earlierText], wider: [], mended: "by an earlier repair" };
  if (verdict.outcome === "allowed") return { ...known, notes: [...notes, asked.allowedText(recorded)], wider: [] };
  if (notPolicy(recorded)) return { ...known, notes: [...notes, "policy denies the connection as well"], wider: [] };
  const { exact, wider } = asked.repairs();
  const own = { ...known, notes: [...notes, ...asked.learnedText(exact)] };
  if (exact !== undefined) return { ...own, repair: await asked.proposal(exact), wider: [] };
  const proposals: Proposal[] = [];
  for (const each of wider.slice(0, widerTold)) proposals.push(await asked.proposal(each));
  return { ...own, notes: [...own.notes, asked.inexactText(wider)], wider: proposals };
}

const widerTold = 3;

const earlierText = "the repairs above let it pass, if it was not allowed before";

const unknownText = "whether the manifests allow it depends on what is not modelled: no repair can be proved";

/** A flow that something other than policy dropped. */
function notPolicy({ dropReason, request }: Flow): boolean {
  return (
    dropReason !== undefined &&
    !["POLICY_DENIED", "POLICY_DENY", "AUTH_REQUIRED"].includes(dropReason) &&
    request === undefined
  );
}

/** One flow held against the manifests. */
class Asked {
  readonly wanted: Wanted;
  readonly #flow: Flow;
  readonly #ground: Ground;
  readonly #ends: { readonly source: Located; readonly destination: Located };
  readonly #manifests: readonly Manifest[];
  readonly #externals: readonly External[];
  readonly #apiServer: ApiServer;
  readonly #world: World;
  /** Without what is outside, and with every name known. */
  readonly #read: World;
  readonly #problems: readonly Problem[];
  readonly #proposed: { readonly edits: Repair["edits"]; readonly texts: readonly NewText[] }[] = [];

  constructor(flow: Flow, ground: Ground) {
    this.#flow = flow;
    this.#ground = ground;
    const listed = remembered(worlds, ground, () => learnedWorld(ground.manifests, ground));
    const locate = locatorIn(listed.world);
    const [source, destination] = [locate(flow.source), locate(flow.destination)];
    this.#ends = { source, destination };
    const added = [source, destination].flatMap((end) => (end.kind === "unlisted" ? end.objects : []));
    this.#manifests = [...ground.manifests, ...withoutDoubles(added, ground.manifests).map((object) => ({ object }))];
    this.#externals = [source, destination].flatMap((end) => (end.kind === "external" ? [end.external] : []));
    const said = [source, destination].flatMap((end) => (end.kind === "external" ? (end.apiServer ?? []) : []));
    this.#apiServer = said[0] ?? ground.apiServer;
    const read = added.length === 0 ? listed : learnedWorld(this.#manifests, ground);
    this.#read = { ...read.world, names: "known" };
    this.#world = withExternals(read.world, this.#externals, this.#apiServer);
    this.#problems = read.problems;
    this.wanted = {
      from: nameOf(source),
      to: nameOf(destination),
      protocol: flow.protocol ?? "TCP",
      port: flow.port ?? 0,
    };
  }

  /** Why nothing can be said at all. */
  problem(): string | undefined {
    const { source, destination } = this.#ends;
    for (const [word, end] of [
      ["source", source],
      ["destination", destination],
    ] as const) {
      if (end.kind === "unknown")
        return `the ${word} ${end.name} is not found: the flow names neither a workload of the manifests nor labels`;
      if (end.kind === "ambiguous") {
        return `the ${word} ${end.name} is not among the manifests, and its labels are those of ${end.candidates.join(" and ")}: which of them is meant cannot be told`;
      }
    }
    if (this.#flow.protocol === undefined || this.#flow.port === undefined)
      return "the flow has no port, so no policy can be asked about it";
    if (this.wanted.from === this.wanted.to) return `${this.wanted.from} talks to itself, which policies do not govern`;
    if (source.kind === "external" && destination.kind === "external")
      return "neither end is a pod, so no policy governs the flow";
    return undefined;
  }

  verdict(): { readonly outcome: "allowed" | "denied" | "unknown" } {
    const { outcome, egress, ingress } = decide(this.#traffic(), this.#world);
    const { request } = this.#flow;
    if (outcome !== "allowed" || request === undefined) return { outcome };
    const answers = [egress, ingress].map(({ l7 }) => passing(request, l7));
    if (answers.includes("fails")) return { outcome: "denied" };
    return { outcome: answers.includes("unknown") ? "unknown" : "allowed" };
  }

  /** A rule by name would allow it, if Cilium learned the name (S31). */
  waitsForName(): boolean {
    return decide(this.#traffic(), this.#world).egress.reason.rule === "S31";
  }

  explanation(): readonly string[] {
    const lines = explanationText(explain(this.#traffic(), this.#world), this.#ground.place).split("\n");
    const { request } = this.#flow;
    if (request === undefined) return lines;
    const { outcome, egress, ingress } = decide(this.#traffic(), this.#world);
    if (outcome !== "allowed") return lines;
    const fails = [egress, ingress].filter(({ l7 }) => passing(request, l7) === "fails");
    return [
      ...lines,
      ...fails.map(
        ({ reason }) => `  missing: an L7 rule of ${reason.direction} that lets ${requestText(request)} pass`,
      ),
    ];
  }

  #traffic(): Traffic {
    const { from, to, protocol, port } = this.wanted;
    const at = (name: string): number => this.#world.endpoints.findIndex((each) => each.name === name);
    return { from: at(from), to: at(to), protocol, port };
  }

  notes(recorded: Flow): readonly string[] {
    const { source, destination } = this.#ends;
    const notes = [source, destination].flatMap((end): string[] => {
      if (end.kind === "unlisted")
        return [`${end.name} is not among the manifests: its labels are taken from the flow`];
      if (end.kind === "pod" && end.differs.length > 0)
        return [`${end.name} has other labels now: ${end.differs.join("; ")}`];
      return [];
    });
    const said = [source, destination].flatMap((end) => (end.kind === "external" ? (end.apiServer ?? []) : []));
    if (said[0] !== undefined && said[0] !== this.#ground.apiServer) {
      notes.push(`the flow says that the API server runs ${said[0]}, not ${this.#ground.apiServer}`);
    }
    return [...notes, ...recordedNotes(recorded), ...this.#rangeNote(), ...this.#strangerNotes(recorded)];
  }

  /** A range that holds the pod's address looks like a rule for the pod, and is none. */
  #rangeNote(): readonly string[] {
    const { wanted } = this;
    const ends = [
      { direction: "egress", subject: wanted.from, peer: wanted.to, ip: this.#flow.destination.ip },
      { direction: "ingress", subject: wanted.to, peer: wanted.from, ip: this.#flow.source.ip },
    ];
    return ends.flatMap(({ direction, subject, peer, ip }) => {
      const [pod, other] = [subject, peer].map((name) => this.#world.endpoints.find((each) => each.name === name));
      const address = ip === undefined ? undefined : parseAddress(ip);
      if (pod?.kind !== "pod" || other?.kind !== "pod" || address === undefined) return [];
      const rule = this.#world.rules.find(
        (each) =>
          each.direction === direction &&
          each.action === "allow" &&
          selectsLabels(each.subject.labels, pod.labels) &&
          each.peers.kind === "selected" &&
          each.peers.selectors.some(
            (selector) => selector.kind === "cidr" && selector.cidrs.some((cidr) => containsAddress(cidr, address)),
          ),
      );
      return rule === undefined
        ? []
        : [
            `${policyText(rule.origin.policy)} ${rule.origin.path} allows a range that holds ${ip ?? ""}, but ranges never cover pods (S13)`,
          ];
    });
  }

  /** Policies that dropped the flow and are not among the manifests. */
  #strangerNotes({ deniedBy }: Flow): readonly string[] {
    const known = new Set(this.#manifests.flatMap(({ object }) => policyOf(object) ?? []).map(policyText));
    return deniedBy.flatMap(({ kind, namespace, name }) => {
      const policy = policyText({ kind: kind as PolicyKind, ...(namespace === undefined ? {} : { namespace }), name });
      return known.has(policy)
        ? []
        : [
            `Hubble names ${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}, which is not among the manifests`,
          ];
    });
  }

  /** Objects that would speak if Cilium accepted them (S25). */
  refused(): readonly string[] {
    return this.#problems
      .filter(({ code }) => code === "cilium/refused")
      .map(({ where, what }) => `Cilium refuses ${where}, so none of the object's rules exists: ${what}`);
  }

  allowedText(recorded: Flow): string {
    const { egress, ingress } = decide(this.#traffic(), this.#world);
    const asks = [egress, ingress].filter(
      ({ authentication }) => authentication === "required" || authentication === "test-always-fail",
    );
    if (recorded.dropReason === "AUTH_REQUIRED" || asks.length > 0) {
      const by = asks.flatMap(({ reason }) =>
        reason.origins.map(({ policy, path }) => `${policyText(policy)} ${path}`),
      );
      const asked = by.length === 0 ? "" : `: ${[...new Set(by)].join(", ")} asks for it`;
      return `policy allows the connection once both ends have authenticated${asked}`;
    }
    if (notPolicy(recorded))
      return `policy allows the connection: ${recorded.dropReason ?? ""} is not a matter of policy`;
    return "these manifests allow the connection: what dropped the flow is not among them, or has changed since";
  }

  repairs(): ReturnType<typeof repair> {
    const own = this.#ground.manifests.length;
    return repair({
      world: { manifests: this.#manifests, cilium: this.#ground.cilium, apiServer: this.#apiServer },
      externals: this.#externals,
      read: this.#read,
      wanted: this.wanted,
      ...(this.#flow.request === undefined ? {} : { request: this.#flow.request }),
      editable: (index) => {
        const manifest = this.#manifests[index];
        if (index >= own || manifest === undefined || this.#ground.isForeign(manifest)) return false;
        return !fileOf(manifest).startsWith("stdin") && fileOf(manifest) !== "";
      },
    });
  }

  learnedText(exact: Repair | undefined): readonly string[] {
    if (exact?.learns === undefined) return [];
    const { from, to } = this.wanted;
    return [
      `${from} may reach ${exact.learns.join(", ")} by name, but no DNS rule lets Cilium learn names: ${to} is taken to be one of them`,
    ];
  }

  inexactText(wider: readonly Repair[]): string {
    const { from, to } = this.wanted;
    if (wider.length === 0) return "no change of policies lets the flow pass";
    const twins = this.#twins();
    if (twins.length > 0) return `no change can open just this: ${twins.join(" and ")}, which no policy can tell apart`;
    return `no change opens ${from} -> ${to} ${portText(this.wanted)} alone; these open more, the least first`;
  }

  /** Other workloads with the labels of an end. */
  #twins(): readonly string[] {
    const { from, to } = this.wanted;
    return [from, to].flatMap((name) => {
      const end = this.#world.endpoints.find((each) => each.name === name);
      const key = (labels: NonNullable<typeof end>["labels"]): string =>
        JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
      if (end?.kind !== "pod") return [];
      const same = this.#world.endpoints.filter(
        (each) => each.kind === "pod" && each.name !== name && key(each.labels) === key(end.labels),
      );
      return same.length === 0 ? [] : [`${name} has the labels of ${same.map((each) => each.name).join(", ")}`];
    });
  }

  async proposal({ steps, edits, proof, learns }: Repair): Promise<Proposal> {
    const { from, to } = this.wanted;
    const { request } = this.#flow;
    const unchanged = `${counted(proof.unchanged, "pair")} unchanged`;
    const opened = `${from} -> ${to} ${portText(this.wanted)}${request === undefined ? "" : ` for ${requestText(request)}`}`;
    const also = proof.also.map(({ from: client, to: server, changes }) => {
      const kinds = new Map<string, (typeof changes)[number][]>();
      for (const change of changes) kinds.set(change.kind, [...(kinds.get(change.kind) ?? []), change]);
      return [...kinds].map(([kind, spans]) => `${kind} ${client} -> ${server} ${portsText(spans)}`).join("; ");
    });
    const proved =
      learns !== undefined
        ? `opens no other pair; the DNS of ${counted(proof.changed, "pair")} passes the proxy, and every name with it; ${unchanged}`
        : proof.exact
          ? `opens ${opened} and nothing else; ${unchanged}`
          : `opens ${opened} and changes ${counted(also.length, "other pair")}; ${unchanged}`;
    const texts = await this.#texts(edits);
    const patch = texts === undefined ? undefined : patchText(texts, this.#ground.directory);
    if (texts !== undefined) this.#proposed.push({ edits, texts });
    return { steps, proved, also, ...(patch === undefined ? {} : { patch }) };
  }

  /** The ground after the repair of this answer. */
  mended({ repair: proposed }: Answer): Ground {
    const [made] = this.#proposed;
    if (proposed === undefined || made === undefined) return this.#ground;
    const own = this.#ground.manifests.length;
    const files = new Map(this.#ground.mended);
    for (const { path, after } of made.texts) files.set(path, after);
    const added = made.texts.find(({ before }) => before === undefined)?.path ?? made.texts.at(-1)?.path;
    const manifests = edited(this.#manifests, made.edits).flatMap((manifest, index) => {
      if (index < own) return [manifest];
      // Pods that only the flow knows are no manifests; new policies stand in the file that the patch writes.
      return index < this.#manifests.length || added === undefined ? [] : [{ ...manifest, source: added }];
    });
    return { ...this.#ground, manifests, mended: files };
  }

  async #texts(edits: Repair["edits"]): Promise<readonly NewText[] | undefined> {
    const added = edits.find((edit) => edit.kind === "add");
    const namespace =
      added === undefined || !isFields(added.object["metadata"]) ? undefined : added.object["metadata"]["namespace"];
    const home = homeOf(
      this.#ground.manifests.filter((manifest) => !this.#ground.isForeign(manifest)),
      this.#ground.folders,
      typeof namespace === "string" ? namespace : undefined,
    );
    if (home === undefined) return undefined;
    return await newTexts(edits, this.#manifests, home, this.#ground.mended);
  }
}

/** The flows of one file are asked of the same manifests. */
const worlds = new WeakMap<Ground, ReadWorld>();

function learnedWorld(manifests: readonly Manifest[], { cilium }: Ground): ReadWorld {
  return readWorld({ manifests, externals: [], cilium, names: "as learned" });
}

function nameOf(end: Located): string {
  return end.kind === "external" ? end.external.name : end.name;
}

/** The cluster's manifests know a namespace better than a flow does. */
function withoutDoubles(added: readonly Fields[], manifests: readonly Manifest[]): readonly Fields[] {
  const keyOf = ({ kind, metadata }: Fields): string => {
    const { namespace, name } = isFields(metadata) ? metadata : {};
    return JSON.stringify([kind, namespace, name]);
  };
  const known = new Set(manifests.map(({ object }) => keyOf(object)));
  return added.filter((object) => {
    const key = keyOf(object);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

function portText({ protocol, port }: Pick<Wanted, "protocol" | "port">): string {
  return `${protocol} ${String(port)}`;
}

/** What the record itself says about whether policy is the cause. */
function recordedNotes({ reply, opening, dropReason, verdict, request }: Flow): readonly string[] {
  const notes: string[] = [];
  if (reply === "yes" && request === undefined) {
    notes.push(
      "the flow is a reply, which policy never drops: it lets replies pass with their connection, which is asked about here",
    );
  } else if (opening === "no" && reply === "unknown") {
    notes.push("the packet does not open its connection: it is a reply, or Cilium has forgotten the connection");
  }
  if (verdict === "AUDIT") notes.push("policy audit mode let the flow pass; without it, it would have been dropped");
  if (dropReason !== undefined && notPolicy({ dropReason } as Flow))
    notes.push(`${dropReason} is not a drop by policy`);
  return notes;
}

export function flowText(flow: Flow): string {
  const { source, destination, verdict, dropReason, direction, time, request, protocol, port, reply } = flow;
  const at = direction === undefined ? "" : ` at ${direction}`;
  const reason = dropReason === undefined ? "" : `: ${dropReason}`;
  const [from, to] = reply === "yes" ? [source, destination] : [source, destination];
  const what = protocol === undefined ? "" : ` ${protocol} ${port === undefined ? "" : String(port)}`;
  const asked = request === undefined ? "" : `, ${requestText(request)}`;
  return `${time === undefined ? "" : `${time} `}${partyText(from)} -> ${partyText(to)}${what}${asked}, ${verdict}${at}${reason}`;
}

export function partyText({ namespace, pod, workloads, names, ip, labels }: Party): string {
  const name = pod ?? workloads[0];
  if (name !== undefined) return namespace === undefined ? name : `${namespace}/${name}`;
  const reserved = labels.find((label) => label.startsWith("reserved:"))?.slice("reserved:".length);
  return (
    names[0] ??
    (reserved !== undefined && !reserved.startsWith("world") ? reserved : undefined) ??
    ip ??
    reserved ??
    "unknown"
  );
}
