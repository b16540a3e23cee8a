/** The four stages of mesh authentication, as docs/mesh-auth.md tells them: what each one changes in the policies. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { candidateWith, judgeStack } from "../components/candidate.ts";
import type { Manifest } from "../policies/bundle.ts";
import { prove } from "../policies/prove.ts";
import { sectionOf, textOf } from "./support/documents.ts";
import { settingsOf } from "./support/settings.ts";

type Block = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const section = sectionOf(textOf("docs/mesh-auth.md"), "## Roll it out in four stages");
const [before, ...stages] = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  ([, text = ""]) => parse(text) as Block,
);

/** The stack after so many stages: what a later one says of a setting counts. */
function after(count: number): Readonly<Record<string, unknown>> {
  const stack: Record<string, Record<string, unknown>> = {};
  for (const block of [before ?? {}, ...stages.slice(0, count)]) {
    for (const [key, settings] of Object.entries(block)) {
      const name = key.replace("platform:", "");
      stack[name] = { ...stack[name], ...settings };
    }
  }
  return { ...stack, kyverno: { enabled: false }, argocd: { enabled: false } };
}

/** What is applied, by name, proved first. */
function appliedAfter(count: number): ReadonlyMap<string, Manifest> {
  const judged = judgeStack("test", settingsOf(after(count)));
  const { manifests, problems } = prove(candidateWith(judged.wanted, judged));
  assert.deepEqual(problems, []);
  return new Map(
    manifests.map((each) => [[each.kind, each.metadata.namespace ?? "", each.metadata.name].join(" "), each]),
  );
}

interface Difference {
  readonly come: readonly string[];
  readonly gone: readonly string[];
  readonly changed: readonly string[];
}

function difference(from: ReadonlyMap<string, Manifest>, to: ReadonlyMap<string, Manifest>): Difference {
  const changed = [...to].filter(([name, manifest]) => {
    const old = from.get(name);
    return old !== undefined && JSON.stringify(old) !== JSON.stringify(manifest);
  });
  return {
    come: [...to.keys()].filter((name) => !from.has(name)).sort(),
    gone: [...from.keys()].filter((name) => !to.has(name)).sort(),
    changed: changed.map(([name]) => name).sort(),
  };
}

