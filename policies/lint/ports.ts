/** Ports: numbers of Services where the pod's are meant, and names that are no number, or several. */
import { nearest } from "../nearest.ts";
import type { Fields } from "../reachability/read/fields.ts";
import type { Service, ServicePort } from "../reachability/model.ts";
import { isPortName } from "../reachability/judge/ports.ts";
import { serviceTargets } from "../reachability/service.ts";
import { writing } from "./repairs.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { containerPorts, listOf, severalText, textOf, type Entry, type Seen, type Workload } from "./seen.ts";

/** One port as it was written, and the pods that would listen on it. */
interface WrittenPort {
  readonly entry: Entry;
  readonly path: string;
  readonly port: string;
  readonly protocol: string | undefined;
  readonly servers: readonly Workload[];
  readonly fields: Fields;
}

/** Of entries that Cilium takes, with servers that are pods and nobody else. */
function writtenPorts(seen: Seen): WrittenPort[] {
  return seen.entries.flatMap((entry) => {
    const servers = serversOf(entry, seen);
    if (servers.length === 0) return [];
    return portFields(entry).flatMap(({ fields, path }): WrittenPort[] => {
      const written = fields["port"];
      if (typeof written !== "string" && typeof written !== "number") return [];
      return [
        { entry, path: `${path}.port`, port: String(written), protocol: textOf(fields, "protocol"), servers, fields },
      ];
    });
  });
}

/** The elements of `ports`, in whichever kind of policy. */
export function portFields({ fields, path }: Entry): { readonly fields: Fields; readonly path: string }[] {
  const at = (list: string) => (each: Fields, index: number) => ({
    fields: each,
    path: `${path}.${list}[${String(index)}]`,
  });
  const plain = listOf(fields, "ports").map(at("ports"));
  const inCilium = listOf(fields, "toPorts").flatMap((each, index) =>
    listOf(each, "ports").map(at(`toPorts[${String(index)}].ports`)),
  );
  return [...plain, ...inCilium];
}

/** Nobody where an entry also means something else than pods, or pods that are not among the manifests. */
function serversOf({ direction, rules }: Entry, seen: Seen): readonly Workload[] {
  const [rule] = rules;
  if (rule === undefined) return [];
  if (direction === "ingress") return seen.subjects(rule.subject);
  const peers = rules.map((each) => each.peers);
  const selectors = peers.flatMap((each) => (each.kind === "selected" ? each.selectors : []));
  if (selectors.length === 0 || peers.some((each) => each.kind === "selected" && each.selectors.length === 0))
    return [];
  const found = selectors.map((each) => {
    if (each.kind !== "labels") return [];
    const outside = [...each.labels.matchLabels.keys()].some((key) => key.startsWith("reserved:"));
    return outside || each.labels.matchLabels.size + each.labels.matchExpressions.length === 0
      ? []
      : seen.selected(each.labels);
  });
  return found.some((each) => each.length === 0) ? [] : [...new Set(found.flat())];
}

export const servicePort: LintRule = {
  code: "lint/service-port",
  severity: "warning",
  finds: "the port of a Service where its pods listen on another one",
  why: "policy sees the pod and the pod's port, after the Service was translated",
  fix: "write the target port",
  certain: "where all pods agree and the port is no range",
  find: (seen) => {
    const ways = waysThrough(seen);
    return writtenPorts(seen).flatMap(({ entry, path, port, protocol, servers, fields }): LintFinding[] => {
      const translated = servers.map((server) =>
        translation(Number(port), protocol, server, ways.get(server.position) ?? []),
      );
      const [first] = translated;
      if (first === undefined || translated.some((each) => each === undefined)) return [];
      const meant = portFields(entry).map((each) => String(each.fields["port"]));
      if (translated.some((each) => each !== undefined && meant.includes(String(each.target)))) return [];
      const { service, target } = first;
      const { port: written, endPort } = fields;
      const isRange = endPort !== undefined;
      const same = (number: number): unknown => (typeof written === "number" ? number : String(number));
      return [
        {
          manifest: entry.manifest,
          path,
          what: `\`${port}\` is the port of the Service ${service.namespace}/${service.name}, whose pods listen on ${String(target)}: policy sees the pod's port`,
          expected: `\`${String(target)}\`, the target port`,
          ...(translated.every((each) => each?.target === target) && !isRange
            ? { repair: writing(path, same(target)) }
            : {}),
        },
      ];
    });
  },
};

/** A port of a Service, and the pod's port behind it. */
interface Way {
  readonly service: Service;
  readonly written: ServicePort;
  readonly target: number;
}

