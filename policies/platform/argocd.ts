/** Argo CD: what its parts need of each other, of the API server and of the repositories that the stack names. */
import { nameResolution } from "../baseline/bundle.ts";
import type { ArgoCdPods, BundlePromise, Manifest } from "../bundle.ts";
import {
  type AuthenticatedEdges,
  clientSides,
  type Edge,
  networkPolicy,
  selectorOf,
  serverSide,
  tcp,
  type Workload,
} from "../edges.ts";
import { examplePod } from "../inventory.ts";
import { namedEgress } from "../named-egress.ts";
import { argoCdNamespace } from "../names.ts";
import { argoCdPods } from "../system-pods.ts";
import { type Metrics, metricsPolicy, reader } from "./metrics.ts";

const nameKey = "app.kubernetes.io/name";

/** The label that chart and plain manifests both give, by part. */
const argoCdNames = {
  server: "argocd-server",
  controller: "argocd-application-controller",
  repoServer: "argocd-repo-server",
  redis: "argocd-redis",
  dex: "argocd-dex-server",
  applicationSets: "argocd-applicationset-controller",
  notifications: "argocd-notifications-controller",
} as const;

/** Ports of containers. */
export const argoCdPorts = { server: 8080, repoServer: 8081, redis: 6379, dex: [5556, 5557] } as const;

type Part = keyof typeof argoCdNames;

/** Where parts to which not everybody may connect show their metrics. */
const metricsOf: readonly (readonly [Part, number])[] = [
  ["server", 8083],
  ["repoServer", 8084],
  ["dex", 5558],
];

/**
 * Parts that reach nothing but what is listed here. The others (sign-in, notifications, generators of Applications) talk
 * to services of a company that nobody lists.
 */
const closed: readonly Part[] = ["server", "controller", "repoServer", "redis"];

function part(name: Part): Workload {
  return { namespace: argoCdNamespace, labels: { [nameKey]: argoCdNames[name] } };
}

function parts(...names: readonly Part[]): Readonly<Record<string, Workload>> {
  return Object.fromEntries(names.map((name) => [argoCdNames[name], part(name)]));
}

interface PartEdge {
  readonly name: string;
  readonly description: string;
  readonly from: readonly Part[];
  readonly to: Part;
  readonly ports: readonly number[];
}

const edges: readonly PartEdge[] = [
  {
    name: "redis",
    description: "Server, controller and repository server keep their cache in Redis.",
    from: ["server", "controller", "repoServer"],
    to: "redis",
    ports: [argoCdPorts.redis],
  },
  {
    name: "repo-server",
    description: "Whoever needs manifests asks the repository server.",
    from: ["server", "controller", "applicationSets", "notifications"],
    to: "repoServer",
    ports: [argoCdPorts.repoServer],
  },
  {
    name: "dex",
    description: "The server signs people in through Dex.",
    from: ["server"],
    to: "dex",
    ports: argoCdPorts.dex,
  },
];

/** Connections among the parts of Argo CD. */
export const argoCdEdges: readonly Edge[] = edges.map((edge) => ({
  ...edge,
  from: parts(...edge.from),
  to: part(edge.to),
}));

/** Clients' sides only of parts that something closes. */
function bothSidesWhereClosed(edge: Edge, authenticated: AuthenticatedEdges): readonly Manifest[] {
  const names = closed.map((name) => argoCdNames[name]);
  const from = Object.entries(edge.from).filter(([client]) => names.some((name) => name === client));
  return [serverSide(edge, authenticated), ...clientSides({ ...edge, from: Object.fromEntries(from) }, authenticated)];
}

