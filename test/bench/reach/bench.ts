/**
 * `npm run bench:reach`: what the reachability command costs, as whole cold processes, beside its nearest peer.
 *
 * First the answers: on worlds of NetworkPolicies alone both must say the same of every pair. Then the times: CPU seconds,
 * user and system, of the command with its output in a file; the median of five, the two in turn on the same files. A
 * limit that is missed, or an answer that differs, makes the exit code 1.
 */
import {
  copyFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { UserError } from "../../../policies/problems.ts";
import { recorded } from "../../reach/recorded.ts";
import { alternate, median, peakMegabytes, time, type RunOptions, type Sample } from "../measure.ts";
import { compareWithPeer, type Agreement, type OurMatrix, type PeerRow } from "./agreement.ts";
import { write, type Notation } from "./files.ts";
import { changed, generate, type KubernetesObject, type WorldSize } from "./generate.ts";
import { handwrittenWorlds } from "./handwritten.ts";
import { findPeer, type Peer } from "./peer.ts";
import { formatTable, type Figure } from "./table.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const bundles = join(root, "test", "fixtures", "reach", "seeds");
const usage = "npm run bench:reach -- [--quick] [--rounds=N] [--json=FILE] [--only=TEXT]";

type Command = readonly [string, ...string[]];

/** How much is run: `quick` is for a look while working, and says what it leaves out. */
interface Extent {
  readonly name: "full" | "quick";
  readonly rounds: number;
  readonly bundleRuns: number;
}

const extents: Record<Extent["name"], Extent> = {
  full: { name: "full", rounds: 5, bundleRuns: 40 },
  quick: { name: "quick", rounds: 1, bundleRuns: 10 },
};

/** One line of the table, before it is measured. */
interface Work {
  readonly name: string;
  /** Left out of a quick run. */
  readonly long?: boolean;
  readonly measure: () => Promise<Figure>;
}

export async function benchReach(args: readonly string[]): Promise<number> {
  const { extent, json, only } = readArguments(args);
  const bench = new Bench(extent, await findPeer(log));
  try {
    const figures: Figure[] = [];
    for (const work of bench.works().filter(({ name }) => name.includes(only))) {
      log(work.name);
      figures.push(
        work.long === true && extent.name === "quick"
          ? { work: work.name, verdict: "skipped", note: "left out of a quick run" }
          : await work.measure(),
      );
    }
    const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${String(cpus().length)} cores, Node ${process.version}`;
    process.stdout.write(`${formatTable(figures)}\n\n${machine}\n`);
    const document = { date: new Date().toISOString(), machine, extent: extent.name, figures };
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(document, undefined, 2)}\n`);
    return figures.some(({ verdict }) => verdict === "MISSED") ? 1 : 0;
  } finally {
    bench.remove();
  }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function readArguments(args: readonly string[]): {
  readonly extent: Extent;
  readonly json: string | undefined;
  readonly only: string;
} {
  const values = new Map<string, string>();
  for (const arg of args) {
    const [, name = "", value = ""] = /^--(quick|rounds|json|only)(?:=(.+))?$/.exec(arg) ?? [];
    const isWrong = (value === "") !== (name === "quick") || (name === "rounds" && !/^[1-9]\d*$/.test(value));
    if (name === "" || isWrong) {
      throw new UserError(`unknown argument \`${arg}\`\n  expected ${usage}`);
    }
    values.set(name, value);
  }
  const extent = extents[values.has("quick") ? "quick" : "full"];
  return {
    extent: { ...extent, rounds: Number(values.get("rounds") ?? extent.rounds) },
    json: values.get("json"),
    only: values.get("only") ?? "",
  };
}

class Bench {
  readonly #extent: Extent;
  readonly #peer: Awaited<ReturnType<typeof findPeer>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "bench-reach-"));

  constructor(extent: Extent, peer: Awaited<ReturnType<typeof findPeer>>) {
    this.#extent = extent;
    this.#peer = peer;
    if ("path" in peer && peer.buildSeconds !== undefined) log(`built in ${peer.buildSeconds.toFixed(0)} s`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  works(): Work[] {
    return [
      ...handwrittenWorlds().map(({ name, file, objects, deviations }) => ({
        name: `equal: ${name}`,
        measure: () => {
          const folder = join(this.#folder, "written", name);
          mkdirSync(folder, { recursive: true });
          copyFileSync(file, join(folder, "world.yaml"));
          return this.#agree(`equal: ${name}`, folder, objects, deviations);
        },
      })),
      ...[50, 100, 200].map((workloads) => ({
        name: `equal: ${String(workloads)} workloads`,
        measure: () => {
          const { folder, objects } = this.#world({ workloads }, "json");
          return this.#agree(`equal: ${String(workloads)} workloads`, folder, objects, []);
        },
      })),
      ...readdirSync(bundles)
        .sort()
        .map((bundle) => ({
          name: `bundle ${bundle}`,
          measure: () => this.#bundle(`bundle ${bundle}`, join(bundles, bundle)),
        })),
      { name: "400 workloads, 820 policies", measure: () => this.#besidePeer(400, 50) },
      { name: "800 workloads, 1,640 policies", long: true, measure: () => this.#besidePeer(800, 100) },
      this.#alone("1,000 workloads, 2,050 policies", { workloads: 1000 }, { cpuSeconds: 0.6, megabytes: 200 }),
      this.#alone("the same as YAML", { workloads: 1000 }, {}, "yaml"),
      this.#alone("the same as Cilium policies", { workloads: 1000, form: "cilium" }, {}),
      this.#alone("the same with L7, names and denies", { workloads: 1000, form: "cilium with L7" }, {}),
      this.#alone("the same with ports of its own for each", { workloads: 1000, ports: "of its own" }),
      this.#alone("5,000 workloads, 10,250 policies", { workloads: 5000 }, { cpuSeconds: 3 }),
      this.#diff("diff of two worlds of 1,000", 1.2),
      this.#alone("100,000 pods in 2,000 workloads, 4,000 policies", {
        workloads: 2000,
        podsEach: 50,
        defaultDeny: "none",
      }),
      { name: "1,000,000 recorded flows", long: true, measure: () => this.#flows("1,000,000 recorded flows", 20) },
    ];
  }

  /** The world in a folder of its own, written when it is first asked for. */
  #world(size: WorldSize, notation: Notation): { readonly folder: string; readonly objects: KubernetesObject[] } {
    const folder = join(this.#folder, `${JSON.stringify(size).replace(/\W+/g, "-")}-${notation}`);
    const world = generate(size);
    write(world, folder, notation);
    return { folder, objects: Object.values(world as unknown as Record<string, KubernetesObject[]>).flat() };
  }

  get #options(): RunOptions & { readonly output: string } {
    return { cwd: root, env: process.env, output: join(this.#folder, "output") };
  }

  async #agree(
    work: string,
    folder: string,
    objects: readonly KubernetesObject[],
    expected: Agreement["differences"],
  ): Promise<Figure> {
    if (!("path" in this.#peer)) return { work, verdict: "skipped", note: `needs ${this.#peer.missing}` };
    const { differences, workloadPairs, addressPairs } = await this.#agreement(folder, objects, this.#peer);
    const unexpected = differences.filter((each) => !expected.some((known) => sameDifference(known, each)));
    const missing = expected.filter((known) => !differences.some((each) => sameDifference(known, each)));
    for (const { from, to, ours, theirs } of [...unexpected, ...missing].slice(0, 20)) {
      log(`  ${from} -> ${to}: ours ${ours}; the peer's ${theirs}`);
    }
    const wrong = unexpected.length + missing.length;
    const equal = `${String(workloadPairs)} pairs and ${String(addressPairs)} address rows equal`;
    const differ = expected.length === 0 ? "" : `, ${String(expected.length)} differ as Cilium does`;
    return {
      work,
      verdict: wrong === 0 ? "within" : "MISSED",
      limit: "equal",
      note: wrong === 0 ? `${equal}${differ}` : `${equal}, ${String(wrong)} not as expected`,
    };
  }

  async #agreement(folder: string, objects: readonly KubernetesObject[], peer: Peer): Promise<Agreement> {
    const outputs = [join(this.#folder, "ours.json"), join(this.#folder, "theirs.json")] as const;
    await time(matrixOf(folder), { ...this.#options, output: outputs[0] });
    await time(listOf(peer, folder), { ...this.#options, output: outputs[1] });
    const [ours, theirs] = outputs.map((file): unknown => JSON.parse(readFileSync(file, "utf8")));
    return compareWithPeer(objects, ours as OurMatrix, (theirs ?? []) as readonly PeerRow[]);
  }

  /** Of many runs the slowest but few: somebody waits for each. */
  async #bundle(work: string, folder: string): Promise<Figure> {
    const command: Command = [process.execPath, join(root, "reach", "reach.mjs"), "matrix", folder];
    await time(command, this.#options);
    const samples: Sample[] = [];
    for (let run = 0; run < this.#extent.bundleRuns; run++) samples.push(await time(command, this.#options));
    const milliseconds = (of: (sample: Sample) => number): number => 1000 * percentile95(samples.map(of));
    const [cpu, wall] = [milliseconds(({ cpuSeconds }) => cpuSeconds), milliseconds((each) => each.wallSeconds)];
    return {
      work,
      verdict: cpu < 150 ? "within" : "MISSED",
      limit: "p95 < 150 ms",
      cpuSeconds: cpu / 1000,
      wallSeconds: wall / 1000,
      note: `p95 of ${String(samples.length)} runs`,
    };
  }

  async #besidePeer(workloads: number, atLeast: number): Promise<Figure> {
    const { folder, objects } = this.#world({ workloads }, "json");
    const work = `${String(workloads)} workloads, ${(2.05 * workloads).toLocaleString("en")} policies`;
    if (!("path" in this.#peer)) {
      return { ...(await this.#cost(work, matrixOf(folder), {})), note: `without ${this.#peer.missing}` };
    }
    const peer = this.#peer;
    const { differences } = await this.#agreement(folder, objects, peer);
    const contender = (name: string, command: Command) => ({ name, run: () => time(command, this.#options) });
    const [ours, theirs] = await alternate(
      [contender("reach", matrixOf(folder)), contender(`netpol-analyzer ${peer.version}`, listOf(peer, folder))],
      this.#extent.rounds,
      log,
    );
    const ratio = theirs.cpuSeconds / ours.cpuSeconds;
    const megabytes = await peakMegabytes(matrixOf(folder), this.#options);
    const peerMegabytes = await peakMegabytes(listOf(peer, folder), this.#options);
    return {
      work,
      verdict: ratio >= atLeast && differences.length === 0 ? "within" : "MISSED",
      limit: `>= ${String(atLeast)} times`,
      ...ours,
      ...(megabytes === undefined ? {} : { megabytes }),
      peer: { ...theirs, ...(peerMegabytes === undefined ? {} : { megabytes: peerMegabytes }) },
      note: differences.length === 0 ? "output equal" : `${String(differences.length)} pairs differ`,
    };
  }

  #alone(name: string, size: WorldSize, limits: Limits = {}, notation: Notation = "json"): Work {
    return {
      name,
      long: size.workloads > 1000,
      measure: () => this.#cost(name, matrixOf(this.#world(size, notation).folder), limits),
    };
  }

  #diff(name: string, cpuSeconds: number): Work {
    return {
      name,
      measure: () => {
        const base = generate({ workloads: 1000 });
        const folders = [join(this.#folder, "base"), join(this.#folder, "head")] as const;
        write(base, folders[0], "json");
        write(changed(base), folders[1], "json");
        return this.#cost(name, reach("diff", ...folders, "-o", "json"), { cpuSeconds });
      },
    };
  }

  async #flows(work: string, cpuSeconds: number): Promise<Figure> {
    const base = generate({ workloads: 1000 });
    const folders = [join(this.#folder, "base"), join(this.#folder, "head")] as const;
    write(base, folders[0], "json");
    write(changed(base), folders[1], "json");
    const file = join(this.#folder, "flows.jsonl");
    const lines = recorded({ workloads: base.workloads, flows: 1_000_000, seed: 1 });
    await pipeline(Readable.from(withLineEnds(lines)), createWriteStream(file));
    return await this.#cost(work, reach("diff", ...folders, "--flows", file), { cpuSeconds });
  }

  async #cost(work: string, command: Command, limits: Limits): Promise<Figure> {
    const samples: Sample[] = [];
    for (let round = 0; round < this.#extent.rounds; round++) samples.push(await time(command, this.#options));
    const cpuSeconds = median(samples.map((sample) => sample.cpuSeconds));
    const wallSeconds = median(samples.map((sample) => sample.wallSeconds));
    const megabytes = await peakMegabytes(command, this.#options);
    const texts = [
      ...(limits.cpuSeconds === undefined ? [] : [`< ${String(limits.cpuSeconds)} s`]),
      ...(limits.megabytes === undefined ? [] : [`< ${String(limits.megabytes)} MB`]),
    ];
    const kept = cpuSeconds < (limits.cpuSeconds ?? Infinity) && (megabytes ?? 0) < (limits.megabytes ?? Infinity);
    return {
      work,
      cpuSeconds,
      wallSeconds,
      ...(megabytes === undefined ? {} : { megabytes }),
      ...(texts.length === 0 ? {} : { limit: texts.join(", ") }),
      verdict: texts.length === 0 ? "told" : kept ? "within" : "MISSED",
    };
  }
}

interface Limits {
  readonly cpuSeconds?: number;
  readonly megabytes?: number;
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

function reach(...args: readonly string[]): Command {
  return [process.execPath, join(root, "reach", "reach.mjs"), ...args];
}

function matrixOf(folder: string): Command {
  return reach("matrix", folder, "-o", "json");
}

function listOf(peer: Peer, folder: string): Command {
  return [peer.path, "list", "--dirpath", folder, "--quiet", "--output", "json"];
}

function sameDifference(a: Agreement["differences"][number], b: Agreement["differences"][number]): boolean {
  return a.from === b.from && a.to === b.to && a.ours === b.ours && a.theirs === b.theirs;
}

/** The value that 95 of 100 do not exceed. */
function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
}
