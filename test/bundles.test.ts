import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, Manifest } from "../policies/bundle.ts";
import { bundles, selectBundles } from "../policies/bundles.ts";
import { gateway } from "../policies/gateway/bundle.ts";
import { bundleNames } from "../policies/choices.ts";
import { prove } from "../policies/prove.ts";
import { parseManifest } from "../policies/manifests.ts";
import { policyKindOf } from "../policies/reachability/read/policy-objects.ts";
import { argoCdNamespace, systemNamespaces, untouchedNamespaces } from "../policies/names.ts";
import { sectionOf } from "./support/documents.ts";
import { contextOf, fullContext, silentContext } from "./support/bundle-context.ts";

const policies = join(import.meta.dirname, "..", "policies");

describe("Baseline", () => {
  const [denyInDev, dnsInDev, denyInUat, dnsInUat] = baseline.manifests(
    contextOf({ namespaces: { dev: {}, uat: {} } }),
  );

  it("closes each isolated namespace with a NetworkPolicy that allows nothing [S1-30] [S1-33]", () => {
    assert.deepEqual(denyInDev, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "default-deny", namespace: "dev" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
    assert.deepEqual(denyInUat?.metadata, { name: "default-deny", namespace: "uat" });
  });

  it("leaves name resolution open, over UDP and TCP, in sight of the DNS proxy [S1-36] [S1-34] [S1-35]", () => {
    assert.deepEqual(dnsInDev, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "allow-dns", namespace: "dev" },
      spec: {
        description: "Pods of this namespace may ask cluster DNS for any name.",
        endpointSelector: {},
        egress: [
          {
            toEndpoints: [
              { matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } },
            ],
            toPorts: [
              {
                ports: [
                  { port: "53", protocol: "UDP" },
                  { port: "53", protocol: "TCP" },
                ],
                rules: { dns: [{ matchPattern: "*" }] },
              },
            ],
          },
        ],
      },
    });
    assert.deepEqual(dnsInUat?.metadata, { name: "allow-dns", namespace: "uat" });
  });

  it("yields nothing where no namespace is isolated", () => {
    assert.deepEqual(baseline.manifests(silentContext), []);
  });
});

describe("Selecting bundles", () => {
  it("takes those the stack names, in our order", () => {
    assert.deepEqual(selectBundles({ bundles: ["baseline"] }), [baseline]);
    assert.deepEqual(selectBundles({ bundles: [] }), []);
    assert.deepEqual(
      selectBundles({ bundles: [...bundleNames].reverse() }).map(({ name }) => name),
      bundleNames,
    );
  });
});

/** What every bundle must keep to; empty when it does. */
function faults(bundle: Bundle, manifests: readonly Manifest[]): string[] {
  return [
    ...(/^[A-Z].*\.$/.test(bundle.promise) ? [] : ["the promise is not a sentence"]),
    ...manifests.flatMap(({ metadata, spec }) => [
      ...(metadata.namespace !== undefined && mayNotBind(metadata.namespace, spec)
        ? [`${metadata.name} binds ${metadata.namespace}`]
        : []),
      ...bareLabelKeys(spec).map((key) => `${metadata.name} selects ${key} without saying whose label it is`),
    ]),
  ];
}

/** In an add-on's namespace a policy may bind pods that it knows by their labels; in that of the cluster, nobody. */
function mayNotBind(namespace: string, spec: Manifest["spec"]): boolean {
  if (!systemNamespaces.includes(namespace) || isolatesNobody(spec)) return false;
  const knowing = /"matchLabels":\{"|"operator":"In"/.test(JSON.stringify(spec["endpointSelector"] ?? {}));
  return untouchedNamespaces.includes(namespace) || !knowing;
}

function isolatesNobody({ enableDefaultDeny }: Manifest["spec"]): boolean {
  return JSON.stringify(enableDefaultDeny) === JSON.stringify({ ingress: false, egress: false });
}

/** Label keys of Cilium selectors without a source before them. KNP selectors know no sources. */
function bareLabelKeys(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(bareLabelKeys);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if ((key === "toEndpoints" || key === "fromEndpoints") && Array.isArray(inner)) {
      return inner.flatMap(({ matchLabels }: { matchLabels?: Record<string, string> }) =>
        Object.keys(matchLabels ?? {}).filter((label) => !/^(k8s|reserved):/.test(label)),
      );
    }
    return bareLabelKeys(inner);
  });
}

function deniesOnly({ spec }: Manifest): boolean {
  return ["egressDeny", "ingressDeny"].some((rules) => rules in spec) && !("egress" in spec) && !("ingress" in spec);
}

function isPolicy({ kind }: Manifest): boolean {
  return policyKindOf(kind) !== undefined;
}

function policyName({ kind, metadata }: Manifest): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(" ");
}

