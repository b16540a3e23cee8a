/**
 * Compare: every cell, L7 list, handshake and refused object of a scenario, the engine's answer held against Cilium's.
 */
import { readSetting, sourceOf } from "../../policies/reachability/conformance/world.ts";
import type { L7Restriction } from "../../policies/reachability/judge/l7.ts";
import { answerKey, connect } from "../../policies/reachability/matrix.ts";
import type { Side, SideOutcome, Verdict } from "../../policies/reachability/model.ts";
import type { ReadWorld } from "../../policies/reachability/read/world.ts";
import { decide } from "../../policies/reachability/verdict.ts";
import type { Answer, L7Element } from "./oracle.ts";
import type { Probe, Scenario } from "./scenario.ts";

export interface Comparison {
  /** One line each; empty where both say the same. */
  readonly differences: readonly string[];
  readonly cells: number;
  readonly lists: number;
  /** Cells that the engine calls unknown although Cilium decides them: fields that it does not model. */
  readonly unknown: number;
}

const codes: Record<SideOutcome, number> = { "not-applicable": 0, allow: 1, deny: 2, redirect: 3, unknown: 9 };
const denied = 2;
/** The Go program's code for a pod whose policy Cilium refuses to compute. */
const failed = 9;

export function compareScenario(scenario: Scenario, answer: Answer): Comparison {
  const read = readSetting(scenario);
  const { world } = read;
  const differences: string[] = [];
  const names = world.endpoints.map(({ name }) => name);
  if (JSON.stringify(names) !== JSON.stringify(answer.endpoints)) {
    differences.push(`endpoints: ${names.join(", ")}; Cilium has ${answer.endpoints.join(", ")}`);
    return { differences, cells: 0, lists: 0, unknown: 0 };
  }
  const early = refusedEarlier(scenario, read, answer);
  differences.push(...compareRefusals(scenario, read, answer, early));
  if (early.size > 0) return { differences, cells: 0, lists: 0, unknown: 0 };
  // How listeners go together with other rules and with each other is left open (L3).
  const mayBeUnknown =
    read.problems.some(({ code }) => unmodelled.includes(code)) ||
    /"listener":\{/.test(JSON.stringify(scenario.policies));
  const matrix = connect(world);
  const lists = new Map(answer.expectedL7.map((entry) => [cellKey(entry), entry]));
  const authentications = new Map(answer.authentication.map((entry) => [cellKey(entry), entry]));
  let unknown = 0;
  for (const [from, to, index, egress, ingress] of answer.expected) {
    const probe = scenario.probes[index];
    if (probe === undefined) throw new RangeError(`no probe ${String(index)}`);
    const cell = { src: names[from] ?? "", dst: names[to] ?? "", ...probe };
    const verdict = decide({ from, to, ...probe }, world);
    const differ = (what: string, ours: string, theirs: string): void => {
      differences.push(`${cellKey(cell)}: ${what} is ${ours}, Cilium says ${theirs}`);
    };
    const ours = [codes[verdict.egress.outcome], codes[verdict.ingress.outcome]];
    const same = sameCode(ours[0], egress, mayBeUnknown) && sameCode(ours[1], ingress, mayBeUnknown);
    if (!same) differ("egress and ingress", ours.join(" "), `${String(egress)} ${String(ingress)}`);
    const [span, asked] = [spanAt(matrix.cell(from, to), probe), answerKey(asSpan(verdict))];
    // Ports that are denied have no span.
    const spanned = answerKey(span ?? deniedSpan);
    // The matrix leaves ICMPv6 out.
    if (spanned !== asked && probe.protocol !== "ICMPv6") {
      differences.push(`${cellKey(cell)}: the matrix says ${spanned}, the verdict is ${asked}`);
    }
    if (ours.includes(codes.unknown)) {
      if (egress !== failed && ingress !== failed) unknown += 1;
      continue;
    }
    // A rule that is not modelled may also lift what another one restricts, on connections that are possible anyway.
    if (mayBeUnknown) continue;
    if (!same || egress === denied || ingress === denied) continue;
    const [list, listed] = [l7Line(verdict), l7LineOf(lists.get(cellKey(cell)))];
    if (list !== listed) differ("L7", list, listed);
    const handshakes = `${handshake(verdict.egress)} ${handshake(verdict.ingress)}`;
    const required = handshakeLine(authentications.get(cellKey(cell)));
    if (handshakes !== required) differ("authentication", handshakes, required);
  }
  return { differences, cells: answer.expected.length, lists: answer.expectedL7.length, unknown };
}

/** The Go program's answer held against one that was computed elsewhere: both codes of every cell, and every L7 list. */
export function fixtureDifferences(expected: Pick<Answer, "expected" | "expectedL7">, answer: Answer): string[] {
  const cells = expected.expected.flatMap((cell, index) => {
    const [wanted, got] = [cell.join(" "), (answer.expected[index] ?? []).join(" ")];
    return wanted === got ? [] : [`cell ${wanted}, the oracle says ${got}`];
  });
  const lines = ({ expectedL7 }: typeof expected): string[] =>
    expectedL7.map((entry) => `${cellKey(entry)} ${l7LineOf(entry)}`).sort();
  const [wanted, got] = [lines(expected), lines(answer)];
  const lists = wanted.flatMap((line, index) =>
    line === got[index] ? [] : [`L7 ${line}, the oracle says ${got[index] ?? ""}`],
  );
  const surplus = answer.expected.length - expected.expected.length + got.length - wanted.length;
  return [...cells, ...lists, ...(surplus === 0 ? [] : [`${String(surplus)} cells or lists too many`])];
}

function cellKey({ src, dst, protocol, port }: { src: string; dst: string; protocol: string; port: number }): string {
  return `${src} -> ${dst} ${protocol} ${String(port)}`;
}

/** Unknown is right exactly where Cilium computes nothing. Where a field is not modelled, what is said must hold. */
function sameCode(ours: number | undefined, theirs: number, mayBeUnknown: boolean): boolean {
  if (ours === theirs) return true;
  if (!mayBeUnknown || theirs === 0 || theirs === failed) return false;
  return ours === codes.unknown || (ours !== denied && theirs !== denied);
}

/** Problems that say that an answer depends on what the manifests do not hold. */
const unmodelled: readonly string[] = ["reachability/not-modelled", "reachability/service-not-found"];

/** What the definitions of Cilium's kinds ask for and its parser does not: no API server stores an object without. */
const askedByTheApiServer = /(authentication\.mode|(terminating|originating)TLS\.secret|fields\[\d+\]\.type)$/;

/**
 * Policies that the API server refuses, and the engine with it, although Cilium's parser would make something of them:
 * a NetworkPolicy, which the agent hardly checks, and the few fields above.
 */
function refusedEarlier({ policies }: Scenario, { problems }: ReadWorld, { policyErrors }: Answer): Set<number> {
  const refusals = problems.filter(({ code }) => code === "cilium/refused");
  return new Set(
    [...policies.keys()].filter((index) => {
      const ours = refusals.filter(({ where }) => where.startsWith(`${sourceOf(index)} `));
      if (ours.length === 0 || policyErrors.some((error) => error.index === index)) return false;
      return (
        policies[index]?.["kind"] === "NetworkPolicy" || ours.every(({ where }) => askedByTheApiServer.test(where))
      );
    }),
  );
}

/** Cilium's words for what it takes with a flag that the oracle, as our charts, does not set. */
const withFlag = /port must be specified|enable-node-selector-labels/;

function compareRefusals(
  scenario: Scenario,
  { problems }: ReadWorld,
  { policyErrors }: Answer,
  early: ReadonlySet<number>,
): string[] {
  const refusals = problems.filter(({ code }) => code === "cilium/refused");
  return scenario.policies.flatMap((_policy, index) => {
    const ours = refusals.find(({ where }) => where.startsWith(`${sourceOf(index)} `));
    const theirs = policyErrors.find((error) => error.index === index);
    if ((ours === undefined) === (theirs === undefined) || early.has(index)) return [];
    const isOpen = problems.some(
      ({ code, where }) => code === "reachability/not-modelled" && where.startsWith(`${sourceOf(index)} `),
    );
    if (isOpen && withFlag.test(theirs?.message ?? "")) return [];
    return [
      ours === undefined
        ? `${sourceOf(index)} is accepted, Cilium refuses it: ${theirs?.message ?? ""}`
        : `${sourceOf(index)} is refused (${ours.where}: ${ours.what}), Cilium accepts it`,
    ];
  });
}

type Spans = ReturnType<ReturnType<typeof connect>["cell"]>;

function spanAt(spans: Spans, { protocol, port }: Probe): Spans[number] | undefined {
  return spans.find((span) => span.protocol === protocol && span.first <= port && port <= span.last);
}

const nothing = { l7: [], authentication: "unspecified" } as const;
const deniedSpan = { outcome: "denied", egress: nothing, ingress: nothing } as const;

/** A verdict in the words of the matrix, which does not keep what a denied connection would be asked. */
function asSpan({ outcome, egress, ingress }: Verdict): Parameters<typeof answerKey>[0] {
  return outcome === "denied" ? deniedSpan : { outcome, egress, ingress };
}

/** Whatever the order of elements and of rules inside one; elements may repeat, rules may not. */
function l7LineOf(entry: Answer["expectedL7"][number] | undefined): string {
  const line = (list: readonly L7Element[] | null | undefined): string =>
    list === null || list === undefined ? "none" : list.map(elementText).sort().join(" | ");
  return `egress ${line(entry?.egress)}; ingress ${line(entry?.ingress)}`;
}

function elementText(element: L7Element): string {
  if (element === "*") return "*";
  return Object.entries(element)
    .map(([kind, rules]) => `${kind} ${[...new Set(rules.map(sortedText))].sort().join(" ")}`.trim())
    .sort()
    .join(" ");
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function l7Line(verdict: Verdict): string {
  const line = ({ outcome, l7 }: Side): string =>
    outcome === "redirect"
      ? l7
          .map((element) => (element.kind === "anything" ? "*" : restrictionText(element.by)))
          .sort()
          .join(" | ")
      : "none";
  return `egress ${line(verdict.egress)}; ingress ${line(verdict.ingress)}`;
}

function restrictionText(restriction: L7Restriction): string {
  switch (restriction.kind) {
    case "none":
      return "*";
    case "http":
    case "dns":
      return elementText({
        [restriction.kind]: restriction.rules.map((rule): unknown => JSON.parse(rule)),
        ...((restriction.serverNames ?? []).length === 0 ? {} : { serverNames: restriction.serverNames }),
      });
    case "tls":
      return elementText({ serverNames: restriction.serverNames });
    case "listener":
      return elementText({ listener: [restriction.name] });
  }
}

function handshake({ authentication }: Side): string {
  return authentication === "required" || authentication === "test-always-fail" ? authentication : "none";
}

function handshakeLine(entry: Answer["authentication"][number] | undefined): string {
  return `${entry?.egress ?? "none"} ${entry?.ingress ?? "none"}`;
}