export function argoCdManifests(
  { entry, repositories }: ArgoCdPods,
  metrics: Metrics,
  authenticated: AuthenticatedEdges,
): readonly Manifest[] {
  const ports = [...new Set(repositories.map(({ port }) => port))].sort((a, b) => a - b);
  return [
    networkPolicy(argoCdNamespace, "server", {
      description: "The server takes connections and asks the API server.",
      endpointSelector: selectorOf(part("server")),
      ingress: [{ fromEntities: entry, toPorts: [{ ports: tcp([argoCdPorts.server]) }] }],
      egress: [{ toEntities: ["kube-apiserver"] }],
    }),
    networkPolicy(argoCdNamespace, "api-server-access", {
      description: "The controller manages objects, and Redis fetches its password when it starts.",
      endpointSelector: {
        matchExpressions: [
          { key: `k8s:${nameKey}`, operator: "In", values: [argoCdNames.controller, argoCdNames.redis] },
        ],
      },
      egress: [{ toEntities: ["kube-apiserver"] }],
    }),
    ...argoCdEdges.flatMap((edge) => bothSidesWhereClosed(edge, authenticated)),
    ...ports.flatMap((port) =>
      namedEgress({
        name: `repositories-${String(port)}`,
        description: "The repository server reaches the repositories of the stack.",
        from: part("repoServer"),
        names: repositories.filter((repository) => repository.port === port).map(({ host }) => host),
        ports: [port],
        serverName: "ignored",
      }),
    ),
    ...nameResolution(argoCdNamespace, "dns", {
      matchExpressions: [{ key: `k8s:${nameKey}`, operator: "In", values: closed.map((name) => argoCdNames[name]) }],
    }),
    ...(metrics === "scraped"
      ? metricsOf.map(([name, port]) =>
          metricsPolicy(argoCdNamespace, `metrics-${String(port)}`, selectorOf(part(name)), port),
        )
      : []),
  ];
}

export const argoCdExamples: readonly Manifest[] = [...argoCdPods, examplePod(argoCdNamespace)];

export function argoCdPromises({ entry, repositories }: ArgoCdPods, metrics: Metrics): readonly BundlePromise[] {
  const at = (name: Part): string => `${argoCdNamespace}/${argoCdNames[name]}`;
  const stranger = `${argoCdNamespace}/example`;
  return [
    ...entry.map((from) => ({
      must: `${from} -> ${at("server")} TCP ${String(argoCdPorts.server)}`,
      because: "people and pipelines reach the server",
    })),
    {
      never: `${stranger} -> ${at("server")} TCP ${String(argoCdPorts.server)}`,
      because: "who is in the cluster already goes another way in",
    },
    ...edges.flatMap(({ from, to, ports, description }) => [
      ...from.map((name) => ({ must: `${at(name)} -> ${at(to)} TCP ${ports.join(", ")}`, because: description })),
      { never: `${stranger} -> ${at(to)} TCP ${ports.join(", ")}`, because: "it is there for Argo CD's own parts" },
      { never: `world -> ${at(to)}`, because: "it is there for Argo CD's own parts" },
    ]),
    ...(metrics === "scraped"
      ? metricsOf.map(([name, port]) => ({
          must: `${reader} -> ${at(name)} TCP ${String(port)}`,
          because: "it is scraped",
        }))
      : []),
    ...(metrics === "scraped"
      ? [
          {
            never: `${reader} -> ${at("server")} TCP ${String(argoCdPorts.server)}`,
            because: "metrics are all that is scraped",
          },
        ]
      : []),
    { never: `${at("dex")} -> ${at("redis")}`, because: "sign-in has no business with the cache" },
    ...(["server", "controller", "redis"] as const).map((name) => ({
      must: `${at(name)} -> kube-apiserver all ports`,
      because: "it works on objects of the cluster",
    })),
    {
      never: `${at("repoServer")} -> kube-apiserver`,
      because: "what runs templates from git gets no way to the API server, and no token for it",
    },
    ...closed.flatMap((name) => [
      { must: `${at(name)} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
      { never: `${at(name)} -> ${stranger}`, because: "it reaches what is listed" },
    ]),
    ...(["server", "controller", "redis"] as const).map((name) => ({
      never: `${at(name)} -> world`,
      because: "the repository server alone fetches from outside",
    })),
    ...repositories.map(({ host, port }) => ({
      must: `${at("repoServer")} -> ${host} TCP ${String(port)}`,
      because: "the stack takes sources from there",
    })),
    ...(repositories.length === 0
      ? [{ never: `${at("repoServer")} -> world`, because: "the stack names no repository" }]
      : [{ never: `${at("repoServer")} -> no-source.invalid`, because: "the stack names other repositories" }]),
  ];
}
