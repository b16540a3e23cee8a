/** Compare: the engine's answers beside those of a file, cell by cell, list by list and change by change. */
import { compareAt, positions, type Question } from "../diff.ts";
import { originText } from "../explain.ts";
import type { SideOutcome, Verdict, World } from "../model.ts";
import { decide } from "../verdict.ts";
import type { Pair, Scenario } from "./format.ts";
import { l7Line, l7LineOf, noLists } from "./l7-lists.ts";

/** How much was compared, and a line for everything that differs. */
export interface Compared {
  readonly compared: number;
  readonly differing: readonly string[];
}

/** 0 stands for a side that is no pod; 9 for what the engine leaves open, which no file does. */
const codes: Record<SideOutcome, number> = { "not-applicable": 0, allow: 1, deny: 2, redirect: 3, unknown: 9 };

interface Asked {
  readonly question: Question;
  readonly verdict: Verdict;
  readonly expected: string;
}

/** Both sides' codes of every cell. */
export function compareCells(scenario: Scenario, world: World): Compared {
  const differing = asked(scenario, world).flatMap(({ question, verdict, expected }) => {
    const got = codesText(verdict);
    if (got === expected) return [];
    const origins = [verdict.egress, verdict.ingress].flatMap(({ reason }) => reason.origins);
    const speaking = [...new Set(origins.map(originText))].join(", ");
    return [
      `scenario ${String(scenario.id)}: ${questionText(question)}: expected ${expected}, got ${got}${speaking === "" ? "" : ` (${speaking})`}`,
    ];
  });
  return { compared: scenario.expected.length, differing };
}

function codesText({ egress, ingress }: Verdict): string {
  return `${String(codes[egress.outcome])} ${String(codes[ingress.outcome])}`;
}

/** The L7 lists of all cells that have some. A scenario that says nothing of L7 is not asked. */
export function compareLists(scenario: Scenario, world: World): Compared {
  if (scenario.expectedL7 === undefined || scenario.expectedL7 === null) return { compared: 0, differing: [] };
  const expected = new Map(
    scenario.expectedL7.map(({ src, dst, egress, ingress, ...port }) => [
      questionText({ from: src, to: dst, ...port }),
      l7Line(egress, ingress),
    ]),
  );
  const differing = asked(scenario, world).flatMap(({ question, verdict }) => {
    const cell = questionText(question);
    const got = verdict.outcome === "allowed" ? l7LineOf(verdict) : noLists;
    const wanted = expected.get(cell) ?? noLists;
    return got === wanted ? [] : [`scenario ${String(scenario.id)}: ${cell}: expected ${wanted}, got ${got}`];
  });
  return { compared: expected.size, differing };
}

/** What a change does, nothing more and nothing less. `line` is for people, from 1. */
export function comparePair(pair: Pair, line: number, scenario: Scenario, before: World, after: World): Compared {
  const found = compareAt(before, after, questionsOf(scenario));
  const got = new Set(found.map((each) => `${questionText(each)} ${each.kind}`));
  const wanted = new Set(
    pair.changes.map(([from, to, protocol, port, kind]) => `${questionText({ from, to, protocol, port })} ${kind}`),
  );
  const name = `change ${String(line)} of scenario ${String(scenario.id)} (${pair.mutation.kind})`;
  const missing = [...wanted].filter((each) => !got.has(each)).map((each) => `${name}: missing ${each}`);
  const surplus = [...got].filter((each) => !wanted.has(each)).map((each) => `${name}: reported ${each}`);
  return { compared: 1, differing: [...missing, ...surplus] };
}

/** Every cell of the scenario, in its order. */
function questionsOf({ expected, endpoints, probes }: Scenario): Question[] {
  return expected.flatMap(([from, to, probe]) => {
    const [client, server, port] = [endpoints[from], endpoints[to], probes[probe]];
    return client === undefined || server === undefined || port === undefined
      ? []
      : [{ from: client, to: server, ...port }];
  });
}

function asked(scenario: Scenario, world: World): Asked[] {
  const at = positions(world);
  return questionsOf(scenario).map((question, index) => {
    const [from, to] = [at.get(question.from) ?? -1, at.get(question.to) ?? -1];
    const verdict = decide({ from, to, protocol: question.protocol, port: question.port }, world);
    return { question, verdict, expected: (scenario.expected[index]?.slice(3) ?? []).join(" ") };
  });
}

function questionText({ from, to, protocol, port }: Question): string {
  return `${from} -> ${to} ${protocol} ${String(port)}`;
}
