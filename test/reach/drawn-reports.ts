/**
 * Drawn reports: worlds of any size for the tests of drawings, without an engine behind them.
 */
import { tableOf } from "../../policies/reachability/report/edges.ts";
import type {
  ChangeRow,
  DiffReport,
  Edge,
  Group,
  MatrixReport,
  PortRange,
} from "../../policies/reachability/report/report.ts";

const nothingAsked = { l7: [], authentication: "unspecified" } as const;

export const getFlights = {
  l7: [{ kind: "restricted", by: { kind: "http", rules: ['{"method":"GET","path":"/flights"}'] } }],
  authentication: "unspecified",
} as const;

export function tcp(...ports: readonly number[]): PortRange[] {
  return ports.map((port) => ({ protocol: "TCP", first: port, last: port }));
}

export function pod(name: string, others: readonly string[] = []): Group {
  const group: Group = {
    name: others.length === 0 ? name : `${name} and ${String(others.length)} more`,
    members: [name, ...others],
    kind: "pod",
  };
  return { ...group, namespace: name.slice(0, name.indexOf("/")) };
}

export function external(name: string): Group {
  return { name, members: [name], kind: "external" };
}

export function edge(from: number, to: number, ports: readonly PortRange[], more: Partial<Edge> = {}): Edge {
  return { from, to, ports, outcome: "allowed", egress: nothingAsked, ingress: nothingAsked, ...more };
}

export function matrixOf(
  groups: readonly Group[],
  edges: readonly Edge[],
  more: Partial<MatrixReport> = {},
): MatrixReport {
  const name = (position: number): string => groups[position]?.name ?? "?";
  return {
    kind: "matrix",
    cilium: "1.20",
    groups,
    edges,
    table: tableOf(groups.length, edges),
    denied: 7,
    findings: [],
    explain: ({ from, to, ports }) => [
      `${name(from)} -> ${name(to)} ${String(ports[0]?.protocol)} ${String(ports[0]?.first)}: allowed`,
      `  egress: allowed by cnp shop/web spec.egress[0] (policies/web.yaml:12) (S6)`,
      `  ingress: allowed by cnp shop/db spec.ingress[0] (policies/db.yaml:9) (S6)`,
    ],
    ...more,
  };
}

export function change(
  from: number,
  to: number,
  ports: readonly PortRange[],
  more: Partial<ChangeRow> = {},
): ChangeRow {
  return {
    kind: "ALLOWED",
    risk: "crosses namespaces",
    from,
    to,
    ports,
    before: "denied: cnp shop/db spec.ingress[0]",
    after: "allowed",
    because: ["cnp shop/db spec.ingress[1] (policies/db.yaml:12)"],
    ...more,
  };
}

export function diffOf(
  groups: readonly Group[],
  changes: readonly ChangeRow[],
  kept: readonly Edge[] = [],
): DiffReport {
  const name = (position: number): string => groups[position]?.name ?? "?";
  return {
    kind: "diff",
    cilium: { before: "1.20", after: "1.20" },
    groups,
    changes,
    kept: () => kept,
    unchanged: 40,
    unknown: 2,
    appeared: [],
    disappeared: [],
    findings: [],
    explain: ({ from, to }) => [
      `before: ${name(from)} -> ${name(to)}: denied`,
      `after: ${name(from)} -> ${name(to)}: allowed`,
    ],
  };
}

/** A world as platforms have them: namespaces of ten, layers inside, few edges across, DNS for all, some ways out. */
export function worldOf(workloads: number): MatrixReport {
  const names = ["web", "api", "orders", "payments", "search", "cache", "db", "queue", "worker", "mailer"];
  const teams = ["shop", "billing", "search", "fleet", "crew", "cargo", "booking", "loyalty", "ops", "data"];
  const spaces = Math.ceil(workloads / names.length);
  const team = (space: number): string =>
    `${teams[space % teams.length] ?? ""}${space < teams.length ? "" : `-${String(Math.floor(space / teams.length))}`}`;
  const groups: Group[] = Array.from({ length: workloads }, (_, at) =>
    pod(`${team(Math.floor(at / names.length))}/${names[at % names.length] ?? ""}`),
  );
  const dns = groups.push(pod("kube-system/coredns")) - 1;
  const outside = ["world", "10.0.0.0/8 except 10.1.0.0/16", "api.stripe.com", "*.blob.core.windows.net"].map(
    (name) => groups.push(external(name)) - 1,
  );
  const edges: Edge[] = [];
  for (let at = 0; at < workloads; at++) {
    const [space, role] = [Math.floor(at / names.length), at % names.length];
    const sibling = (other: number): number => Math.min(space * names.length + other, workloads - 1);
    const to = (target: number, ...rest: [readonly PortRange[], Partial<Edge>?]): void => {
      if (target !== at) edges.push(edge(at, target, ...rest));
    };
    if (role === 0) to(sibling(1), tcp(8080), { ingress: getFlights });
    if (role === 1) for (const other of [2, 3, 4]) to(sibling(other), tcp(8080, 9090));
    if (role === 2) to(sibling(7), tcp(5672));
    if (role >= 2 && role <= 4) to(sibling(6), tcp(5432));
    if (role === 4) to(sibling(5), tcp(6379));
    if (role === 8) to(sibling(7), tcp(5672));
    if (role === 8) to(sibling(9), tcp(25, 465, 587));
    if (role === 3 && space % 2 === 0)
      to(outside[2] ?? 0, tcp(443), {
        egress: {
          l7: [{ kind: "restricted", by: { kind: "tls", serverNames: ["api.stripe.com"] } }],
          authentication: "unspecified",
        },
      });
    if (role === 9) to(outside[0] ?? 0, tcp(443));
    if (role === 1 && space + 1 < spaces)
      to(Math.min((space + 1) * names.length + 1, workloads - 1), tcp(8080), {
        ingress: { l7: [], authentication: "required" },
      });
    if (role === 6 && space % 3 === 0) to(outside[3] ?? 0, tcp(443), { outcome: "unknown" });
    if (role % 3 === 0) to(dns, [{ protocol: "UDP", first: 53, last: 53 }, ...tcp(53)]);
  }
  return matrixOf(
    groups,
    edges.sort((a, b) => a.from - b.from || a.to - b.to),
    { denied: workloads * workloads - edges.length },
  );
}

/** The same world with every seventh edge changed in one of four ways. */
export function changedWorldOf(workloads: number): DiffReport {
  const { groups, edges } = worldOf(workloads);
  const kinds = ["ALLOWED", "DENIED", "L7-CHANGED", "UNKNOWN"] as const;
  const changed = edges.filter((_, at) => at % 7 === 0);
  const kept = edges.filter((_, at) => at % 7 !== 0);
  const rows = changed.map(({ from, to, ports }, at) =>
    change(from, to, ports, { kind: kinds[at % kinds.length] ?? "ALLOWED" }),
  );
  return diffOf(groups, rows, kept);
}
