/**
 * The root of a kind node: Debian's systemd, containerd and runc, the files that kind's own image has, and the pinned
 * Kubernetes. The files come from the Go module of the pinned kind.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { command, type CommandOptions } from "./command.ts";

/** Units that make no sense in a container, as kind's own image drops them. */
const unwanted: readonly (readonly [string, RegExp])[] = [
  ["lib/systemd/system/multi-user.target.wants", /./],
  ["lib/systemd/system/local-fs.target.wants", /./],
  ["lib/systemd/system/sockets.target.wants", /udev|initctl/],
  ["lib/systemd/system/basic.target.wants", /./],
  ["lib/systemd/system/sysinit.target.wants", /^systemd-tmpfiles-setup\.service$/],
];

/** What Debian's packages leave otherwise than kind expects. */
export interface NodeFacts {
  /** `v1.36.1`. */
  readonly kubernetesVersion: string;
  /** Name of the pause image that this Kubernetes asks for. */
  readonly pauseImage: string;
}

/** containerd's configuration with the pause image and the folder of CNI plugins that kind and Cilium use. */
export function containerdConfig(kinds: string, pauseImage: string): string {
  const withPause = kinds.replace(/^(\s*sandbox_image = ).*$/m, `$1"${pauseImage}"`);
  return `${withPause.trimEnd()}\n\n[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "/opt/cni/bin"\n`;
}

/** kubelet's options: without the last it refuses a machine with the older control groups. */
export function kubeletDefaults(kinds: string): string {
  return kinds.replace(/^KUBELET_EXTRA_ARGS=.*$/m, "$& --fail-cgroupv1=false");
}

/** containerd's base of every container: kind's hook, and no limits that the machine may not allow. */
export function baseSpec(printed: string): string {
  const spec = JSON.parse(printed) as { process?: { rlimits?: unknown }; hooks?: Record<string, unknown[]> };
  delete spec.process?.rlimits;
  const hooks = spec.hooks ?? {};
  hooks["createContainer"] = [...(hooks["createContainer"] ?? []), { path: "/kind/bin/mount-product-files.sh" }];
  return `${JSON.stringify({ ...spec, hooks }, null, 2)}\n`;
}

/** Lay everything but images and binaries over a Debian root. `kindFiles` is `images/base/files` of the kind module. */
export async function assembleNode(
  root: string,
  kindFiles: string,
  wrapper: string,
  facts: NodeFacts,
  run: CommandOptions,
): Promise<void> {
  const at = (path: string): string => join(root, path);
  copyWithoutModes(kindFiles, root, ["etc", "kind", "usr"]);
  chmodSync(at("usr/local/bin/entrypoint"), 0o755);
  for (const script of readdirSync(at("kind/bin"))) chmodSync(at(`kind/bin/${script}`), 0o755);

  for (const [folder, names] of unwanted) removeMatching(at(folder), names);
  for (const entry of readdirSync(at("etc/systemd/system"))) {
    if (entry.endsWith(".wants")) removeMatching(at(`etc/systemd/system/${entry}`), /./);
  }
  writeFileSync(at("etc/systemd/journald.conf"), "[Journal]\nReadKMsg=no\n");
  link("/usr/lib/systemd/systemd", at("usr/sbin/init"));
  // kind's unit looks for them there.
  for (const name of ["containerd", "ctr", "containerd-shim-runc-v2"])
    link(`/usr/bin/${name}`, at(`usr/local/bin/${name}`));
  await command("chroot", [root, "systemctl", "enable", "kubelet", "containerd", "undo-mount-hacks"], run);
  await command("chroot", [root, "systemctl", "mask", "systemd-binfmt", "systemd-modules-load"], run);

  mkdirSync(at("etc/kubernetes/manifests"), { recursive: true });
  mkdirSync(at("opt/cni/bin"), { recursive: true });
  for (const plugin of ["host-local", "loopback", "ptp", "portmap"]) {
    copyFileSync(at(`usr/lib/cni/${plugin}`), at(`opt/cni/bin/${plugin}`));
  }
  // Before Debian's own on PATH. It only ever drops what the machine has not.
  copyFileSync(wrapper, at("usr/local/sbin/runc"));
  chmodSync(at("usr/local/sbin/runc"), 0o755);

  const spec = await command("chroot", [root, "ctr", "oci", "spec"], run);
  writeFileSync(at("etc/containerd/cri-base.json"), baseSpec(spec));
  rewrite(at("etc/containerd/config.toml"), (text) => containerdConfig(text, facts.pauseImage));
  rewrite(at("etc/default/kubelet"), kubeletDefaults);
  writeFileSync(at("kind/version"), facts.kubernetesVersion);
}

/** Module archives carry no modes, and the module cache is read-only. */
function copyWithoutModes(from: string, to: string, folders: readonly string[]): void {
  for (const folder of folders) {
    for (const entry of readdirSync(join(from, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const target = join(to, path.slice(from.length + 1));
      mkdirSync(dirname(target), { recursive: true });
      rmSync(target, { force: true });
      writeFileSync(target, readFileSync(path), { mode: 0o644 });
    }
  }
}

function removeMatching(folder: string, names: RegExp): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder)) if (names.test(entry)) rmSync(join(folder, entry), { force: true });
}

function link(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

const iptablesNames = [
  "iptables",
  "iptables-save",
  "iptables-restore",
  "ip6tables",
  "ip6tables-save",
  "ip6tables-restore",
];

/**
 * Copy iptables out of a node's root, with the libraries it is linked to and the extensions it loads: all that kube-proxy
 * calls. The nft variant, which nodes use as well.
 */
export async function copyIptables(root: string, target: string, run: CommandOptions): Promise<void> {
  const binary = "/usr/sbin/xtables-nft-multi";
  const triplet = readdirSync(join(root, "usr/lib")).find((name) => name.endsWith("-linux-gnu")) ?? "";
  const extensions = `/usr/lib/${triplet}/xtables`;
  const linked = await command("chroot", [root, "ldd", binary], run);
  const libraries = linkedLibraries(linked);
  for (const path of [binary, ...libraries]) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(root, path), join(target, path));
  }
  mkdirSync(join(target, extensions), { recursive: true });
  for (const file of readdirSync(join(root, extensions))) {
    copyFileSync(join(root, extensions, file), join(target, extensions, file));
  }
  for (const name of iptablesNames) link(basename(binary), join(target, "usr/sbin", name));
  // It keeps a lock there.
  mkdirSync(join(target, "run"), { recursive: true });
}

/** Paths of the libraries that `ldd` lists, the loader among them. */
export function linkedLibraries(printed: string): string[] {
  return printed
    .split("\n")
    .map((line) => /(\/\S+)\s+\(0x/.exec(line)?.[1])
    .filter((path) => path !== undefined);
}
