/** Promises of the OIDC reference application: its whole matrix, every connection that must be and every other that must not. */
import type { BundleContext, BundlePromise } from "../bundle.ts";
import type { Edge, Workload } from "../edges.ts";
import { controlPlaneExample, dataPlaneExample } from "../gateway/bundle.ts";
import { appEdges, collectorEdges, controlPlaneEdges, outsideNames } from "./edges.ts";
import { endsOf, partsOf } from "./examples.ts";
import { appPorts } from "./workloads.ts";

export function appPromises(context: BundleContext): readonly BundlePromise[] {
  return [
    ...matrix(context),
    ...apart(context),
    ...fromNodes(context),
    ...controlPlane(context),
    ...collecting(context),
    ...outside(context),
  ];
}

/** What leads from one end to another: its ports, and why. */
interface Connection {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
  readonly because: string;
}

function connectionsOf(edges: readonly Edge[], context: BundleContext): readonly Connection[] {
  const names = new Map([...endsOf(context)].map(([name, workload]) => [keyOf(workload), name]));
  const nameOf = (workload: Workload): string => names.get(keyOf(workload)) ?? "";
  return edges.flatMap(({ from, to, ports, description }) =>
    Object.values(from).map((client) => ({ from: nameOf(client), to: nameOf(to), ports, because: description })),
  );
}

function keyOf({ namespace, labels }: Workload): string {
  return JSON.stringify([namespace, Object.entries(labels).sort()]);
}

/** Each ordered pair of parts, once: two of one environment, or one of them shared by all. */
function matrix(context: BundleContext): readonly BundlePromise[] {
  const connections = connectionsOf(appEdges(context), context);
  const parts = [...partsOf(context).keys()];
  const clients = context.gateway === undefined ? parts : [dataPlaneExample, ...parts];
  return clients.flatMap((from) =>
    parts
      .filter((to) => to !== from && !betweenEnvironments(from, to, context))
      .flatMap((to) => {
        const there = connections.filter((connection) => connection.from === from && connection.to === to);
        return there.length === 0 ? [closed(from, to)] : [...there.map(must), nearMiss(from, to, there)];
      }),
  );
}

function must({ from, to, ports, because }: Connection): BundlePromise {
  return { must: `${from} -> ${to} TCP ${ports.join(", ")}`, because };
}

function closed(from: string, to: string): BundlePromise {
  const browser = from.endsWith("/frontend") && to.includes("/apim-simulator");
  return {
    never: `${from} -> ${to}`,
    because: browser
      ? "the browser calls the API by the gateway, not the frontend"
      : "no connection of the application leads there",
  };
}

/** The next port, and the same ones over UDP. */
function nearMiss(from: string, to: string, there: readonly Connection[]): BundlePromise {
  const open = there.flatMap(({ ports }) => ports);
  const highest = Math.max(...open);
  const next = highest === 65535 ? Math.min(...open) - 1 : highest + 1;
  return {
    never: `${from} -> ${to} TCP ${String(next)}; UDP ${open.join(", ")}`,
    because: "what is open are the listed ports, over TCP",
  };
}

function environmentOf(name: string, { choices }: BundleContext): string | undefined {
  return choices.oidcReferenceApp.environments.find((environment) => name.startsWith(`${environment}/`));
}

function betweenEnvironments(from: string, to: string, context: BundleContext): boolean {
  const [one, other] = [environmentOf(from, context), environmentOf(to, context)];
  return one !== undefined && other !== undefined && one !== other;
}

function apart({ choices: { oidcReferenceApp } }: BundleContext): readonly BundlePromise[] {
  const { environments } = oidcReferenceApp;
  return environments.flatMap((from) =>
    environments
      .filter((to) => to !== from)
      .map((to) => ({ never: `${from}/* -> ${to}/*`, because: "environments do not meet" })),
  );
}

/** Its own node reaches a pod, for probes; another node and the world do not. */
function fromNodes(context: BundleContext): readonly BundlePromise[] {
  return [...partsOf(context).keys()].flatMap((part): BundlePromise[] => [
    { must: `host -> ${part} all ports`, because: "the kubelet probes its pods" },
    { never: `remote-node -> ${part}`, because: "no other node has business with it" },
    { never: `world -> ${part}`, because: "outside comes in by the gateway" },
    { must: `${part} -> kube-system/coredns UDP 53; TCP 53`, because: "names are resolved" },
    { never: `${part} -> kube-apiserver`, because: "an application has no business with the API server" },
  ]);
}

function controlPlane(context: BundleContext): readonly BundlePromise[] {
  return controlPlaneEdges(context).flatMap(({ from, ports, description }) =>
    Object.entries(from).flatMap(([client, { namespace }]): BundlePromise[] => [
      { must: `${namespace}/${client} -> ${controlPlaneExample} TCP ${ports.join(", ")}`, because: description },
      {
        never: `${namespace}/${client} -> ${controlPlaneExample} TCP 443`,
        because: "that is the port of the Service, which no policy sees",
      },
    ]),
  );
}

function collecting(context: BundleContext): readonly BundlePromise[] {
  const { collectorNamespace } = context.choices.oidcReferenceApp;
  if (collectorNamespace === undefined) return [];
  const reports = connectionsOf(collectorEdges(context), context);
  const neighbour = `${collectorNamespace}/query`;
  return reports.flatMap((connection): BundlePromise[] => [
    must(connection),
    nearMiss(connection.from, connection.to, [connection]),
    { never: `${connection.from} -> ${neighbour}`, because: "the collector alone is told" },
    { never: `${connection.to} -> ${connection.from}`, because: "it is told, and does not ask" },
  ]);
}

function outside(context: BundleContext): readonly BundlePromise[] {
  const { oidcReferenceApp: choices } = context.choices;
  const names = outsideNames(choices);
  const parts = [...partsOf(context).keys()];
  const apis = choices.environments.map((environment) => `${environment}/api`);
  const port = String(appPorts.outside);
  return [
    ...parts
      .filter((part) => names.length === 0 || !apis.includes(part))
      .map((part) => ({ never: `${part} -> world`, because: "nothing leaves the cluster" })),
    ...(names.length === 0 ? [] : apis).flatMap((api): BundlePromise[] => [
      ...names.flatMap((name): BundlePromise[] => [
        { must: `${api} -> ${name} TCP ${port}`, because: "the stack lists the name" },
        { never: `${api} -> ${name} TCP 80; UDP ${port}`, because: "TLS over TCP is the only way out" },
      ]),
      { never: `${api} -> not-listed.invalid`, because: "what is not listed stays closed" },
    ]),
  ];
}
