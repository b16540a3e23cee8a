/**
 * Translate: policies of all kinds as plain NetworkPolicies that allow no more, with a line for everything that is lost.
 *
 * It works on rules as the engine reads them, so what is absent, empty or implied was decided before. An allow may come
 * out smaller and an isolation larger, never the other way round; `measure.ts` holds the result against the engine.
 */
import { originText, policyText } from "../reachability/explain.ts";
import { everyRequest, type L7Restriction } from "../reachability/judge/l7.ts";
import type { Direction, Origin, PolicyRef, PortRule, Rule, World } from "../reachability/model.ts";
import { requirementsOf } from "../reachability/select/selectors.ts";
import type { Block } from "./blocks.ts";
import { Losses, type Loss, type LossCode } from "./loss.ts";
import { denyOf, deniesNobody, narrowed, type Deny, type Grant } from "./narrow.ts";
import { allowedPeers, isNobody, type Unsaid } from "./peers.ts";
import { asksForAccount } from "./pods.ts";
import { rangeFromName, saysIcmp, writable, type Ports } from "./ports.ts";
import {
  commonSubject,
  sharedSubjects,
  subjectKey,
  subjectsOf,
  subjectsWithout,
  type Namespaces,
  type Subject,
} from "./subjects.ts";
import { Names, networkPolicy, type NetworkPolicy, type Piece } from "./write.ts";

export interface Translated {
  /** In the order of what they were made from. */
  readonly policies: readonly TranslatedPolicy[];
  readonly losses: readonly Loss[];
}

export interface TranslatedPolicy {
  readonly manifest: NetworkPolicy;
  /** What it stands for, alone or with others. */
  readonly source: PolicyRef;
}

export interface Surroundings {
  readonly namespaces: Namespaces;
  /** Addresses that pods and nodes may have in the cluster that takes the result. */
  readonly inside: readonly Block[];
}

/** More pieces than a person would read. */
const mostPieces = 64;

export function translate(world: Pick<World, "rules">, surroundings: Surroundings): Translated {
  const translation = new Translation(world.rules, surroundings);
  for (const rule of world.rules) translation.take(rule);
  return { policies: translation.written(), losses: translation.losses.all() };
}

class Translation {
  readonly losses = new Losses();
  readonly #surroundings: Surroundings;
  readonly #isolated: Readonly<Record<Direction, readonly Subject[]>>;
  readonly #denies: Readonly<Record<Direction, readonly (Deny & { readonly subject: Subject })[]>>;
  readonly #pieces = new Map<string, { readonly source: PolicyRef; readonly pieces: Map<string, Piece> }>();

  constructor(rules: readonly Rule[], surroundings: Surroundings) {
    const { namespaces } = surroundings;
    const of = (direction: Direction): readonly Rule[] => rules.filter((rule) => rule.direction === direction);
    const isolated = (direction: Direction): readonly Subject[] =>
      of(direction)
        .filter(({ defaultDeny }) => defaultDeny === "switches-on")
        .flatMap((rule) => subjectsOf(rule, "at least", namespaces));
    const denied = (direction: Direction): readonly (Deny & { subject: Subject })[] =>
      of(direction)
        .filter(({ action }) => action === "deny")
        .flatMap((rule) => subjectsOf(rule, "at least", namespaces).map((subject) => ({ subject, ...denyOf(rule) })));
    this.#surroundings = surroundings;
    this.#isolated = { egress: isolated("egress"), ingress: isolated("ingress") };
    this.#denies = { egress: denied("egress"), ingress: denied("ingress") };
  }

