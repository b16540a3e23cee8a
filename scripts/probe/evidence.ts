/** Evidence: what Hubble saw of one connection, told by the agents of both ends. */
import type { Cell } from "./cells.ts";
import type { ProbedCluster } from "./cluster.ts";

/** One end of a flow. */
interface FlowEnd {
  readonly identity?: number;
  readonly labels?: readonly string[];
  readonly namespace?: string;
  readonly pod_name?: string;
}

/** What is read of a line that `hubble observe -o jsonpb` prints. */
export interface HubbleFlow {
  readonly verdict?: string;
  readonly drop_reason_desc?: string;
  readonly traffic_direction?: string;
  readonly Summary?: string;
  readonly source?: FlowEnd;
  readonly destination?: FlowEnd;
}

/** The newest flows between both, as each of the two agents has them. */
export async function evidenceOf(
  cell: Cell,
  cluster: ProbedCluster,
  agents: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const { from, destination } = cell;
  const asked = await Promise.all(
    [...agents].map(async ([node, agent]) => {
      const command = [
        ...["hubble", "observe", "--last", "4", "-o", "jsonpb"],
        ...["--protocol", destination.protocol.toLowerCase(), "--from-ip", from.address],
      ];
      const said = await cluster
        .executeInAgent(agent, [...command, "--to-port", String(cell.traffic.port)])
        .catch((error: unknown) => ({ stdout: "", stderr: String(error), code: 1 }));
      if (said.code !== 0) return [`${node}: hubble does not tell: ${said.stderr.trim().split("\n")[0] ?? ""}`];
      return [...new Set(flowLines(said.stdout))].map((line) => `${node}: ${line}`);
    }),
  );
  return asked.flat();
}

export function flowLines(text: string): readonly string[] {
  return flowsIn(text).map(({ verdict, drop_reason_desc: reason, traffic_direction: direction, Summary, ...flow }) => {
    const ends = [flow.source, flow.destination].map((end) => identityText(end)).join(" -> ");
    return [verdict, reason, direction, ends, Summary].filter((part) => part !== undefined && part !== "").join(" ");
  });
}

/** Lines that are no flow, such as a count of lost events, are passed over. */
export function flowsIn(text: string): readonly HubbleFlow[] {
  return text.split("\n").flatMap((line) => {
    try {
      const { flow } = JSON.parse(line) as { readonly flow?: HubbleFlow };
      return flow === undefined ? [] : [flow];
    } catch {
      return [];
    }
  });
}

/** An identity with those of its labels that tell who it is. */
function identityText(end: FlowEnd | undefined): string {
  const labels = (end?.labels ?? []).filter(
    (label) => label.startsWith("reserved:") || label.startsWith("cidr:") || label.startsWith("fqdn:"),
  );
  return [String(end?.identity ?? 0), ...(labels.length === 0 ? [] : [`(${labels.join(" ")})`])].join(" ");
}