/** Where a Service sends this port of its own, if the pod itself has no such port. */
function translation(
  port: number,
  protocol: string | undefined,
  server: Workload,
  ways: readonly Way[],
): Way | undefined {
  if (Number.isNaN(port) || containerPorts(server).some(({ number }) => number === port)) return undefined;
  const meant = ways.filter(
    ({ written }) =>
      protocol === undefined || protocol.toUpperCase() === "ANY" || protocol.toUpperCase() === written.protocol,
  );
  return meant.some(({ target }) => target === port) ? undefined : meant.find(({ written }) => written.port === port);
}

/** The ways through Services, by the position of the workload behind them. */
function waysThrough({ world }: Seen): ReadonlyMap<number, readonly Way[]> {
  const ways = new Map<number, Way[]>();
  for (const service of world.services) {
    for (const { port: written, backends } of serviceTargets(service, world).ports) {
      for (const { endpoint, port: target } of backends) {
        const known = ways.get(endpoint);
        if (known === undefined) ways.set(endpoint, [{ service, written, target }]);
        else known.push({ service, written, target });
      }
    }
  }
  return ways;
}

export const unknownPortName: LintRule = {
  code: "lint/unknown-port-name",
  severity: "warning",
  finds: "the name of a port that none of the pods has",
  why: "a name is the number that the pod gives it, so without one it matches nothing",
  fix: "write a name that the containers declare, or the number",
  find: (seen) =>
    writtenPorts(seen).flatMap(({ entry, path, port, servers }): LintFinding[] => {
      if (!isPortName(port)) return [];
      const names = servers.flatMap((server) => containerPorts(server).flatMap(({ name }) => name ?? []));
      if (names.includes(port.toLowerCase())) return [];
      const close = nearest(port, [...new Set(names)]);
      return [
        {
          manifest: entry.manifest,
          path,
          what: `no port of ${severalText(servers.map(({ endpoint }) => endpoint.name))} is called \`${port}\`, so this matches nothing`,
          expected: "a name that the containers declare, or a number",
          ...(close === undefined ? {} : { fix: `did you mean \`${close}\`?` }),
        },
      ];
    }),
};

export const ambiguousPortName: LintRule = {
  code: "lint/ambiguous-port-name",
  severity: "warning",
  finds:
    "the name of a port that one pod gives to two numbers, or, before Cilium 1.20, two pods of the cluster to different ones",
  why: "a pod has each name once, the last one counts; before 1.20 an egress rule with two numbers is lost, a deny too",
  fix: "give the ports different names, or write numbers",
  find: (seen) =>
    writtenPorts(seen).flatMap(({ entry, path, port, servers }): LintFinding[] => {
      if (!isPortName(port)) return [];
      const clash = servers
        .map((server) => ({ server, numbers: numbersOf(port, server) }))
        .find(({ numbers }) => numbers.length > 1);
      if (clash !== undefined) {
        const { server, numbers } = clash;
        const what = `${server.endpoint.name} calls ${numbers.join(" and ")} \`${port}\`, and only ${String(numbers.at(-1))} counts`;
        return [{ manifest: entry.manifest, path, what, expected: "a name for each port" }];
      }
      const everywhere = [...new Set(seen.workloads.flatMap((server) => numbersOf(port, server)))];
      if (seen.world.cilium === "1.20" || entry.direction === "ingress" || everywhere.length < 2) return [];
      const what = `\`${port}\` is ${everywhere.join(" and ")} in this cluster, so before Cilium 1.20 the whole ${entry.action} is lost`;
      return [
        { manifest: entry.manifest, path, what, expected: "numbers, or one number for the name in the whole cluster" },
      ];
    }),
};

function numbersOf(name: string, workload: Workload): number[] {
  const named = containerPorts(workload).filter((each) => each.name === name.toLowerCase());
  return [...new Set(named.map(({ number }) => number))];
}

export const nodePortClash: LintRule = {
  code: "lint/node-port-clash",
  severity: "warning",
  finds: "a node port that two Services ask for",
  why: "a node has each port once: the API server refuses the second Service",
  fix: "give one of them another node port, or none",
  find: ({ objects }) => {
    const taken = new Map<string, string>();
    return objects("Service").flatMap((manifest) => {
      const { spec, metadata } = manifest.object;
      const { name, namespace } = {
        name: "",
        namespace: "default",
        ...(metadata as { name?: string; namespace?: string }),
      };
      const own = `${namespace}/${name}`;
      return listOf((spec ?? {}) as Fields, "ports").flatMap((port, index): LintFinding[] => {
        const number = port["nodePort"];
        if (typeof number !== "number" || number === 0) return [];
        const key = `${textOf(port, "protocol") ?? "TCP"} ${String(number)}`;
        const first = taken.get(key);
        if (first === undefined) taken.set(key, own);
        if (first === undefined || first === own) return [];
        return [
          {
            manifest,
            path: `spec.ports[${String(index)}].nodePort`,
            what: `\`${String(number)}\` is the node port of ${first} too`,
            expected: "a node port of its own, or none",
          },
        ];
      });
    });
  },
};
