/**
 * serverOf: which API server a kubeconfig leads to.
 *
 * What is wrong with it is told without quoting it: it holds credentials.
 */
import { parse } from "yaml";
import * as v from "valibot";

import { type Problem, ProblemsError } from "../../policies/problems.ts";

const kubeconfigSchema = v.object({
  "current-context": v.optional(v.string(), ""),
  contexts: v.array(v.object({ name: v.string(), context: v.object({ cluster: v.string() }) })),
  clusters: v.array(v.object({ name: v.string(), cluster: v.object({ server: v.string() }) })),
});

/** `context` absent: the kubeconfig's current one. Throws a problem that names what is missing. */
export function serverOf(text: string, context: string | undefined): string {
  const kubeconfig = readKubeconfig(text);
  const wanted = context ?? kubeconfig["current-context"];
  const found = kubeconfig.contexts.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw problem(
      context === undefined ? "kubeconfig" : "existing.context",
      context === undefined ? "names no current context" : `is not in the kubeconfig, got \`${context}\``,
      `one of ${kubeconfig.contexts.map(({ name }) => `\`${name}\``).join(", ")} as \`existing.context\``,
    );
  }
  const cluster = kubeconfig.clusters.find(({ name }) => name === found.context.cluster);
  if (cluster === undefined) {
    throw problem(
      "kubeconfig",
      `has no cluster \`${found.context.cluster}\`, which its context \`${found.name}\` uses`,
      "a complete kubeconfig, as `kubectl config view --raw --minify --flatten` prints it",
    );
  }
  return cluster.cluster.server;
}

function readKubeconfig(text: string): v.InferOutput<typeof kubeconfigSchema> {
  const parsed = v.safeParse(kubeconfigSchema, parsedYaml(text));
  if (parsed.success) return parsed.output;
  throw problem("kubeconfig", "is no kubeconfig", "YAML or JSON with `clusters`, `contexts` and `users`");
}

/** YAML's own messages quote the text around the mistake. */
function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function problem(setting: string, what: string, expected: string): ProblemsError {
  const found: Problem = { code: "existing/kubeconfig", where: `stack config › ${setting}`, what, expected };
  return new ProblemsError([found]);
}
