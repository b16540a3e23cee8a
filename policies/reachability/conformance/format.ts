/**
 * Format: scenarios with the verdicts that Cilium's own policy engine gives for them, one JSON object per line, and changes
 * of such scenarios with the cells that they change.
 *
 * What a reader can do without may be absent: labels, ports, the list of endpoints, the lists of L7 rules.
 */
import * as v from "valibot";

import type { Problem } from "../../problems.ts";
import { entities } from "../read/externals.ts";

const text = v.string();
const whole = v.pipe(v.number(), v.integer());
const texts = v.record(text, text);
const object = v.record(text, v.unknown());
/** Of ICMP the port is the type. */
const protocol = v.picklist(["TCP", "UDP", "SCTP", "ICMP", "ICMPv6"]);

const pod = v.object({
  namespace: text,
  name: text,
  labels: v.optional(texts, {}),
  serviceAccount: v.optional(text),
  ports: v.optional(v.array(v.object({ name: text, protocol: text, port: whole })), []),
});

const external = v.union([
  v.strictObject({ name: text, entity: v.picklist(entities) }),
  v.strictObject({ name: text, fqdn: v.optional(text), ip: text }),
  v.strictObject({ name: text, fqdn: text }),
]);

/** A Service; where it has no selector, its addresses are those of EndpointSlices. */
const service = v.object({
  namespace: text,
  name: text,
  labels: v.optional(texts, {}),
  selector: v.optional(texts, {}),
  addresses: v.optional(v.array(text), []),
});

const l7Element = v.union([v.literal("*"), v.record(text, v.array(v.unknown()))]);
const l7List = v.nullable(v.array(l7Element));

/** Positions of source, destination and probe, and the codes of both sides. Checked without a schema: there are many. */
type Cell = readonly [number, number, number, number, number];
const cells = v.custom<readonly Cell[]>(
  (value) => Array.isArray(value) && value.every(isCell),
  "expected lists of five whole numbers",
);

function isCell(value: unknown): value is Cell {
  return Array.isArray(value) && value.length === 5 && value.every((each) => Number.isInteger(each));
}

const scenario = v.object({
  id: v.optional(whole),
  namespaces: v.optional(v.record(text, texts), {}),
  pods: v.array(pod),
  externals: v.optional(v.array(external), []),
  policies: v.optional(v.array(object), []),
  /** CiliumCIDRGroup objects. */
  cidrGroups: v.optional(v.array(object), []),
  services: v.optional(v.array(service), []),
  apiServer: v.optional(v.picklist(["on another node", "on the pod's node", "outside the cluster"])),
  peerScope: v.optional(v.picklist(["local cluster", "any cluster"])),
  probes: v.array(v.object({ protocol, port: whole })),
  /** Objects that Cilium refused. The engine must refuse the same, or cells differ. */
  policyErrors: v.optional(v.nullable(v.array(v.unknown()))),
  /** Pods, then externals, each in their order, where it is absent. */
  endpoints: v.optional(v.array(text)),
  expected: cells,
  expectedL7: v.optional(
    v.nullable(
      v.array(
        v.object({
          src: text,
          dst: text,
          protocol,
          port: whole,
          egress: v.optional(l7List, null),
          ingress: v.optional(l7List, null),
        }),
      ),
    ),
  ),
});

const mutation = v.variant("kind", [
  v.object({ kind: v.literal("removePolicy"), index: whole }),
  v.object({ kind: v.literal("addPolicy"), policy: object }),
  v.object({ kind: v.literal("changePort") }),
  v.object({ kind: v.literal("noop-reorder") }),
  v.object({ kind: v.literal("relabelPod"), pod: whole, label: text, value: text }),
  v.object({ kind: v.literal("relabelNamespace"), namespace: text, label: text, value: text }),
]);

const change = v.tuple([text, text, protocol, whole, v.picklist(["ALLOWED", "DENIED", "L7-CHANGED"])]);

const pair = v.object({
  base: whole,
  mutation,
  headPolicies: v.optional(v.nullable(v.array(object)), null),
  changes: v.array(change),
});

export type L7Element = v.InferOutput<typeof l7Element>;
export type Pod = v.InferOutput<typeof pod>;
export type Service = v.InferOutput<typeof service>;
export type Pair = v.InferOutput<typeof pair>;
export type Scenario = v.InferOutput<typeof scenario> & { readonly id: number; readonly endpoints: readonly string[] };

/** A line of a file of scenarios. Without an id it has the number of its line, from 0. */
export function readScenario(value: unknown, where: string, line: number): Scenario | Problem {
  const read = v.safeParse(scenario, value, { abortEarly: true });
  if (!read.success) return malformed(where, read.issues[0]);
  const found = read.output;
  const names = [
    ...found.pods.map(({ namespace, name }) => `${namespace}/${name}`),
    ...found.externals.map(({ name }) => name),
  ];
  const endpoints = found.endpoints ?? names;
  const unknown = endpoints.find((name) => !names.includes(name));
  if (unknown !== undefined) return problem(where, `the endpoint \`${unknown}\` is neither a pod nor an external`);
  const stray = found.expected.find(
    ([from, to, probe]) =>
      endpoints[from] === undefined || endpoints[to] === undefined || found.probes[probe] === undefined,
  );
  if (stray !== undefined) return problem(where, `the cell ${JSON.stringify(stray)} points at nothing`);
  return { ...found, id: found.id ?? line, endpoints };
}

/** A line of a file of changes. */
export function readPair(value: unknown, where: string): Pair | Problem {
  const read = v.safeParse(pair, value, { abortEarly: true });
  return read.success ? read.output : malformed(where, read.issues[0]);
}

function malformed(where: string, issue: v.BaseIssue<unknown>): Problem {
  const path = v.getDotPath(issue);
  return problem(
    path === null ? where : `${where} › ${path}`,
    issue.message.replace(/^Invalid \w+: /, "").toLowerCase(),
  );
}

function problem(where: string, what: string): Problem {
  return {
    code: "conformance/malformed",
    where,
    what: what.replaceAll('"', "`"),
    expected: "a scenario as test/fixtures/cilium-verdicts holds them",
  };
}

export function isProblem(value: Scenario | Pair | Problem): value is Problem {
  return "code" in value;
}
