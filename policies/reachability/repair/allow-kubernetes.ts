/**
 * Allow, in Kubernetes' own kind: every small change of a NetworkPolicy that might let a side pass.
 */
import { namespaceLabelsPrefix } from "../select/labels.ts";
import type { Rule } from "../model.ts";
import { isFields, type Fields } from "../read/fields.ts";
import { entryPath, type Block } from "./blocks.ts";
import { at, pathOf, type Edit, type Path } from "./edits.ts";
import { corrected, kubernetesMeaning, selectsNobodyIn } from "./misspelt.ts";
import { namespaceOf } from "./selection.ts";
import { governed, namings, placeText, portText, towardText, type Candidate, type WantedSide } from "./side.ts";
import { networkPeer, networkPort } from "./written.ts";

/** Candidates that extend what is there. */
export function extendKubernetes(side: WantedSide): readonly Candidate[] {
  const blocks = side.blocks.filter(({ policy }) => policy.kind === "NetworkPolicy");
  const naming = namings(side);
  return blocks.flatMap((block) => {
    switch (governed(block, side)) {
      case "only the subject":
        return [...extendEntries(block, side, naming), ...newEntry(block, side)];
      case "nobody":
        return correctedSubject(block, side);
      case "others":
      case "others too":
        return [];
    }
  });
}

const peerField = { egress: "to", ingress: "from" } as const;

/** One rule stands for one peer of an entry, so the same entry may come more than once. */
function extendEntries(block: Block, side: WantedSide, naming: ReturnType<typeof namings>): readonly Candidate[] {
  const ports = new Map<string, Candidate>();
  const peers: Candidate[] = [];
  for (const rule of block.rules.filter(({ direction }) => direction === side.direction)) {
    const path = entryPath(rule);
    const entry = at(block.spec, path.slice(block.path.length));
    if (!isFields(entry)) continue;
    const name = naming(rule);
    if (name === "the peer") for (const each of morePorts(block, entry, path, side)) ports.set(path.join("."), each);
    if (name !== "the port") continue;
    peers.push(...correctedPeer(block, rule, side));
    for (const each of morePeers(block, entry, path, side)) ports.set(`${path.join(".")} peer`, each);
  }
  return [...peers, ...ports.values()];
}

function morePorts({ manifest, policy }: Block, entry: Fields, path: Path, side: WantedSide): readonly Candidate[] {
  const value = networkPort(side.protocol, side.port);
  if (value === undefined || !Array.isArray(entry["ports"]) || entry["ports"].length === 0) return [];
  const what = `let ${placeText(policy, path)} allow ${portText(side)} as well`;
  return [{ what, edits: [{ kind: "append", manifest, path: [...path, "ports"], value }] }];
}

function morePeers({ manifest, policy }: Block, entry: Fields, path: Path, side: WantedSide): readonly Candidate[] {
  const field = peerField[side.direction];
  const value = networkPeer(side.peer, policy.namespace ?? "", side.world);
  if (value === undefined || !Array.isArray(entry[field]) || entry[field].length === 0) return [];
  const what = `let ${placeText(policy, path)} apply ${towardText(side)} as well`;
  return [{ what, edits: [{ kind: "append", manifest, path: [...path, field], value }] }];
}

/** The peer's selectors nearly select the one who is meant: a slip in one label, or no word of the namespace. */
function correctedPeer(block: Block, rule: Rule, { peer, world }: WantedSide): readonly Candidate[] {
  const { manifest, policy } = block;
  const path = pathOf(rule.origin.path);
  const written = at(block.spec, path.slice(block.path.length));
  if (peer.kind !== "pod" || !isFields(written) || path.length === entryPath(rule).length) return [];
  if (written["ipBlock"] !== undefined) return [];
  const what = `correct the selector in ${placeText(policy, path)}, which selects nobody`;
  const { podSelector, namespaceSelector } = written;
  const near = policy.namespace === namespaceOf(peer);
  const edits: (readonly Edit[] | undefined)[] = [
    corrected(labelsOf(podSelector), kubernetesMeaning(peer, ""), [...peer.labels.keys()], {
      manifest,
      path: [...path, "podSelector", "matchLabels"],
    }),
    corrected(labelsOf(namespaceSelector), kubernetesMeaning(peer, `${namespaceLabelsPrefix}.`), [], {
      manifest,
      path: [...path, "namespaceSelector", "matchLabels"],
    }),
    near || namespaceSelector !== undefined
      ? undefined
      : [
          {
            kind: "put",
            manifest,
            path: [...path, "namespaceSelector"],
            value: { matchLabels: { "kubernetes.io/metadata.name": namespaceOf(peer) } },
          },
        ],
  ];
  const found = edits.flatMap((each) => (each === undefined ? [] : [{ what, edits: each }]));
  return found.length > 0 && rule.peers.kind === "selected" && rule.peers.selectors.every(selectsNobodyIn(world))
    ? found
    : [];
}

function labelsOf(selector: unknown): unknown {
  return isFields(selector) ? selector["matchLabels"] : undefined;
}

function newEntry(block: Block, side: WantedSide): readonly Candidate[] {
  const { manifest, policy, spec } = block;
  const { direction } = side;
  const entry = networkEntry(side, policy.namespace ?? "");
  // Kubernetes ignores a list that policyTypes does not name, although Cilium does not (S24).
  const types = spec["policyTypes"];
  const word = direction === "egress" ? "Egress" : "Ingress";
  if (entry === undefined || (Array.isArray(types) && !types.includes(word))) return [];
  const list = Array.isArray(spec[direction]) ? (spec[direction] as unknown[]) : [];
  const path = [...block.path, direction];
  const edit: Edit =
    list.length === 0
      ? { kind: "put", manifest, path, value: [entry] }
      : { kind: "append", manifest, path, value: entry };
  return [{ what: `add an ${direction} entry to ${placeText(policy, block.path)}`, edits: [edit] }];
}

/** Undefined for what the kind has no words for: nodes, the API server, names, ICMP. */
export function networkEntry(side: WantedSide, namespace: string): Fields | undefined {
  const peer = networkPeer(side.peer, namespace, side.world);
  const port = networkPort(side.protocol, side.port);
  return peer === undefined || port === undefined ? undefined : { [peerField[side.direction]]: [peer], ports: [port] };
}

function correctedSubject(block: Block, { subject }: WantedSide): readonly Candidate[] {
  if (block.policy.namespace !== namespaceOf(subject)) return [];
  const path = [...block.path, "podSelector", "matchLabels"];
  const edits = corrected(
    labelsOf(block.spec["podSelector"]),
    kubernetesMeaning(subject, ""),
    [...subject.labels.keys()],
    { manifest: block.manifest, path },
  );
  if (edits === undefined) return [];
  return [{ what: `correct the podSelector of ${placeText(block.policy, block.path)}, which selects nobody`, edits }];
}
