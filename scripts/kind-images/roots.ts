/** Root filesystems from Debian's archive: bootstrapped once, kept in the cache, copied for every image that stands on them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { publish } from "../tools/publish.ts";
import { command, type CommandOptions } from "./command.ts";
import { roots, type RootName } from "./images.ts";

/** Mirror of the machine's own package sources; the one Debian names for everybody where it has none. */
export function debianMirror(sources: readonly string[]): string {
  for (const text of sources) {
    for (const line of text.split("\n")) {
      const [, listed] = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?:\/\/\S*\/debian)\/?(?:\s|$)/.exec(line) ?? [];
      if (listed !== undefined) return listed;
    }
  }
  return "http://deb.debian.org/debian";
}

function mirrorOfThisMachine(): string {
  const places = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"];
  return debianMirror(places.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8")));
}

/** Make a root in the cache. An interrupted run leaves a scratch folder, which the next set-up removes. */
export async function makeRoot(name: RootName, place: string, scratch: string, run: CommandOptions): Promise<void> {
  const { suite, packages, without } = roots[name];
  const folder = `${scratch}/${name}-root`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  await command(
    "debootstrap",
    ["--variant=minbase", `--keyring=${keyring}`, suite, folder, mirrorOfThisMachine()],
    run,
  );
  // No daemon starts in a chroot, and nothing that nobody reads is unpacked.
  writeFileSync(join(folder, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  writeFileSync(
    join(folder, "etc/dpkg/dpkg.cfg.d/without-documentation"),
    "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n",
  );
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  await command("chroot", [folder, "apt-get", "install", "-y", "--no-install-recommends", ...packages], {
    ...run,
    env,
  });
  rmSync(join(folder, "usr/sbin/policy-rc.d"));
  for (const path of without) rmSync(join(folder, path), { recursive: true, force: true });
  publish(folder, place);
}