describe("Every bundle", function () {
  // A proof for each object that could be missing: seconds for the largest bundle.
  this.timeout(120_000);

  const table = readFileSync(join(policies, "README.md"), "utf8");

  for (const bundle of bundles) {
    it(`${bundle.name} lies in a folder of its name, with a README, and its promise is in the table`, () => {
      assert.ok(existsSync(join(policies, bundle.name, "bundle.ts")));
      assert.ok(readFileSync(join(policies, bundle.name, "README.md"), "utf8").includes(bundle.promise));
      assert.ok(table.includes(bundle.promise));
    });

    it(`${bundle.name} has a version of its own, and tells first what the newest changed [S3-07]`, () => {
      const changes = sectionOf(readFileSync(join(policies, bundle.name, "README.md"), "utf8"), "## Changes");
      const versions = [...changes.matchAll(/^- (\d+\.\d+\.\d+): \S/gm)].map(([, version]) => version);
      assert.equal(versions[0], bundle.version);
      assert.deepEqual(versions, [...new Set(versions)]);
    });

    it(`${bundle.name} promises what must be and what must never be, each with its reason, and keeps it`, () => {
      const context = fullContext;
      const kinds = bundle.promises(context).map((promise) => ("must" in promise ? "must" : "never"));
      // Who holds no policy opens and closes nothing, so there is no connection that could be promised.
      const expected = bundle.manifests(context).some(isPolicy) ? ["must", "never"] : [];
      assert.deepEqual([...new Set(kinds)].sort(), expected);
      assert.ok(bundle.promises(context).every(({ because }) => because !== ""));
      const places = ["on another node", "on the pod's node", "outside the cluster"] as const;
      assert.deepEqual(prove({ bundles: [baseline, bundle], context, apiServer: places }).problems, []);
    });

    it(`${bundle.name} applies no object that its promises could spare`, () => {
      const spared = bundle.manifests(fullContext).filter((object) => {
        const without: Bundle = {
          ...bundle,
          manifests: () => bundle.manifests(fullContext).filter((other) => policyName(other) !== policyName(object)),
        };
        // Who opens a way through the gateway relies on its being closed, as everybody does on the baseline.
        const chosen = [...[baseline, gateway].filter((other) => other !== bundle), without];
        return prove({ bundles: chosen, context: fullContext, apiServer: ["on another node"] }).problems.length === 0;
      });
      // What isolates nobody is for what others may allow or close; each has a test of its own.
      const needed = spared.filter((object) => isPolicy(object) && !deniesOnly(object) && !isolatesNobody(object.spec));
      assert.deepEqual(needed.map(policyName), []);
    });

    it(`${bundle.name} gives no two objects the same name`, () => {
      const names = bundle.manifests(fullContext).map(policyName);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    });

    it(`${bundle.name} names pods and ports of containers, never a Service [S1-41]`, () => {
      assert.doesNotMatch(JSON.stringify(bundle.manifests(fullContext)), /toServices/);
    });

    it(`${bundle.name} holds no header, so no key [S0-24]`, () => {
      assert.doesNotMatch(JSON.stringify(bundle.manifests(fullContext)), /header/i);
    });

    it(`${bundle.name} binds no system namespace and says whose labels it selects [S1-34]`, () => {
      assert.deepEqual(faults(bundle, bundle.manifests(fullContext)), []);
    });
  }

  it("is in the list: no folder with a bundle.ts is forgotten", () => {
    const folders = readdirSync(policies).filter((folder) => existsSync(join(policies, folder, "bundle.ts")));
    assert.deepEqual(folders, bundles.map(({ name }) => name).sort());
  });

  it("would be caught binding kube-system, selecting bare labels or promising in fragments", () => {
    const broken: Manifest = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "broken", namespace: "kube-system" },
      spec: { endpointSelector: {}, egress: [{ toEndpoints: [{ matchLabels: { app: "web", "k8s:app": "web" } }] }] },
    };
    const whole: Manifest = {
      ...broken,
      metadata: { name: "whole", namespace: argoCdNamespace },
      spec: { endpointSelector: {}, ingress: [] },
    };
    assert.deepEqual(faults({ ...baseline, promise: "no sentence" }, [broken, whole]), [
      "the promise is not a sentence",
      "broken binds kube-system",
      "broken selects app without saying whose label it is",
      "whole binds argocd",
    ]);
  });
});

describe("A manifest", () => {
  it("that is no Kubernetes object is refused with its place", () => {
    for (const text of ["", "- a list", "kind: Pod", "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {}"]) {
      assert.throws(() => parseManifest(text, "some/file.yaml"), {
        message: "some/file.yaml holds no object with apiVersion, kind, metadata.name and spec",
      });
    }
  });
});