  take(rule: Rule): void {
    const { origin, direction, subject } = rule;
    if (origin.policy.namespace === undefined) this.losses.add("export/clusterwide", whole(origin));
    if (asksForAccount(requirementsOf(subject.labels))) this.losses.add("export/service-accounts", origin);
    if (rule.defaultDeny === "switches-on") {
      for (const each of this.#subjects(rule, "at least")) this.#piece(origin, each).isolates.add(direction);
    }
    if (rule.action === "deny") this.#deny(rule);
    else this.#allow(rule);
  }

  written(): readonly TranslatedPolicy[] {
    const sources = [...this.#pieces.values()];
    const names = new Names(sources.flatMap(({ source }) => (source.kind === "NetworkPolicy" ? [source] : [])));
    const ranges = {
      inside: this.#surroundings.inside,
      lost: (code: LossCode, origin: Origin): void => {
        this.losses.add(code, origin);
      },
    };
    return sources.flatMap(({ source, pieces }) => {
      const inNamespace = new Map<string, number>();
      return [...pieces.values()].map((piece) => {
        const { namespace } = piece.subject;
        const index = inNamespace.get(namespace) ?? 0;
        inNamespace.set(namespace, index + 1);
        return { source, manifest: networkPolicy(source, names.of(source, namespace, index), piece, ranges) };
      });
    });
  }

  #subjects(rule: Rule, bound: "at most" | "at least"): readonly Subject[] {
    return subjectsOf(rule, bound, this.#surroundings.namespaces);
  }

  #piece({ policy }: Origin, subject: Subject): Piece {
    const name = policyText(policy);
    let known = this.#pieces.get(name);
    if (known === undefined) this.#pieces.set(name, (known = { source: policy, pieces: new Map() }));
    const key = subjectKey(subject);
    let piece = known.pieces.get(key);
    if (piece === undefined) known.pieces.set(key, (piece = { subject, isolates: new Set(), grants: [] }));
    return piece;
  }

  /** Taken out of every allow it meets; where nothing isolates, out of an allow of everything. */
  #deny(rule: Rule): void {
    const { origin, direction } = rule;
    if (deniesNobody(denyOf(rule))) return;
    this.losses.add("export/deny", origin);
    if (rule.defaultDeny === "switches-on") return;
    for (const subject of subjectsWithout(this.#subjects(rule, "at least"), this.#isolated[direction])) {
      this.losses.add("export/denied-while-open", origin);
      this.#piece(origin, subject).isolates.add(direction);
      this.#grant(origin, direction, subject, { peers: { kind: "everyone" }, ports: "everything" });
    }
  }

  #allow(rule: Rule): void {
    const { origin, direction, authentication } = rule;
    if (rule.certainty === "doubtful") {
      this.losses.add("export/not-modelled", origin);
      return;
    }
    if (authentication === "required" || authentication === "test-always-fail") {
      this.losses.add("export/authentication", origin);
      return;
    }
    const { peers, unsaid } = allowedPeers(rule);
    for (const { code, details } of unsaid.map(unsaidAs)) this.losses.add(code, origin, ...details);
    const ports = this.#ports(rule);
    if (isNobody(peers) || ports.length === 0) return;
    for (const subject of this.#allowed(rule)) this.#grant(origin, direction, subject, { peers, ports });
  }

  /** Of pods that nothing isolates, an allow that isolates nobody says nothing, and a NetworkPolicy would close them. */
  #allowed(rule: Rule): readonly Subject[] {
    const subjects = this.#subjects(rule, "at most");
    if (rule.defaultDeny === "switches-on") return subjects;
    this.losses.add("export/default-deny-off", rule.origin);
    return sharedSubjects(subjects, this.#isolated[rule.direction]);
  }

  #ports({ origin, scope }: Rule): Ports {
    if (scope.kind === "everything") return "everything";
    return scope.rules.flatMap(({ ports, l7 }: PortRule) => {
      if (saysIcmp(ports)) this.losses.add("export/icmp", origin);
      if (rangeFromName(ports)) this.losses.add("export/port-range", origin);
      const lost = l7Loss(l7);
      if (lost !== undefined) this.losses.add(lost, origin);
      return lost === undefined || lost === "export/proxy" ? writable(ports) : [];
    });
  }

  #grant(origin: Origin, direction: Direction, subject: Subject, grant: Grant): void {
    let pieces: readonly { readonly subject: Subject; readonly grants: readonly Grant[] }[] = [
      { subject, grants: [grant] },
    ];
    for (const deny of this.#denies[direction]) {
      pieces = pieces.flatMap(({ subject: own, grants }) => {
        const shared = commonSubject(own, deny.subject);
        if (shared === undefined) return [{ subject: own, grants }];
        const parts = grants.map((each) => ({ each, part: narrowed(each, deny) }));
        if (parts.every(({ part }) => part === undefined)) return [{ subject: own, grants }];
        for (const along of new Set(parts.flatMap(({ part }) => part?.along ?? []))) {
          this.losses.add("export/beside-deny", origin, `${along}, with ${originText(deny.origin)}`);
        }
        return [
          ...subjectsWithout([own], [shared]).map((rest) => ({ subject: rest, grants })),
          { subject: shared, grants: parts.flatMap(({ each, part }) => part?.left ?? [each]) },
        ];
      });
      if (pieces.reduce((sum, { grants }) => sum + grants.length, 0) > mostPieces) {
        this.losses.add("export/too-many-denies", origin);
        return;
      }
    }
    for (const { subject: own, grants } of pieces) {
      if (grants.length === 0) continue;
      const piece = this.#piece(origin, own);
      piece.isolates.add(direction);
      piece.grants.push(...grants.map((each) => ({ origin, direction, grant: each })));
    }
  }
}

/** The object instead of one of its entries. */
function whole({ policy }: Origin): Origin {
  return { policy, path: "spec" };
}

function unsaidAs(unsaid: Unsaid): { readonly code: LossCode; readonly details: readonly string[] } {
  switch (unsaid.kind) {
    case "name":
      return { code: "export/names", details: [unsaid.pattern] };
    case "entity":
      return { code: "export/entities", details: unsaid.names };
    case "service account":
      return { code: "export/service-accounts", details: [] };
    case "not modelled":
      return { code: "export/not-modelled", details: [unsaid.field] };
  }
}

/** What opening a port without its rules loses; undefined if they ask nothing. */
function l7Loss(l7: L7Restriction): LossCode | undefined {
  if (everyRequest(l7)) return "export/proxy";
  switch (l7.kind) {
    case "none":
      return undefined;
    case "http":
      return "export/http";
    case "dns":
      return "export/dns-names";
    case "tls":
      return "export/tls";
    case "listener":
      return "export/listener";
  }
}
