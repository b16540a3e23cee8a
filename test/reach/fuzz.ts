/**
 * Fuzz: damaged manifests, to see that whatever comes in, what comes out is an answer or problems, and comes soon.
 *
 * `node test/reach/fuzz.ts --seconds 600` runs for ten minutes, from a seed that it prints; `--seed 7 --cases 1` runs one
 * case again.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { dump, loadAll } from "js-yaml";

import { ProblemsError } from "../../policies/problems.ts";
import { connect, decide, explain, outsideOf, readWorld, withExternals } from "../../policies/reachability/index.ts";
import type { Origin } from "../../policies/reachability/model.ts";
import { matrixReport } from "../../policies/reachability/report/matrix-report.ts";
import { findingsOf } from "../../reach/findings.ts";
import { load } from "../../reach/input/load.ts";
import { seeded, type Random } from "../bench/reach/random.ts";
import { everyField } from "./every-field.ts";
import { standardInput } from "./standard-input.ts";

/** No input of this size may take longer, on a machine that does other things as well. */
const longest = 5_000;

/** What is damaged: the project's own policies, those that it was made from, and objects that use every field. */
const originals: readonly string[] = [
  ...textsBelow("../../policies/baseline"),
  ...textsBelow("../fixtures/reach/seeds"),
  ...everyField,
];
const groves = originals.map((text) => loadAll(text).filter((tree) => tree !== null));
const trees: readonly unknown[] = groves.flat();

function textsBelow(folder: string): string[] {
  const path = join(import.meta.dirname, folder);
  const files = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  return files.filter((file) => file.endsWith(".yaml")).map((file) => readFileSync(join(path, file), "utf8"));
}

/** The bytes of this case: the same for the same seed. */
export function caseOf(seed: number): Buffer {
  const random = seeded(seed);
  switch (random.below(3)) {
    case 0:
      return damagedBytes(Buffer.from(pick(random, originals)), random);
    case 1:
      return written(damagedTrees(random), random);
    default:
      return damagedBytes(written(damagedTrees(random), random), random);
  }
}

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[random.below(from.length)];
  if (found === undefined) throw new RangeError("nothing to pick from");
  return found;
}

const tokens = [
  ...Array.from("\t\n\r \0{}[],:-?#&*!|>'\"%@`~<=\\_.0123456789"),
  ...["\uFEFF", "\u2028", "\u0085", "\uFFFD", "\u{1F600}", "\xFF", "---\n", "...\n", "<<: *a", "&a ", "*a", "!!str "],
  ...[
    "!!int ",
    "!x ",
    "? ",
    ": ",
    "- ",
    "|2\n",
    ">-\n",
    "# ",
    "\r\n",
    "%YAML 1.1\n",
    "yes",
    "0x1F",
    "1e999",
    "{{ x }}",
  ],
  ...["__proto__", "constructor", "[[[[[[", "{{{{{{", "]]]]]]", "null", "true", "0.0.0.0/0", "::/0", "65536", "-1"],
];

function damagedBytes(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + random.below(random.below(8) === 0 ? 400 : 12));
    const [before, part, after] = [result.subarray(0, at), result.subarray(at, end), result.subarray(end)];
    const other = Buffer.from(pick(random, originals));
    const from = random.below(other.length);
    const inserted = [
      () => Buffer.from([random.below(256)]),
      () => Buffer.from(pick(random, tokens)),
      () => Buffer.from(pick(random, tokens).repeat(1 + random.below(300))),
      () => Buffer.alloc(0),
      () => Buffer.concat([part, part]),
      () => other.subarray(from, from + random.below(200)),
    ];
    result = Buffer.concat([before, pick(random, inserted)(), random.below(2) === 0 ? part : Buffer.alloc(0), after]);
  }
  return random.below(40) === 0 ? Buffer.from(result.toString("utf8"), "utf16le") : result;
}

const keys = [
  ...[
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "length",
    "",
    " ",
    "a.b",
    "a[0]",
    "<<",
    "k8s:",
  ],
  ...[
    "kind",
    "apiVersion",
    "metadata",
    "name",
    "namespace",
    "labels",
    "spec",
    "specs",
    "items",
    "template",
    "containers",
  ],
  ...[
    "ingress",
    "egress",
    "ingressDeny",
    "egressDeny",
    "fromEndpoints",
    "toEndpoints",
    "toPorts",
    "ports",
    "rules",
    "port",
  ],
  ...[
    "endPort",
    "protocol",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "cidr",
    "except",
    "toFQDNs",
  ],
  ...["matchPattern", "icmps", "fields", "type", "toServices", "toGroups", "toNodes", "toCIDR", "toCIDRSet", "ipBlock"],
  ...["podSelector", "namespaceSelector", "from", "to", "cidrGroupRef", "toEntities", "http", "dns", "authentication"],
];

