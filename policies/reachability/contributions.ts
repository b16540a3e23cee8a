/**
 * Contributions: what a selector's terms come to on the line of ports, once it is known what names of ports mean.
 */
import { portsKey } from "./identities.ts";
import type { Effect } from "./judgement.ts";
import type { Matches } from "./matches.ts";
import type { Direction, NamedPort } from "./model.ts";
import { Numbered } from "./numbered.ts";
import { protocolStretches, stretchOf, type Stretch } from "./port-line.ts";
import type { Prepared } from "./prepared.ts";
import { remembered } from "./remembered.ts";
import type { SideAnswers, Spoken } from "./side-answers.ts";
import { filteredPorts, type Bundle } from "./side-policy.ts";
import type { Term, Terms } from "./terms.ts";

/** One contribution, and to whom it goes. */
export interface Said {
  readonly contribution: number;
  /** In ascending order. */
  readonly positions: Int32Array;
}

/** What of a peer, and of whoever listens, decides what terms come to. */
interface Towards {
  readonly as: Matches["as"];
  readonly name: Effect["name"];
  readonly listener: number;
}

export class Contributions {
  readonly #ready: Prepared;
  readonly #direction: Direction;
  readonly #answers: SideAnswers;
  /** What an identity calls its ports, by number. */
  readonly #variants: readonly number[];
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

  /** Several where it is not the same to all peers: names of ports (S19), and names that are never learned (S31). */
  of(subject: number, { kind, peers, terms }: Bundle): readonly Said[] {
    const [first] = peers.positions;
    if (first === undefined || terms.list.length === 0) return [];
    const names = terms.list.some(({ filter }) => filter.kind === "named");
    const byPeer = names && this.#ready.listens(this.#direction) === "peer";
    if (!byPeer && kind !== "fqdn") {
      const listener = names ? this.variant(subject) : 0;
      return [
        {
          contribution: this.#number(terms, { as: peers.as, name: "known", listener }, subject, first),
          positions: peers.positions,
        },
      ];
    }
    const parts = new Map<number, number[]>();
    for (const peer of peers.positions) {
      const { fqdn } = this.#ready.identities.representatives[peer] ?? {};
      const name = kind !== "fqdn" || this.#ready.learned(subject, fqdn) ? "known" : "never learned";
      const listener = byPeer ? (this.#variants[peer] ?? 0) : names ? this.variant(subject) : 0;
      const contribution = this.#number(terms, { as: peers.as, name, listener }, subject, peer);
      remembered(parts, contribution, () => []).push(peer);
    }
    return [...parts].map(([contribution, positions]) => ({ contribution, positions: Int32Array.from(positions) }));
  }

  #number(terms: Terms, towards: Towards, subject: number, peer: number): number {
    const { as, name, listener } = towards;
    const key = `${String(terms.id)} ${as} ${name} ${String(listener)}`;
    return remembered(this.#numbers, key, () => {
      const server = this.#ready.listener(this.#direction, subject, peer);
      return this.#spoken.push(this.#spokenBy(terms, towards, server)) - 1;
    });
  }

  #spokenBy({ list }: Terms, { as, name }: Towards, server: readonly NamedPort[]): Spoken[] {
    const spoken: Spoken[] = [];
    let before: Term | undefined;
    let effect = 0;
    for (const term of list) {
      // The terms of one entry mostly do the same on every port.
      if (before === undefined || !doesTheSame(before, term)) {
        const certainty = as === "maybe" ? "doubtful" : term.certainty;
        effect = this.#answers.effectNumber({ ...term, certainty, name });
      }
      before = term;
      for (const { first, last } of stretchesOf(term, this.#direction, server)) spoken.push({ first, last, effect });
    }
    return spoken;
  }
}

function doesTheSame(one: Term, other: Term): boolean {
  return (
    one.l7 === other.l7 &&
    one.action === other.action &&
    one.authentication === other.authentication &&
    one.certainty === other.certainty &&
    one.tier === other.tier
  );
}

function stretchesOf({ filter }: Term, direction: Direction, server: readonly NamedPort[]): readonly Stretch[] {
  const ports = filteredPorts(filter, direction, server);
  if (ports === "everything") return protocolStretches;
  if (ports === "nothing") return [];
  const stretch = stretchOf(ports.protocol, ports.first, ports.last);
  return stretch === undefined ? [] : [stretch];
}
