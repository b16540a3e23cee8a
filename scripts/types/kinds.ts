/** Kinds of the pinned add-ons that policies are written in, and where their definitions lie in the add-on's module. */

/** One file of generated types. */
export interface KindSource {
  /** Below `policies/types/`. */
  readonly file: string;
  /** Folder under `tools/` whose go.mod pins the module. */
  readonly tool: string;
  readonly module: string;
  /** Folder of the module, and in it one file for each kind. */
  readonly folder: string;
  readonly definitions: readonly string[];
}

export const kindSources: readonly KindSource[] = [
  {
    file: "cilium.ts",
    tool: "cilium",
    module: "github.com/cilium/cilium",
    folder: "pkg/k8s/apis/cilium.io/client/crds",
    definitions: [
      "v2/ciliumnetworkpolicies.yaml",
      "v2/ciliumclusterwidenetworkpolicies.yaml",
      "v2/ciliumcidrgroups.yaml",
      "v2/ciliumegressgatewaypolicies.yaml",
      "v2/ciliumloadbalancerippools.yaml",
      "v2/ciliumbgpadvertisements.yaml",
      "v2/ciliumbgpclusterconfigs.yaml",
      "v2/ciliumbgppeerconfigs.yaml",
      "v2alpha1/ciliuml2announcementpolicies.yaml",
    ],
  },
  {
    file: "kyverno.ts",
    tool: "kyverno",
    module: "github.com/kyverno/kyverno",
    folder: "config/crds/policies.kyverno.io",
    definitions: ["policies.kyverno.io_generatingpolicies.yaml", "policies.kyverno.io_validatingpolicies.yaml"],
  },
];
