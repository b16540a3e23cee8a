/** API server: where it is no peer under its own name. */
import type { LintFinding, LintRule } from "./rule.ts";
import { textsOf } from "./seen.ts";

export const apiServerIngress: LintRule = {
  code: "lint/api-server-ingress",
  severity: "warning",
  finds: "an ingress entry that lets in `kube-apiserver` alone, with `--target aks`",
  why: "the API server of a managed control plane calls through a tunnel or a node, so it never arrives under that name",
  fix: "let in the entities `host` and `remote-node` and the tunnel's pods (`k8s-app: konnectivity-agent` in kube-system) as well",
  find: ({ entries, apiServer }) =>
    entries.flatMap(({ manifest, direction, action, fields, path }): LintFinding[] => {
      if (apiServer !== "outside the cluster" || direction !== "ingress" || action !== "allow") return [];
      const entities = textsOf(fields, "fromEntities");
      if (entities.length === 0 || entities.some((each) => each !== "kube-apiserver")) return [];
      return [
        {
          manifest,
          path: `${path}.fromEntities`,
          what: "the API server is outside the cluster and does not call under this name, so this lets nobody in",
          expected: "`host`, `remote-node` and the pods of the tunnel beside it",
        },
      ];
    }),
};
