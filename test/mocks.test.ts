import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { LifecycleResource } from "../components/provider/lifecycle-resource.ts";
import { recordResources } from "./support/mocks.ts";
import { readable } from "./support/records.ts";
import { isSecret, resolve, within } from "./support/resolve.ts";

class Group extends pulumi.ComponentResource {
  constructor(name: string) {
    super("platform:test:Group", name, {});
    this.registerOutputs({});
  }
}

describe("recording mocks", () => {
  it("see everything an option can say about a resource", async () => {
    const recording = recordResources();
    const group = new Group("group");
    const provider = new k8s.Provider("provider", { kubeconfig: pulumi.secret("key") }, { parent: group });
    const first = new k8s.core.v1.Namespace("first", {}, { parent: group, provider });
    new k8s.core.v1.Namespace(
      "second",
      { metadata: { name: "second", labels: { of: first.metadata.name } } },
      {
        parent: group,
        provider,
        dependsOn: [first],
        deletedWith: group,
        protect: true,
        retainOnDelete: true,
        deleteBeforeReplace: true,
        ignoreChanges: ["metadata.labels"],
        additionalSecretOutputs: ["status"],
        customTimeouts: { create: "5m" },
        aliases: [{ name: "former" }],
      },
    );
    await recording.settled();

    assert.deepEqual(recording.one("second"), {
      type: "kubernetes:core/v1:Namespace",
      name: "second",
      kind: "custom",
      inputs: { apiVersion: "v1", kind: "Namespace", metadata: { name: "second", labels: {} } },
      parent: "platform:test:Group::group",
      provider: "pulumi:providers:kubernetes::provider",
      dependencies: ["kubernetes:core/v1:Namespace::first"],
      deletedWith: "platform:test:Group::group",
      protect: true,
      deleteBeforeReplace: true,
      retainOnDelete: true,
      ignoreChanges: ["metadata.labels"],
      additionalSecretOutputs: ["status"],
      aliases: ["::former"],
      timeouts: { create: "5m" },
    });
  });

  it("show a secret as a placeholder, and keep it secret in the outputs", async () => {
    const recording = recordResources();
    const provider = new k8s.Provider("provider", { kubeconfig: pulumi.secret("key"), namespace: "plain" });
    const secret = new k8s.core.v1.Secret("object", { stringData: { password: pulumi.secret("key") } }, { provider });
    await recording.settled();

    assert.equal(recording.one("provider").inputs["kubeconfig"], "<secret>");
    assert.equal(recording.one("provider").inputs["namespace"], "plain");
    assert.equal(await isSecret(secret.stringData), true);
    assert.equal(await isSecret(secret.metadata), false);
  });

  it("make an output secret that the resource declares to be one", async () => {
    const recording = recordResources();
    class Cluster extends LifecycleResource {
      declare readonly kubeconfig: pulumi.Output<string>;
      declare readonly uid: pulumi.Output<string>;
    }
    const cluster = new Cluster(
      "platform:kind:Nodes",
      "nodes",
      { kubeconfig: undefined, uid: undefined },
      { additionalSecretOutputs: ["kubeconfig"] },
    );
    await recording.settled();

    assert.equal(await isSecret(cluster.kubeconfig), true);
    assert.equal(await isSecret(cluster.uid), false);
    assert.equal(await resolve(cluster.uid), "<uid of nodes>");
  });

  it("give a release the status that others read", async () => {
    const recording = recordResources();
    const release = new k8s.helm.v3.Release("release", { name: "cilium", namespace: "kube-system", chart: "./cilium" });
    await recording.settled();

    assert.equal(await resolve(release.status.status), "deployed");
    assert.equal(await resolve(release.status.revision), 1);
  });

  it("fail on a function that nobody prepared an answer for", async () => {
    const recording = recordResources();
    const expected = { message: "no answer is prepared for the call of aws:index/getRegion:getRegion" };
    await assert.rejects(pulumi.runtime.invoke("aws:index/getRegion:getRegion", {}) as Promise<unknown>, expected);
    await assert.rejects(recording.settled(), expected);
  });

  it("fail on a name that is registered twice, as the engine does", async () => {
    const recording = recordResources();
    new Group("group");
    new Group("group");
    await assert.rejects(recording.settled(), { message: "platform:test:Group::group is registered twice" });
  });

  it("name the resources there are when the one asked for is missing", async () => {
    const recording = recordResources();
    new Group("group");
    await recording.settled();
    assert.throws(() => recording.one("groups"), {
      message: "0 resources are called groups; registered: group",
    });
  });

  it("leave outputs unknown in a preview that only the cluster can tell", async () => {
    const recording = recordResources({ run: "preview" });
    const namespace = new k8s.core.v1.Namespace("namespace");
    new k8s.core.v1.ConfigMap("config", { data: { phase: namespace.status.phase } });
    await recording.settled();
    assert.deepEqual(recording.one("config").inputs["data"], { phase: "<unknown>" });
  });

  it("forget an earlier recording", async () => {
    const first = recordResources();
    new Group("first");
    await first.settled();
    const second = recordResources();
    new Group("second");
    await second.settled();
    assert.deepEqual(
      [first, second].map(({ resources }) => resources.map(({ name }) => name)),
      [["first"], ["second"]],
    );
  });
});

describe("waiting in tests", () => {
  it("ends with the name of what did not come", async () => {
    await assert.rejects(within(new Promise(() => undefined), "the end of the world", 20), {
      message: "the end of the world did not come within 0.02 s",
    });
  });

  it("passes a failure on as it is", async () => {
    await assert.rejects(within(Promise.reject(new Error("broken")), "it"), { message: "broken" });
  });
});

describe("readable values", () => {
  const folders = [
    { path: "/home/someone/platform", placeholder: "<project>" },
    { path: "/home/someone", placeholder: "<home>" },
  ];

  for (const [what, text, expected] of [
    ["the project", "/home/someone/platform/charts", "<project>/charts"],
    ["the home", "file:///home/someone/.cache", "file://<home>/.cache"],
    ["a neighbour of the project", "/home/someone/platform-site", "<home>/platform-site"],
    ["a neighbour of the home", "/home/someone-else", "/home/someone-else"],
    ["a path inside another", "/mnt/home/someone", "/mnt/home/someone"],
    ["an unknown value", "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "<unknown>"],
  ] as const) {
    it(`show ${what} as ${expected}`, () => {
      assert.equal(readable(text, folders), expected);
    });
  }

  it("refuse a kind of value that came after this recorder was written", () => {
    assert.throws(() => readable({ "4dabf18193072939515e22adb298388d": "new" }), {
      message: "a value with the signature new is not known to the recorder",
    });
  });
});
