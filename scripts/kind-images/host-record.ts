/**
 * What a container engine and the nodes in it change on the machine, written down before the first of them starts, and how to
 * put it back. Pure: whoever reads and writes the machine is `engine.ts`.
 */

/** Settings of the kernel that docker, kubelet and Cilium write. */
export const kernelSettings: readonly string[] = [
  ...["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding"],
  ...["net.ipv6.conf.all.forwarding", "net.ipv6.conf.default.forwarding", "net.ipv4.conf.all.accept_redirects"],
  ...["fs.file-max", "fs.nr_open", "kernel.panic", "kernel.panic_on_oops", "kernel.timer_migration"],
  ...["vm.overcommit_memory", "vm.panic_on_oom", "kernel.unprivileged_bpf_disabled"],
];

/** The kernel takes these back only when it starts again. */
export const untilReboot: readonly string[] = ["kernel.unprivileged_bpf_disabled"];

export interface HostRecord {
  /** Kernel setting → value; one the kernel does not have is absent. */
  readonly kernel: Readonly<Record<string, string>>;
  /** What `iptables-save` and `ip6tables-save` printed. */
  readonly iptables: string;
  readonly ip6tables: string;
  /** Network interfaces. */
  readonly links: readonly string[];
  /** Folders of {@link hostFolders} that were there. */
  readonly folders: readonly string[];
}

/** Folders outside the engine's own that it makes. */
export const hostFolders: readonly string[] = ["/run/docker", "/run/containerd", "/lib/modules"];

/** A step that puts something back: a command and its arguments. */
export type Step = readonly [string, ...string[]];

/** Kernel settings that differ from the record, each with its value there. */
export function changedKernel(
  before: HostRecord["kernel"],
  now: HostRecord["kernel"],
): readonly (readonly [string, string])[] {
  return Object.entries(before).filter(([key, value]) => now[key] !== undefined && now[key] !== value);
}

/** Kernel settings that differ from the record: what can be written back, and what stays until a reboot. */
export function kernelSteps(
  before: HostRecord["kernel"],
  now: HostRecord["kernel"],
): { readonly steps: readonly Step[]; readonly stay: readonly string[] } {
  const changed = changedKernel(before, now);
  return {
    steps: changed
      .filter(([key]) => !untilReboot.includes(key))
      .map(([key, value]): Step => ["sysctl", "-q", "-w", `${key}=${value}`]),
    stay: changed
      .filter(([key]) => untilReboot.includes(key))
      .map(([key, value]) => `${key} was ${value} and stays ${now[key] ?? ""} until the machine starts again`),
  };
}

/** Rules, chains and policies of docker that were not there before, table by table. Nobody else's are touched. */
export function firewallSteps(program: "iptables" | "ip6tables", before: string, now: string): readonly Step[] {
  const old = tablesOf(before);
  return [...tablesOf(now)].flatMap(([table, { rules, chains }]) => {
    const was = old.get(table);
    const on = [program, "-w", "-t", table] as const;
    const added = rules.filter((rule) => was?.rules.includes(rule) !== true && isDockers(rule));
    const newChains = [...chains.keys()].filter(
      (chain) => chain.startsWith("DOCKER") && was?.chains.has(chain) !== true,
    );
    const policies = [...chains].filter(
      ([chain, policy]) => policy !== "-" && (was?.chains.get(chain) ?? "ACCEPT") !== policy,
    );
    return [
      ...policies.map(([chain]): Step => [...on, "-P", chain, was?.chains.get(chain) ?? "ACCEPT"]),
      // Those inside docker's own chains go with them.
      ...added
        .filter((rule) => !newChains.some((chain) => rule.startsWith(`-A ${chain} `)))
        .map((rule): Step => [...on, ...words(rule.replace(/^-A /, "-D "))]),
      ...newChains.map((chain): Step => [...on, "-F", chain]),
      ...newChains.map((chain): Step => [...on, "-X", chain]),
    ];
  });
}

interface Table {
  readonly rules: string[];
  /** Chain → policy, `-` for one of somebody's own. */
  readonly chains: Map<string, string>;
}

function tablesOf(saved: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  let table: Table = { rules: [], chains: new Map() };
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) {
      table = { rules: [], chains: new Map() };
      tables.set(line.slice(1), table);
    } else if (line.startsWith(":")) {
      const [chain = "", policy = "-"] = line.slice(1).split(" ");
      table.chains.set(chain, policy);
    } else if (line.startsWith("-A ")) table.rules.push(line);
  }
  return tables;
}

/** Docker's bridges are `docker0` and `br-` with twelve digits; its address ranges are masqueraded by them. */
function isDockers(rule: string): boolean {
  return /\bDOCKER\b|DOCKER-|docker0|\bbr-[0-9a-f]{12}\b/.test(rule);
}

/** A rule as iptables-save prints it, where only a comment has quotes. */
function words(rule: string): string[] {
  return [...rule.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** Names of the interfaces that `ip -oneline link` lists. */
export function linkNames(printed: string): string[] {
  return printed
    .split("\n")
    .map((line) => /^\d+: ([^:@]+)[:@]/.exec(line)?.[1])
    .filter((name) => name !== undefined);
}

/** Docker's bridges that were not there before. */
export function linkSteps(before: readonly string[], now: readonly string[]): readonly Step[] {
  return now
    .filter((name) => !before.includes(name) && /^(docker0|br-[0-9a-f]{12})$/.test(name))
    .map((name): Step => ["ip", "link", "delete", name]);
}
