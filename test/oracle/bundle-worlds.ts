/**
 * Bundle worlds: what our stacks really apply, and the published sets of policies that we judge, with pods to talk.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse, parseAllDocuments } from "yaml";

import { bundleContext, wantedCharts } from "../../components/candidate.ts";
import { clusterFacts } from "../../components/cluster/facts.ts";
import { namespaceLabels } from "../../components/namespace-labels.ts";
import { baseline } from "../../policies/baseline/bundle.ts";
import type { BundleContext, Manifest } from "../../policies/bundle.ts";
import { bundles, selectBundles } from "../../policies/bundles.ts";
import { connectionsOf } from "../../policies/edges.ts";
import { clusterDnsPod } from "../../policies/inventory.ts";
import type { External } from "../../policies/reachability/read/externals.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { policyKindOf } from "../../policies/reachability/read/policy-objects.ts";
import { lockOuts, moves, openings } from "../reach/changes/behaviour.ts";
import { edited, filesOf, folderOf, type Files } from "../reach/changes/change.ts";
import { refactorings } from "../reach/changes/refactorings.ts";
import { fullContext } from "../support/bundle-context.ts";
import { settingsOf } from "../support/settings.ts";
import type { Pod, Probe, Scenario } from "./scenario.ts";

const root = join(import.meta.dirname, "..", "..");

/** Everyone outside whom the policies here could mean. */
const externals: readonly External[] = [
  { name: "my.azure-api.net", fqdn: "my.azure-api.net", ip: "52.151.3.4" },
  { name: "my.openai.azure.com", fqdn: "my.openai.azure.com", ip: "20.9.1.1" },
  { name: "api.github.com", fqdn: "api.github.com", ip: "140.82.112.5" },
  { name: "reports.example.com", fqdn: "reports.example.com", ip: "192.0.2.200" },
  { name: "bank", ip: "203.0.113.10" },
  { name: "office", ip: "10.20.1.1" },
  { name: "left out", ip: "10.20.99.1" },
  { name: "private", ip: "10.200.0.7" },
  { name: "wireserver", ip: "168.63.129.16" },
  { name: "public", ip: "8.8.8.8" },
  ...(["host", "remote-node", "kube-apiserver", "world", "health", "ingress"] as const).map((entity) => ({
    name: `e:${entity}`,
    entity,
  })),
];

const probes: readonly Probe[] = [
  ...[22, 53, 80, 443, 5672, 8000, 8080, 8443, 9090].map((port) => ({ protocol: "TCP", port }) as const),
  { protocol: "UDP", port: 53 },
  { protocol: "ICMP", port: 8 },
];

export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

/** Each stack file of the project: its namespaces, the bundles it switches on, and two pods in every namespace. */
export function stackWorlds(): NamedScenario[] {
  const files = readdirSync(root).filter((file) => /^Pulumi\..+\.yaml$/.test(file));
  return files.map((file) => {
    const { config } = parse(readFileSync(join(root, file), "utf8")) as { config: Readonly<Record<string, unknown>> };
    const settings = settingsOf(
      Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^platform:/, ""), value])),
    );
    const owned = Object.entries(settings.namespaces).map(
      ([name, choices]) => [name, namespaceLabels(choices)] as const,
    );
    const context = bundleContext(settings, clusterFacts(settings), wantedCharts(settings));
    const policies = selectBundles(settings.policies)
      .flatMap((bundle) => bundle.manifests(context))
      .filter(isPolicy);
    const dns: Pod = {
      namespace: "kube-system",
      name: "coredns",
      labels: { "k8s-app": "kube-dns" },
      ports: [{ name: "dns", protocol: "UDP", port: 53 }],
    };
    const pods = [...owned.map(([name]) => name), "elsewhere"].flatMap((namespace) =>
      ["web", "api"].map((app) => ({ namespace, name: app, labels: { app }, ports: [] })),
    );
    return {
      name: file,
      scenario: {
        namespaces: { ...Object.fromEntries(owned), "kube-system": {}, elsewhere: {} },
        pods: [...pods, dns],
        externals,
        policies: policies.map((policy): Fields => ({ ...policy })),
        probes,
        apiServer: settings.target === "aks" ? "outside the cluster" : "on another node",
      },
    };
  });
}

/** What else a bundle holds, routes and addresses, decides no verdict. */
function isPolicy({ kind }: Manifest): boolean {
  return policyKindOf(kind) !== undefined;
}

/** The full stack, in which every second connection that a bundle declares waits for a handshake. */
function withHandshakes(): BundleContext {
  const connections = bundles.flatMap((bundle) => (bundle.edges?.(fullContext) ?? []).flatMap(connectionsOf));
  const authenticatedEdges = connections.filter((_, index) => index % 2 === 0);
  return { ...fullContext, choices: { ...fullContext.choices, authenticatedEdges } };
}

