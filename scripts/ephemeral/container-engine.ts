/** ContainerEngine: what kind makes for a cluster besides processes, as the engine's own CLI tells and removes it. */
import { type CommandResult, runCommand, runOrFail } from "../../components/cluster/processes.ts";

/** Label that kind puts on every node. */
const kindLabel = "io.x-k8s.kind.cluster";

/** In the order in which kind looks for them. */
const engines = ["docker", "podman", "nerdctl"] as const;

export interface EngineParts {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** Variables that say which engine it is: another shell may have others. */
const choosing = ["KIND_EXPERIMENTAL_PROVIDER", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST"] as const;

export function engineVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    choosing.flatMap((name) => {
      const value = env[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}

export class ContainerEngine {
  readonly cli: string;
  readonly #options: { readonly env: NodeJS.ProcessEnv; readonly timeoutSeconds: number };

  private constructor(cli: string, env: NodeJS.ProcessEnv) {
    this.cli = cli;
    this.#options = { env, timeoutSeconds: 60 };
  }

  /** The one kind would use with these variables; undefined where none answers. */
  static async find(variables: Readonly<Record<string, string>>): Promise<ContainerEngine | undefined> {
    const others = Object.entries(process.env).filter(([name]) => !choosing.some((each) => each === name));
    const env = { ...Object.fromEntries(others), ...variables };
    const asked = variables["KIND_EXPERIMENTAL_PROVIDER"];
    for (const cli of asked === undefined ? engines : [asked]) {
      const answers = await runCommand(cli, ["info"], { env, timeoutSeconds: 20 }).then(
        ({ code }) => code === 0,
        () => false,
      );
      if (answers) return new ContainerEngine(cli, env);
    }
    return undefined;
  }

  /** Run the engine's CLI to its end, whatever that is. */
  async run(args: readonly string[]): Promise<CommandResult> {
    return await runCommand(this.cli, args, this.#options);
  }

  /** Names of what there is of a cluster. Volumes have no mark of their own: they are those its containers hold now. */
  async partsOf(cluster: string): Promise<EngineParts> {
    const containers = await this.#names(["ps", "--all", "--filter", `label=${kindLabel}=${cluster}`]);
    const [networks, volumes] = await Promise.all([
      this.#lines(["network", "ls", "--format", "{{.Name}}"]),
      containers.length === 0 ? [] : this.#lines(["inspect", "--format", mountedVolumes, ...containers]),
    ]);
    return { containers, networks: networks.filter((name) => name === cluster), volumes };
  }

  /** Names of the kind clusters there are besides this one. */
  async otherClusters(cluster: string): Promise<readonly string[]> {
    const format = `{{.Label "${kindLabel}"}}`;
    const names = await this.#lines(["ps", "--all", "--filter", `label=${kindLabel}`, "--format", format]);
    return [...new Set(names)].filter((name) => name !== cluster);
  }

  /** Those of the volumes that are still there. */
  async existingVolumes(volumes: readonly string[]): Promise<readonly string[]> {
    if (volumes.length === 0) return [];
    const all = new Set(await this.#lines(["volume", "ls", "--quiet"]));
    return volumes.filter((volume) => all.has(volume));
  }

  async remove({ containers, networks, volumes }: EngineParts): Promise<void> {
    if (containers.length > 0) await this.run(["rm", "--force", "--volumes", ...containers]);
    const left = await this.existingVolumes(volumes);
    if (left.length > 0) await this.run(["volume", "rm", "--force", ...left]);
    if (networks.length > 0) await this.run(["network", "rm", ...networks]);
  }

  async #names(args: readonly string[]): Promise<readonly string[]> {
    return await this.#lines([...args, "--format", "{{.Names}}"]);
  }

  /** Fails aloud: a list that could not be read must not be taken for an empty one. */
  async #lines(args: readonly string[]): Promise<readonly string[]> {
    const said = await runOrFail(this.cli, args, this.#options);
    return said.split("\n").filter((line) => line.trim() !== "");
  }
}

const mountedVolumes = '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}';

/** Variables by which kind puts a cluster into a network of its own. */
export function ownNetwork(name: string): Record<string, string> {
  return { KIND_EXPERIMENTAL_DOCKER_NETWORK: name, KIND_EXPERIMENTAL_PODMAN_NETWORK: name };
}
