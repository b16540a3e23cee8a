/**
 * `npm run doctor -- <stack>`: whether Cilium runs and took every policy. Any cluster: `--kubeconfig FILE` in place of a
 * stack. It only reads, and ends with 1 if something is not as it should be.
 */
import { parseArgs } from "node:util";

import { whyNoAnswer } from "../components/cluster/kube-client.ts";
import { isMap } from "../components/helm-values.ts";
import { UserError } from "../policies/problems.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { words } from "./words.ts";

const usage = "<stack> or --kubeconfig FILE";

/** What was found of one thing that should be so. */
export interface Examined {
  readonly what: string;
  /** Absent: it is. */
  readonly wrong?: string;
}

export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = words("doctor", usage, () =>
    parseArgs({ args: [...args], allowPositionals: true, options: { kubeconfig: { type: "string" } } }),
  );
  const [stack, another] = positionals;
  if (another !== undefined) throw new UserError(`doctor: expected ${usage}`);
  const kubeconfig = await kubeconfigOf({ ...values, ...(stack === undefined ? {} : { stack }) }, process.cwd());
  const examined = examine(await look(kubeconfig));
  process.stdout.write(doctorText(examined));
  return examined.every(({ wrong }) => wrong === undefined) ? 0 : 1;
}

/** Objects as the API server tells them, by kind. */
export interface Looked {
  readonly daemonSets: readonly unknown[];
  readonly deployments: readonly unknown[];
  readonly definitions: readonly unknown[];
  readonly policies: readonly unknown[];
}

/** By the client of any kind, which hands objects over as they are. */
async function look(kubeconfig: string): Promise<Looked> {
  const { CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(CustomObjectsApi);
  const itemsOf = (list: unknown): readonly unknown[] => {
    const items = at(list, "items");
    return Array.isArray(items) ? items : [];
  };
  const own = async (plural: string): Promise<readonly unknown[]> =>
    itemsOf(await api.listNamespacedCustomObject({ ...apps, namespace: ciliumNamespace, plural }));
  const all = async (group: string, version: string, plural: string): Promise<readonly unknown[]> =>
    itemsOf(
      await api.listClusterCustomObject({ group, version, plural }).catch((error: unknown) => {
        if ((error as { code?: unknown } | null)?.code === 404) return undefined;
        throw error;
      }),
    );
  try {
    const [daemonSets, deployments, definitions, ...policies] = await Promise.all([
      own("daemonsets"),
      own("deployments"),
      all("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
      all("cilium.io", "v2", "ciliumnetworkpolicies"),
      all("cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
    ]);
    return { daemonSets, deployments, definitions, policies: policies.flat() };
  } catch (error) {
    throw new UserError(whyNoAnswer(error));
  }
}

const apps = { group: "apps", version: "v1" } as const;
const ciliumNamespace = "kube-system";

/** What must be there: Envoy has run beside the agents, as a DaemonSet of its own, since 1.16. */
const agents = ["cilium", "cilium-envoy"];
const operator = "cilium-operator";
const others = ["hubble-relay", "hubble-ui"];

export function examine({ daemonSets, deployments, definitions, policies }: Looked): readonly Examined[] {
  const named = (objects: readonly unknown[], name: string): unknown => objects.find((each) => nameOf(each) === name);
  const own = definitions.filter((each) => nameOf(each).endsWith(".cilium.io"));
  const waiting = own.filter((each) => conditionOf(each, "Established") !== "True").map(nameOf);
  const invalid = policies.filter((each) => conditionOf(each, "Valid") !== "True");
  return [
    ...agents.map((name) => rolledOut(`DaemonSet ${name}`, named(daemonSets, name))),
    rolledOut(`Deployment ${operator}`, named(deployments, operator)),
    ...others.flatMap((name) => {
      const found = named(deployments, name);
      return found === undefined ? [] : [rolledOut(`Deployment ${name}`, found)];
    }),
    {
      what: `${String(own.length)} kinds of Cilium`,
      ...(own.length === 0 ? { wrong: "none is there" } : {}),
      ...(waiting.length === 0 ? {} : { wrong: `not Established: ${waiting.join(", ")}` }),
    },
    {
      what: `${String(policies.length)} policies`,
      ...(invalid.length === 0 ? {} : { wrong: `not Valid: ${invalid.map(invalidText).join("; ")}` }),
    },
  ];
}

function rolledOut(what: string, found: unknown): Examined {
  const status = at(found, "status");
  if (!isMap(status)) return { what, wrong: "is not there" };
  const number = (key: string): number => (typeof status[key] === "number" ? status[key] : 0);
  const isDaemonSet = "desiredNumberScheduled" in status;
  const wanted = isDaemonSet ? number("desiredNumberScheduled") : Number(at(at(found, "spec"), "replicas") ?? 1);
  const ready = isDaemonSet ? number("numberReady") : number("readyReplicas");
  return ready >= wanted && wanted > 0
    ? { what: `${what} ${String(ready)} of ${String(wanted)}` }
    : { what: `${what} ${String(ready)} of ${String(wanted)}`, wrong: "not all are ready" };
}

function at(object: unknown, key: string): unknown {
  return isMap(object) ? object[key] : undefined;
}

function nameOf(object: unknown): string {
  const metadata = at(object, "metadata");
  const [namespace, name] = [at(metadata, "namespace"), at(metadata, "name")];
  return [namespace, name].filter((part) => typeof part === "string" && part !== ciliumNamespace).join("/");
}

function conditionsOf(object: unknown): readonly unknown[] {
  const conditions = at(at(object, "status"), "conditions");
  return Array.isArray(conditions) ? conditions : [];
}

function conditionOf(object: unknown, type: string): unknown {
  return at(
    conditionsOf(object).find((each) => at(each, "type") === type),
    "status",
  );
}

/** In the operator's words, which has judged none that bears no condition. */
function invalidText(policy: unknown): string {
  const message = at(
    conditionsOf(policy).find((each) => at(each, "type") === "Valid"),
    "message",
  );
  return `${nameOf(policy)} (${typeof message === "string" ? message : "not judged yet"})`;
}

export function doctorText(examined: readonly Examined[]): string {
  return examined
    .map(({ what, wrong }) => (wrong === undefined ? `ok   ${what}\n` : `BAD  ${what}: ${wrong}\n`))
    .join("");
}
