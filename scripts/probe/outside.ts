/** Outside: probers that are no part of the cluster, as containers on the network of kind's nodes, where an engine is at hand. */
import { runCommand, runOrFail } from "../../components/cluster/processes.ts";
import { UserError } from "../../policies/problems.ts";
import { exitOfProber, readLines } from "./asking.ts";
import type { Seen } from "./compare.ts";
import type { ClusterNode } from "./cluster.ts";
import { prefixOf, type Run } from "./manifests.ts";
import type { Ports } from "./workloads.ts";

/** kind calls its nodes so. */
const kindNode = /^kind:\/\/(?<engine>[^/]+)\/(?<cluster>[^/]+)\/(?<node>.+)$/;

export interface KindCluster {
  /** The CLI: `docker`, `podman` or `nerdctl`. */
  readonly engine: string;
  readonly name: string;
  /** Container of a node. */
  readonly node: string;
}

export function kindClusterOf(nodes: readonly ClusterNode[]): KindCluster | undefined {
  for (const { providerId } of nodes) {
    const found = kindNode.exec(providerId)?.groups;
    if (found !== undefined)
      return { engine: found["engine"] ?? "docker", name: found["cluster"] ?? "", node: found["node"] ?? "" };
  }
  return undefined;
}

export interface Container {
  readonly name: string;
  readonly address: string;
}

const containerLabel = "cilium-platform.prober";

/** One container for each of these names; the first has none and is only an address. */
export async function startOutside(
  { engine, node }: KindCluster,
  run: Run,
  wanted: readonly { readonly id: string }[],
  ports: Ports,
): Promise<readonly Container[]> {
  const network = await networkOf(engine, node);
  return await Promise.all(
    wanted.map(async ({ id }, index) => {
      const name = `${prefixOf(run)}-${String(index)}`;
      await runOrFail(
        engine,
        [
          ...["run", "--detach", "--name", name, "--network", network, "--label", `${containerLabel}=${run.id}`],
          // Ports of every number, as nobody in particular.
          ...["--user", "0", "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "--read-only"],
          ...[
            "--env",
            `PROBER_NAME=${id}`,
            "--env",
            `PROBER_TCP=${ports.TCP.join(",")}`,
            "--env",
            `PROBER_UDP=${ports.UDP.join(",")}`,
          ],
          ...[run.image.name, "serve"],
        ],
        { timeoutSeconds: 60 },
      );
      const address = await runOrFail(
        engine,
        ["inspect", "--format", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name],
        { timeoutSeconds: 20 },
      );
      return { name, address: address.trim() };
    }),
  );
}

async function networkOf(engine: string, node: string): Promise<string> {
  const said = await runOrFail(engine, ["inspect", "--format", "{{json .NetworkSettings.Networks}}", node], {
    timeoutSeconds: 20,
  });
  const [network] = Object.keys(JSON.parse(said) as Record<string, unknown>);
  if (network === undefined) throw new UserError(`the container ${node} is on no network`);
  return network;
}

export async function askOutside(
  engine: string,
  name: string,
  line: string,
  seconds: number,
): Promise<ReadonlyMap<number, Seen>> {
  const { code, stdout, stderr } = await runCommand(engine, ["exec", "--interactive", name, "/prober", "ask"], {
    stdin: line,
    timeoutSeconds: seconds,
  });
  if (code !== 0) throw new UserError(`${name}: ${exitOfProber(code, stderr)}`);
  return readLines(stdout);
}

/** Containers and image of a run. Says nothing if there are none. */
export async function removeOutside(engine: string, run: Run): Promise<void> {
  const listed = await runCommand(engine, ["ps", "--all", "--quiet", "--filter", `label=${containerLabel}=${run.id}`], {
    timeoutSeconds: 30,
  }).catch(() => undefined);
  const ids = (listed?.stdout ?? "").split("\n").filter((id) => id !== "");
  if (ids.length > 0) await runCommand(engine, ["rm", "--force", ...ids], { timeoutSeconds: 60 });
  // Another run may be using it, or the engine may not hold it.
  if (run.image.pull === "Never") await runCommand(engine, ["rmi", run.image.name], { timeoutSeconds: 60 });
}

/** Whether the engine answers. */
export async function engineAnswers(engine: string): Promise<boolean> {
  const asked = await runCommand(engine, ["version", "--format", "{{.Server.Version}}"], { timeoutSeconds: 10 }).catch(
    () => undefined,
  );
  return asked?.code === 0;
}
