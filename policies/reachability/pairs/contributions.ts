/**
 * Contributions: what a selector's terms come to on the line of ports, once it is known what names of ports mean.
 */
import { blockStarts } from "../judge/handshake.ts";
import { portsKey } from "../select/identities.ts";
import type { Effect } from "../judge/judgement.ts";
import { hasOwnPorts, type Matches } from "../select/matches.ts";
import type { Direction, NamedPort } from "../model.ts";
import { Numbered } from "./numbered.ts";
import { portAt, protocolStretches, stretchOf, type Stretch } from "./port-line.ts";
import type { Prepared } from "../judge/prepared.ts";
import { remembered } from "./remembered.ts";
import type { SideAnswers, Spoken } from "./side-answers.ts";
import { filteredPorts, type Bundle, type Together } from "../judge/side-policy.ts";
import { weighsTheSame, type Term, type Terms } from "../judge/terms.ts";

/** Takes one contribution, and to whom it goes: positions in ascending order. */
export type Say = (peers: Int32Array, contribution: number) => void;

/** What of a peer, and of whoever listens, decides what terms come to. */
interface Towards {
  readonly as: Matches["as"];
  readonly name: Effect["name"];
  readonly listener: number;
  readonly together: Together;
}

/** In place of who listens, where no name of a port counts. */
const nobody = -1;

export class Contributions {
  readonly #ready: Prepared;
  readonly #direction: Direction;
  readonly #answers: SideAnswers;
  /** What an identity calls its ports, by number. */
  readonly #variants: readonly number[];
  readonly #plain: (number | undefined)[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #spoken: (readonly Spoken[])[] = [];

  constructor(ready: Prepared, direction: Direction, answers: SideAnswers) {
    this.#ready = ready;
    this.#direction = direction;
    this.#answers = answers;
    const ports = new Numbered<readonly NamedPort[]>(portsKey);
    this.#variants = ready.identities.representatives.map((each) => ports.numberOf(each.ports));
  }

  /** Subjects with equal numbers mean the same by every name of a port. */
  variant(subject: number): number {
    return this.#ready.listens(this.#direction) === "subject" ? (this.#variants[subject] ?? 0) : 0;
  }

  spoken(contribution: number): readonly Spoken[] {
    return this.#spoken[contribution] ?? [];
  }

  /**
   * Goes through all that is said. It is several things where it is not the same to all peers: names of ports (S19), and
   * names that are never learned (S31).
   */
  each(subject: number, { kind, together, peers, terms }: Bundle, say: Say): void {
    const first = peers.positions[0];
    if (first === undefined || terms.list.length === 0) return;
    const names = terms.portNames === "some";
    const byPeer = names && this.#ready.listens(this.#direction) === "peer";
    const grouped = together === "groups" && this.#ready.handshakes === "asked for";
    if (!byPeer && !grouped && kind !== "fqdn") {
      const listener = names ? this.variant(subject) : 0;
      const towards = { as: peers.as, name: "known", listener, together } as const;
      say(peers.positions, this.#number(terms, towards, subject, first));
      return;
    }
    const parts = new Map<number, number[]>();
    for (const peer of peers.positions) {
      const { fqdn } = this.#ready.identities.representatives[peer] ?? {};
      const name = kind !== "fqdn" || this.#ready.learned(subject, fqdn) ? "known" : "never learned";
      const told = byPeer ? (this.#variants[peer] ?? 0) : names ? this.variant(subject) : 0;
      const listener = byPeer && !hasOwnPorts(peers, peer) ? nobody : told;
      const own = grouped && this.#ready.identities.grouped().has(peer) ? "everyone" : "nobody";
      const towards = { as: peers.as, name, listener, together: together === "groups" ? own : together } as const;
      const contribution = this.#number(terms, towards, subject, peer);
      remembered(parts, contribution, () => []).push(peer);
    }
    for (const [contribution, positions] of parts) say(new Int32Array(positions), contribution);
  }

  #number(terms: Terms, towards: Towards, subject: number, peer: number): number {
    const { as, name, listener, together } = towards;
    if (as === "yes" && name === "known" && listener === 0 && together === "nobody") {
      // Nearly all are so, and are found without making a text.
      return (this.#plain[terms.id] ??= this.#added(terms, towards, subject, peer));
    }
    const key = `${String(terms.id)} ${as} ${name} ${String(listener)} ${together}`;
    return remembered(this.#numbers, key, () => this.#added(terms, towards, subject, peer));
  }

  #added(terms: Terms, towards: Towards, subject: number, peer: number): number {
    const server = towards.listener === nobody ? [] : this.#ready.listener(this.#direction, subject, peer);
    return this.#spoken.push(this.#spokenBy(terms, towards, server, peer)) - 1;
  }

  #spokenBy(
    { list }: Terms,
    { as, name, together }: Towards,
    server: readonly NamedPort[],
    peer: number,
  ): readonly Spoken[] {
    const spoken: Spoken[] = [];
    const fits = this.#ready.handshakes === "asked for";
    let before: Term | undefined;
    let effect = 0;
    for (const term of list) {
      const stretches = stretchesOf(term, this.#direction, server);
      for (const { first, last } of fits ? stretches.flatMap((each) => blocksOf(each, term)) : stretches) {
        // The terms of one entry mostly do the same on every port.
        if (fits || before === undefined || !doesTheSame(before, term)) {
          const certainty = as === "maybe" ? "doubtful" : term.certainty;
          const fit = this.#ready.fit(this.#direction, together, term.filter, peer, portAt(first).port);
          effect = this.#answers.effectNumber({ ...term, certainty, name, fit });
        }
        before = term;
        spoken.push({ first, last, effect });
      }
    }
    return spoken;
  }
}

/** Where no handshake is asked for. */
function doesTheSame(one: Term, other: Term): boolean {
  return one.l7 === other.l7 && weighsTheSame(one, other);
}

/** Cut where the entries of a range begin, which are not equally narrow (S27). */
function blocksOf(whole: Stretch, { filter }: Term): Stretch[] {
  const { port } = portAt(whole.first);
  const starts = blockStarts(filter)
    .map((start) => whole.first + start - port)
    .filter((place) => whole.first < place && place <= whole.last);
  return [whole.first, ...starts].map((first, index, all) => ({ first, last: (all[index + 1] ?? whole.last + 1) - 1 }));
}

function stretchesOf({ filter }: Term, direction: Direction, server: readonly NamedPort[]): readonly Stretch[] {
  const ports = filteredPorts(filter, direction, server);
  if (ports === "everything") return protocolStretches;
  if (ports === "nothing") return [];
  const stretch = stretchOf(ports.protocol, ports.first, ports.last);
  return stretch === undefined ? [] : [stretch];
}