/** Each bundle over the baseline, with the pods of its promises and the names it opens: Cilium judges what is proved. */
export function bundleWorlds(): NamedScenario[] {
  const context = withHandshakes();
  return bundles.map((bundle) => {
    const policies = [...new Set([baseline, bundle])].flatMap((each) => each.manifests(context)).filter(isPolicy);
    const pods = [clusterDnsPod, ...bundle.examples(context)].flatMap((object) => podOf({ ...object }));
    const namespaces = new Set(
      [...pods, ...policies.map(({ metadata }) => metadata)].map(({ namespace }) => namespace),
    );
    const names = new Set(
      [...JSON.stringify(policies).matchAll(/"matchName":"([^"]+)"/g)].map(([, name = ""]) => name),
    );
    return {
      name: bundle.name,
      scenario: {
        namespaces: Object.fromEntries(
          [...namespaces].flatMap((name) =>
            name === undefined ? [] : [[name, { ...fullContext.namespaceLabels[name] }]],
          ),
        ),
        pods,
        externals: [
          ...externals.filter(({ name }) => !names.has(name)),
          ...[...names].map((name, index) => ({ name, fqdn: name, ip: `192.0.2.${String(index + 1)}` })),
        ],
        policies: policies.map((policy): Fields => ({ ...policy })),
        probes: [
          ...probes,
          ...[81, 445, 3389, 4180, 4318, 10000, 10003].map((port) => ({ protocol: "TCP", port }) as const),
        ],
      },
    };
  });
}

/** The published sets under test/fixtures: as they stand, mistakes included. */
export function publishedWorlds(): NamedScenario[] {
  return readdirSync(folderOf("seeds")).map((name) => worldOfFiles(name, filesOf(`seeds/${name}`)));
}

/** Both sides of the recorded changes: where Cilium says of each what the engine says, it says the same of the difference. */
export function changeWorlds(): NamedScenario[] {
  const changes = [...refactorings, ...openings, ...lockOuts, ...moves];
  const before = [...new Set(changes.map(({ set }) => set))].map((set) => worldOfFiles(set, filesOf(set)));
  const after = changes.map(({ says, set, edits }) => worldOfFiles(says, edited(filesOf(set), edits)));
  return [...before, ...after].map(({ name, scenario }) => ({
    name,
    scenario: { ...scenario, probes: [...probes, ...changedPorts] },
  }));
}

/** Ports of the recorded changes that nobody else asks about. */
const changedPorts = [3000, 4180, 5432, 6443, 9000, 9102, 9443, 10001].map((port): Probe => ({
  protocol: "TCP",
  port,
}));

function worldOfFiles(name: string, files: Files): NamedScenario {
  const objects = [...files.values()].flatMap(documentsIn);
  const of = (pattern: RegExp): Fields[] =>
    objects.filter(({ kind }) => typeof kind === "string" && pattern.test(kind));
  return {
    name,
    scenario: {
      namespaces: Object.fromEntries(of(/^Namespace$/).map(({ metadata }) => namespaceOf(metadata))),
      pods: objects.flatMap(podOf),
      externals,
      policies: of(/^(NetworkPolicy|Cilium(Clusterwide)?NetworkPolicy)$/),
      probes,
    },
  };
}

function documentsIn(text: string): Fields[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Fields);
}

function namespaceOf(metadata: unknown): [string, Record<string, string>] {
  const { name, labels } = metadata as { name: string; labels?: Record<string, string> };
  return [name, labels ?? {}];
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly containers?: readonly {
      readonly ports?: readonly {
        readonly name?: string;
        readonly protocol?: string;
        readonly containerPort: number;
      }[];
    }[];
  };
}

interface Workload extends Template {
  readonly kind: string;
  readonly metadata: NonNullable<Template["metadata"]> & { readonly namespace?: string; readonly name: string };
  readonly spec: NonNullable<Template["spec"]> & { readonly template?: Template };
}

function isWorkload(object: object): object is Workload {
  return /^(Pod|Deployment|StatefulSet|DaemonSet|Job)$/.test((object as { kind?: string }).kind ?? "");
}

/** One pod for each workload, as its template says. */
function podOf(object: Fields): Pod[] {
  if (!isWorkload(object)) return [];
  const { namespace = "default", name } = object.metadata;
  const { metadata, spec } = object.spec.template ?? object;
  const account = spec?.serviceAccountName;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return [
    {
      namespace,
      name,
      labels: metadata?.labels ?? {},
      ...(account === undefined ? {} : { serviceAccount: account }),
      ports: ports.flatMap(({ name: portName, protocol = "TCP", containerPort: port }) =>
        portName === undefined ? [] : [{ name: portName, protocol, port }],
      ),
    },
  ];
}
