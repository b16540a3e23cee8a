/** Risk: what a connection crosses, the worst first, as somebody who is responsible for it would sort a list. */
import { namespaceOf } from "./groups.ts";
import { namespaceLabelsPrefix } from "../select/labels.ts";
import type { Endpoint } from "../model.ts";
import type { Crossing, Risk } from "./report.ts";

/** Labels of a namespace that say its environment, the first one it has. */
const environmentKeys = ["env", "environment", "app.kubernetes.io/environment", "stage"];

/** Words in the name of a namespace without such a label: `uat`, `shop-uat`. */
const environmentWords = [
  "dev",
  "development",
  "test",
  "qa",
  "sit",
  "uat",
  "staging",
  "stage",
  "preprod",
  "prod",
  "production",
];

export function riskOf(from: Endpoint, to: Endpoint): Risk {
  if (crossingOf(from, to) !== undefined) return "crosses environments";
  if (isWorld(from) || isWorld(to)) return "world";
  if (isSystem(from) || isSystem(to)) return "system";
  return namespaceOf(from) === namespaceOf(to) ? "same namespace" : "crosses namespaces";
}

/** The two environments, where they differ and both are known. */
export function crossingOf(from: Endpoint, to: Endpoint): Crossing | undefined {
  const [here, there] = [environmentOf(from), environmentOf(to)];
  return here === undefined || there === undefined || here === there ? undefined : { from: here, to: there };
}

/** Undefined for what is outside, and where nothing says it. */
function environmentOf(endpoint: Endpoint): string | undefined {
  const namespace = namespaceOf(endpoint);
  if (namespace === undefined) return undefined;
  const labels = environmentKeys.map((key) => endpoint.labels.get(`${namespaceLabelsPrefix}.${key}`)?.[0]?.value);
  return (
    labels.find((label) => label !== undefined) ?? environmentWords.find((word) => namespace.split("-").includes(word))
  );
}

function isWorld({ kind, fqdn, ip, labels }: Endpoint): boolean {
  return kind === "external" && (fqdn !== undefined || ip !== undefined || labels.has("world"));
}

/** Nodes, the API server, and the namespace of what the cluster itself runs on. */
function isSystem(endpoint: Endpoint): boolean {
  return endpoint.kind === "external" || namespaceOf(endpoint) === "kube-system";
}
