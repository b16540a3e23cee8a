/** What a kind cluster is asked to be, and what a machine is told that lacks something for it. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { kindConfig } from "../components/cluster/kind-config.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { ciliumValues } from "../components/cilium/values.ts";
import { formatProblem } from "../policies/problems.ts";
import { refuseOldNode } from "../scripts/start.mjs";
import { missingGo } from "../scripts/tools/go-problems.ts";
import { settingsOf } from "./support/settings.ts";

interface KindConfig {
  readonly networking: Readonly<Record<string, unknown>>;
  readonly nodes: readonly { readonly role: string; readonly extraPortMappings?: readonly unknown[] }[];
}

function configOf(written: Readonly<Record<string, unknown>>): KindConfig {
  return parse(kindConfig(settingsOf({ target: "kind", ...written }), "test")) as KindConfig;
}

describe("A kind cluster", () => {
  for (const [workers, roles] of [
    [0, ["control-plane"]],
    [2, ["control-plane", "worker", "worker"]],
  ] as const) {
    it(`has one control plane and ${String(workers)} workers, and ports of this machine on the control plane only [S1-01]`, () => {
      const { nodes } = configOf({ kind: { workers } });
      assert.deepEqual(
        nodes.map(({ role }) => role),
        roles,
      );
      assert.deepEqual(
        nodes.map(({ extraPortMappings }) => extraPortMappings?.length ?? 0),
        roles.map((role) => (role === "control-plane" ? 3 : 0)),
      );
    });
  }

  it("has no network before Cilium brings one [S1-02]", () => {
    assert.equal(configOf({}).networking["disableDefaultCNI"], true);
  });

  for (const [replaced, mode, value] of [
    [true, "none", "true"],
    [false, "iptables", "false"],
  ] as const) {
    it(`runs kube-proxy as ${mode} when Cilium is told \`${value}\`, both from one setting [S1-03]`, () => {
      const written = { cilium: { kubeProxyReplacement: replaced } };
      assert.equal(configOf(written).networking["kubeProxyMode"], mode);
      const settings = settingsOf({ target: "kind", ...written });
      assert.equal(ciliumValues(settings, clusterFacts(settings), "api")["kubeProxyReplacement"], value);
    });
  }
});

describe("A machine that lacks something", () => {
  it("is told which Node starts the scripts [S3-09]", () => {
    assert.equal(
      refuseOldNode("18.19.1"),
      "this is Node 18.19.1: cilium-platform needs Node 20 or newer to start (and then brings its own)",
    );
    assert.equal(refuseOldNode("20.0.0"), undefined);
  });

  it("is told which Go builds what cannot be downloaded [S3-09]", () => {
    assert.equal(
      formatProblem(missingGo(["1.22.2"], ["kind"])),
      "this machine: Go is too old to build kind, got `1.22.2`\n" +
        "  expected Go 1.26.8 or newer on PATH\n" +
        "  fix: install it from your distribution or go.dev, or run where the official downloads answer " +
        "(--tools=official)  [tools/go-missing]",
    );
  });
});
