/** Subjects: pods of one namespace that a rule governs, with intersection and difference. */
import type { Rule } from "../reachability/model.ts";
import { requirementsOf } from "../reachability/select/selectors.ts";
import { bothLabels, includesLabels, labelsKeyOf, podsMeeting, podsWithout, type Labels } from "./pods.ts";

export interface Subject {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Every namespace there is, with its labels, that of its name included. */
export type Namespaces = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function subjectsOf(
  { subject }: Rule,
  bound: "at most" | "at least",
  namespaces: Namespaces,
): readonly Subject[] {
  const pods = podsMeeting(requirementsOf(subject.labels), bound);
  if (pods === undefined) return [];
  return [...namespaces]
    .filter(([, labels]) => includesLabels(pods.namespaces, labels))
    .map(([namespace]) => ({ namespace, labels: pods.labels }));
}

/** Equal keys, equal pods. */
export function subjectKey({ namespace, labels }: Subject): string {
  return `${namespace} ${labelsKeyOf(labels)}`;
}

export function commonSubject(one: Subject, other: Subject): Subject | undefined {
  if (one.namespace !== other.namespace) return undefined;
  const labels = bothLabels(one.labels, other.labels);
  return labels === undefined ? undefined : { namespace: one.namespace, labels };
}

/** What is in one of them and in none of the others. */
export function subjectsWithout(some: readonly Subject[], others: readonly Subject[]): readonly Subject[] {
  return others.reduce<readonly Subject[]>((left, other) => left.flatMap((one) => minus(one, other)), some);
}

function minus(one: Subject, other: Subject): readonly Subject[] {
  if (one.namespace !== other.namespace) return [one];
  const pods = (labels: Labels): { namespaces: Labels; labels: Labels } => ({ namespaces: new Map(), labels });
  return podsWithout(pods(one.labels), pods(other.labels)).map(({ labels }) => ({ namespace: one.namespace, labels }));
}

/** What is in any of some and in any of the others, without what is part of another. */
export function sharedSubjects(some: readonly Subject[], others: readonly Subject[]): readonly Subject[] {
  const found = some.flatMap((one) => others.flatMap((other) => commonSubject(one, other) ?? []));
  const distinct = [...new Map(found.map((each) => [subjectKey(each), each])).values()];
  return distinct.filter((one) => !distinct.some((other) => other !== one && isPartOf(one, other)));
}

function isPartOf(one: Subject, other: Subject): boolean {
  const shared = commonSubject(one, other);
  return shared !== undefined && subjectKey(shared) === subjectKey(one);
}
