/** What may stand behind `npm run scaffold --`: read once, and refused with everything that cannot be understood. */
import { parseArgs } from "node:util";

import * as v from "valibot";

import { ownedNamespaces } from "../../components/settings/answers.ts";
import { dnsLabel, labelKey, labelValue, outsideName, port, routeHost } from "../../components/settings/formats.ts";
import { type Problem, ProblemsError, UserError } from "../../policies/problems.ts";
import type { Neighbour, Service } from "../../policies/scaffold.ts";

const usage = `npm run scaffold -- <service> --namespace <namespace>
  --into <folder>                                    where to write; \`own\` unless said
  --environment <name>                               of the namespace
  --port <port>                                      of its containers, TCP
  --label <key>=<value>                              of its pods; app.kubernetes.io/name=<service> unless said
  --caller <namespace>/<name>[,<label>]...           who may call its ports
  --calls <namespace>/<name>:<port>[,<label>]...     whom it may call
  --outside <name>[:<port>]                          what it may reach outside the cluster, on 443 unless said
  --host <host name>                                 of a route behind the Gateway
  --service-port <port>                              of the Service before it; 80 unless said
  --apart <namespace>                                with which it must never meet
All but the first two and --service-port may be repeated.`;

export interface ScaffoldWords {
  readonly service: Service;
  /** Folder, relative to where the command runs. */
  readonly into: string;
}

/** Throws a ProblemsError with everything that is wrong. */
export function readScaffoldWords(args: readonly string[]): ScaffoldWords {
  const { values, positionals } = parsed(args);
  const [name, another] = positionals;
  if (values.help === true) throw new UserError(usage);
  if (name === undefined || another !== undefined || values.namespace === undefined) {
    throw new UserError(`scaffold: expected one service and its --namespace\n${usage}`);
  }
  const problems: Problem[] = [];
  const read = new Reader(problems);
  const service: Service = {
    name: read.one("<service>", name, dnsLabel),
    namespace: read.namespace("--namespace", values.namespace),
    labels: labelsOf(values.label, name, "--label", read),
    ports: read.ports("--port", values.port ?? []),
    ...(values.environment === undefined
      ? {}
      : { environment: read.one("--environment", values.environment, dnsLabel) }),
    callers: (values.caller ?? []).map((each) => neighbourOf("--caller", each, read)),
    calls: (values.calls ?? []).map((each) => calledOf(each, read)),
    outside: (values.outside ?? []).map((each) => outsideOf(each, read)),
    hosts: (values.host ?? []).map((each) => read.one("--host", each, routeHost)),
    servicePort: read.ports("--service-port", [values["service-port"] ?? "80"])[0] ?? 80,
    apart: (values.apart ?? []).map((each) => read.namespace("--apart", each)),
  };
  problems.push(...contradictions(service));
  if (problems.length > 0) throw new ProblemsError(problems);
  return { service, into: values.into ?? "own" };
}

/** Reads words by the formats of settings, and collects what is wrong with them. */
class Reader {
  private readonly problems: Problem[];

  constructor(problems: Problem[]) {
    this.problems = problems;
  }

  one(option: string, word: string, format: v.GenericSchema<string, string>): string {
    const result = v.safeParse(format, word, { abortPipeEarly: true });
    if (!result.success) this.refuse(option, word, result.issues[0].message);
    return word;
  }

  namespace(option: string, word: string): string {
    const owner = ownedNamespaces[word];
    if (owner !== undefined) this.refuse(option, word, `a namespace of your own: that one belongs to ${owner}`);
    return this.one(option, word, dnsLabel);
  }

  ports(option: string, words: readonly string[]): number[] {
    return [
      ...new Set(
        words.map((word) => {
          const result = v.safeParse(port, /^[0-9]+$/.test(word) ? Number(word) : word, { abortPipeEarly: true });
          if (!result.success) this.refuse(option, word, result.issues[0].message);
          return Number(word);
        }),
      ),
    ];
  }

