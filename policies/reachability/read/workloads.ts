/**
 * Workloads: pods, and the objects that make pods, as endpoints.
 *
 * The pods of one workload are equal to every policy, so a workload is one endpoint.
 */
import { podLabels } from "../select/labels.ts";
import type { Endpoint, NamedPort } from "../model.ts";
import { highestPort, isPortName } from "../judge/ports.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { readProtocol } from "./protocol.ts";

/** Where each kind keeps its pod template. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

export function isWorkload(kind: string): boolean {
  return Object.hasOwn(templates, kind);
}

/** A pod, and whose network it uses (S35). */
export interface ReadWorkload {
  readonly endpoint: Endpoint;
  readonly network: "its own" | "its node's";
}

export function readWorkload(
  object: Fields,
  kind: string,
  namespaceLabels: (namespace: string) => ReadonlyMap<string, string>,
  reading: Reading,
): ReadWorkload {
  const metadata = reading.fields(object["metadata"], "metadata") ?? {};
  const namespace = reading.text(metadata["namespace"], "metadata.namespace") ?? "default";
  const name = reading.text(metadata["name"], "metadata.name") ?? "";
  const steps = templates[kind] ?? [];
  const path = steps.map((step) => `${step}.`).join("");
  const pod = steps.reduce<Fields>((fields, step) => reading.fields(fields[step], step) ?? {}, object);
  const own = reading.fields(pod["metadata"], `${path}metadata`) ?? {};
  const spec = reading.fields(pod["spec"], `${path}spec`) ?? {};
  const named = reading.text(spec["serviceAccountName"], `${path}spec.serviceAccountName`);
  // The API server gives every pod an account; a pod that is written out is taken as it stands (S30).
  const account = named ?? (steps.length > 0 ? "default" : undefined);
  const written = reading.labels(own["labels"], `${path}metadata.labels`);
  const endpoint: Endpoint = {
    name: `${namespace}/${name}`,
    kind: "pod",
    labels: podLabels({
      namespace,
      labels: written,
      namespaceLabels: namespaceLabels(namespace),
      ...(account === undefined ? {} : { serviceAccount: account }),
    }),
    podLabels: written,
    ports: readContainerPorts(spec, `${path}spec`, reading),
  };
  return { endpoint, network: spec["hostNetwork"] === true ? "its node's" : "its own" };
}

function readContainerPorts(spec: Fields, path: string, reading: Reading): NamedPort[] {
  const containers = reading.list(spec["containers"], `${path}.containers`) ?? [];
  const named = containers.flatMap((container, index) => {
    const at = `${path}.containers[${String(index)}].ports`;
    const ports = reading.list(isFields(container) ? container["ports"] : [], at) ?? [];
    return ports.flatMap((port) => (isFields(port) ? readPort(port, at, reading) : []));
  });
  // A pod has each name once, whatever the protocols: the last container port that bears it (S18).
  return [...new Map(named.map((port) => [port.name, port])).values()];
}

/** Only named ports matter to a policy: numbers it checks against the traffic (S18). */
function readPort(port: Fields, path: string, reading: Reading): NamedPort[] {
  const name = reading.text(port["name"], `${path}.name`);
  const number = reading.integer(port["containerPort"], `${path}.containerPort`);
  const protocol = readProtocol(reading.text(port["protocol"], `${path}.protocol`) ?? "TCP", path, reading)[0];
  if (name === undefined || number === undefined || protocol === undefined) return [];
  if (!isPortName(name) || number < 1 || number > highestPort) return [];
  return [{ name: name.toLowerCase(), protocol, port: number }];
}
