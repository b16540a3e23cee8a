/**
 * Repair: the smallest change of policies that lets one connection pass, and the proof of what it opens.
 *
 * Each side is searched alone, from the smallest candidate up; a change that opens one side for just this connection
 * cannot open any other, and the proof compares both worlds over all pairs and ports all the same.
 */
import { policyText } from "./explain.ts";
import type { Direction, Rule, Side, World } from "./model.ts";
import { withExternals, type External } from "./read/externals.ts";
import type { Manifest } from "./read/fields.ts";
import { isWorkload } from "./read/workloads.ts";
import { readWorld, type WorldInput } from "./read/world.ts";
import { extendCilium } from "./repair/allow-cilium.ts";
import { extendKubernetes } from "./repair/allow-kubernetes.ts";
import { policyOf } from "./read/policy-objects.ts";
import { blocksOf } from "./repair/blocks.ts";
import { exceptions } from "./repair/deny.ts";
import { edited, sizeOf, type Edit } from "./repair/edits.ts";
import { requestCandidates } from "./repair/l7.ts";
import { dnsCandidates, namesNeverLearned } from "./repair/names.ts";
import { newPolicies } from "./repair/new-policy.ts";
import { named, opensAlone, proofOf, type Inhabitants, type Proof, type Wanted } from "./repair/proof.ts";
import { passing, type Request } from "./repair/requests.ts";
import { namespaceOf } from "./repair/selection.ts";
import type { Candidate, WantedSide } from "./repair/side.ts";
import { namespaceLabels } from "./repair/written.ts";
import { decide } from "./verdict.ts";

export interface RepairInput {
  /** Without externals: those that the policies tell apart are added, those of the connection are given beside. */
  readonly world: Omit<WorldInput, "externals">;
  readonly externals: readonly External[];
  /** What was read of these manifests, without externals and with names `known`, where it is at hand. */
  readonly read?: World;
  readonly wanted: Wanted;
  /** What a proxy must let pass once the port is open. */
  readonly request?: Request;
  /** Manifests that may be changed; all unless said otherwise. */
  readonly editable?: (manifest: number) => boolean;
}

export interface Repair {
  /** What is done, in order, each a sentence without its full stop. */
  readonly steps: readonly string[];
  readonly edits: readonly Edit[];
  readonly proof: Proof;
  /** Names that the pod begins to learn, one of which must be the address that is wanted. */
  readonly learns?: readonly string[];
}

export interface Repairs {
  /** Opens the connection and nothing else. */
  readonly exact?: Repair;
  /** Open more as well, the one that opens least first. Sought only where nothing is exact. */
  readonly wider: readonly Repair[];
}

/** How many states are looked at on one side, and how many answers of it are combined with those of the other. */
const patience = 120;
const kept = 5;

/** What comes of a state by one candidate. It is worked out when its turn comes, because most never have one. */
interface Branch {
  readonly from: State;
  readonly by?: Candidate;
  readonly size: number;
}

interface State {
  readonly steps: readonly string[];
  readonly edits: readonly Edit[];
  readonly manifests: readonly Manifest[];
  readonly rules: readonly Rule[];
  readonly size: number;
}

/** Empty where the connection is possible already, or depends on what is not modelled. */
export function repair(input: RepairInput): Repairs {
  const search = new Search(input);
  const names = search.learning();
  if (names !== undefined) return { exact: names, wider: [] };
  const proved: { readonly state: State; readonly proof: Proof }[] = [];
  // One after the other, because the first that is exact ends the search.
  for (const state of search.answers()) {
    const proof = search.prove(state);
    if (proof.exact) return { exact: repairOf({ state, proof }), wider: [] };
    proved.push({ state, proof });
  }
  const breadth = ({ proof }: { readonly proof: Proof }): number =>
    proof.also.reduce((sum, { changes }) => sum + changes.length, 0);
  return {
    wider: proved
      .sort((a, b) => breadth(a) - breadth(b))
      .slice(0, kept)
      .map(repairOf),
  };
}

function repairOf({ state, proof }: { readonly state: State; readonly proof: Proof }): Repair {
  return { steps: state.steps, edits: state.edits, proof };
}

class Search {
  readonly #input: RepairInput;
  readonly #inhabitants: Inhabitants;
  /** With the peers outside that are given. */
  readonly #everybody: World;
  readonly #start: State;
  /** What a policy may refer to. */
  readonly #referred: readonly Manifest[];
  readonly #language: WantedSide["language"];
  readonly #namespaceLabel: string;

