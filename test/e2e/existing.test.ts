/**
 * The platform on a cluster that somebody else made: installed, left alone by a second run, and taken off again piece by
 * piece, with the cluster still standing.
 *
 * The other person's cluster is a kwok control plane. Its nodes are simulated but say they are real, so the operator is
 * run beside it, as its Deployment would run in a real one.
 */
import assert from "node:assert/strict";

import { lifecycle as kwok } from "../../components/cluster/kwok-lifecycle.ts";
import { kubernetesVersion } from "../../components/versions.ts";
import { upBesideOperator } from "./support/beside-operator.ts";
import { Cluster } from "./support/cluster.ts";
import { inSequence } from "./support/hooks.ts";
import { Project } from "./support/project.ts";
import { outputOf } from "./support/running.ts";

describe("the platform on a cluster that somebody else made", function () {
  const project = new Project();
  const theirs = { name: "theirs", stack: "somebody-else", kubernetesVersion, nodes: 2 };
  const home = process.cwd();
  let kubeconfig = "";
  let cluster: Cluster;

  inSequence();

  before(async () => {
    // Lifecycle modules work in the folder of the project that runs them.
    process.chdir(project.dir);
    kubeconfig = (await kwok.create(theirs)).outs.kubeconfig;
    cluster = new Cluster(kubeconfig);
    project.writeStack("other", {
      "platform:target": "existing",
      "platform:existing": {
        podCidr: "10.244.0.0/16",
        apiServerHost: "api.example.test",
        apiServerPort: 6443,
        nodeCount: 2,
        exposure: "nodePort",
      },
      "platform:gateway": { enabled: false },
      "platform:namespaces": { shop: {} },
    });
  });

  after(async () => {
    await kwok.delete("theirs", { ...theirs, kubeconfig, uid: "" });
    process.chdir(home);
    await project.remove();
  });

  it("refuses to keep its state on this machine unasked", async () => {
    const { code, output } = await project.script("up", "other", "--yes", { PULUMI_BACKEND_URL: "file:///tmp" });
    assert.notEqual(code, 0);
    assert.match(output, /would keep its state on this machine only/);
  });

  it("refuses a kubeconfig in plain text", async () => {
    project.configure("other", (config) => {
      config["platform:kubeconfig"] = kubeconfig;
    });
    const { code, output } = await project.script("up", "other", "--yes", "--local-state");
    assert.notEqual(code, 0);
    assert.match(output, /kubeconfig: stands in plain text/);
    project.configure("other", (config) => {
      delete config["platform:kubeconfig"];
    });
  });

  it("takes the kubeconfig as a secret", async () => {
    const secret = ["config", "set", "--secret", "platform:kubeconfig", "--", kubeconfig];
    outputOf(await project.script("pulumi", "other", "--local-state", ...secret));
    assert.match(project.read("Pulumi.other.yaml"), /platform:kubeconfig:\s+secure:/);
  });

  it("asks before it touches what others use", async () => {
    const { code, output } = await project.script("up", "other", "--local-state");
    assert.notEqual(code, 0);
    assert.match(output, /up on existing asks for confirmation, and nobody is at the keyboard\n {2}fix: say --yes/);
  });

  it("is installed with one command", async () => {
    const output = await upBesideOperator(project, "other", { made: theirs, kubeconfig, cluster });
    assert.match(output, /other is up \(existing, \d+ s\)/);
    assert.deepEqual(await cluster.releases(), {
      "kube-system/cilium": "deployed",
      "kyverno/kyverno": "deployed",
      "argocd/argocd": "deployed",
    });
    assert.equal(await cluster.policyValidity("shop", "allow-dns"), "True");
    const config = await cluster.configMap("kube-system", "cilium-config");
    assert.equal(config["routing-mode"], "tunnel");
    assert.equal(config["cluster-pool-ipv4-cidr"], "10.244.0.0/16");
  });

  it("hands its owner's kubeconfig to nobody", async () => {
    const output = outputOf(await project.script("preview", "other", "--local-state"));
    assert.doesNotMatch(output, /client-key-data/);
    assert.equal(project.exists(".platform/other/kubeconfig"), false);
  });

  it("is taken off again and leaves the cluster standing", async () => {
    outputOf(await project.script("down", "other", "--yes", "--local-state"));
    assert.deepEqual(await cluster.releases(), {});
    assert.deepEqual(
      (await cluster.namespaces()).filter((name) => ["shop", "kyverno", "argocd"].includes(name)),
      [],
    );
  });
});
