/**
 * Terms: what an entry says, port range by port range, before it is known of whom.
 *
 * Most entries say the same of many peers, so their terms are made once and equal terms are one object.
 */
import { merge, saysNothingNew, unrestricted, withWildcard, writtenKey, type L7Restriction } from "./l7.ts";
import type { Authentication, PortScope, Rule } from "../model.ts";
import type { PortEntry } from "./ports.ts";
import { remembered } from "../pairs/remembered.ts";

/** Traffic of one port range, or of everything. */
export type PortFilter = PortEntry | { readonly kind: "everything" };

/** What is said on one port range. */
export interface Term extends Pick<Rule, "action" | "authentication" | "certainty" | "tier"> {
  readonly filter: PortFilter;
  readonly l7: L7Restriction;
}

/** Equal lists are one object. */
export interface Terms {
  readonly id: number;
  readonly list: readonly Term[];
  /** Whether some port is given by its name. */
  readonly portNames: "some" | "none";
  readonly l7: "restricted" | "unrestricted";
}

/** What was said, and whether some of it could not be merged (L4). */
export interface Said {
  readonly terms: Terms;
  readonly conflict: boolean;
}

/** What one entry says: by itself, and as written, because Cilium merges it port rule by port rule into what was said before. */
export interface EntrySaid extends Said {
  readonly written: Terms;
}

const everything = [{ filter: { kind: "everything" }, l7: unrestricted }] as const;

export function filtersOf({
  scope,
}: Pick<Rule, "scope">): readonly { readonly filter: PortFilter; readonly l7: L7Restriction }[] {
  if (scope.kind === "everything") return everything;
  return scope.rules.flatMap(({ ports, l7 }) => ports.map((filter) => ({ filter, l7 })));
}

export function filterKey(filter: PortFilter): string {
  switch (filter.kind) {
    case "everything":
      return "everything";
    case "named":
      return `${filter.protocol} ${filter.name}`;
    case "range":
      return `${filter.protocol} ${String(filter.first)}-${String(filter.endPort)}`;
  }
}

/** All terms of one world. */
export class TermBook {
  readonly #byText = new Map<string, Terms>();
  readonly #byScope = new WeakMap<PortScope, Map<string, EntrySaid>>();
  #last: { readonly rule: Rule; readonly isolated: "yes" | "no" | "maybe"; readonly said: EntrySaid } | undefined;
  readonly #merged = new Map<Terms, Map<Terms, Said>>();

  /** Where nothing is isolated, an L7 list must not turn into one: everything else passes too (S7, S23). */
  termsOf(rule: Rule, isolated: "yes" | "no" | "maybe"): EntrySaid {
    // The peers of one entry come one after the other, and were read with one object of ports.
    const last = this.#last;
    if (last?.isolated === isolated && saysTheSame(last.rule, rule)) return last.said;
    const { scope, action, authentication, certainty, tier } = rule;
    let known = this.#byScope.get(scope);
    if (known === undefined) this.#byScope.set(scope, (known = new Map<string, EntrySaid>()));
    const key = `${action} ${authentication} ${certainty} ${tier} ${isolated === "no" ? "softened" : ""}`;
    const said = remembered(known, key, () => {
      const terms = filtersOf(rule).map(({ filter, l7 }): Term => ({
        filter,
        l7: isolated === "no" ? withWildcard(l7) : l7,
        ...{ action, authentication, certainty, tier },
      }));
      return { ...this.#together(terms), written: this.#interned(terms) };
    });
    this.#last = { rule, isolated, said };
    return said;
  }

  /** What is said of one selector, with what a further entry says as `written`. */
  merged(old: Terms, added: Terms): Said {
    let known = this.#merged.get(old);
    if (known === undefined) this.#merged.set(old, (known = new Map<Terms, Said>()));
    let said = known.get(added);
    if (said === undefined) known.set(added, (said = this.#together([...old.list, ...added.list])));
    return said;
  }

  #together(all: readonly Term[]): Said {
    const merged = new Map<string, Term>();
    let conflict = false;
    for (const term of all) {
      const key = `${filterKey(term.filter)} ${term.tier} ${term.certainty}`;
      const both = mergeTerms(merged.get(key), term);
      if (both === "conflict") conflict = true;
      else merged.set(key, both);
    }
    return { terms: this.#interned([...merged.values()]), conflict: conflict || mightConflict(all) };
  }

  #interned(list: readonly Term[]): Terms {
    const text = list.map(termKey).join("\n");
    let terms = this.#byText.get(text);
    if (terms === undefined) this.#byText.set(text, (terms = termsOf(this.#byText.size, list)));
    return terms;
  }
}

/** Whether terms that may or may not be there could not be merged with the others. */
function mightConflict(all: readonly Term[]): boolean {
  if (all.every(({ certainty }) => certainty === "certain")) return false;
  const merged = new Map<string, Term>();
  for (const term of all) {
    if (term.action === "deny" && term.certainty === "doubtful") continue;
    const key = `${filterKey(term.filter)} ${term.tier}`;
    const both = mergeTerms(merged.get(key), term);
    if (both === "conflict") return true;
    merged.set(key, both);
  }
  return false;
}

/** Whether something of these may be left to merge: what asks for nothing goes with everything. */
export function asks({ list }: Terms): boolean {
  return list.some(({ l7, authentication }) => l7.kind !== "none" || authentication !== "unspecified");
}

function termsOf(id: number, list: readonly Term[]): Terms {
  const portNames = list.some(({ filter }) => filter.kind === "named") ? "some" : "none";
  const l7 = list.some((term) => term.l7.kind !== "none") ? "restricted" : "unrestricted";
  return { id, list, portNames, l7 };
}

function saysTheSame(one: Rule, other: Rule): boolean {
  return one.scope === other.scope && weighsTheSame(one, other);
}

/** Whether both do the same to what they speak of, L7 aside. */
export function weighsTheSame(one: Weight, other: Weight): boolean {
  return (
    one.action === other.action &&
    one.authentication === other.authentication &&
    one.certainty === other.certainty &&
    one.tier === other.tier
  );
}

type Weight = Pick<Rule, "action" | "authentication" | "certainty" | "tier">;

function termKey({ filter, action, l7, authentication, certainty, tier }: Term): string {
  return [filterKey(filter), action, authentication, certainty, tier, writtenKey(l7)].join(" ");
}

/** A deny replaces an allow of the same peer and range; two allows become one (S3, S23). */
function mergeTerms(old: Term | undefined, added: Term): Term | "conflict" {
  if (old === undefined) return added;
  if (old.action !== added.action) return old.action === "deny" ? old : added;
  if (old.authentication === added.authentication && saysNothingNew(added.l7, old.l7)) return old;
  const l7 = old.l7.kind === "none" && added.l7.kind === "none" ? old.l7 : merge(old.l7, added.l7);
  const authentication = mergeAuthentication(old.authentication, added.authentication);
  if (l7 === "conflict" || authentication === "conflict") return "conflict";
  return { ...old, l7, authentication };
}

function mergeAuthentication(a: Authentication, b: Authentication): Authentication | "conflict" {
  if (a === b || b === "unspecified") return a;
  return a === "unspecified" ? b : "conflict";
}
