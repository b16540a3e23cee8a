import assert from "node:assert/strict";

import type * as pulumi from "@pulumi/pulumi";

import { ExistingCluster } from "../components/cluster/existing.ts";
import { serverOf } from "../components/cluster/existing-kubeconfig.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import type { Settings } from "../components/settings.ts";
import { ProblemsError } from "../policies/problems.ts";
import { recordResources } from "./support/mocks.ts";
import { isSecret, resolve } from "./support/resolve.ts";
import { settingsOf } from "./support/settings.ts";

const kubeconfig = [
  "current-context: bare-metal",
  "contexts:",
  "- { name: bare-metal, context: { cluster: rack, user: me } }",
  "- { name: cloud, context: { cluster: eks, user: me } }",
  "- { name: torn, context: { cluster: gone, user: me } }",
  "clusters:",
  "- { name: rack, cluster: { server: 'https://rack.example:6443' } }",
  "- { name: eks, cluster: { server: 'https://eks.example' } }",
  "users:",
  "- { name: me, user: { token: do-not-show-me } }",
].join("\n");

function existingSettings(existing: Readonly<Record<string, unknown>>): Settings {
  // Without kube-proxy the platform asks where the API server is.
  const cilium = { kubeProxyReplacement: existing["apiServerHost"] !== undefined };
  return settingsOf({ target: "existing", kubeconfig: "given", existing, cilium });
}

async function record(existing: Readonly<Record<string, unknown>>, text: pulumi.Input<string> = kubeconfig) {
  const recording = recordResources();
  const settings = existingSettings(existing);
  const cluster = new ExistingCluster("cluster", {
    clusterName: "theirs",
    facts: clusterFacts(settings),
    settings,
    kubeconfig: text,
  });
  await recording.settled();
  return { ...recording, handle: cluster.handle };
}

describe("ExistingCluster", () => {
  it("keeps a kubeconfig secret that came in plain text", async () => {
    const { handle, one } = await record({ podCidr: "10.1.0.0/16" });
    assert.equal(await isSecret(handle.kubeconfig), true);
    assert.equal(await resolve(handle.kubeconfig), kubeconfig);
    assert.equal(one("cluster-provider").inputs["kubeconfig"], "<secret>");
  });

  it("owns nothing, so everything on it is uninstalled one by one", async () => {
    const { handle, one } = await record({ podCidr: "10.1.0.0/16" });
    assert.equal(handle.owner, undefined);
    assert.equal(one("cluster-provider").deletedWith, undefined);
    assert.equal(one("cluster-provider").inputs["deleteUnreachable"], undefined);
  });

  it("makes no cluster of its own", async () => {
    const { resources } = await record({ podCidr: "10.1.0.0/16" });
    assert.deepEqual(
      resources.map(({ type, name }) => `${type} ${name}`),
      ["platform:cluster:ExistingCluster cluster", "pulumi:providers:kubernetes cluster-provider"],
    );
  });

  for (const { what, existing, context, server } of [
    { what: "the current context", existing: {}, context: undefined, server: "https://rack.example:6443" },
    { what: "another context", existing: { context: "cloud" }, context: "cloud", server: "https://eks.example" },
  ]) {
    it(`is identified by the API server of ${what}, whatever the credentials`, async () => {
      const { inputs } = (await record({ podCidr: "10.1.0.0/16", ...existing })).one("cluster-provider");
      assert.equal(inputs["context"], context);
      assert.equal(inputs["clusterIdentifier"], server);
    });
  }

  for (const { what, existing, host } of [
    {
      what: "the address its owner names",
      existing: { apiServerHost: "api.theirs.example" },
      host: "api.theirs.example",
    },
    { what: "no address when none is named", existing: { kubeProxy: "kept" }, host: undefined },
  ]) {
    it(`tells pods ${what}`, async () => {
      const { handle } = await record({ podCidr: "10.1.0.0/16", ...existing });
      assert.equal(handle.apiServerHost, host);
    });
  }
});

