/** What policies must know of Argo CD: who reaches its server, and where its sources come from. */
import type { ArgoCdPods } from "../../policies/bundle.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";

export function argoCdPods({ sources }: Pick<Settings["argocd"], "sources">, facts: ClusterFacts): ArgoCdPods {
  const repositories = sources.flatMap((source) => serverOf(source) ?? []);
  return {
    // Behind a load balancer there is no way in but through a node (kubectl port-forward) or a route of the gateway.
    entry: facts.exposure === "nodePort" ? facts.entry : ["host"],
    repositories: [...new Map(repositories.map((each) => [`${each.host}:${String(each.port)}`, each])).values()],
  };
}

const schemePorts: Readonly<Record<string, number>> = { https: 443, http: 80, ssh: 22, oci: 443 };

/**
 * The server of a repository URL (`https://`, `ssh://`, `oci://`) or of git's short form `user@host:path`. Undefined for
 * what no rule about an exact name can say: a server in the cluster, a pattern of servers, an address, another scheme.
 */
function serverOf(source: string): ArgoCdPods["repositories"][number] | undefined {
  const url = /^(?<scheme>[a-z]+):\/\/(?:[^@/]*@)?(?<host>[^:/]+)(?::(?<port>\d+))?(?:\/|$)/.exec(source)?.groups;
  const short = /^[^@/:]+@(?<host>[^:/]+):/.exec(source)?.groups;
  const host = (url?.["host"] ?? short?.["host"])?.toLowerCase();
  const written = url?.["port"];
  const port = written === undefined ? schemePorts[url?.["scheme"] ?? "ssh"] : Number(written);
  if (host === undefined || port === undefined || !isOutsideName(host)) return undefined;
  return { host, port };
}

/** Names within the cluster have no dot, or end as its Services do. */
function isOutsideName(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/.test(host) && !/\.(svc|svc\..*|cluster\.local)$/.test(host);
}
