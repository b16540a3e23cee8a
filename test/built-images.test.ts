/** A stack whose images are built here: what Cilium's chart is told otherwise, and what is refused by name. */
import assert from "node:assert/strict";

import {
  builtImageProblems,
  builtImageValues,
  deviations,
  envoyProblems,
  missingImageProblems,
  podImages,
} from "../components/built-images.ts";
import { ciliumValues } from "../components/cilium/values.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { valueAt } from "../components/helm-values.ts";
import { formatProblem, ProblemsError } from "../policies/problems.ts";
import { settingsOf } from "./support/settings.ts";

const without = { gateway: { enabled: false }, argocd: { enabled: false }, kyverno: { enabled: false } };
const built = { kind: { images: "built" }, ...without };

describe("images built on this machine", () => {
  it("change these values of Cilium's chart and no other", () => {
    assert.deepEqual(builtImageValues(settingsOf(built)), {
      image: { useDigest: false },
      operator: { image: { useDigest: false } },
      hubble: { relay: { image: { useDigest: false } }, tls: { auto: { method: "helm" } } },
      envoy: { enabled: false },
    });
    assert.deepEqual(
      deviations.filter(({ because }) => because === ""),
      [],
    );
  });

  it("change nothing on a stack with upstream's images", () => {
    const settings = settingsOf({});
    assert.deepEqual(builtImageValues(settings), {});
    const values = ciliumValues(settings, clusterFacts(settings), undefined);
    assert.equal(valueAt(values, "image.useDigest"), undefined);
    assert.equal(valueAt(values, "hubble.tls.auto.method"), "cronJob");
  });

  it("leave the relay out where nobody asks for it", () => {
    assert.deepEqual(podImages(settingsOf(built)), ["cilium", "cilium-operator", "hubble-relay"]);
    const hubble = { relay: false };
    assert.deepEqual(podImages(settingsOf({ ...built, cilium: { hubble } })), ["cilium", "cilium-operator"]);
  });

  it("refuse everything that is not built, all at once", () => {
    const stack = {
      kind: { images: "built", pullThroughCaches: [{ registry: "registry.example", port: 5001 }] },
      cilium: { hubble: { ui: true }, values: { envoy: { enabled: true } } },
      imageRegistry: "mirror.example",
    };
    assert.throws(
      () => settingsOf(stack),
      (error) => {
        assert.ok(error instanceof ProblemsError);
        const ours = error.problems.filter(({ code }) => code.startsWith("images/"));
        assert.deepEqual(ours.map(({ where }) => where).sort(), [
          "Pulumi.test.yaml › argocd.enabled",
          "Pulumi.test.yaml › cilium.hubble.ui",
          "Pulumi.test.yaml › cilium.values › envoy.enabled",
          "Pulumi.test.yaml › gateway.enabled",
          "Pulumi.test.yaml › imageRegistry",
          "Pulumi.test.yaml › kind.pullThroughCaches",
          "Pulumi.test.yaml › kyverno.enabled",
        ]);
        return true;
      },
    );
  });

  it("are told with what to do instead", () => {
    const settings = { ...settingsOf(built), gateway: settingsOf({}).gateway };
    const values = ciliumValues(settings, clusterFacts(settings), undefined);
    assert.deepEqual(builtImageProblems(settings, values, "Pulumi.live.yaml").map(formatProblem), [
      "Pulumi.live.yaml › gateway.enabled: the image of NGINX Gateway Fabric is not among those that are built\n" +
        "  expected only what is built, with `kind.images: built`\n" +
        "  fix: set gateway.enabled: false, or leave out kind.images  [images/not-built]",
    ]);
  });

  const policy = (spec: Readonly<Record<string, unknown>>): Parameters<typeof envoyProblems>[1] => [
    { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: "dev" }, spec },
  ];
  const rules: readonly [string, Readonly<Record<string, unknown>>, string[]][] = [
    ["HTTP", { ingress: [{ toPorts: [{ rules: { http: [{ method: "GET" }] } }] }] }, ["http"]],
    ["TLS names", { egress: [{ toPorts: [{ serverNames: ["a.example"] }] }] }, ["serverNames"]],
    ["DNS", { egress: [{ toPorts: [{ rules: { dns: [{ matchName: "a.example" }] } }] }] }, []],
    ["a label called http", { endpointSelector: { matchLabels: { http: "yes" } } }, []],
  ];
  for (const [title, spec, found] of rules) {
    it(`${found.length > 0 ? "refuse" : "take"} a policy on ${title}`, () => {
      const problems = envoyProblems(settingsOf(built), policy(spec), "Pulumi.live.yaml");
      assert.deepEqual(
        problems.map(({ where }) => where),
        found.map(() => "Pulumi.live.yaml › CiliumNetworkPolicy dev/p"),
      );
      for (const word of found) assert.match(problems[0]?.what ?? "", new RegExp(`^\`${word}\``));
    });
  }

  it("are no matter of a stack with upstream's images", () => {
    const http = policy({ ingress: [{ toPorts: [{ rules: { http: [{}] } }] }] });
    assert.deepEqual(envoyProblems(settingsOf({}), http, "Pulumi.kind.yaml"), []);
  });

  it("are asked for before anything is created", () => {
    assert.deepEqual(missingImageProblems([], "live"), []);
    assert.deepEqual(missingImageProblems(["node", "cilium"], "live").map(formatProblem), [
      "Pulumi.live.yaml › kind.images: not built on this machine yet: node, cilium\n" +
        "  expected the images of the cluster to be there\n" +
        "  fix: npm run setup -- live --images=build  [images/missing]",
    ]);
  });
});
