/** preload: image archives into the containerd of a node's root, before there is a node. */
import { spawn } from "node:child_process";
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { command, type CommandOptions } from "./command.ts";

/** Nothing of it runs a container; the part that would is off. */
const configuration = 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n';

/** Import the archives and mark their images, so that kubelet's clean-up keeps them. */
export async function preload(root: string, archives: readonly string[], run: CommandOptions): Promise<void> {
  const work = join(root, "preload");
  mkdirSync(work);
  for (const archive of archives) linkSync(archive, join(work, basename(archive)));
  writeFileSync(join(work, "config.toml"), configuration);
  const daemon = spawn(
    "chroot",
    [
      ...[root, "containerd", "--config", "/preload/config.toml", "--root", "/var/lib/containerd"],
      ...["--state", "/preload/state", "--address", "/preload/containerd.sock"],
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise<void>((resolve) => {
    daemon.once("exit", () => {
      resolve();
    });
    daemon.once("error", () => {
      resolve();
    });
  });
  try {
    await answering(join(work, "containerd.sock"));
    const ctr = (...args: string[]): Promise<string> =>
      command("chroot", [root, "ctr", "--address", "/preload/containerd.sock", "--namespace", "k8s.io", ...args], run);
    for (const archive of archives) await ctr("images", "import", "--no-unpack", `/preload/${basename(archive)}`);
    const names = (await ctr("images", "list", "--quiet")).split("\n").filter((name) => name !== "");
    for (const name of names) await ctr("images", "label", name, "io.cri-containerd.pinned=pinned");
  } finally {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(work, { recursive: true, force: true });
  }
}

async function answering(socket: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!existsSync(socket)) {
    if (Date.now() > deadline) throw new Error(`containerd did not open ${socket}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
