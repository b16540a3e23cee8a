/**
 * JSON: reports for programs. `schema` changes when a field goes or changes its meaning, not when one is added.
 */
import type { DiffReport, Edge, MatrixReport } from "../../policies/reachability/report.ts";
import type { Restriction } from "../../policies/reachability/matrix.ts";
import { remainsText } from "../../policies/reachability/report-text.ts";
import { remembered } from "../../policies/reachability/remembered.ts";

export const schema = 1;

/**
 * In pieces, because a document may be longer than a text can be. `edges` are `[from, to, answer]`, positions in `groups`
 * and in `answers`: many pairs have one answer, and most of the length would be its repetition.
 */
export function* matrixJson(report: MatrixReport): Generator<string> {
  const { kind, cilium, groups, edges, denied, findings } = report;
  const { answers, numbers } = answersOf(edges);
  const before = documentText({ schema, kind, cilium, groups, answers });
  yield `${before.slice(0, before.lastIndexOf("\n}"))},\n`;
  yield* listed(edges, ({ from, to, ports }) => `[${String(from)},${String(to)},${String(numbers.get(ports))}]`);
  const after = documentText({ denied, findings });
  yield after.slice(after.indexOf("\n") + 1);
}

/** Every answer once, in the order in which the edges first have it. */
function answersOf(edges: readonly Edge[]): {
  readonly answers: readonly unknown[];
  readonly numbers: ReadonlyMap<Edge["ports"], number>;
} {
  const numbers = new Map<Edge["ports"], number>();
  const byText = new Map<string, number>();
  for (const edge of edges) {
    if (numbers.has(edge.ports)) continue;
    numbers.set(
      edge.ports,
      remembered(byText, JSON.stringify(answerJson(edge)), () => byText.size),
    );
  }
  return { answers: [...byText.keys()].map((text): unknown => JSON.parse(text)), numbers };
}

/** Long enough that writing a piece costs little beside making it. */
const pieceLength = 2 ** 16;

/** The field `edges` of a document, one entry to a line. */
function* listed<T>(entries: readonly T[], textOf: (entry: T) => string): Generator<string> {
  if (entries.length === 0) {
    yield '  "edges": [],\n';
    return;
  }
  let piece = '  "edges": [\n    ';
  for (const [index, entry] of entries.entries()) {
    if (index > 0) piece += ",\n    ";
    piece += textOf(entry);
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n  ],\n`;
}

export function diffJson(report: DiffReport): string {
  const { kind, cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings } = report;
  return documentText({ schema, kind, cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings });
}

function answerJson({ ports, outcome, egress, ingress }: Edge): unknown {
  const remains = remainsText({ egress, ingress });
  return {
    ports,
    outcome,
    ...(remains === "" ? {} : { remains, egress: sideJson(egress), ingress: sideJson(ingress) }),
  };
}

/** L7 rules as they were written, in place of the engine's sorted texts. */
function sideJson({ l7, authentication }: Restriction): unknown {
  const elements = l7.map((element): unknown => {
    if (element.kind === "anything") return "*";
    const { by } = element;
    switch (by.kind) {
      case "none":
        return "*";
      case "http":
      case "dns":
        return { [by.kind]: by.rules.map((rule): unknown => JSON.parse(rule)) };
      case "tls":
        return { serverNames: by.serverNames };
      case "listener":
        return { listener: by.name };
    }
  });
  return { l7: elements, authentication };
}

/** One line per entry of the lists on top, so that two documents can be compared by line. */
export function documentText(document: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(document).map(([key, value]) => {
    if (!Array.isArray(value) || value.length === 0) return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const entries = value.map((entry) => `    ${JSON.stringify(entry)}`);
    return `  ${JSON.stringify(key)}: [\n${entries.join(",\n")}\n  ]`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}
