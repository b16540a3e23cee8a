/** Artifacts: what a failed run leaves for whoever looks for the reason. Nothing in here may fail, or wait for ever. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { request, type RequestOptions } from "node:https";
import { join } from "node:path";

import { stringify } from "yaml";

import { kubeconfigFile, kwokClusterFolder, operatorFolder } from "../../components/cluster/state-folder.ts";
import { requireTool } from "../../components/cluster/local-tools.ts";
import { runCommand } from "../../components/cluster/processes.ts";
import { isMap } from "../../components/helm-values.ts";
import { ContainerEngine } from "./container-engine.ts";
import type { EphemeralRecord } from "./record.ts";

/** Longest time that one of them may take. */
const patienceSeconds = 60;

/** What `up` said, in the cluster's folder. */
export function upLog(record: EphemeralRecord): string {
  return join(record.folder, "up.log");
}

/** Gather all there is. Returns what could not be had, in words. */
export async function gatherArtifacts(record: EphemeralRecord): Promise<readonly string[]> {
  await mkdir(record.artifacts, { recursive: true });
  const kubeconfig = await readFile(kubeconfigFile(record.name, record.folder), "utf8").catch(() => undefined);
  const sources: Readonly<Record<string, () => Promise<void>>> = {
    "up.log": () => cp(upLog(record), join(record.artifacts, "up.log")),
    ...(record.target === "kwok" ? { logs: () => kwokLogs(record) } : { logs: () => kindLogs(record) }),
    ...(kubeconfig === undefined ? {} : { "objects and events": () => objectsAndEvents(kubeconfig, record.artifacts) }),
    ...(record.target === "kind" && kubeconfig !== undefined ? { Cilium: () => ciliumState(record) } : {}),
  };
  const missed = await Promise.all(
    Object.entries(sources).map(async ([what, gather]) => {
      const why = await inTime(gather()).catch((error: unknown) =>
        error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
      );
      return why === undefined ? [] : [`${what}: ${why}`];
    }),
  );
  return missed.flat();
}

/** What goes on behind our back ends with the processes of the cluster. */
async function inTime(work: Promise<void>): Promise<undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`did not end within ${String(patienceSeconds)} s`));
    }, patienceSeconds * 1000);
  });
  try {
    await Promise.race([work, late]);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function kwokLogs({ name, folder, artifacts }: EphemeralRecord): Promise<void> {
  const cluster = kwokClusterFolder(name, name, folder);
  const into = join(artifacts, "logs");
  await cp(join(cluster, "logs"), into, { recursive: true });
  // One that was not started yet has none.
  await cp(join(operatorFolder(name, name, folder), "log"), join(into, "cilium-operator.log")).catch(() => undefined);
}

/** kind goes on where one of them cannot be had, and says so at the end. */
async function kindLogs({ name, artifacts, engine }: EphemeralRecord): Promise<void> {
  const { code, stdout, stderr } = await runCommand(
    requireTool("kind"),
    ["export", "logs", join(artifacts, "logs"), "--name", name],
    { env: { ...process.env, ...engine }, timeoutSeconds: patienceSeconds },
  );
  const [last = ""] = `${stdout}\n${stderr}`.trim().split("\n").slice(-1);
  if (code !== 0) throw new Error(`not all could be had: ${last}`);
}

/** Every object of every kind that can be listed: one file per kind. Of Secrets only the names. */
async function objectsAndEvents(kubeconfig: string, artifacts: string): Promise<void> {
  const get = await reader(kubeconfig);
  const groups = listOf(await get("/apis"), "groups").flatMap((group) => {
    const preferred = isMap(group) ? group["preferredVersion"] : undefined;
    return isMap(preferred) ? [`/apis/${String(preferred["groupVersion"])}`] : [];
  });
  const into = join(artifacts, "objects");
  await mkdir(into, { recursive: true });
  const missed = await Promise.allSettled(
    ["/api/v1", ...groups.filter((path) => !path.startsWith("/apis/events.k8s.io/"))].map(async (path) => {
      const resources = listOf(await get(path), "resources").filter(isListed);
      await Promise.all(
        resources.map(async ({ name, kind }) => {
          const objects = listOf(await get(`${path}/${name}`), "items").flatMap((object) =>
            isMap(object) ? [shown(object, kind)] : [],
          );
          if (objects.length === 0) return;
          const [, group = ""] = /^\/apis\/([^/]+)/.exec(path) ?? [];
          const file = join(into, `${[name, group].filter((part) => part !== "").join(".")}.yaml`);
          if (kind === "Event") await writeFile(join(artifacts, "events.txt"), eventsText(objects));
          else await writeFile(file, stringify(objects));
        }),
      );
    }),
  );
  const [first] = missed.filter((result) => result.status === "rejected");
  if (first !== undefined) throw first.reason;
}

interface ListedKind {
  readonly name: string;
  readonly kind: string;
}

function isListed(resource: unknown): resource is ListedKind {
  if (!isMap(resource) || !listOf(resource, "verbs").includes("list")) return false;
  return typeof resource["name"] === "string" && typeof resource["kind"] === "string";
}

function listOf(object: unknown, key: string): readonly unknown[] {
  const list = isMap(object) ? object[key] : undefined;
  return Array.isArray(list) ? list : [];
}

/** Asks an API server by path: the typed client knows other names for some fields, and only some kinds. */
async function reader(kubeconfig: string): Promise<(path: string) => Promise<unknown>> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const server = config.getCurrentCluster()?.server ?? "";
  return async (path) =>
    await new Promise((resolve, reject) => {
      const asked = request(new URL(server + path), { ...options, timeout: 20_000 }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.once("error", reject).once("end", () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`${path} is answered with ${String(answer.statusCode)}`));
        });
      });
      asked.once("error", reject).once("timeout", () => asked.destroy(new Error(`${path} is not answered`)));
      asked.end();
    });
}

