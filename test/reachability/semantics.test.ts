/**
 * Every rule of SEMANTICS.md in a small world, and every rule cited in the code told there.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { parse } from "yaml";

import type { Traffic, World } from "../../policies/reachability/model.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import type { External } from "../../policies/reachability/read/externals.ts";
import { l7LineOf } from "../../policies/reachability/conformance/l7-lists.ts";
import { readWorld, type WorldInput } from "../../policies/reachability/read/world.ts";
import { l7Key } from "../../policies/reachability/judge/judgement.ts";
import { decide } from "../../policies/reachability/verdict.ts";

/** A policy by its kind (`kcnp` is ClusterNetworkPolicy), or the ranges and labels of a CIDR group. */
type Short = Readonly<Partial<Record<"cnp" | "ccnp" | "knp" | "kcnp", Fields>>> & {
  readonly group?: readonly string[];
  readonly groupLabels?: Fields;
  /** Any other object, written out. */
  readonly object?: Fields;
};

interface SemanticCase extends Pick<WorldInput, "apiServer" | "cilium" | "peerScope" | "names"> {
  readonly title: string;
  readonly rules: readonly string[];
  readonly policies: readonly Short[];
  readonly verdicts: readonly string[];
  readonly l7?: Readonly<Record<string, string>>;
  /** What the client's side asks for, where the words of the fixtures do not reach. */
  readonly restrictions?: Readonly<Record<string, string>>;
  readonly authentication?: Readonly<Record<string, string>>;
}

const engine = new URL("../../policies/reachability/", import.meta.url);
const cases = parse(fs.readFileSync(new URL("cases.yaml", import.meta.url), "utf8")) as SemanticCase[];

const pod = (namespace: string, name: string, labels: Fields, ports: readonly Fields[] = []): Fields => ({
  kind: "Pod",
  metadata: { namespace, name, labels },
  spec: { containers: [{ ports }] },
});

const objects: readonly Fields[] = [
  { kind: "Namespace", metadata: { name: "ns1", labels: { team: "x" } } },
  { kind: "Namespace", metadata: { name: "ns2", labels: { team: "y" } } },
  pod("ns1", "a", { app: "a" }),
  pod("ns1", "b", { app: "b", "pod-template-hash": "x" }, [{ name: "web", containerPort: 80 }]),
  pod("ns1", "named", { "app.kubernetes.io/name": "b" }),
  pod("ns2", "c2", { app: "b" }),
];

const externals: readonly External[] = [
  { name: "w", ip: "8.8.8.8" },
  { name: "meta", ip: "169.254.169.254" },
  { name: "name", fqdn: "api.github.com", ip: "1.2.3.4" },
  { name: "other", fqdn: "blog.github.com", ip: "1.2.3.5" },
  { name: "host", entity: "host" },
  { name: "rn", entity: "remote-node" },
  { name: "api", entity: "kube-apiserver" },
  { name: "health", entity: "health" },
];

function policyObject({ cnp, ccnp, knp, kcnp, group, groupLabels, object }: Short, index: number): Fields {
  const selectsA = { matchLabels: { app: "a" } };
  const name = `p${String(index)}`;
  if (object !== undefined) return object;
  if (group !== undefined) {
    const metadata = groupLabels === undefined ? { name: "group" } : { name, labels: groupLabels };
    return { kind: "CiliumCIDRGroup", metadata, spec: { externalCIDRs: group } };
  }
  if (kcnp !== undefined) {
    const subject = { pods: { namespaceSelector: {}, podSelector: selectsA } };
    return { kind: "ClusterNetworkPolicy", metadata: { name }, spec: { subject, priority: 10, ...kcnp } };
  }
  if (knp !== undefined) {
    return { kind: "NetworkPolicy", metadata: { name, namespace: "ns1" }, spec: { podSelector: selectsA, ...knp } };
  }
  const spec = { endpointSelector: selectsA, ...cnp, ...ccnp };
  if (ccnp !== undefined) return { kind: "CiliumClusterwideNetworkPolicy", metadata: { name }, spec };
  return { kind: "CiliumNetworkPolicy", metadata: { name, namespace: "ns1" }, spec };
}