const texts = [
  ...[
    "",
    " ",
    "*",
    "**",
    "**.",
    "*.*",
    "a".repeat(300),
    "\u{1F600}",
    "\u0000",
    "\uD800",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/33",
  ],
  ...[
    "1.2.3.4",
    "::ffff:1.2.3.4/100",
    "300.1.1.1/8",
    "10.0.0.1/8",
    "99999",
    "0",
    "-1",
    "1e3",
    "http",
    "constructor",
    "toString",
  ],
  ...[
    "__proto__",
    "k8s:app",
    "reserved:host",
    "$host",
    ":",
    "any:",
    "In",
    "NotIn",
    "Exists",
    "DoesNotExist",
    "ANY",
    "tcp",
  ],
  ...[
    "world",
    "cluster",
    "all",
    "none",
    "host",
    "List",
    "PodList",
    "Service",
    "Namespace",
    "CiliumCIDRGroup",
    "Deployment",
  ],
  ...[
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "NetworkPolicy",
    "ClusterNetworkPolicy",
    "cilium.io/v2",
    "v1",
  ],
];

const numbers = [0, 1, -1, 53, 65535, 65536, 99999, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 0.5, 1e-7];

function deep(depth: number, random: Random): unknown {
  let value: unknown = pick(random, texts);
  for (let level = 0; level < depth; level++) value = random.below(2) === 0 ? [value] : { [pick(random, keys)]: value };
  return value;
}

function anyValue(random: Random): unknown {
  const makers: readonly (() => unknown)[] = [
    () => null,
    () => random.below(2) === 0,
    () => pick(random, numbers),
    () => pick(random, texts),
    () => [],
    () => ({}),
    () => [{}],
    () => [null],
    () => deep(1 + random.below(random.below(20) === 0 ? 400 : 12), random),
    () => structuredClone(pick(random, subtrees(pick(random, trees)))),
    () => Array.from({ length: random.below(60) }, () => pick(random, texts)),
  ];
  return pick(random, makers)();
}

function subtrees(tree: unknown): unknown[] {
  const found = [tree];
  for (let index = 0; index < found.length; index++) {
    const each = found[index];
    if (typeof each === "object" && each !== null) for (const inner of Object.values(each)) found.push(inner);
  }
  return found;
}

/** Some objects, one or more of them damaged in one or more places. */
function damagedTrees(random: Random): unknown[] {
  const chosen = random.below(3) === 0 ? random.sample(trees, 1 + random.below(6)) : [...pick(random, groves)];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const index = random.below(chosen.length);
    chosen[index] = damagedTree(structuredClone(chosen[index]), random);
  }
  return random.below(8) === 0 ? [{ apiVersion: "v1", kind: "List", items: chosen }] : chosen;
}

function damagedTree(tree: unknown, random: Random): unknown {
  const inner = subtrees(tree).filter((each) => typeof each === "object" && each !== null);
  if (inner.length === 0) return anyValue(random);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const target = pick(random, inner) as Record<string, unknown>;
    const key = random.below(4) === 0 ? pick(random, keys) : (random.sample(Object.keys(target), 1)[0] ?? "x");
    const old = Object.hasOwn(target, key) ? target[key] : undefined;
    switch (random.below(6)) {
      case 0:
        Reflect.deleteProperty(target, key);
        break;
      case 1:
        put(target, pick(random, keys), old);
        break;
      case 2:
        put(target, key, [old]);
        break;
      case 3:
        put(target, key, Array.isArray(old) ? Object.fromEntries(old.entries()) : [old, anyValue(random)]);
        break;
      default:
        put(target, key, anyValue(random));
    }
  }
  return tree;
}