describe("The facts of somebody else's cluster", () => {
  // Profiles of the clusters people bring: what the platform must know, and nothing about who made them.
  for (const { what, existing, facts } of [
    {
      what: "bare metal routes pods itself and answers ARP [S1-51]",
      existing: {
        podCidr: "10.1.0.0/16",
        routing: ["native", "tunnel"],
        announcements: "possible",
        exposure: "loadBalancer",
        kubeProxy: "removed",
        apiServerHost: "10.0.0.5",
        apiServerPort: 6443,
      },
      facts: {
        routing: ["native", "tunnel"],
        announcements: "possible",
        exposure: "loadBalancer",
        kubeProxy: "removed",
        apiServer: { kind: "known", host: "10.0.0.5", port: 6443 },
      },
    },
    {
      what: "a managed cloud cluster tunnels behind the cloud's load balancer",
      existing: { podCidr: "10.1.0.0/16", apiServerHost: "ABC.gr7.eu-west-1.eks.example" },
      facts: {
        routing: ["tunnel"],
        announcements: "pointless",
        exposure: "loadBalancer",
        kubeProxy: "kept",
        apiServer: { kind: "known", host: "ABC.gr7.eu-west-1.eks.example", port: 443 },
      },
    },
  ]) {
    it(what, () => {
      const { routing, announcements, exposure, kubeProxy, apiServer } = clusterFacts(existingSettings(existing));
      assert.deepEqual({ routing, announcements, exposure, kubeProxy, apiServer }, facts);
    });
  }
});

describe("A kubeconfig that somebody hands in", () => {
  function refusal(text: string, context?: string): string {
    try {
      serverOf(text, context);
    } catch (error) {
      assert.ok(error instanceof ProblemsError);
      return error.message;
    }
    return "accepted";
  }

  for (const { what, text, context, message } of [
    {
      what: "no YAML",
      text: "token: [do-not-show-me",
      context: undefined,
      message: [
        "1 problem",
        "",
        "stack config › kubeconfig: is no kubeconfig",
        "  expected YAML or JSON with `clusters`, `contexts` and `users`  [existing/kubeconfig]",
      ],
    },
    {
      what: "YAML of another kind",
      text: "do-not-show-me",
      context: undefined,
      message: [
        "1 problem",
        "",
        "stack config › kubeconfig: is no kubeconfig",
        "  expected YAML or JSON with `clusters`, `contexts` and `users`  [existing/kubeconfig]",
      ],
    },
    {
      what: "without the context",
      text: kubeconfig,
      context: "clod",
      message: [
        "1 problem",
        "",
        "stack config › existing.context: is not in the kubeconfig, got `clod`",
        "  expected one of `bare-metal`, `cloud`, `torn` as `existing.context`  [existing/kubeconfig]",
      ],
    },
    {
      what: "without a current context",
      text: kubeconfig.replace("current-context: bare-metal", "current-context: ''"),
      context: undefined,
      message: [
        "1 problem",
        "",
        "stack config › kubeconfig: names no current context",
        "  expected one of `bare-metal`, `cloud`, `torn` as `existing.context`  [existing/kubeconfig]",
      ],
    },
    {
      what: "with a context whose cluster is missing",
      text: kubeconfig,
      context: "torn",
      message: [
        "1 problem",
        "",
        "stack config › kubeconfig: has no cluster `gone`, which its context `torn` uses",
        "  expected a complete kubeconfig, as `kubectl config view --raw --minify --flatten` prints it  [existing/kubeconfig]",
      ],
    },
  ]) {
    it(`is refused when it is ${what}, without a word of its credentials`, () => {
      assert.equal(refusal(text, context), message.join("\n"));
    });
  }

  it("may be JSON", () => {
    const json = JSON.stringify({
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: "https://c.example" } }],
    });
    assert.equal(serverOf(json, undefined), "https://c.example");
  });
});
