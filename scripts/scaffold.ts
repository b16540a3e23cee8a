/**
 * `npm run scaffold -- <service> --namespace <namespace> …`: the first version of a new service's policies, workloads and
 * promises, as files of a folder that a stack names under `policies.folders`. Nothing that is there is overwritten.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { parseAllDocuments, stringify } from "yaml";

import { gatewayPods } from "../components/gateway/pods.ts";
import type { HelmValues } from "../components/chart.ts";
import { isMap, valueAt } from "../components/helm-values.ts";
import { httpRoute } from "../components/tenants/route.ts";
import type { Manifest } from "../policies/bundle.ts";
import { type Problem, ProblemsError } from "../policies/problems.ts";
import { namespaceLabels, type Neighbour, scaffold, type Service } from "../policies/scaffold.ts";
import { readScaffoldWords } from "./scaffold/words.ts";

/** Exit code. */
export async function scaffoldService(args: readonly string[]): Promise<number> {
  const { service, into } = readScaffoldWords(args);
  const files = await newFiles(await withKnownLabels(service, into), into);
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  process.stdout.write(told(service, into, files));
  return 0;
}

interface ScaffoldFile {
  readonly path: string;
  readonly text: string;
  /** In a few words, for whoever ran the command. */
  readonly holds: string;
}

/** Where things of a workload lie below `policies/`, `workloads/` and `promises/`. */
function placeOf({ namespace, name }: Pick<Neighbour, "namespace" | "name">): string {
  return join(namespace, `${name}.yaml`);
}

/** What is to be written. Throws where something of the service's own is there already. */
async function newFiles(service: Service, into: string): Promise<readonly ScaffoldFile[]> {
  const { policies, workloads, namespace, neighbours, promises } = scaffold(service, gatewayPods);
  const place = placeOf(service);
  const route = service.hosts.length === 0 ? [] : [routeOf(service)];
  const own: readonly ScaffoldFile[] = [
    {
      path: join(into, "policies", place),
      text: `# Who talks to ${service.name}, on both sides. The stack applies it.\n${documents(policies)}`,
      holds: "its policies, and those of its neighbours",
    },
    {
      path: join(into, "workloads", place),
      text: `# What ${service.name} consists of. The stack only speaks of it: apply it as you apply your applications.\n${documents([...workloads, ...route])}`,
      holds: "its Deployment, and what stands before it",
    },
    {
      path: join(into, "promises", place),
      text: `# What must be possible for ${service.name}, and what is nearly that and must never be.\n${stringify(promises, { lineWidth: 0 })}`,
      holds: `${String(promises.length)} promises`,
    },
  ];
  const shared = neighbours.map(({ metadata: { namespace: home = "", name } }, index): ScaffoldFile => ({
    path: join(into, "workloads", placeOf({ namespace: home, name })),
    text: `${standInHead}\n${documents(neighbours.slice(index, index + 1))}`,
    holds: "stands for a neighbour",
  }));
  const home: ScaffoldFile = {
    path: join(into, "workloads", `${service.namespace}.yaml`),
    text: `# The namespace as the stack has to make it.\n${documents([namespace])}`,
    holds: "the namespace, as the stack has to make it",
  };
  const problems = [...(await taken(own)), ...(await otherLabels(home, service))];
  if (problems.length > 0) throw new ProblemsError(problems);
  return [...own, ...(await missing([home, ...shared]))];
}

const standInHead =
  "# Stands for a workload that is not described here: a promise needs somebody to speak of. Put the real one in its place.";

/** Other services stand before it already, or will: what is there is as good as what would be written. */
async function missing(files: readonly ScaffoldFile[]): Promise<readonly ScaffoldFile[]> {
  const found = await Promise.all(files.map(async ({ path }) => await textAt(path)));
  const paths = files.map(({ path }) => path);
  return files.filter(({ path }, index) => found[index] === undefined && paths.indexOf(path) === index);
}

