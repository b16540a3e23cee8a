/**
 * Cases: scenarios with the verdicts that Cilium's own policy engine gives, and how to ask ours the same.
 */
import fs from "node:fs";
import zlib from "node:zlib";

import type { Entity, External } from "../../policies/reachability/read/externals.ts";
import { readWorld } from "../../policies/reachability/read/world.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import type { CiliumVersion, Side, SideOutcome, Verdict, World } from "../../policies/reachability/model.ts";

export interface Case {
  readonly id: number;
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly pods: readonly Pod[];
  readonly externals: readonly (External | { readonly name: string; readonly entity: Entity })[];
  readonly policies: readonly Fields[];
  readonly probes: readonly { readonly protocol: "TCP" | "UDP"; readonly port: number }[];
  readonly endpoints: readonly string[];
  readonly expected: readonly (readonly [number, number, number, number, number])[];
  readonly expectedL7: readonly L7Entry[];
}

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

export interface L7Entry {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly port: number;
  readonly egress: readonly L7Element[] | null;
  readonly ingress: readonly L7Element[] | null;
}

type L7Element = "*" | Readonly<Partial<Record<"http" | "dns", readonly unknown[]>>>;

export interface Pair {
  readonly base: number;
  readonly mutation: Mutation;
  readonly headPolicies: readonly Fields[] | null;
  readonly changes: readonly (readonly [string, string, string, number, string])[];
}

type Mutation =
  | { readonly kind: "removePolicy"; readonly index: number }
  | { readonly kind: "addPolicy"; readonly policy: Fields }
  | { readonly kind: "changePort" | "noop-reorder" }
  | { readonly kind: "relabelPod"; readonly pod: number; readonly label: string; readonly value: string }
  | { readonly kind: "relabelNamespace"; readonly namespace: string; readonly label: string; readonly value: string };

function read(file: string): unknown[] {
  const packed = fs.readFileSync(new URL(`../fixtures/cilium-verdicts/${file}`, import.meta.url));
  const lines = zlib.gunzipSync(packed).toString("utf8").trimEnd().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

export const readCases = (): Case[] => read("random-cases-000-299.jsonl.gz") as Case[];
export const readPairs = (): Pair[] => read("diff-cases-000-299.jsonl.gz") as Pair[];

/** The scenario as a cluster would hold it: plain objects. */
export function worldOf(scenario: Case, cilium: CiliumVersion = "1.20"): World {
  const namespaces = Object.entries(scenario.namespaces).map(([name, labels]) => ({
    kind: "Namespace",
    metadata: { name, labels },
  }));
  const objects: Fields[] = [...namespaces, ...scenario.pods.map(podObject), ...scenario.policies];
  const manifests = objects.map((object) => ({ object }));
  return readWorld({ manifests, externals: scenario.externals, cilium }).world;
}

function podObject({ namespace, name, labels, serviceAccount, ports }: Pod): Fields {
  const containers = [{ ports: ports.map((each) => ({ ...each, containerPort: each.port })) }];
  const account = serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount };
  return { kind: "Pod", metadata: { namespace, name, labels }, spec: { ...account, containers } };
}

/** The scenario after the one change of the pair. */
export function headOf(scenario: Case, { mutation, headPolicies }: Pair): Case {
  switch (mutation.kind) {
    case "removePolicy":
      return { ...scenario, policies: scenario.policies.filter((_policy, index) => index !== mutation.index) };
    case "addPolicy":
      return { ...scenario, policies: [...scenario.policies, mutation.policy] };
    case "changePort":
    case "noop-reorder":
      return { ...scenario, policies: headPolicies ?? [] };
    case "relabelPod":
      return {
        ...scenario,
        pods: scenario.pods.map((pod, index) =>
          index === mutation.pod ? { ...pod, labels: { ...pod.labels, [mutation.label]: mutation.value } } : pod,
        ),
      };
    case "relabelNamespace": {
      const labels = { ...scenario.namespaces[mutation.namespace], [mutation.label]: mutation.value };
      return { ...scenario, namespaces: { ...scenario.namespaces, [mutation.namespace]: labels } };
    }
  }
}

const codes: Record<SideOutcome, number> = { "not-applicable": 0, allow: 1, deny: 2, redirect: 3, unknown: 9 };

export function codesOf(verdict: Verdict): readonly [number, number] {
  return [codes[verdict.egress.outcome], codes[verdict.ingress.outcome]];
}

/** One line per L7 list, whatever the order of its elements and of the rules inside one. */
export function l7Line(egress: readonly L7Element[] | null, ingress: readonly L7Element[] | null): string {
  const line = (list: readonly L7Element[] | null): string =>
    list === null ? "none" : list.map(elementText).sort().join(" | ");
  return `egress ${line(egress)}; ingress ${line(ingress)}`;
}

function elementText(element: L7Element): string {
  if (element === "*") return "*";
  return Object.entries(element)
    .map(([kind, rules]) => `${kind} ${[...new Set(rules.map(sortedText))].sort().join(" ")}`)
    .join(" ");
}

function sortedText(rule: unknown): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(Object(rule) as Fields).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** The engine's L7 unions in the words of the files. */
export function l7LineOf(verdict: Verdict): string {
  return l7Line(elementsOf(verdict.egress), elementsOf(verdict.ingress));
}

function elementsOf({ outcome, l7 }: Side): L7Element[] | null {
  if (outcome !== "redirect") return null;
  return l7.map((element): L7Element => {
    if (element.kind === "anything") return "*";
    const { by } = element;
    if (!("rules" in by)) throw new Error(`the files hold no ${by.kind} rules`);
    return { [by.kind]: by.rules.map((rule): unknown => JSON.parse(rule)) };
  });
}