function worldOf({ policies, apiServer, cilium, peerScope, names }: SemanticCase): World {
  const manifests = [...objects, ...policies.map(policyObject)].map((object) => ({ object }));
  return readWorld({
    manifests,
    externals,
    ...(apiServer === undefined ? {} : { apiServer }),
    ...(cilium === undefined ? {} : { cilium }),
    ...(peerScope === undefined ? {} : { peerScope }),
    ...(names === undefined ? {} : { names }),
  }).world;
}

/** `a -> b TCP 80`, and what comes after it. */
function trafficOf(line: string, world: World): { readonly traffic: Traffic; readonly rest: string } {
  const [from, , to, protocol, port, ...rest] = line.split(" ");
  const at = (name: string | undefined): number => {
    const found = world.endpoints.findIndex((each) => each.name === name || each.name.endsWith(`/${String(name)}`));
    assert.notEqual(found, -1, `no endpoint called ${String(name)} in \`${line}\``);
    return found;
  };
  assert.ok(protocol === "TCP" || protocol === "UDP" || protocol === "SCTP" || protocol === "ICMP", line);
  return { traffic: { from: at(from), to: at(to), protocol, port: Number(port) }, rest: rest.join(" ") };
}

describe("a verdict", () => {
  for (const each of cases) {
    it(`${each.title} (${each.rules.join(", ")})`, () => {
      const world = worldOf(each);
      const got = each.verdicts.map((line) => {
        const { traffic, rest } = trafficOf(line, world);
        return `${line.slice(0, line.length - rest.length)}${decide(traffic, world).outcome}`;
      });
      assert.deepEqual(got, each.verdicts);
      for (const [line, expected] of Object.entries(each.l7 ?? {})) {
        assert.equal(l7LineOf(decide(trafficOf(line, world).traffic, world)), expected);
      }
      for (const [line, expected] of Object.entries(each.restrictions ?? {})) {
        assert.equal(l7Key(decide(trafficOf(line, world).traffic, world).egress.l7), expected);
      }
      for (const [line, expected] of Object.entries(each.authentication ?? {})) {
        assert.equal(decide(trafficOf(line, world).traffic, world).egress.authentication, expected);
      }
    });
  }
});

describe("SEMANTICS.md", () => {
  const text = fs.readFileSync(new URL("SEMANTICS.md", engine), "utf8");
  const told = [...text.matchAll(/^\*\*([SL]\d+)\b/gm)].map((match) => match[1] ?? "");
  const sources = fs
    .readdirSync(engine, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => fs.readFileSync(path.join(engine.pathname, file), "utf8"));
  const cited = new Set(sources.flatMap((source) => source.match(/\b[SL]\d+\b/g) ?? []));

  it("numbers its rules and limits without a gap", () => {
    const numbers = (letter: string): number[] =>
      told.filter((rule) => rule.startsWith(letter)).map((rule) => Number(rule.slice(1)));
    for (const found of [numbers("S"), numbers("L")]) {
      assert.deepEqual(
        found,
        found.map((_each, index) => index + 1),
      );
    }
  });

  it("tells every rule that the code cites, and the code cites every rule", () => {
    const rules = told.filter((rule) => rule.startsWith("S"));
    assert.deepEqual(
      [...cited].filter((rule) => !told.includes(rule)),
      [],
    );
    assert.deepEqual(
      rules.filter((rule) => !cited.has(rule)),
      [],
    );
  });

  it("has a case that allows and a case that denies for every rule", () => {
    const outcomes = (rule: string): Set<string> =>
      new Set(
        cases
          .filter(({ rules }) => rules.includes(rule))
          .flatMap(({ verdicts }) => verdicts.map((line) => line.split(" ").at(-1) ?? "")),
      );
    const missing = told
      .filter((rule) => rule.startsWith("S"))
      .filter((rule) => !outcomes(rule).has("allowed") || !outcomes(rule).has("denied"));
    assert.deepEqual(missing, []);
  });
});
