/** The root of Cilium's agent image: Debian with clang, the sources of the datapath, and the scripts its pods call. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Scripts of the module and where pods call them. */
const scripts: readonly (readonly [string, string])[] = [
  ["images/cilium/init-container.sh", "init-container.sh"],
  ["plugins/cilium-cni/install-plugin.sh", "install-plugin.sh"],
  ["plugins/cilium-cni/cni-uninstall.sh", "cni-uninstall.sh"],
];

/** `module` is the folder of the Cilium module, `loopback` the CNI plugin of that name. */
export function assembleCilium(root: string, module: string, loopback: string): void {
  const at = (path: string): string => join(root, path);
  symlinkSync("cilium-dbg", at("usr/bin/cilium"));
  symlinkSync("clang-19", at("usr/bin/clang"));
  for (const folder of ["cni", "home/cilium", "var/lib/cilium"]) mkdirSync(at(folder), { recursive: true });
  copyFileSync(loopback, at("cni/loopback"));
  chmodSync(at("cni/loopback"), 0o755);
  const sources = join(module, "bpf");
  cpSync(sources, at("var/lib/cilium/bpf"), {
    recursive: true,
    // Programs that only upstream's own tests compile.
    filter: (path) => path !== join(sources, "tests") && path !== join(sources, "complexity-tests"),
  });
  for (const [from, to] of scripts) {
    rmSync(at(to), { force: true });
    copyFileSync(join(module, from), at(to));
    chmodSync(at(to), 0o755);
  }
}
