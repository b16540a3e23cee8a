/** Ports and names: what two features of a stack, or two stacks of one machine, cannot both have. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { hostPorts, nodePorts, publishedPorts } from "../components/settings/ports.ts";
import { readStackFiles, type StackFile } from "../components/settings/stack-files.ts";
import { readSettings } from "../components/settings/read.ts";
import { ProblemsError } from "../policies/problems.ts";
import { settingsOf } from "./support/settings.ts";
import { asPulumiGives } from "./support/stack-config.ts";

type Written = Readonly<Record<string, unknown>>;

function told(written: Written, siblings: readonly StackFile[] = []): string {
  const entries = Object.entries({ target: "kind", ...written }).map(([key, value]) => [`platform:${key}`, value]);
  try {
    const config = asPulumiGives(Object.fromEntries(entries) as Written);
    readSettings({ stack: "test", file: "Pulumi.test.yaml", config, siblings });
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.message.split("\n").slice(2).join("\n");
  }
  return "nothing";
}

function sibling(values: Written): StackFile {
  return { stack: "other", file: "Pulumi.other.yaml", values };
}

/** A second kind stack with ports of its own. */
const elsewhere = {
  target: "kind",
  kind: { apiServerPort: 7443 },
  gateway: { httpNodePort: 31080, httpsNodePort: 31443 },
  argocd: { nodePort: 31081 },
};

describe("node ports", () => {
  it("of a stack are one list: add-ons, Hubble and those the stack maps [E-34]", () => {
    const settings = settingsOf({
      target: "kind",
      cilium: { hubble: { ui: true, relayService: "NodePort", uiService: "NodePort" } },
      kind: { portMappings: [{ nodePort: 30500, hostPort: 8500 }] },
    });
    assert.deepEqual(nodePorts(settings), [
      { port: 30080, setting: "gateway.httpNodePort" },
      { port: 30443, setting: "gateway.httpsNodePort" },
      { port: 30081, setting: "argocd.nodePort" },
      { port: 31234, setting: "cilium.hubble.relayNodePort" },
      { port: 31235, setting: "cilium.hubble.uiNodePort" },
      { port: 30500, setting: "kind.portMappings[0]" },
    ]);
  });

  it("are not taken by what is off, or reached another way", () => {
    assert.deepEqual(
      nodePorts(settingsOf({ target: "kind", gateway: { enabled: false }, argocd: { enabled: false } })),
      [],
    );
    assert.deepEqual(nodePorts(settingsOf({ target: "aks" })), []);
    assert.deepEqual(
      nodePorts(settingsOf({ target: "aks", cilium: { hubble: { relay: false, relayService: "NodePort" } } })),
      [],
    );
    assert.deepEqual(nodePorts(settingsOf({ target: "aks", cilium: { hubble: { relayService: "NodePort" } } })), [
      { port: 31234, setting: "cilium.hubble.relayNodePort" },
    ]);
  });

  it("are published under their own number on kind, and nowhere else", () => {
    const mapped = { portMappings: [{ nodePort: 30500, hostPort: 8500 }] };
    assert.deepEqual(publishedPorts(settingsOf({ target: "kind", kind: mapped, argocd: { enabled: false } })), [
      { nodePort: 30080, hostPort: 30080 },
      { nodePort: 30443, hostPort: 30443 },
      { nodePort: 30500, hostPort: 8500 },
    ]);
    assert.deepEqual(publishedPorts(settingsOf({ target: "kwok" })), []);
  });

  it("that two add-ons want are refused once, on kwok as on kind", () => {
    for (const target of ["kind", "kwok"]) {
      assert.equal(
        told({ target, argocd: { nodePort: 30080 } }),
        "Pulumi.test.yaml › argocd.nodePort: node port 30080 is also taken by `gateway.httpNodePort`\n" +
          "  expected a node port that nothing else of the stack takes  [settings/port-taken]",
      );
    }
  });

  it("that the relay and a mapped port want are refused [S2-08]", () => {
    const cilium = { hubble: { relayService: "NodePort" } };
    const mapped = (nodePort: number): Written => ({ cilium, kind: { portMappings: [{ nodePort, hostPort: 8500 }] } });
    assert.equal(
      told(mapped(31234)),
      "Pulumi.test.yaml › kind.portMappings[0]: node port 31234 is also taken by `cilium.hubble.relayNodePort`\n" +
        "  expected a node port that nothing else of the stack takes  [settings/port-taken]",
    );
    assert.equal(told(mapped(31233)), "nothing");
    assert.equal(told({ kind: { portMappings: [{ nodePort: 31234, hostPort: 8500 }] } }), "nothing");
  });
});

