/**
 * Prepared: what is worked out once per world, for one question as for all of them.
 */
import { narrownessAt, onePort, type Fit } from "./handshake.ts";
import { identitiesOf, portsKey, type Identities } from "../select/identities.ts";
import { dnsServers, learnedBy, type Learned } from "./learned-names.ts";
import type { Direction, NamedPort, Origin, Rule, World } from "../model.ts";
import { remembered } from "../pairs/remembered.ts";
import { sidePolicy, type SidePolicy, type Together } from "./side-policy.ts";
import type { SubjectSelector } from "../select/selectors.ts";
import { TermBook, type PortFilter } from "./terms.ts";

export interface Prepared {
  readonly world: World;
  readonly identities: Identities;
  /** The policy of the pod at this position. Pods that the same rules select share one object. */
  readonly policy: (identity: number, direction: Direction) => SidePolicy;
  /** The entries that Cilium cannot merge, in either direction: it computes both or none (L4). */
  readonly conflicts: (identity: number) => readonly Origin[];
  /** Where Cilium's entry for a rule stands; told only where some rule asks for a handshake, because nothing else asks. */
  readonly fit: (direction: Direction, together: Together, filter: PortFilter, peer: number, port: number) => Fit;
  readonly handshakes: "asked for" | "not asked for";
  /** The ports by which names are resolved: those of whoever listens, or of the whole cluster (S18, S19). */
  readonly listener: (direction: Direction, subject: number, peer: number) => readonly NamedPort[];
  /** Whether the rules of the pod let Cilium learn this name, where that is asked at all (S31). */
  readonly learned: (identity: number, fqdn: string | undefined) => boolean;
  /** Whose names count in this direction: a subject's own, its peers', or everybody's. */
  readonly listens: (direction: Direction) => "subject" | "peer" | "everybody";
}

const prepared = new WeakMap<World, Prepared>();

/** Equal to deciding from scratch: a world is never changed after it was read. */
export function prepare(world: World): Prepared {
  let found = prepared.get(world);
  if (found === undefined) prepared.set(world, (found = prepareAnew(world)));
  return found;
}

function prepareAnew(world: World): Prepared {
  const identities = identitiesOf(world);
  const book = new TermBook();
  const policies = {
    egress: policiesOf(world.rules, "egress", identities, book),
    ingress: policiesOf(world.rules, "ingress", identities, book),
  };
  const listens: Prepared["listens"] = (direction) => {
    if (direction === "ingress") return "subject";
    return world.cilium === "1.20" ? "peer" : "everybody";
  };
  const handshakes = world.rules.some((rule) => rule.authentication !== "unspecified") ? "asked for" : "not asked for";
  const servers = dnsServers(world);
  const learned = new Map<SidePolicy, Learned>();
  let everyPort: readonly NamedPort[] | undefined;
  return {
    world,
    identities,
    listens,
    learned: (identity, fqdn) => {
      if (world.names === "known" || fqdn === undefined) return true;
      const policy = policies.egress(identity);
      return remembered(learned, policy, () => learnedBy(policy.rules, servers))(fqdn);
    },
    policy: (identity, direction) => policies[direction](identity),
    handshakes,
    fit: (direction, together, filter, peer, port) => {
      if (handshakes === "not asked for") return sameFit;
      // What a name means is worked out peer by peer on egress, even where everyone is meant (S19).
      if (direction === "egress" && filter.kind === "named") return { peers: "one by one", narrowness: onePort };
      const grouped = together === "everyone" || (together === "groups" && identities.grouped().has(peer));
      return { peers: grouped ? "together" : "one by one", narrowness: narrownessAt(filter, port) };
    },
    conflicts: (identity) => [...policies.egress(identity).conflicts, ...policies.ingress(identity).conflicts],
    listener: (direction, subject, peer) => {
      const who = listens(direction);
      if (who === "everybody") return (everyPort ??= portsOf(world));
      return identities.representatives[who === "subject" ? subject : peer]?.ports ?? [];
    },
  };
}

const sameFit: Fit = { peers: "together", narrowness: 0 };

function portsOf({ endpoints }: World): readonly NamedPort[] {
  return [...new Map(endpoints.flatMap(({ ports }) => ports.map((port) => [portsKey([port]), port]))).values()];
}

/** Each identity's policy, made when asked for, once for all that the same rules select. */
function policiesOf(
  rules: readonly Rule[],
  direction: Direction,
  identities: Identities,
  book: TermBook,
): (identity: number) => SidePolicy {
  const selecting = rulesBySubject(rules, direction);
  const subjectsOf: number[][] = identities.representatives.map(() => []);
  for (const [index, { subject }] of selecting.entries()) {
    for (const position of identities.subjects(subject).positions) subjectsOf[position]?.push(index);
  }
  const known = new Map<string, SidePolicy>();
  const found: (SidePolicy | undefined)[] = [];
  return (identity) => (found[identity] ??= selected(subjectsOf[identity] ?? []));

  function selected(subjects: readonly number[]): SidePolicy {
    return remembered(known, subjects.join(" "), () =>
      sidePolicy(rulesAt(rules, selecting, subjects), identities, book),
    );
  }
}

/** The rules of several subjects, in the order of the world. */
function rulesAt(rules: readonly Rule[], selecting: readonly Selecting[], subjects: readonly number[]): Rule[] {
  const positions: number[] = [];
  let isOrdered = true;
  for (const index of subjects) {
    for (const position of selecting[index]?.positions ?? []) {
      isOrdered &&= position > (positions.at(-1) ?? -1);
      positions.push(position);
    }
  }
  if (!isOrdered) positions.sort((a, b) => a - b);
  return positions.map((position) => rules[position]).filter((rule) => rule !== undefined);
}

interface Selecting {
  readonly subject: SubjectSelector;
  /** Of its rules. */
  readonly positions: number[];
}

function rulesBySubject(rules: readonly Rule[], direction: Direction): readonly Selecting[] {
  const found = new Map<string, Selecting>();
  // The rules of one object come one after the other and share its subject.
  let last: Selecting | undefined;
  rules.forEach(({ subject, direction: own }, position) => {
    if (own !== direction) return;
    if (last?.subject !== subject) last = remembered(found, subject.key, () => ({ subject, positions: [] }));
    last.positions.push(position);
  });
  return [...found.values()];
}
