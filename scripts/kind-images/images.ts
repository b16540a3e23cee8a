/**
 * The images of a kind cluster that are built from package registries alone: what each is made of, and what its name in the
 * cache depends on. Pure.
 *
 * They carry the names that kubeadm and the charts ask for, because a cluster is to run as it always does; so they exist
 * inside nodes only. The node image has a name of ours, because the container engine of the machine holds it.
 */
import type { ToolName } from "../tools/recipes.ts";
import { hashOf } from "../tools/build-input.ts";
import type { ImageSettings } from "./archive.ts";

/** `node`: the nodes themselves, with what kubeadm starts. `pod`: loaded into the nodes of a cluster. */
export interface BuiltImage {
  readonly name: BuiltImageName;
  readonly kind: "node" | "pod";
  /** Binaries and where they go. */
  readonly binaries: Readonly<Partial<Record<ToolName, string>>>;
  /** Debian packages beneath them; absent: nothing but the binaries. */
  readonly root?: RootName;
  /** Programs of the node's root that the binary calls, with the libraries they need. */
  readonly programs?: "iptables";
  readonly settings: ImageSettings;
}

export type BuiltImageName =
  | "node"
  | "cilium"
  | "cilium-operator"
  | "hubble-relay"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kube-proxy"
  | "etcd"
  | "coredns"
  | "pause";

export type RootName = "node" | "cilium";

/** A Debian root filesystem: the release and what is installed beside its smallest variant. */
export interface DebianRoot {
  readonly suite: "bookworm" | "trixie";
  readonly packages: readonly string[];
  /** Left out of the finished root: nothing of it is read in a container. */
  readonly without: readonly string[];
}

const documentation = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian"];
const traces = ["var/cache/apt", "var/cache/debconf", "var/lib/apt/lists", "var/log/apt"];