/** Whatever the key is, it becomes data. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (Array.isArray(target) && key === "length") target.push(value);
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function written(objects: readonly unknown[], random: Random): Buffer {
  const asJson = (each: unknown): string => JSON.stringify(each, null, random.below(2) * 2);
  const asYaml = (each: unknown): string => dump(each, { skipInvalid: true, noRefs: random.below(2) === 0 });
  const asEither = random.below(2) === 0 ? asJson : asYaml;
  const separator = random.below(4) === 0 && asEither === asJson ? "\n" : "\n---\n";
  return Buffer.from(objects.map(asEither).join(separator));
}

/** What becomes of an input that is no problem. Anything but a ProblemsError is thrown. */
export async function digest(bytes: Uint8Array): Promise<"refused" | "answered"> {
  let loaded;
  try {
    loaded = await load(["-"], { stdin: standardInput(bytes) });
  } catch (error) {
    if (error instanceof ProblemsError) return "refused";
    throw error;
  }
  const cilium = (["1.18", "1.19", "1.20"] as const)[bytes.length % 3] ?? "1.20";
  const { world: inside, problems } = readWorld({ manifests: loaded.manifests, externals: [], cilium });
  const world = withExternals(inside, outsideOf(inside.rules), "on another node");
  const matrix = connect(world);
  const origins = new Set<Origin>(world.rules.map(({ origin }) => origin));
  for (const origin of origins) {
    if (loaded.place(origin) === undefined) throw new Error(`no place for ${JSON.stringify(origin)}`);
  }
  const { classes } = matrix;
  for (let from = 0; from < Math.min(classes.length, 40); from++) {
    for (let to = 0; to < Math.min(classes.length, 40); to++) matrix.between(from, to);
  }
  if (world.endpoints.length > 1) {
    const traffic = { from: 0, to: world.endpoints.length - 1, protocol: "TCP", port: 80 } as const;
    decide(traffic, world);
    explain(traffic, world);
  }
  const { place } = loaded;
  const findings = [...loaded.problems, ...problems];
  findingsOf(findings, place);
  const report = matrixReport({ world, findings, place });
  for (const edge of report.edges.slice(0, 20)) report.explain(edge);
  return "answered";
}

export interface Finding {
  readonly seed: number;
  readonly what: string;
}

export interface Tally {
  readonly cases: number;
  readonly answered: number;
  readonly findings: readonly Finding[];
}

/** One case after the other until the time is over. */
export async function fuzz(
  first: number,
  limit: { readonly seconds: number; readonly cases: number },
  started: (seed: number) => void = () => undefined,
): Promise<Tally> {
  const end = performance.now() + limit.seconds * 1000;
  const findings: Finding[] = [];
  let answered = 0;
  let seed = first;
  for (; seed - first < limit.cases && performance.now() < end; seed++) {
    started(seed);
    const began = performance.now();
    try {
      if ((await digest(caseOf(seed))) === "answered") answered++;
    } catch (error) {
      findings.push({ seed, what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    const took = performance.now() - began;
    if (took > longest) findings.push({ seed, what: `took ${took.toFixed(0)} ms` });
  }
  return { cases: seed - first, answered, findings };
}

/** The cases run beside this thread, so that one that never ends is noticed. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: "string" }, seed: { type: "string" }, cases: { type: "string" } },
  });
  const seconds = Number(values.seconds ?? 60);
  const first = Number(values.seed ?? Date.now() % 2 ** 31);
  const cases = Number(values.cases ?? Number.MAX_SAFE_INTEGER);
  process.stdout.write(`from seed ${String(first)}\n`);
  const current = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { first, seconds, cases, current } });
  let running = { seed: first, since: performance.now() };
  const watch = setInterval(() => {
    const seed = Atomics.load(current, 0);
    if (seed !== running.seed) running = { seed, since: performance.now() };
    if (performance.now() - running.since < 10 * longest) return;
    process.stdout.write(`seed ${String(running.seed)} does not end\n`);
    keep(running.seed);
    process.exit(1);
  }, 1000);
  const tally = await new Promise<Tally>((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  });
  clearInterval(watch);
  for (const { seed, what } of tally.findings) {
    keep(seed);
    process.stdout.write(`\nseed ${String(seed)}: ${what}\n`);
  }
  process.stdout.write(
    `${String(tally.cases)} cases, ${String(tally.answered)} answered, ${String(tally.findings.length)} findings\n`,
  );
  process.exitCode = tally.findings.length === 0 ? 0 : 1;
}

function keep(seed: number): void {
  const file = join(tmpdir(), `reach-fuzz-${String(seed)}`);
  writeFileSync(file, caseOf(seed));
  process.stdout.write(`input kept in ${file}\n`);
}

if (isMainThread) {
  if (import.meta.main) await main();
} else if (parentPort !== null && import.meta.filename === new URL(import.meta.url).pathname) {
  const port = parentPort;
  const { first, current, ...limit } = workerData as {
    first: number;
    seconds: number;
    cases: number;
    current: Int32Array;
  };
  port.postMessage(await fuzz(first, limit, (seed) => Atomics.store(current, 0, seed)));
}
