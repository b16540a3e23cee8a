/**
 * Realized: whether what the agents enforce is what policies say now. That a pod runs, or is ready, does not tell: its
 * endpoint may be without policy for a while, and so may the others be without its identity.
 */

/** What one agent said of its endpoints and of whom it knows. */
export interface AgentState {
  readonly revision: number;
  readonly endpoints: readonly {
    /** By which it is known: since 1.20 an endpoint does not say of which pod it is. */
    readonly address: string;
    readonly state: string;
    readonly identity: number;
    readonly realized: number;
    readonly wanted: number;
  }[];
  /** Identity by address. */
  readonly addresses: ReadonlyMap<string, number>;
}

const separator = "--- next ---";

/** Asked in one go: every start of the agent's command costs. */
export const agentQuestion = [
  "sh",
  "-c",
  ["policy get", "endpoint list", "ip list"]
    .map((words) => `cilium-dbg ${words} -o json`)
    .join(`; echo; echo '${separator}'; `),
];

export function readAgentState(text: string): AgentState {
  const [policy, endpoints, addresses] = text.split(separator).map((part) => JSON.parse(part) as unknown);
  const { revision } = policy as { revision: number };
  const listed = (endpoints as readonly WrittenEndpoint[] | null) ?? [];
  const known = (addresses as readonly { cidr: string; identity: number }[] | null) ?? [];
  return {
    revision,
    endpoints: listed.flatMap(({ status }) =>
      (status?.networking?.addressing ?? []).flatMap(({ ipv4 }) => {
        if (ipv4 === undefined || ipv4 === "") return [];
        return [
          {
            address: ipv4,
            state: status?.state ?? "unknown",
            identity: status?.identity?.id ?? 0,
            realized: status?.policy?.realized?.["policy-revision"] ?? 0,
            wanted: status?.policy?.spec?.["policy-revision"] ?? 0,
          },
        ];
      }),
    ),
    addresses: new Map(known.map(({ cidr, identity }) => [cidr.replace(/\/32$/, ""), identity])),
  };
}

interface WrittenEndpoint {
  readonly status?: {
    readonly state?: string;
    readonly networking?: { readonly addressing?: readonly { readonly ipv4?: string }[] };
    readonly identity?: { readonly id?: number };
    readonly policy?: {
      readonly realized?: { readonly "policy-revision"?: number };
      readonly spec?: { readonly "policy-revision"?: number };
    };
  };
}

export interface Awaited {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  readonly address: string;
}

/** What is still missing, by node; undefined when every agent enforces what policies say of these pods. */
export function missingOfRealized(
  pods: readonly Awaited[],
  agents: ReadonlyMap<string, AgentState>,
): string | undefined {
  const identities = new Map<string, number>();
  const missing: string[] = [];
  for (const { pod, node, address } of pods) {
    const agent = agents.get(node);
    const endpoint = agent?.endpoints.find((each) => each.address === address);
    if (agent === undefined || endpoint === undefined) missing.push(`${pod} is no endpoint on ${node} yet`);
    else if (endpoint.state !== "ready") missing.push(`${pod} is ${endpoint.state}`);
    else if (endpoint.realized < Math.max(agent.revision, endpoint.wanted)) {
      missing.push(`${pod} is at revision ${String(endpoint.realized)} of ${String(agent.revision)}`);
    } else identities.set(address, endpoint.identity);
  }
  for (const [node, { addresses }] of agents) {
    for (const [address, identity] of identities) {
      if (addresses.get(address) !== identity)
        missing.push(`${node} does not know ${address} as ${String(identity)} yet`);
    }
  }
  if (missing.length === 0) return undefined;
  const more = missing.length > 3 ? ` and ${String(missing.length - 3)} more` : "";
  return `${missing.slice(0, 3).join("; ")}${more}`;
}