/** Selectors as text: whose entry of which policy requires a handshake, `client -> server`. */
function handshakes(applied: ReadonlyMap<string, Manifest>, direction: "ingress" | "egress"): readonly string[] {
  const field = direction === "ingress" ? "fromEndpoints" : "toEndpoints";
  return [...applied.values()]
    .flatMap(({ metadata, spec }) => {
      const own = nameOf(spec["endpointSelector"] ?? {}, metadata.namespace ?? "");
      const entries = (spec[direction] ?? []) as readonly Readonly<Record<string, unknown>>[];
      return entries
        .filter(({ authentication }) => authentication !== undefined)
        .flatMap((entry) =>
          (entry[field] as readonly Selector[]).map((peer) => {
            const other = nameOf(peer, metadata.namespace ?? "");
            return direction === "ingress" ? `${other} -> ${own}` : `${own} -> ${other}`;
          }),
        );
    })
    .sort();
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** Labels of workloads by the names that edges have for them. */
const called: Readonly<Record<string, string>> = {
  "platform-nginx": "gateway",
  "apim-gateway-nginx": "apim-gateway",
  "oauth2-proxy-frontend": "oauth2-proxy",
  "frontend-react-keycloak-protected": "frontend",
  "api-fastapi-keycloak": "api",
  "subnetcalc-telemetry-warmup": "warmup",
};

function nameOf({ matchLabels = {} }: Selector, besides: string): string {
  const name = matchLabels["k8s:app.kubernetes.io/name"] ?? "?";
  return `${matchLabels["k8s:io.kubernetes.pod.namespace"] ?? besides}/${called[name] ?? name}`;
}

describe("Mesh authentication in four stages", () => {
  const listed = stages.map(
    ({ "platform:policies": policies }) => (policies?.["authenticatedEdges"] ?? []) as string[],
  );

  it("are four, each a change of the stack file", () => {
    assert.deepEqual(
      stages.map((block) => Object.entries(block).map(([key, settings]) => [key, ...Object.keys(settings)].join(" "))),
      [
        ["platform:cilium meshAuth encryption"],
        ["platform:policies bundles"],
        ["platform:policies authenticatedEdges"],
        ["platform:policies authenticatedEdges"],
      ],
    );
    assert.deepEqual(
      listed.map(({ length }) => length),
      [0, 0, 1, 21],
    );
  });

  it("first: switched on, it changes no policy [S1-21] [S1-23]", () => {
    assert.deepEqual(difference(appliedAfter(0), appliedAfter(1)), { come: [], gone: [], changed: [] });
  });

  it("second: what SPIRE needs is allowed, and no connection of the application changes [S1-20] [S1-23]", () => {
    const { come, gone, changed } = difference(appliedAfter(1), appliedAfter(2));
    assert.deepEqual(
      come.filter((name) => name.includes(" cilium-spire ")),
      ["CiliumNetworkPolicy cilium-spire spire-server", "CiliumNetworkPolicy cilium-spire spire-server-dns"],
    );
    assert.deepEqual(
      come.filter((name) => !/ (cilium-spire|kube-system) /.test(name)),
      [],
    );
    assert.deepEqual([gone, changed], [[], []]);
    assert.deepEqual(handshakes(appliedAfter(2), "ingress"), []);
  });

  it("third: one connection waits, on both sides, and nothing else changes [S1-21] [S1-23]", () => {
    assert.deepEqual(difference(appliedAfter(2), appliedAfter(3)), {
      come: [],
      gone: [],
      changed: ["CiliumNetworkPolicy dev frontend", "CiliumNetworkPolicy dev frontend-from-oauth2-proxy"],
    });
    assert.deepEqual(handshakes(appliedAfter(3), "ingress"), ["dev/oauth2-proxy -> dev/frontend"]);
    assert.deepEqual(handshakes(appliedAfter(3), "egress"), ["dev/oauth2-proxy -> dev/frontend"]);
  });

  it("fourth: exactly the listed connections wait, on both sides [S1-21] [S1-23]", () => {
    const applied = appliedAfter(4);
    const { come, gone } = difference(appliedAfter(3), applied);
    assert.deepEqual([come, gone], [[], []]);
    assert.deepEqual(handshakes(applied, "ingress"), [...(listed[3] ?? [])].sort());
    assert.deepEqual(handshakes(applied, "egress"), [...(listed[3] ?? [])].sort());
  });

  it("never ask the node, name resolution, the API server or a name outside for a handshake [S1-21]", () => {
    const entries = [...appliedAfter(4).values()].flatMap(({ spec }) =>
      (["ingress", "egress"] as const).flatMap(
        (direction) => (spec[direction] ?? []) as readonly Readonly<Record<string, unknown>>[],
      ),
    );
    const waiting = entries.filter(({ authentication }) => authentication !== undefined);
    assert.ok(waiting.length > 20, String(waiting.length));
    assert.deepEqual([...new Set(waiting.flatMap((entry) => Object.keys(entry)))].sort(), [
      "authentication",
      "fromEndpoints",
      "toEndpoints",
      "toPorts",
    ]);
    assert.doesNotMatch(JSON.stringify(waiting), /kube-dns/);
  });

  it("warn of no effect until a connection is listed", () => {
    const codes = (count: number): readonly string[] =>
      judgeStack("test", settingsOf(after(count))).warnings.map(({ code }) => code);
    assert.deepEqual(codes(0), []);
    assert.deepEqual(codes(1), ["cilium/spire-version", "cilium/spire-without-use"]);
    assert.deepEqual(codes(3), ["cilium/spire-version"]);
  });
});
