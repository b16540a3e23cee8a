/** Edges: connections that a stack names, held against those that its bundles declare. */
import { selectBundles } from "../../policies/bundles.ts";
import { connectionsOf } from "../../policies/edges.ts";
import { nearest } from "../../policies/nearest.ts";
import type { Problem } from "../../policies/problems.ts";
import { bundleContext, wantedCharts } from "../candidate.ts";
import { clusterFacts } from "../cluster/facts.ts";
import type { Settings } from "../settings.ts";

/** A name that no bundle declares would protect nothing, and nobody would notice. Expects settings whose facts are whole. */
export function edgeProblems(settings: Settings, file: string): readonly Problem[] {
  const { authenticatedEdges } = settings.policies;
  if (authenticatedEdges.length === 0) return [];
  const context = bundleContext(settings, clusterFacts(settings), wantedCharts(settings));
  const known = selectBundles(settings.policies).flatMap((bundle) =>
    (bundle.edges?.(context) ?? []).flatMap(connectionsOf),
  );
  return authenticatedEdges.flatMap((name, index) => (known.includes(name) ? [] : [unknown(name, index, known, file)]));
}

function unknown(name: string, index: number, known: readonly string[], file: string): Problem {
  const near = nearest(name, known);
  return {
    code: "policies/unknown-edge",
    where: `${file} › policies.authenticatedEdges[${String(index)}]`,
    what: `no chosen bundle declares \`${name}\``,
    expected:
      known.length === 0
        ? "a bundle that declares connections between workloads"
        : `one of ${known.map((each) => `\`${each}\``).join(", ")}`,
    ...(near === undefined ? {} : { fix: `did you mean \`${near}\`?` }),
  };
}
