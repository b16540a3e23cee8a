/** Pod: one pod as Cilium has it: endpoint, identity, policy in force, names it learned, and what it lost lately. */
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { flowsIn } from "../probe/evidence.ts";
import { endText, lately } from "./agents.ts";
import type { Examined } from "./examined.ts";

/** What was asked of one pod; texts as the agent on its node prints them. */
export interface PodSaid {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  readonly agent: string;
  /** Number of its endpoint. */
  readonly id: number;
  /** `cilium-dbg endpoint get <id> -o json`. */
  readonly endpoint: string;
  /** `cilium-dbg fqdn cache list -e <id> -o json`. */
  readonly names: string;
  /** `hubble observe --verdict DROPPED --pod <pod> -o jsonpb`. */
  readonly drops: string;
}

export function examinePod({ pod, node, agent, id, endpoint, names, drops }: PodSaid): readonly Examined[] {
  const next = (command: string): string =>
    `kubectl --namespace kube-system exec ${agent} --container cilium-agent -- ${command}`;
  const [found] = listIn(endpoint);
  const status = fieldsOf(found, "status");
  const state = textOf(status["state"]) ?? "not known to the agent";
  const policy = fieldsOf(status, "policy");
  const [realized, wanted] = [fieldsOf(policy, "realized"), fieldsOf(policy, "spec")];
  const revisions = [realized, wanted].map((each) => Number(each["policy-revision"] ?? 0));
  const isBehind = (revisions[0] ?? 0) < (revisions[1] ?? 0);
  const learned = listIn(names).map((each) => (textOf(each["fqdn"]) ?? "").replace(/\.$/, ""));
  const lost = new Map<string, number>();
  for (const { drop_reason_desc: reason = "", source, destination } of flowsIn(drops)) {
    const key = `${reason} ${endText(source)} -> ${endText(destination)}`;
    lost.set(key, (lost.get(key) ?? 0) + 1);
  }
  return [
    {
      what: `${pod} is endpoint ${String(id)} on ${node}, identity ${textOf(fieldsOf(status, "identity")["id"]) ?? "none"}`,
      ...(state === "ready" ? {} : { wrong: `is ${state}`, next: next(`cilium-dbg endpoint log ${String(id)}`) }),
    },
    {
      what: `${pod} has policy ${textOf(realized["policy-enabled"]) ?? "none"} in force`,
      ...(isBehind
        ? {
            wrong: `revision ${String(revisions[0])} of ${String(revisions[1])}`,
            next: next(`cilium-dbg endpoint get ${String(id)}`),
          }
        : {}),
    },
    { what: `${pod} has learned ${learned.length === 0 ? "no name" : [...new Set(learned)].join(", ")}` },
    {
      what: `${pod} lost nothing in the last ${lately}`,
      ...(lost.size === 0
        ? {}
        : {
            wrong: [...lost].map(([key, count]) => `${key} (${String(count)})`).join("; "),
            next: `npm run drops -- <stack> ${pod}`,
          }),
    },
  ];
}

function listIn(text: string): readonly Fields[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isFields) : [];
  } catch {
    return [];
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function fieldsOf(object: Fields | undefined, key: string): Fields {
  const found = object?.[key];
  return isFields(found) ? found : {};
}
