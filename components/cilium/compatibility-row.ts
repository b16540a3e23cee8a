/**
 * A row of the compatibility matrix: one combination that does not work as it looks, and what we do about it.
 *
 * What is judged are the merged Helm values, so that nothing gets past a row by way of the stack's own values.
 */
import type { BundleFeature, BundleNeeds } from "../../policies/bundle.ts";
import type { Problem } from "../../policies/problems.ts";
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import { isTrueToHelm, valueAt } from "../helm-values.ts";
import type { Settings } from "../settings.ts";

/** What a stack would become. */
export interface Candidate {
  readonly settings: Settings;
  readonly facts: ClusterFacts;
  /** Cilium's values: ours with the stack's own merged over them. */
  readonly values: HelmValues;
  /** The policy bundles the stack chose. */
  readonly bundles: readonly ChosenBundle[];
  /** Name of the stack file, for messages. */
  readonly file: string;
  /** Version of Cilium that would be installed. */
  readonly ciliumVersion: string;
}

/** A policy bundle, and what it cannot work without. */
export interface ChosenBundle {
  readonly name: string;
  readonly needs: BundleNeeds;
}

/** A problem with the row it belongs to. */
export interface Finding extends Problem {
  /** `refuse`: nothing is created. `warn`: told, and allowed. */
  readonly severity: "refuse" | "warn";
  /** Number in docs/compatibility.md. */
  readonly row: number;
}

/** What a check says: the rest of the finding follows from its row. */
export type Objection = Pick<Problem, "where" | "what" | "expected" | "fix"> & {
  readonly severity: Finding["severity"];
};

export interface Row {
  readonly row: number;
  /** Second half of the code of its problems, for example `native-on-aks`. */
  readonly name: string;
  /** The combination, as a person would say it. */
  readonly combination: string;
  /** What happens where nobody looks. */
  readonly consequence: string;
  readonly answer: "refuse" | "warn" | "refuse or warn" | "derive" | "fix value" | "not offered" | "document";
  /** What we do about it, where the word alone does not say it. */
  readonly note?: string;
  /** Absent where another row or the settings themselves leave nothing to check. */
  readonly check?: (candidate: Case) => readonly Objection[];
}

/** A candidate, and the questions rows ask of it. */
export interface Case extends Candidate {
  /** The merged value at a path; undefined where the chart's default holds. */
  value(path: string): unknown;
  /** Whether the chart would take the merged value for true. `fallback` is the chart's default. */
  isOn(path: string, fallback?: "on" | "off"): boolean;
  /** Whether the stack's own values say something at a path. What we derive ourselves agrees with the settings. */
  says(path: string): boolean;
  /** Place of a merged value: the stack's own values if they say it, else the setting it was derived from. */
  at(path: string, setting: string): string;
  /** The replacement of kube-proxy as the chart would read it. */
  readonly kubeProxyReplacement: boolean;
  /** Names of the chosen bundles that cannot work without something. */
  bundlesThatNeed(need: "l7Proxy" | "authentication" | BundleFeature): readonly string[];
  readonly routing: "native" | "tunnel";
}

export function caseOf(candidate: Candidate): Case {
  const { values, settings, file } = candidate;
  const value = (path: string): unknown => valueAt(values, path);
  const says = (path: string): boolean => valueAt(settings.cilium.values, path) !== undefined;
  return {
    ...candidate,
    value,
    isOn: (path, fallback = "off") => isTrueToHelm(value(path) ?? fallback === "on"),
    says,
    at: (path, setting) => `${file} › ${says(path) ? `cilium.values.${path}` : setting}`,
    bundlesThatNeed: (need) => candidate.bundles.filter(({ needs }) => doesNeed(needs, need)).map(({ name }) => name),
    kubeProxyReplacement: String(value("kubeProxyReplacement")) === "true",
    routing: value("routingMode") === "native" ? "native" : "tunnel",
  };
}

function doesNeed(needs: BundleNeeds, need: Parameters<Case["bundlesThatNeed"]>[0]): boolean {
  return need === "l7Proxy" || need === "authentication" ? needs[need] : (needs.features ?? []).includes(need);
}

export function refuse(where: string, what: string, expected: string, fix?: string): Objection {
  return { severity: "refuse", where, what, expected, ...(fix === undefined ? {} : { fix }) };
}

export function warn(where: string, what: string, expected: string, fix?: string): Objection {
  return { severity: "warn", where, what, expected, ...(fix === undefined ? {} : { fix }) };
}

/** For values that follow from something else: whatever the stack's own values say instead is refused. */
export function mustBe(
  the: Case,
  path: string,
  derived: { readonly value: unknown; readonly from: string; readonly setting: string },
): readonly Objection[] {
  const value = the.value(path);
  if (String(value) === String(derived.value)) return [];
  const what = `follows from ${derived.from}, got \`${shown(value)}\``;
  return [refuse(the.at(path, derived.setting), what, `\`${String(derived.value)}\``, `remove \`${path}\``)];
}

/** A value as it is told in a message. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
