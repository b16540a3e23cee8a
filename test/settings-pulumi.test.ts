/** Settings of the stack that is running: gathered from Pulumi, and from nowhere else. */
import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { existingKubeconfig, settingsFromPulumi } from "../components/settings-reader.ts";
import { ProblemsError } from "../policies/problems.ts";
import { resolve } from "./support/resolve.ts";

describe("the settings of the running stack", () => {
  beforeEach(() => {
    const nothing: pulumi.runtime.Mocks = {
      newResource: ({ name }) => ({ id: name, state: {} }),
      call: () => ({}),
    };
    void pulumi.runtime.setMocks(nothing, "platform", "rehearsal");
  });

  afterEach(() => {
    pulumi.runtime.setAllConfig({});
  });

  it("are those of its configuration, under the stack's name", () => {
    pulumi.runtime.setAllConfig({
      "platform:target": "kwok",
      "platform:cilium": JSON.stringify({ routing: "tunnel" }),
      "aws:region": "eu-west-1",
    });
    const settings = settingsFromPulumi();
    assert.equal(settings.clusterName, "platform-rehearsal");
    assert.equal(settings.cilium.routing, "tunnel");
  });

  it("are refused in the name of its file", () => {
    pulumi.runtime.setAllConfig({ "platform:target": "kwok", "platform:aks": "{}" });
    assert.throws(
      () => settingsFromPulumi(),
      (error: unknown) =>
        error instanceof ProblemsError &&
        error.problems.map(({ where }) => where).join() === "Pulumi.rehearsal.yaml › aks",
    );
  });

  it("hand the kubeconfig of somebody else's cluster over as a secret", async () => {
    pulumi.runtime.setAllConfig({ "platform:kubeconfig": "apiVersion: v1" }, ["platform:kubeconfig"]);
    const kubeconfig = existingKubeconfig();
    assert.equal(await resolve(kubeconfig), "apiVersion: v1");
    assert.equal(await pulumi.isSecret(kubeconfig), true);
  });
});