export const roots: Readonly<Record<RootName, DebianRoot>> = {
  // containerd, runc and the CNI plugins of this release are new enough for the pinned Kubernetes.
  node: {
    suite: "trixie",
    packages: [
      ...["systemd", "dbus", "containerd", "runc", "containernetworking-plugins", "libseccomp2"],
      ...["iptables", "nftables", "iproute2", "conntrack", "ethtool", "socat"],
      ...["util-linux", "mount", "kmod", "e2fsprogs", "procps", "pigz", "jq", "curl", "ca-certificates", "bash"],
    ],
    without: [...documentation, ...traces],
  },
  // Cilium compiles its datapath with clang 19, and against headers of its own: no libc, no gcc.
  cilium: {
    suite: "bookworm",
    packages: [
      ...["clang-19", "iproute2", "iptables", "ipset", "kmod", "util-linux", "mount", "procps", "ca-certificates"],
    ],
    without: [
      ...documentation,
      ...traces,
      ...["usr/lib/gcc", "usr/lib/gcc-cross", "usr/include", "usr/share/zoneinfo", "usr/share/perl5", "usr/share/i18n"],
      ...["usr/lib/x86_64-linux-gnu/perl-base", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/x86_64-linux-gnu/gprofng"],
    ],
  },
};

const onPath = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

/** Those that kubeadm starts lie in the node image; what the charts run is loaded afterwards. */
export const builtImages: readonly BuiltImage[] = [
  {
    name: "node",
    kind: "node",
    root: "node",
    binaries: { kubelet: "/usr/bin/kubelet", kubeadm: "/usr/bin/kubeadm", kubectl: "/usr/bin/kubectl" },
    settings: {
      Env: [...onPath, "container=docker"],
      Entrypoint: ["/usr/local/bin/entrypoint", "/sbin/init"],
      StopSignal: "SIGRTMIN+3",
    },
  },
  component("kube-apiserver"),
  component("kube-controller-manager"),
  component("kube-scheduler"),
  component("etcd"),
  { ...component("kube-proxy"), programs: "iptables" },
  {
    name: "coredns",
    kind: "node",
    binaries: { coredns: "/coredns" },
    settings: { Env: ["PATH=/"], Entrypoint: ["/coredns"], WorkingDir: "/" },
  },
  {
    name: "pause",
    kind: "node",
    binaries: {},
    settings: { Env: ["PATH=/"], Entrypoint: ["/pause"], User: "65535:65535" },
  },
  {
    name: "cilium",
    kind: "pod",
    root: "cilium",
    binaries: {
      "cilium-agent": "/usr/bin/cilium-agent",
      "cilium-dbg": "/usr/bin/cilium-dbg",
      "cilium-mount": "/usr/bin/cilium-mount",
      "cilium-sysctlfix": "/usr/bin/cilium-sysctlfix",
      "cilium-health": "/usr/bin/cilium-health",
      // Without it a controller of the agent fails for ever.
      "cilium-health-responder": "/usr/bin/cilium-health-responder",
      "cilium-bugtool": "/usr/bin/cilium-bugtool",
      hubble: "/usr/bin/hubble",
      "cilium-cni": "/opt/cni/bin/cilium-cni",
    },
    settings: {
      Env: [...onPath, "HUBBLE_SERVER=unix:///var/run/cilium/hubble.sock"],
      Cmd: ["/usr/bin/cilium-dbg"],
      WorkingDir: "/home/cilium",
    },
  },
  {
    name: "cilium-operator",
    kind: "pod",
    binaries: { "cilium-operator-generic": "/usr/bin/cilium-operator-generic" },
    settings: { Env: ["PATH=/usr/bin"], Cmd: ["/usr/bin/cilium-operator-generic"] },
  },
  {
    name: "hubble-relay",
    kind: "pod",
    binaries: { "hubble-relay": "/usr/bin/hubble-relay" },
    settings: {
      // Its root filesystem is read-only, and the diagnostics agent writes a file.
      Env: ["PATH=/usr/bin", "GOPS_CONFIG_DIR=/tmp"],
      Entrypoint: ["/usr/bin/hubble-relay"],
      Cmd: ["serve"],
      User: "65532:65532",
    },
  },
];

function component(
  name: BuiltImageName &
    ToolName &
    ("kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kube-proxy" | "etcd"),
): BuiltImage {
  return { name, kind: "node", binaries: { [name]: `/usr/local/bin/${name}` }, settings: { Env: onPath } };
}

/** Every binary that some image holds. */
export const imageTools: readonly ToolName[] = [
  ...new Set(builtImages.flatMap(({ binaries }) => Object.keys(binaries) as ToolName[])),
];

/** What an image depends on beside its own description. */
export interface ImageInputs {
  /** Name of a recipe's folder in the cache: version and hash of all that goes into the build. */
  readonly tools: ReadonlyMap<ToolName, string>;
  /** Hash over the files that make images, and the version of kind whose files a node has. */
  readonly makers: string;
  readonly architecture: string;
}

/** Name of a root filesystem in the cache. */
export function rootKey(name: RootName, { architecture }: Pick<ImageInputs, "architecture">): string {
  return `root-${name}-${hashOf([JSON.stringify(roots[name]), architecture])}`;
}

/** Name of an image's archive in the cache, without its ending. The node's covers what lies in it. */
export function imageKey(image: BuiltImage, inputs: ImageInputs): string {
  const parts = image.name === "node" ? builtImages.filter(({ kind }) => kind === "node") : [image];
  const hash = hashOf([
    inputs.makers,
    inputs.architecture,
    ...parts.flatMap((part) => [
      JSON.stringify(part),
      ...(part.root === undefined ? [] : [rootKey(part.root, inputs)]),
      ...(Object.keys(part.binaries) as ToolName[]).map((tool) => inputs.tools.get(tool) ?? ""),
    ]),
  ]);
  return `${image.name}-${hash}`;
}

/** The images of their own archives: the node, and those that are loaded into it. */
export const archived: readonly BuiltImage[] = builtImages.filter(
  ({ name, kind }) => kind === "pod" || name === "node",
);

/** Images inside the node image. */
export const preloaded: readonly BuiltImage[] = builtImages.filter(
  ({ name, kind }) => kind === "node" && name !== "node",
);

/** What kubeadm calls its images: the last part of each name, without the tag. */
export function kubeadmNames(listed: string): ReadonlyMap<string, string> {
  const lines = listed.split("\n").map((line) => line.trim());
  return new Map(
    lines.filter((line) => line.includes("/")).map((line) => [line.replace(/^.*\//, "").replace(/:[^:]*$/, ""), line]),
  );
}
