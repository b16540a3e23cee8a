/** Report: what an export lost, for a person and for a program. */
import { policyText } from "../reachability/explain.ts";
import { portsText } from "../reachability/report/report-text.ts";
import { remembered } from "../reachability/pairs/remembered.ts";
import type { Exported } from "./exported.ts";
import { lossCodes, lossPlace, type Loss } from "./loss.ts";
import type { LostEdge } from "./measure.ts";

/** Of the pairs that one reason costs, so many are named. */
const shown = 20;

export function exportText(exported: Exported, inside: readonly string[]): string {
  const { policies, losses, others } = exported;
  const sources = new Set(policies.map(({ source }) => policyText(source))).size;
  const lines = [
    `${counted(sources, "policy", "policies")} as ${counted(policies.length, "NetworkPolicy", "NetworkPolicies")}: nothing opens, ` +
      `${counted(pairsOf(exported.lost), "pair loses", "pairs lose")} connections, ${counted(exported.unchanged, "pair is", "pairs are")} as before`,
    ...lostLines(exported),
    ...byCode(unusedOf(exported), "costs none of today's connections"),
    ...byCode(
      losses.filter(({ effect }) => effect === "guards less"),
      "guards less",
    ),
    ...(others.length === 0 ? [] : ["", "not for a cluster without Cilium", ...others.map((each) => `  ${each}`)]),
    "",
    `No range covers ${inside.join(", ")}: pods and nodes there may have such addresses.`,
    "Whatever a NetworkPolicy says, a pod and the node it runs on reach each other.",
    "Where the API server has an address outside these, who may reach the world may reach it.",
  ];
  return `${lines.join("\n")}\n`;
}

/** The same with every pair, and without the objects. */
export function exportJson({ policies, losses, lost, unchanged, others }: Exported, inside: readonly string[]): string {
  const report = {
    schema: 1,
    kind: "export",
    inside,
    policies: policies.map(({ source, manifest: { metadata } }) => ({
      from: policyText(source),
      namespace: metadata.namespace,
      name: metadata.name,
    })),
    losses: losses.map(({ code, origin, effect, details }) => ({
      code,
      policy: policyText(origin.policy),
      field: origin.path,
      effect,
      what: lossCodes[code],
      details,
    })),
    lost: lost.map(({ from, to, ports, losses: causes }) => ({ from, to, ports: portsText(ports), losses: causes })),
    unchanged,
    others,
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** Connections under what costs them. */
function lostLines({ lost, losses }: Exported): readonly string[] {
  const byCause = new Map<string, { causes: readonly Loss[]; readonly edges: LostEdge[] }>();
  for (const edge of lost) {
    const causes = edge.losses.flatMap((index) => losses[index] ?? []);
    const codes = [...new Set(causes.map(({ code }) => code))].sort().join();
    const known = remembered(byCause, codes, () => ({ causes: [], edges: [] }));
    known.edges.push(edge);
    known.causes = [...new Set([...known.causes, ...causes])];
  }
  return [...byCause.values()].flatMap(({ causes, edges }) => {
    const pairs = edges.flatMap(({ from, to, ports }) =>
      from.flatMap((client) =>
        to.filter((server) => server !== client).map((server) => `${client} -> ${server}  ${portsText(ports)}`),
      ),
    );
    const distinct = [...new Set(pairs)];
    const more = distinct.length > shown ? [`    and ${String(distinct.length - shown)} more`] : [];
    return [...byCode(causes, "lost"), ...distinct.slice(0, shown).map((pair) => `    ${pair}`), ...more];
  });
}

/** What each code means, once, with where it was found. */
function byCode(losses: readonly Loss[], title: string): readonly string[] {
  const codes = new Map<Loss["code"], Loss[]>();
  for (const loss of losses) remembered(codes, loss.code, () => []).push(loss);
  const lines = [...codes].flatMap(([code, found]) => [
    `${title}: ${lossCodes[code]}`,
    ...found.map((loss) => `  ${lossPlace(loss)}`),
  ]);
  return lines.length === 0 ? [] : ["", ...lines];
}

function unusedOf({ lost, losses }: Exported): readonly Loss[] {
  const used = new Set(lost.flatMap((edge) => edge.losses));
  return losses.filter(({ effect }, index) => effect === "closes" && !used.has(index));
}

function pairsOf(lost: readonly LostEdge[]): number {
  const pairs = lost.flatMap(({ from, to }) => from.flatMap((client) => to.map((server) => `${client} ${server}`)));
  return new Set(pairs).size;
}

function counted(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