  refuse(option: string, word: string, expected: string): void {
    this.problems.push({ code: "scaffold/wrong-word", where: option, what: `got \`${word}\``, expected });
  }
}

function labelsOf(
  words: readonly string[] | undefined,
  name: string,
  option: string,
  read: Reader,
): Readonly<Record<string, string>> {
  if (words === undefined || words.length === 0) return { "app.kubernetes.io/name": name };
  return Object.fromEntries(
    words.map((word) => {
      const [key = "", value, surplus] = word.split("=");
      if (value === undefined || surplus !== undefined) read.refuse(option, word, "`<key>=<value>`");
      else {
        read.one(option, key, labelKey);
        read.one(option, value, labelValue);
      }
      return [key, value ?? ""];
    }),
  );
}

function neighbourOf(option: string, word: string, read: Reader): Neighbour {
  const [place = "", ...labels] = word.split(",");
  const [namespace = "", name, surplus] = place.split("/");
  if (name === undefined || surplus !== undefined) {
    read.refuse(option, word, "`<namespace>/<name>`, then labels if they differ: `shop/web,app=web`");
    return { namespace, name: "", labels: {}, labelled: "by itself" };
  }
  return {
    namespace: read.one(option, namespace, dnsLabel),
    name: read.one(option, name, dnsLabel),
    labels: labelsOf(labels, name, option, read),
    labelled: labels.length === 0 ? "by itself" : "as said",
  };
}

function calledOf(word: string, read: Reader): Service["calls"][number] {
  const [, place, written, labels] = /^([^:,]+):([^,]+)(,.*)?$/.exec(word) ?? [];
  if (place === undefined || written === undefined) {
    read.refuse("--calls", word, "`<namespace>/<name>:<port>`, the port being that of the container");
    return { namespace: "", name: "", labels: {}, labelled: "by itself", ports: [] };
  }
  return {
    ...neighbourOf("--calls", `${place}${labels ?? ""}`, read),
    ports: read.ports("--calls", [written]),
  };
}

function outsideOf(word: string, read: Reader): Service["outside"][number] {
  const [name = "", written = "443"] = word.split(/:(.*)/s);
  return { name: read.one("--outside", name, outsideName), port: read.ports("--outside", [written])[0] ?? 443 };
}

/** What no two words may say together. */
function contradictions(service: Service): Problem[] {
  const { name, namespace, ports, callers, calls, hosts, apart } = service;
  const code = "scaffold/contradiction";
  const needsPort = [...(callers.length > 0 ? ["--caller"] : []), ...(hosts.length > 0 ? ["--host"] : [])];
  return [
    ...(ports.length > 0
      ? []
      : needsPort.map((where) => ({
          code,
          where,
          what: "leads to a service without a port",
          expected: "the ports of its containers",
          fix: "say --port <port>",
        }))),
    ...[
      ...callers.map((each) => ["--caller", each] as const),
      ...calls.map((each) => ["--calls", each] as const),
    ].flatMap(([where, other]) => [
      ...(other.name === name && other.namespace === namespace
        ? [{ code, where, what: "names the service itself", expected: "another workload" }]
        : []),
      ...(other.namespace !== namespace && apart.includes(other.namespace)
        ? [
            {
              code,
              where,
              what: `names \`${other.namespace}/${other.name}\`, and --apart says that they never meet`,
              expected: "one of the two",
            },
          ]
        : []),
    ]),
    ...(apart.includes(namespace)
      ? [{ code, where: "--apart", what: `names its own namespace \`${namespace}\``, expected: "another one" }]
      : []),
  ];
}

function parsed(args: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(args);
  } catch (error) {
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new UserError(`scaffold: ${what}\n${usage}`);
  }
}

function parse(args: readonly string[]) {
  const several = { type: "string", multiple: true } as const;
  const once = { type: "string" } as const;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      namespace: { type: "string", short: "n" },
      into: once,
      environment: once,
      "service-port": once,
      port: several,
      label: several,
      caller: several,
      calls: several,
      outside: several,
      host: several,
      apart: several,
    },
  });
}
