/**
 * Misspelt: a selector that selects nobody, and would select the one who is meant if one word were another.
 */
import { distance } from "fastest-levenshtein";

import { parseKey } from "../select/labels.ts";
import type { Endpoint, World } from "../model.ts";
import { isFields } from "../read/fields.ts";
import { selectsPeer, type PeerSelector } from "../select/selectors.ts";
import type { Edit, Path } from "./edits.ts";

/** What a selector's key means to a pod: the label's key, and the value it has. */
export type Meaning = (key: string) => { readonly key: string; readonly value: string | undefined };

/** Keys of a Cilium selector, with or without their source. */
export function ciliumMeaning(pod: Endpoint): Meaning {
  return (written) => {
    const { key } = parseKey(written, "any");
    return { key, value: pod.labels.get(key)?.[0]?.value };
  };
}

/** Keys of labels that stand in the identity under a prefix, or under none. */
export function kubernetesMeaning(pod: Endpoint, prefix: string): Meaning {
  return (written) => ({ key: written, value: pod.labels.get(`${prefix}${written}`)?.[0]?.value });
}

/** A selector that has somebody is no slip: to correct it would shut them out. */
export function selectsNobodyIn({ endpoints }: World): (selector: PeerSelector) => boolean {
  return (selector) => endpoints.every((each) => selectsPeer(selector, each) === "no");
}

/**
 * The one edit that makes these labels right: another value, or another key with the same value. Undefined when more
 * than one is wrong, or the word is too far from the right one to be a slip.
 */
export function corrected(
  matchLabels: unknown,
  meaning: Meaning,
  keys: readonly string[],
  where: Omit<Extract<Edit, { kind: "put" }>, "kind" | "value">,
): readonly Edit[] | undefined {
  if (!isFields(matchLabels)) return undefined;
  const wrong = Object.entries(matchLabels).filter(([key, value]) => meaning(key).value !== value);
  const [only] = wrong;
  if (only === undefined || wrong.length > 1) return undefined;
  const [key, value] = only;
  const right = meaning(key).value;
  const path: Path = [...where.path, key];
  if (right !== undefined) {
    return alike(String(value), right) ? [{ kind: "put", manifest: where.manifest, path, value: right }] : undefined;
  }
  const better = keys.find((each) => !(each in matchLabels) && meaning(each).value === value && alike(each, key));
  if (better === undefined) return undefined;
  return [
    { kind: "remove", manifest: where.manifest, path },
    { kind: "put", manifest: where.manifest, path: [...where.path, better], value },
  ];
}

/** A slip of the hand, or a word with something before or after it. */
function alike(a: string, b: string): boolean {
  const longer = Math.max(a.length, b.length);
  return distance(a, b) <= Math.max(2, Math.floor(longer / 4)) || (longer > 3 && (a.includes(b) || b.includes(a)));
}