describe("ports of this machine", () => {
  it("are those kind takes by name of a setting", () => {
    const settings = settingsOf({
      target: "kind",
      gateway: { enabled: false },
      argocd: { enabled: false },
      kind: {
        pullThroughCaches: [{ registry: "quay.io", port: 5001 }],
        portMappings: [{ nodePort: 30500, hostPort: 85 }],
      },
    });
    assert.deepEqual(hostPorts(settings), [
      { port: 6443, setting: "kind.apiServerPort" },
      { port: 5001, setting: "kind.pullThroughCaches[0].port" },
      { port: 85, setting: "kind.portMappings[0]" },
    ]);
    assert.deepEqual(hostPorts(settingsOf({ target: "kwok" })), []);
  });

  it("are taken once", () => {
    const caches = (port: number): Written => ({ kind: { pullThroughCaches: [{ registry: "quay.io", port }] } });
    assert.equal(
      told(caches(6443)),
      "Pulumi.test.yaml › kind.pullThroughCaches[0].port: port of this machine 6443 is also taken by `kind.apiServerPort`\n" +
        "  expected a port of this machine that nothing else of the stack takes  [settings/port-taken]",
    );
    assert.equal(told(caches(6444)), "nothing");
  });
});

describe("two stacks of one folder", () => {
  it("that are both kind name each port they share", () => {
    assert.equal(
      told({ argocd: { enabled: false } }, [sibling({ target: "kind" })]),
      "Pulumi.test.yaml › gateway.httpNodePort: port 30080 of this machine is also taken by stack `other` (`gateway.httpNodePort`)\n" +
        "  expected a port that Pulumi.other.yaml does not use  [settings/port-taken]\n" +
        "\n" +
        "Pulumi.test.yaml › gateway.httpsNodePort: port 30443 of this machine is also taken by stack `other` (`gateway.httpsNodePort`)\n" +
        "  expected a port that Pulumi.other.yaml does not use  [settings/port-taken]\n" +
        "\n" +
        "Pulumi.test.yaml › kind.apiServerPort: port 6443 of this machine is also taken by stack `other` (`kind.apiServerPort`)\n" +
        "  expected a port that Pulumi.other.yaml does not use  [settings/port-taken]",
    );
    assert.equal(told({}, [sibling(elsewhere)]), "nothing");
  });

  it("may both be kwok, or kwok and kind, as they are", () => {
    assert.equal(told({ target: "kwok" }, [sibling({ target: "kwok" })]), "nothing");
    assert.equal(told({ target: "kwok" }, [sibling({ target: "kind" })]), "nothing");
  });

  it("may not call their clusters the same in the same place", () => {
    const text =
      "Pulumi.test.yaml › clusterName: is also the cluster of stack `other`, got `shop`\n" +
      "  expected a name that Pulumi.other.yaml does not use  [settings/name-taken]";
    const named = { clusterName: "shop" };
    assert.equal(told({ target: "kwok", ...named }, [sibling({ ...elsewhere, ...named })]), text);
    assert.equal(told({ target: "aks", ...named }, [sibling({ target: "aks", ...named })]), text);
    assert.equal(told({ target: "aks", ...named }, [sibling({ target: "kwok", ...named })]), "nothing");
    assert.equal(told({ target: "aks" }, [sibling({ target: "aks" })]), "nothing");
  });

  it("are compared even where the other one has mistakes of its own", () => {
    assert.equal(
      told({ target: "kwok", clusterName: "shop" }, [sibling({ target: "kwok", clusterName: "shop", nonsense: 1 })]),
      "Pulumi.test.yaml › clusterName: is also the cluster of stack `other`, got `shop`\n" +
        "  expected a name that Pulumi.other.yaml does not use  [settings/name-taken]",
    );
    assert.equal(told({ target: "kwok" }, [sibling({ target: "nonsense" })]), "nothing");
  });
});

describe("the stack files of a folder", () => {
  it("are found by name and read without being judged", () => {
    const folder = mkdtempSync(join(tmpdir(), "stack-files-"));
    try {
      const write = (file: string, text: string): void => {
        writeFileSync(join(folder, file), text);
      };
      write("Pulumi.yaml", "name: platform\n");
      write("Pulumi.kind.yaml", "config:\n  platform:target: kind\n  aws:region: x\n");
      write("Pulumi.prod.eu.yaml", "encryptionsalt: v1\nconfig:\n  platform:aks:\n    location: x\n");
      write("Pulumi.empty.yaml", "");
      write("Pulumi.broken.yaml", "config: [\n");
      assert.deepEqual(readStackFiles(folder), [
        { stack: "kind", file: "Pulumi.kind.yaml", values: { target: "kind" } },
        { stack: "prod.eu", file: "Pulumi.prod.eu.yaml", values: { aks: { location: "x" } } },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
