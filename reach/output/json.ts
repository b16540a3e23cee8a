/**
 * JSON: reports for programs. `schema` changes when a field goes or changes its meaning, not when one is added.
 */
import type { DiffReport, EdgeAnswer, EdgeTable, MatrixReport } from "../../policies/reachability/report/report.ts";
import type { PromiseReport } from "../../policies/reachability/report/promise-report.ts";
import type { Restriction } from "../../policies/reachability/matrix.ts";
import type { Review } from "../review.ts";
import { remainsText } from "../../policies/reachability/report/report-text.ts";

export const schema = 1;

/**
 * In pieces, because a document may be longer than a text can be. `edges` has a line for each client that may reach
 * somebody, `[client, [server, answer, server, answer, ...]]`: positions in `groups` and in `answers`. Many pairs have one
 * answer, and most of the length would be its repetition.
 */
export function* matrixJson(report: MatrixReport): Generator<string> {
  const { kind, cilium, groups, table, denied, findings } = report;
  const before = documentText({ schema, kind, cilium, groups, answers: table.answers.map(answerJson) });
  yield `${before.slice(0, before.lastIndexOf("\n}"))},\n`;
  yield* edgePieces(table);
  const after = documentText({ denied, findings });
  yield after.slice(after.indexOf("\n") + 1);
}

/** Long enough that writing a piece costs little beside making it. */
const pieceLength = 2 ** 16;

/** The field `edges` of a document, one client to a line. */
function* edgePieces({ starts, edges }: EdgeTable): Generator<string> {
  let piece = "";
  let isFirst = true;
  yield '  "edges": [';
  for (let from = 0; from + 1 < starts.length; from += 1) {
    const [start, end] = [starts[from] ?? 0, starts[from + 1] ?? 0];
    if (start === end) continue;
    piece += `${isFirst ? "" : ","}\n    [${String(from)},[${edges.subarray(start, end).join(",")}]]`;
    isFirst = false;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  yield isFirst ? "],\n" : `${piece}\n  ],\n`;
}

/** `promises` are told where there were any to hold. */
export function diffJson(report: DiffReport, promises?: PromiseReport): string {
  const told = { schema, kind: report.kind, ...diffFields(report) };
  return documentText(promises === undefined ? told : { ...told, promises: promises.promises });
}

function diffFields(report: DiffReport): Readonly<Record<string, unknown>> {
  const { cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings, flows } = report;
  const told = { cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings };
  return flows === undefined ? told : { ...told, flows };
}

/** A diff with what became of promises, what lint newly finds, and `more` of what it was made of. */
export function reviewJson(
  { promises, warnings }: Pick<Review, "promises" | "warnings">,
  compared: Pick<Review, "report" | "newcomers"> | undefined,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return documentText({
    schema,
    kind: "review",
    ...more,
    ...promises,
    ...(compared === undefined ? {} : { ...diffFields(compared.report), newcomers: compared.newcomers }),
    warnings: warnings.added,
    stayed: warnings.stayed,
    gone: warnings.gone,
  });
}

function answerJson({ ports, outcome, egress, ingress }: EdgeAnswer): unknown {
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
        return {
          [by.kind]: by.rules.map((rule): unknown => JSON.parse(rule)),
          ...(by.serverNames === undefined || by.serverNames.length === 0 ? {} : { serverNames: by.serverNames }),
        };
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
