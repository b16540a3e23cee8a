/**
 * JSON: reports for programs. `schema` changes when a field goes or changes its meaning, not when one is added.
 */
import type { DiffReport, Edge, MatrixReport } from "../../policies/reachability/report.ts";
import type { Restriction } from "../../policies/reachability/matrix.ts";
import { remainsText } from "../../policies/reachability/report-text.ts";

export const schema = 1;

export function matrixJson(report: MatrixReport): string {
  const { kind, cilium, groups, edges, denied, findings } = report;
  return documentText({ schema, kind, cilium, groups, edges: edges.map(edgeJson), denied, findings });
}

export function diffJson(report: DiffReport): string {
  const { kind, cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings } = report;
  return documentText({ schema, kind, cilium, groups, changes, unchanged, unknown, appeared, disappeared, findings });
}

function edgeJson({ from, to, ports, outcome, egress, ingress }: Edge): unknown {
  const remains = remainsText({ egress, ingress });
  return {
    from,
    to,
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
