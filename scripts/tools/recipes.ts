/**
 * The tools, each said once: what it is built from, which binaries come out, and how long that takes.
 *
 * A recipe is one folder, as a rule `tools/<name>`, with a go.mod of its own, because the dependency sets exclude each other. The
 * version stands in that go.mod and nowhere else.
 */

/** A binary that somebody may ask for. */
export type ToolName =
  | "pulumi"
  | "pulumi-resource-kubernetes"
  | "kwok"
  | "kwokctl"
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "cilium-operator-generic"
  | "kind"
  | "helm"
  | "actionlint"
  | "kyverno-cli"
  | "kubectl"
  | "kyverno"
  | "background-controller"
  | "policy-oracle"
  | "prober"
  | "kubelet"
  | "kubeadm"
  | "kube-proxy"
  | "cilium-agent"
  | "cilium-dbg"
  | "cilium-mount"
  | "cilium-sysctlfix"
  | "cilium-health"
  | "cilium-health-responder"
  | "cilium-bugtool"
  | "cilium-cni"
  | "hubble"
  | "hubble-relay"
  | "coredns";

export type RecipeName =
  | "pulumi"
  | "pulumi-kubernetes"
  | "kwok"
  | "etcd"
  | "kubernetes"
  | "cilium"
  | "kind"
  | "helm"
  | "actionlint"
  | "kyverno"
  | "kubectl"
  | "kyverno-controllers"
  | "oracle"
  | "prober"
  | "kubernetes-node"
  | "cilium-agent"
  | "coredns";

export interface Recipe {
  readonly name: RecipeName;
  /** Where its go.mod lies, from the root of the project; `tools/<name>` unless it is said. */
  readonly folder?: string;
  /** Module whose version in that go.mod is the version of the tool; that go.mod's own module where the tool is ours. */
  readonly module: string;
  /** Binary name → Go package. Several are linked side by side and named after. */
  readonly binaries: Readonly<Partial<Record<ToolName, string>>>;
  readonly tags?: string;
  /** Linker variables, from the version of the tool and those of its modules (`required`, with their `v`). */
  readonly variables: (
    version: string,
    required: (module: string) => string | undefined,
  ) => Readonly<Record<string, string>>;
  /** Files that the build needs inside our folder and that lie in the module: name here → path in the module. */
  readonly embeds?: Readonly<Record<string, string>>;
  /** Version the tool calls itself, where that is not the version of its module. */
  readonly versionFromPackage?: string;
  /** Half of the processor time measured with nothing cached: what it takes two cores that are kept busy. */
  readonly coldSeconds: number;
  /** Measured: modules and build cache together, nothing cached. */
  readonly coldGigabytes: number;
}