  constructor(input: RepairInput) {
    this.#input = input;
    const { manifests, apiServer } = input.world;
    const world = input.read ?? readWorld({ ...input.world, externals: [] }).world;
    this.#inhabitants = { world, externals: input.externals, ...(apiServer === undefined ? {} : { apiServer }) };
    this.#everybody = withExternals(world, input.externals, apiServer);
    this.#referred = manifests.filter(
      (each) => policyOf(each.object) === undefined && !isWorkload(String(each.object["kind"])),
    );
    this.#start = { steps: [], edits: [], manifests, rules: world.rules, size: 0 };
    const kinds = new Set(manifests.map(({ object }) => object["kind"]));
    const cilium = kinds.has("CiliumNetworkPolicy") || kinds.has("CiliumClusterwideNetworkPolicy");
    this.#language = !cilium && kinds.has("NetworkPolicy") ? "kubernetes" : "cilium";
    this.#namespaceLabel = usual(manifests);
  }

  /** Whole repairs that let the connection pass, both sides, those first that are exact on each side alone. */
  *answers(): Generator<State> {
    for (const egress of this.#side("egress", this.#start)) {
      for (const both of this.#side("ingress", egress)) if (both.edits.length > 0) yield both;
    }
  }

  prove({ rules }: State): Proof {
    const kind = this.#input.request === undefined ? "opens" : "opens a request";
    return proofOf(this.#start.rules, rules, this.#input.wanted, this.#inhabitants, kind);
  }

  /** The pod has names that Cilium never learns for it: it is enough to let it learn them (S31). */
  learning(): Repair | undefined {
    const { wanted } = this.#input;
    const side = this.#wantedSide("egress", this.#start);
    const { peer, subject } = side;
    if (peer.ip === undefined || subject.kind !== "pod") return undefined;
    const learns = namesNeverLearned(side);
    const { outcome, reason } = this.#answer("egress", this.#start);
    // Without a name the address is denied, with one it is allowed by a rule that comes to nothing.
    const waits = peer.fqdn === undefined ? reason.rule === "S2" : outcome === "allow" || outcome === "redirect";
    if (learns.length === 0 || !waits) return undefined;
    const found = dnsCandidates(side).flatMap((candidate): Repair[] => {
      const state = this.#after(this.#start, candidate);
      if (state === undefined || namesNeverLearned(this.#wantedSide("egress", state)).length > 0) return [];
      const proof = proofOf(this.#start.rules, state.rules, wanted, this.#inhabitants, "opens nothing");
      return proof.exact ? [{ ...repairOf({ state, proof }), learns }] : [];
    });
    // Names of other pods need not pass the proxy as well.
    return found.sort((a, b) => a.proof.changed - b.proof.changed)[0];
  }

  /** States in which this side lets the connection pass; the given one alone if it does already. */
  *#side(direction: Direction, start: State): Generator<State> {
    if (this.#passes(direction, start)) {
      yield start;
      return;
    }
    const wider: State[] = [];
    const queue: Branch[] = [{ from: start, size: start.size }];
    let exact = 0;
    for (let looked = 0; looked < patience && exact < 2; looked += 1) {
      const branch = queue.shift();
      if (branch === undefined) break;
      const state = branch.by === undefined ? branch.from : this.#after(branch.from, branch.by);
      if (state === undefined) continue;
      if (this.#passes(direction, state)) {
        if (this.#exactOn(direction, start, state)) {
          exact += 1;
          yield state;
        } else wider.push(state);
        continue;
      }
      for (const candidate of this.#candidates(direction, state)) {
        insert(queue, { from: state, by: candidate, size: state.size + cost(candidate) });
      }
    }
    yield* wider.slice(0, kept - exact);
  }

  #exactOn(direction: Direction, start: State, state: State): boolean {
    const kind = this.#input.request === undefined ? "opens" : "opens a request";
    return opensAlone(start.rules, state.rules, this.#input.wanted, direction, this.#inhabitants, kind) === true;
  }

  #candidates(direction: Direction, state: State): readonly Candidate[] {
    const side = this.#wantedSide(direction, state);
    const { outcome, reason } = this.#answer(direction, state);
    const { request } = this.#input;
    if (outcome === "deny" && reason.rule === "S3") return exceptions(side, JSON.stringify(reason.origins[0]));
    if (outcome === "deny") return [...extendCilium(side), ...extendKubernetes(side), ...newPolicies(side)];
    if (request === undefined || (outcome !== "redirect" && outcome !== "allow")) return [];
    return requestCandidates(
      side,
      request,
      reason.origins.map((origin) => JSON.stringify(origin)),
    );
  }

  #passes(direction: Direction, state: State): boolean {
    const { outcome, l7 } = this.#answer(direction, state);
    if (outcome === "deny" || outcome === "unknown") return false;
    const { request } = this.#input;
    return request === undefined || passing(request, l7) !== "fails";
  }

  #answer(direction: Direction, state: State): Side {
    const { from, to, protocol, port } = this.#input.wanted;
    const pair = this.#worldsOf(state).pair;
    const at = (name: string): number => pair.endpoints.indexOf(named(pair, name));
    return decide({ from: at(from), to: at(to), protocol, port }, pair)[direction];
  }

  readonly #worlds = new WeakMap<State, Record<"all" | "pair", World>>();

  #worldsOf(state: State): Record<"all" | "pair", World> {
    let worlds = this.#worlds.get(state);
    if (worlds === undefined) {
      const all = { ...this.#everybody, rules: state.rules };
      const { from, to } = this.#input.wanted;
      const pair = { ...all, endpoints: all.endpoints.filter(({ name }) => name === from || name === to) };
      this.#worlds.set(state, (worlds = { all, pair }));
    }
    return worlds;
  }

  #wantedSide(direction: Direction, state: State): WantedSide {
    const { all: world, pair } = this.#worldsOf(state);
    const { wanted, request, editable } = this.#input;
    const [client, server] = [named(world, wanted.from), named(world, wanted.to)];
    const [subject, peer] = direction === "egress" ? [client, server] : [server, client];
    const own = this.#start.manifests.length;
    // Policies of other namespaces never govern the pod.
    const namespace = namespaceOf(subject);
    const near = state.rules.filter(({ origin: { policy } }) => (policy.namespace ?? namespace) === namespace);
    return {
      direction,
      subject,
      peer,
      protocol: wanted.protocol,
      port: wanted.port,
      ...(request === undefined ? {} : { request }),
      world,
      pair,
      blocks: blocksOf(state.manifests, near, (manifest) => manifest < own && (editable?.(manifest) ?? true)),
      language: this.#language,
      namespaceLabel: this.#namespaceLabel,
      nameTaken: ({ kind, namespace, name }) =>
        state.manifests.some(({ object }) => {
          const taken = policyOf(object);
          return taken?.kind === kind && taken.name === name && taken.namespace === namespace;
        }),
    };
  }

  /** Undefined where Cilium would refuse what comes out. */
  #after(state: State, candidate: Candidate): State | undefined {
    const { what, edits } = candidate;
    const manifests = edited(state.manifests, edits);
    const changed = manifests.filter((manifest, index) => manifest !== state.manifests[index]);
    const policies = changed.flatMap(({ object }) => policyOf(object) ?? []);
    const refs = new Set(policies.map(policyText));
    const names = new Set(policies.map(({ name }) => name));
    const own = ({ origin: { policy } }: Rule): boolean => names.has(policy.name) && refs.has(policyText(policy));
    // Pods matter to the reading of a policy only where it names Services.
    const services = changed.some(({ object }) => JSON.stringify(object).includes('"toServices"'));
    const others = services ? manifests.filter(({ object }) => policyOf(object) === undefined) : this.#referred;
    const { rules } = readWorld({ ...this.#input.world, manifests: [...others, ...changed], externals: [] }).world;
    const read = new Set(rules.map(({ origin }) => policyText(origin.policy)));
    if ([...refs].some((ref) => !read.has(ref))) return undefined;
    return {
      steps: [...state.steps, what],
      edits: [...state.edits, ...edits],
      manifests,
      rules: [...state.rules.filter((rule) => !own(rule)), ...rules.filter(own)],
      size: state.size + cost(candidate),
    };
  }
}

/** As most policies write it. */
function usual(manifests: readonly Manifest[]): string {
  const policies = manifests.filter(({ object }) => policyOf(object) !== undefined);
  const text = JSON.stringify(policies.map(({ object }) => object));
  const uses = namespaceLabels.map((label) => ({ label, count: text.split(`"${label}"`).length }));
  return uses.reduce((most, each) => (each.count > most.count ? each : most)).label;
}

function cost({ edits, reluctance = 0 }: Candidate): number {
  return edits.reduce((sum, edit) => sum + sizeOf(edit), reluctance);
}

/** By size; of equal ones the earlier stays first. */
function insert(queue: Branch[], branch: Branch): void {
  const position = queue.findIndex(({ size }) => size > branch.size);
  queue.splice(position < 0 ? queue.length : position, 0, branch);
}
