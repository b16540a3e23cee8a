/** Cilium on every stack: one release, pinned; no half-replaced kube-proxy; nothing authenticated unless asked for. */
import assert from "node:assert/strict";

import { judgementOf } from "./support/judged.ts";
import { runProgram } from "./support/program.ts";
import { stackCases } from "./support/stacks.ts";
import { existing } from "./matrix/case.ts";

describe("Cilium", function () {
  this.timeout(60_000);

  for (const stack of stackCases) {
    it(`is one Helm release on ${stack.stack}, of the pinned version and in kube-system [S2-03] [S4-11]`, async () => {
      const { resources } = await runProgram(stack);
      const releases = resources.filter(({ inputs }) => String(inputs["chart"]).includes("/cilium-"));
      assert.deepEqual(
        releases.map(({ type, inputs }) => [type, inputs["name"], inputs["namespace"], inputs["version"]]),
        [["kubernetes:helm.sh/v3:Release", "cilium", "kube-system", "1.20.2"]],
      );
    });

    it(`authenticates nobody on ${stack.stack} unless the stack asks for it [S1-11]`, async () => {
      const { resources } = await runProgram(stack);
      const values = resources.find(({ name }) => name === "cilium-release")?.inputs["values"] as Record<
        string,
        unknown
      >;
      assert.deepEqual(values["authentication"], { enabled: false });
    });
  }
});

describe("Half a replacement of kube-proxy", () => {
  for (const [setting, overlay] of [
    [true, "false"],
    [false, "true"],
  ] as const) {
    it(`is refused on kind: the setting says ${String(setting)} and the stack's own values ${overlay} [S1-07]`, () => {
      const cilium = { kubeProxyReplacement: setting, values: { kubeProxyReplacement: overlay } };
      assert.equal(
        judgementOf({ target: "kind", cilium }).refused,
        `Pulumi.test.yaml › cilium.values.kubeProxyReplacement: follows from \`cilium.kubeProxyReplacement\`, got \`${overlay}\`\n` +
          `  expected \`${String(setting)}\`\n` +
          "  fix: remove `kubeProxyReplacement`  [cilium/replacement-contradicted]",
      );
    });
  }

  it("is refused where kube-proxy is gone and nothing replaces it [S1-07]", () => {
    const gone = (kubeProxyReplacement: boolean) => existing({ kubeProxy: "removed" }, { kubeProxyReplacement });
    assert.equal(
      judgementOf(gone(false)).refused,
      "Pulumi.test.yaml › cilium.kubeProxyReplacement: kube-proxy is removed and nothing replaces it, so no Service would work\n" +
        "  expected `true` with `existing.kubeProxy: removed`  [cilium/no-load-balancing]",
    );
    assert.equal(judgementOf(gone(true)).refused, "");
  });

  it("is told of on AKS, where both run side by side, and not where kube-proxy is alone [S1-07]", () => {
    assert.equal(
      judgementOf({ target: "aks" }).warned,
      "Pulumi.test.yaml › cilium.kubeProxyReplacement: kube-proxy keeps running beside Cilium's replacement\n" +
        "  expected one of the two; both together work, and Cilium tests AKS that way  [cilium/kube-proxy-beside]",
    );
    assert.equal(judgementOf({ target: "aks", cilium: { kubeProxyReplacement: false } }).warned, "");
  });
});

describe("Mesh authentication", () => {
  const spire = { target: "kind", cilium: { meshAuth: "spire" } };
  const useless = "cilium.meshAuth: no policy requires authentication, so it has no effect but log lines";

  it("binds no connection by being switched on, and that is told [S1-21]", () => {
    assert.ok(judgementOf(spire).warned.includes(useless));
    const bundles = [{ name: "edges", needs: { l7Proxy: false, authentication: true } }];
    assert.ok(!judgementOf(spire, { bundles }).warned.includes(useless));
  });

  it("encrypts nothing, and that is told until WireGuard is on [S1-12]", () => {
    const plain = "cilium.encryption: mesh authentication encrypts nothing by itself";
    assert.ok(judgementOf(spire).warned.includes(plain));
    const encrypted = { target: "kind", cilium: { meshAuth: "spire", encryption: "wireguard" } };
    assert.ok(!judgementOf(encrypted).warned.includes(plain));
  });
});

describe("SCTP", () => {
  it("is refused beside the replacement of kube-proxy, and taken without it [S2-06]", () => {
    assert.equal(
      judgementOf({ target: "kind", cilium: { sctp: true } }).refused,
      "Pulumi.test.yaml › cilium.sctp: SCTP does not work with kube-proxy replacement and BPF masquerading\n" +
        "  expected `cilium.kubeProxyReplacement: false` and no egress gateway, or no SCTP  [cilium/sctp]",
    );
    assert.equal(judgementOf({ target: "kind", cilium: { sctp: true, kubeProxyReplacement: false } }).refused, "");
  });
});