/** As a reader wants it: without who wrote which field, and nothing of a Secret but that it is there. Pure. */
export function shown(object: Readonly<Record<string, unknown>>, kind: string): Readonly<Record<string, unknown>> {
  const metadata = isMap(object["metadata"]) ? { ...object["metadata"] } : {};
  delete metadata["managedFields"];
  if (kind !== "Secret") return { ...object, metadata };
  const { name, namespace, creationTimestamp } = metadata;
  return { metadata: { name, namespace, creationTimestamp }, type: object["type"] };
}

/** The oldest first, a line each. Pure. */
export function eventsText(events: readonly Readonly<Record<string, unknown>>[]): string {
  const lines = events.map((event) => {
    const about = isMap(event["involvedObject"]) ? event["involvedObject"] : {};
    const word = (value: unknown): string => (typeof value === "string" ? value : "");
    const times = [event["lastTimestamp"], event["eventTime"], event["firstTimestamp"]].map(word);
    const time = times.find((each) => each !== "") ?? "-";
    const place = [about["kind"], about["namespace"], about["name"]].map(word).filter((part) => part !== "");
    return `${time} ${word(event["type"])} ${place.join("/")} ${word(event["reason"])}: ${word(event["message"])}`;
  });
  return `${lines.sort().join("\n")}\n`;
}

/** By the Cilium CLI where it is at hand; by the agents' own tool, which every one of them brings along, otherwise. */
async function ciliumState(record: EphemeralRecord): Promise<void> {
  const into = join(record.artifacts, "cilium");
  await mkdir(into, { recursive: true });
  const env = { ...process.env, KUBECONFIG: kubeconfigFile(record.name, record.folder) };
  const sysdump = await runCommand("cilium", ["sysdump", "--output-filename", join(into, "sysdump")], {
    env,
    timeoutSeconds: patienceSeconds,
  }).catch(() => undefined);
  const engine = await ContainerEngine.find(record.engine);
  if (engine === undefined) return;
  await eachAgent(record, engine, async (pod, agent) => {
    const flows = await agent(["hubble", "observe", "--last", "10000", "--output", "jsonpb"]);
    await writeFile(join(into, `${pod}.flows.jsonl`), flows);
    if (sysdump?.code !== 0) {
      // Its own folder inside the agent; what it prints goes into one file here, for there is no way to copy but this.
      const report = await agent(["cilium-bugtool", "--enable-markdown", "--archive=false", "--tmp", "/tmp"]);
      const collected = await agent(["bash", "-c", "cat /tmp/cilium-bugtool-*/cmd/*.md"]);
      await writeFile(join(into, `${pod}.bugtool.md`), collected === "" ? report : collected);
    }
  });
}

type Ask = (command: readonly string[]) => Promise<string>;

/** Do something with every agent, through the kubectl that every kind node brings along. */
async function eachAgent(
  { name }: EphemeralRecord,
  engine: ContainerEngine,
  work: (pod: string, agent: Ask) => Promise<void>,
): Promise<void> {
  const kubectl = async (args: readonly string[]): Promise<string> => {
    const inside = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--namespace", "kube-system", ...args];
    return (await engine.run(["exec", `${name}-control-plane`, ...inside])).stdout;
  };
  const pods = await kubectl(["get", "pods", "--selector", "k8s-app=cilium", "--output", "name"]);
  await Promise.all(
    pods
      .split("\n")
      .filter((pod) => pod !== "")
      .map(async (pod) => {
        const agent: Ask = (command) => kubectl(["exec", pod, "--container", "cilium-agent", "--", ...command]);
        await work(pod.replace("pod/", ""), agent);
      }),
  );
}

/** Made by whoever put something into it, the command too; an empty one tells nobody anything. */
export async function hasArtifacts({ artifacts }: EphemeralRecord): Promise<boolean> {
  const names = await readdir(artifacts).catch(() => []);
  if (names.length === 0) await rm(artifacts, { recursive: true, force: true });
  return names.length > 0;
}
