/** Agents: what those on real nodes say of themselves, of their endpoints, and of what they dropped lately. */
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { isFields } from "../../policies/reachability/read/fields.ts";
import { flowsIn, type HubbleFlow } from "../probe/evidence.ts";
import type { Examined } from "./examined.ts";

/** What one agent said. Texts are as its commands print them. */
export interface AgentSaid {
  readonly node: string;
  /** `cilium-dbg status -o json`. */
  readonly status: string;
  /** `cilium-dbg endpoint list -o json`. */
  readonly endpoints: string;
  /** `hubble observe --verdict DROPPED -o jsonpb`. */
  readonly drops: string;
}

/** How far back drops are told. */
export const lately = "5m";

const inAgent = "kubectl --namespace kube-system exec daemonset/cilium --container cilium-agent --";

export function examineAgents(said: readonly AgentSaid[]): readonly Examined[] {
  return [health(said), endpoints(said), drops(said)];
}

function health(said: readonly AgentSaid[]): Examined {
  const wrong = said.flatMap(({ node, status }) => {
    const parsed = parse(status);
    if (!isFields(parsed)) return [`${node}: says nothing`];
    const bad = ["cilium", "kubernetes", "container-runtime"].flatMap((part) => {
      const { state, msg } = isFields(parsed[part]) ? parsed[part] : {};
      if (typeof state !== "string" || state.toLowerCase() === "ok" || state === "Disabled") return [];
      return [`${part} ${state} ${typeof msg === "string" ? msg : ""}`.trim()];
    });
    const controllers = Array.isArray(parsed["controllers"]) ? parsed["controllers"].filter(isFields) : [];
    const failing = controllers.flatMap(({ name, status: own }) =>
      Number((isFields(own) ? own["consecutive-failure-count"] : undefined) ?? 0) > 0 ? [String(name)] : [],
    );
    return [...bad, ...failing.map((name) => `controller ${name} fails`)].map((each) => `${node}: ${each}`);
  });
  return {
    what: `${String(said.length)} agents healthy by their own word`,
    ...(wrong.length === 0 ? {} : { wrong: wrong.join("; "), next: `${inAgent} cilium-dbg status --all-controllers` }),
  };
}

function endpoints(said: readonly AgentSaid[]): Examined {
  const all = said.flatMap(({ node, endpoints: text }) => {
    const parsed = parse(text);
    return (Array.isArray(parsed) ? parsed.filter(isFields) : []).map((each) => ({ node, each }));
  });
  const wrong = all.flatMap(({ node, each }) => {
    const state = stateOf(each);
    return state === "ready" ? [] : [`${node} ${String(each["id"])} is ${state}`];
  });
  return {
    what: `${String(all.length)} endpoints`,
    ...(wrong.length === 0 ? {} : { wrong: wrong.join("; "), next: `${inAgent} cilium-dbg endpoint list` }),
  };
}

function stateOf({ status }: Fields): string {
  return isFields(status) && typeof status["state"] === "string" ? status["state"] : "unknown";
}

/** Policy doing its work is no fault: only what was dropped for another reason is. */
function drops(said: readonly AgentSaid[]): Examined {
  const counts = new Map<string, number>();
  let byPolicy = 0;
  for (const flow of said.flatMap((each) => flowsIn(each.drops))) {
    if (isPolicy(flow)) byPolicy += 1;
    else if (flow.drop_reason_desc !== otherFamily) {
      const key = `${flow.drop_reason_desc ?? "unknown reason"} ${endText(flow.source)} -> ${endText(flow.destination)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return {
    what: `${String(byPolicy)} drops by policy in the last ${lately}`,
    ...(most.length === 0
      ? {}
      : {
          wrong: `for other reasons: ${most.map(([key, count]) => `${key} (${String(count)})`).join("; ")}`,
          next: `${inAgent} hubble observe --verdict DROPPED --since ${lately}`,
        }),
  };
}

/** What every pod asks its neighbours about IPv6 when it starts, in a cluster without: no fault. */
const otherFamily = "UNSUPPORTED_L3_PROTOCOL";

function isPolicy({ drop_reason_desc: reason }: HubbleFlow): boolean {
  return reason === "POLICY_DENIED" || reason === "POLICY_DENY" || reason === "AUTH_REQUIRED";
}

export function endText(end: HubbleFlow["source"]): string {
  const { namespace, pod_name: pod, labels = [], identity = 0 } = end ?? {};
  if (namespace !== undefined && pod !== undefined) return `${namespace}/${pod}`;
  return labels.find((label) => label.startsWith("reserved:"))?.slice("reserved:".length) ?? String(identity);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
