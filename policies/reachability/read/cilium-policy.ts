/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy: `spec` and `specs`, turned into rules.
 */
import { namespaceKey } from "../select/labels.ts";
import type { Direction, PolicyRef, Rule, World } from "../model.ts";
import { selectorKey, withLabel, withSource, type SubjectSelector } from "../select/selectors.ts";
import { readEntry, type EntryContext } from "./cilium-entry.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { ruleLists } from "./policy-objects.ts";
import { noteApiServerCut, noteIgnoredLabels } from "./selector-findings.ts";

const known: readonly string[] = [
  "endpointSelector",
  "nodeSelector",
  "ingress",
  "ingressDeny",
  "egress",
  "egressDeny",
  "enableDefaultDeny",
  "description",
  "labels",
  "log",
];

/** What a policy does not say itself. */
export type Given = Pick<EntryContext, "scope" | "groups" | "services" | "apiServer" | "cilium" | "expressionError">;

/** What an object says of pods, and what of nodes (L5). */
export type PolicyRules = Pick<World, "rules" | "hostRules">;

/** The rules of one object; its problems stand in the reading. */
export function readCiliumPolicy(policy: PolicyRef, object: Fields, given: Given, reading: Reading): PolicyRules {
  const spec = reading.fields(object["spec"], "spec");
  const specs = reading.list(object["specs"], "specs");
  const at = (index: number): string => `specs[${String(index)}]`;
  if (spec === undefined && specs === undefined) reading.refuse("spec", "an empty policy", "`spec` or `specs`");
  const read = [
    ...(spec === undefined ? [] : [readSpec({ policy, ...given }, spec, "spec", reading)]),
    ...(specs ?? []).map((each, index) =>
      readSpec({ policy, ...given }, reading.fields(each, at(index)) ?? {}, at(index), reading),
    ),
  ];
  return { rules: read.flatMap(({ rules }) => rules), hostRules: read.flatMap(({ hostRules }) => hostRules) };
}

function readSpec(
  { policy, ...given }: Given & Pick<EntryContext, "policy">,
  spec: Fields,
  path: string,
  reading: Reading,
): PolicyRules {
  reading.only(spec, path, known);
  const entries = ruleLists.flatMap(({ field, direction, action }) =>
    (reading.list(spec[field], `${path}.${field}`) ?? []).map((entry, index) => ({
      entry,
      direction,
      action,
      path: `${path}.${field}[${String(index)}]`,
    })),
  );
  if (entries.length === 0) {
    reading.refuse(path, "no entry in any direction", "at least one of ingress, ingressDeny, egress and egressDeny");
  }
  checkRemarks(spec, path, reading);
  const subject = readSubject(policy, spec, path, reading);
  const defaults = readDefaultDeny(spec, path, reading);
  const rules = entries.map(({ entry, direction, action, path: at }) =>
    readEntry(
      { policy, subject: subject ?? nobody, ...given, direction, action, defaultDeny: defaults[direction] },
      entry,
      at,
      reading,
    ),
  );
  for (const rule of rules) noteApiServerCut(rule, given.apiServer, reading);
  // A host policy governs the node, which is no pod here (L5).
  if (subject !== undefined) return { rules, hostRules: [] };
  return { rules: [], hostRules: rules.map(({ origin, direction }) => ({ origin, direction })) };
}

/** Fields that decide nothing, and make Cilium refuse the object if they are not what they should be. */
function checkRemarks(spec: Fields, path: string, reading: Reading): void {
  reading.text(spec["description"], `${path}.description`);
  const log = reading.fields(spec["log"], `${path}.log`) ?? {};
  reading.only(log, `${path}.log`, ["value"]);
  reading.text(log["value"], `${path}.log.value`);
  for (const [index, label] of (reading.list(spec["labels"], `${path}.labels`) ?? []).entries()) {
    const at = `${path}.labels[${String(index)}]`;
    if (isFields(label)) for (const key of ["value", "source"]) reading.text(label[key], `${at}.${key}`);
    const named = isFields(label) ? reading.text(label["key"], `${at}.key`) : label;
    if (typeof named !== "string" || named === "") {
      reading.refuse(at, "a label without a key", "`source:key=value`, or an object with a key");
    }
  }
}

/** Stands in while the rest of a refused or host policy is read for its problems. */
const nobody: SubjectSelector = { key: "", labels: { matchLabels: new Map(), matchExpressions: [] } };

function readSubject(policy: PolicyRef, spec: Fields, path: string, reading: Reading): SubjectSelector | undefined {
  const onPods = spec["endpointSelector"] !== undefined;
  const onNodes = spec["nodeSelector"] !== undefined;
  if (onPods === onNodes) {
    reading.refuse(path, "both or neither of endpointSelector and nodeSelector", "exactly one of the two");
  }
  if (onNodes) {
    if (policy.namespace === undefined) noteHostPolicy(`${path}.nodeSelector`, reading);
    else reading.refuse(`${path}.nodeSelector`, "a rule cannot have nodeSelector here", "a clusterwide policy");
    return undefined;
  }
  const written = readLabelSelector(spec["endpointSelector"], `${path}.endpointSelector`, reading);
  const anywhere = withSource(written, "any");
  noteIgnoredLabels(written, `${path}.endpointSelector`, reading);
  // The policy's own namespace replaces whatever the selector says (S10).
  const labels =
    policy.namespace === undefined ? anywhere : withLabel(anywhere, `k8s:${namespaceKey}`, policy.namespace);
  return { key: selectorKey(labels), labels };
}

function noteHostPolicy(path: string, reading: Reading): void {
  reading.note(
    "reachability/host-policy",
    path,
    "a host policy governs nodes, if the host firewall is on, so what it lets pass to or from them is unknown",
    "endpointSelector for a policy of pods",
  );
}

function readDefaultDeny(spec: Fields, path: string, reading: Reading): Record<Direction, Rule["defaultDeny"]> {
  const at = `${path}.enableDefaultDeny`;
  const fields = reading.fields(spec["enableDefaultDeny"], at) ?? {};
  reading.only(fields, at, ["ingress", "egress"]);
  const read = (direction: Direction): Rule["defaultDeny"] =>
    reading.flag(fields[direction], `${at}.${direction}`) === false ? "leaves-alone" : "switches-on";
  return { ingress: read("ingress"), egress: read("egress") };
}