/** Longest first: two side by side finish soonest that way. */
export const recipes: readonly Recipe[] = [
  {
    name: "pulumi-kubernetes",
    module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
    binaries: { "pulumi-resource-kubernetes": "." },
    variables: (version) => ({ "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": version }),
    embeds: {
      "schema.json": "cmd/pulumi-resource-kubernetes/schema.json",
      "terraform-mapping.json": "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
    },
    // The module is a commit, not a release: the release it belongs to is the one of the SDK.
    versionFromPackage: "@pulumi/kubernetes",
    coldSeconds: 310,
    coldGigabytes: 5,
  },
  {
    name: "kyverno",
    module: "github.com/kyverno/kyverno",
    binaries: { "kyverno-cli": "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno" },
    variables: (version) => ({ "github.com/kyverno/kyverno/pkg/version.BuildVersion": version }),
    coldSeconds: 280,
    coldGigabytes: 5.5,
  },
  {
    // What runs in the pods of a node, for images built where no container registry answers.
    name: "cilium-agent",
    module: "github.com/cilium/cilium",
    binaries: {
      "cilium-agent": "github.com/cilium/cilium/daemon",
      "cilium-dbg": "github.com/cilium/cilium/cilium-dbg",
      "cilium-mount": "github.com/cilium/cilium/tools/mount",
      "cilium-sysctlfix": "github.com/cilium/cilium/tools/sysctlfix",
      "cilium-health": "github.com/cilium/cilium/cilium-health",
      "cilium-health-responder": "github.com/cilium/cilium/cilium-health/responder",
      "cilium-bugtool": "github.com/cilium/cilium/bugtool",
      "cilium-cni": "github.com/cilium/cilium/plugins/cilium-cni",
      hubble: "github.com/cilium/cilium/hubble",
      "hubble-relay": "github.com/cilium/cilium/hubble-relay",
    },
    tags: "osusergo",
    variables: ciliumVariables,
    coldSeconds: 260,
    coldGigabytes: 2.5,
  },
  {
    name: "kubernetes",
    module: "k8s.io/kubernetes",
    binaries: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    },
    variables: kubernetesVariables,
    coldSeconds: 200,
    coldGigabytes: 2.5,
  },
  {
    name: "oracle",
    folder: "test/oracle",
    module: "github.com/cilium/cilium",
    binaries: { "policy-oracle": "." },
    variables: () => ({}),
    coldSeconds: 170,
    coldGigabytes: 1.5,
  },
  {
    name: "cilium",
    module: "github.com/cilium/cilium",
    binaries: { "cilium-operator-generic": "github.com/cilium/cilium/operator" },
    tags: "ipam_provider_operator,osusergo",
    variables: ciliumVariables,
    coldSeconds: 160,
    coldGigabytes: 2.5,
  },
  {
    name: "pulumi",
    module: "github.com/pulumi/pulumi/pkg/v3",
    binaries: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    variables: (version) => ({ "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${version}` }),
    coldSeconds: 160,
    coldGigabytes: 3,
  },
  {
    name: "kubernetes-node",
    module: "k8s.io/kubernetes",
    binaries: {
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      kubeadm: "k8s.io/kubernetes/cmd/kubeadm",
      "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    },
    variables: kubernetesVariables,
    coldSeconds: 130,
    coldGigabytes: 1,
  },
  {
    name: "coredns",
    module: "github.com/coredns/coredns",
    binaries: { coredns: "github.com/coredns/coredns" },
    variables: () => ({}),
    coldSeconds: 110,
    coldGigabytes: 2,
  },
  {
    // A folder of its own, because nobody but a test needs it. Most of it is Kubernetes' own code, built once.
    name: "kubectl",
    module: "k8s.io/kubernetes",
    binaries: { kubectl: "k8s.io/kubernetes/cmd/kubectl" },
    variables: kubernetesVariables,
    coldSeconds: 105,
    coldGigabytes: 0.5,
  },
  {
    name: "helm",
    module: "helm.sh/helm/v3",
    binaries: { helm: "helm.sh/helm/v3/cmd/helm" },
    variables: (version, required) => ({
      "helm.sh/helm/v3/internal/version.version": `v${version}`,
      ...helmCapabilities(required("k8s.io/client-go") ?? "v0.0.0"),
    }),
    coldSeconds: 50,
    coldGigabytes: 1,
  },
  {
    // What the chart runs in pods, for a control plane whose pods are simulated. Only ever built beside the CLI, with which
    // it shares nearly everything: measured after that.
    name: "kyverno-controllers",
    folder: "tools/kyverno",
    module: "github.com/kyverno/kyverno",
    binaries: {
      kyverno: "github.com/kyverno/kyverno/cmd/kyverno",
      "background-controller": "github.com/kyverno/kyverno/cmd/background-controller",
    },
    variables: (version) => ({ "github.com/kyverno/kyverno/pkg/version.BuildVersion": version }),
    coldSeconds: 45,
    coldGigabytes: 1,
  },
  {
    name: "kwok",
    module: "sigs.k8s.io/kwok",
    binaries: { kwok: "sigs.k8s.io/kwok/cmd/kwok", kwokctl: "sigs.k8s.io/kwok/cmd/kwokctl" },
    variables: (version) => ({ "sigs.k8s.io/kwok/pkg/consts.Version": `v${version}` }),
    coldSeconds: 40,
    coldGigabytes: 0.7,
  },
  {
    name: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    binaries: { etcd: "go.etcd.io/etcd/server/v3" },
    variables: () => ({}),
    coldSeconds: 15,
    coldGigabytes: 0.3,
  },
  {
    name: "actionlint",
    module: "github.com/rhysd/actionlint",
    binaries: { actionlint: "github.com/rhysd/actionlint/cmd/actionlint" },
    variables: (version) => ({ "github.com/rhysd/actionlint.version": version }),
    coldSeconds: 10,
    coldGigabytes: 0.1,
  },
  {
    name: "kind",
    module: "sigs.k8s.io/kind",
    binaries: { kind: "sigs.k8s.io/kind" },
    variables: () => ({}),
    coldSeconds: 5,
    coldGigabytes: 0.1,
  },
  {
    // The standard library alone, most of which the others have compiled already.
    name: "prober",
    module: "tools/prober",
    binaries: { prober: "." },
    variables: () => ({}),
    coldSeconds: 5,
    coldGigabytes: 0.1,
  },
];

/** Three fields, of which a Go module knows only the first: version, commit, date. */
function ciliumVariables(version: string): Record<string, string> {
  return { "github.com/cilium/cilium/pkg/version.ciliumVersion": `${version} go-module 1970-01-01T00:00:00Z` };
}

/** Kubernetes reports its version from two packages, and clients compare the two. */
function kubernetesVariables(version: string): Record<string, string> {
  const [major = "", minor = ""] = version.split(".");
  const variables: Record<string, string> = {};
  for (const place of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
    variables[`${place}.gitVersion`] = `v${version}`;
    variables[`${place}.gitMajor`] = major;
    variables[`${place}.gitMinor`] = minor;
  }
  return variables;
}

/** The Kubernetes that Helm renders for when it asks no cluster: that of its client, not the 1.20 it says otherwise. */
function helmCapabilities(clientVersion: string): Record<string, string> {
  const [, minor = ""] = clientVersion.split(".");
  const variables: Record<string, string> = {};
  for (const place of ["helm.sh/helm/v3/pkg/chartutil", "helm.sh/helm/v3/pkg/lint/rules"]) {
    variables[`${place}.k8sVersionMajor`] = "1";
    variables[`${place}.k8sVersionMinor`] = minor;
  }
  return variables;
}

/** Where the go.mod of a recipe lies, from the root of the project. */
export function folderOf(recipe: Pick<Recipe, "name" | "folder">): string {
  return recipe.folder ?? `tools/${recipe.name}`;
}

/** The recipes that give these binaries, each once, in building order. */
export function recipesFor(names: readonly ToolName[]): Recipe[] {
  return recipes.filter((recipe) => names.some((name) => name in recipe.binaries));
}

/** Every tool there is. */
export const allTools: readonly ToolName[] = recipes.flatMap((recipe) => Object.keys(recipe.binaries) as ToolName[]);