async function taken(files: readonly ScaffoldFile[]): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    files.map(async ({ path }): Promise<Problem[]> => {
      const text = await textAt(path);
      // A neighbour of another service until now.
      if (text === undefined || text.startsWith(standInHead)) return [];
      return [
        {
          code: "scaffold/exists",
          where: path,
          what: "is there already, and nothing is overwritten",
          expected: "a service that has no files yet",
          fix: "choose another name or another folder with --into, or take the file away",
        },
      ];
    }),
  );
  return problems.flat();
}

/** A namespace that another service brought along may lack what this one needs. */
async function otherLabels({ path }: ScaffoldFile, service: Service): Promise<readonly Problem[]> {
  const text = await textAt(path);
  if (text === undefined) return [];
  const known = valueAt(objectsIn(text)[0] ?? {}, "metadata.labels");
  const lacking = Object.entries(namespaceLabels(service)).filter(
    ([key, value]) => !isMap(known) || known[key] !== value,
  );
  if (lacking.length === 0) return [];
  return [
    {
      code: "scaffold/namespace-labels",
      where: path,
      what: `the namespace lacks ${lacking.map(([key, value]) => `\`${key}: ${value}\``).join(", ")}`,
      expected: "the labels that the service needs, here and under `namespaces` of the stack",
      fix: "add them in both places",
    },
  ];
}

/** A neighbour whose labels nobody said has those that it has in the folder. */
async function withKnownLabels(service: Service, into: string): Promise<Service> {
  const known = async <T extends Neighbour>(neighbour: T): Promise<T> => {
    const text =
      neighbour.labelled === "by itself" ? await textAt(join(into, "workloads", placeOf(neighbour))) : undefined;
    const labels = text === undefined ? undefined : podLabels(objectsIn(text), neighbour.name);
    return labels === undefined ? neighbour : { ...neighbour, labels };
  };
  return {
    ...service,
    callers: await Promise.all(service.callers.map(known)),
    calls: await Promise.all(service.calls.map(known)),
  };
}

function podLabels(objects: readonly HelmValues[], name: string): Readonly<Record<string, string>> | undefined {
  const described = objects.find((object) => valueAt(object, "metadata.name") === name) ?? {};
  const labels = valueAt(described, described["kind"] === "Pod" ? "metadata.labels" : "spec.template.metadata.labels");
  if (!isMap(labels)) return undefined;
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function objectsIn(text: string): readonly HelmValues[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter(isMap);
}

async function textAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function routeOf({ name, namespace, hosts, servicePort }: Service): Manifest {
  return httpRoute(namespace, name, { hostnames: [...hosts], servicePort });
}

/** As every reader of Kubernetes takes it. A namespace has no spec to speak of. */
function documents(manifests: readonly Manifest[]): string {
  return manifests
    .map(({ spec, ...rest }) => ({ ...rest, ...(rest.kind === "Namespace" ? {} : { spec }) }))
    .map((object) => stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}

function told(service: Service, into: string, files: readonly ScaffoldFile[]): string {
  const width = Math.max(...files.map(({ path }) => path.length));
  const labels = Object.entries(namespaceLabels(service)).filter(([key]) => key !== "kyverno.io/isolate");
  const stack = {
    "platform:namespaces": {
      [service.namespace]: labels.length === 0 ? {} : { labels: Object.fromEntries(labels) },
    },
    "platform:policies": {
      bundles: ["baseline", ...(service.hosts.length > 0 ? ["gateway"] : [])],
      folders: [into],
    },
  };
  const manifests = `${join(into, "policies")} ${join(into, "workloads")}`;
  return [
    "wrote",
    ...files.map(({ path, holds }) => `  ${path.padEnd(width)}  ${holds}`),
    "",
    "the stack file says, beside what it says already",
    ...stringify(stack)
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    "next",
    `  npx reach lint ${manifests}`,
    `  npx reach check ${join(into, "promises", placeOf(service))} ${manifests}`,
    "  npm run preview -- <stack>",
    "",
  ].join("\n");
}
