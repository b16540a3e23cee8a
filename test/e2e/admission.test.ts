/**
 * Kyverno's own controllers at work: a namespace made later is closed, what closes is protected, and whoever is entitled to
 * take it away still can: Kyverno, the end of a namespace, and the stack itself.
 *
 * The cluster is somebody else's kwok control plane, because there a stack takes its objects away one by one. Pods are
 * simulated, so the controllers run beside it, with the arguments and the rights that the chart gives them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { lifecycle as kwok } from "../../components/cluster/kwok-lifecycle.ts";
import { kubernetesVersion } from "../../components/versions.ts";
import { skipOrFail } from "../support/skip.ts";
import { upBesideOperator } from "./support/beside-operator.ts";
import { Cluster } from "./support/cluster.ts";
import { KyvernoControllers, kyvernoControllersThere } from "./support/kyverno-controllers.ts";
import { Project } from "./support/project.ts";
import { busyness, outputOf } from "./support/running.ts";

const denied = /^admission webhook "vpol\.validate\.kyverno\.svc-\S+" denied the request: Policy (\S+) failed: (.*)$/s;

describe("Kyverno's controllers", function () {
  const project = new Project();
  const theirs = { name: "guarded", stack: "somebody-else", kubernetesVersion, nodes: 1 };
  const home = process.cwd();
  let kubeconfig = "";
  let cluster: Cluster;
  let controllers: KyvernoControllers | undefined;

  before(async function () {
    if (!kyvernoControllersThere)
      skipOrFail(this, "Kyverno's controllers are not in the tool folder; building them needs Go");
    // Lifecycle modules work in the folder of the project that runs them.
    process.chdir(project.dir);
    kubeconfig = (await kwok.create(theirs)).outs.kubeconfig;
    cluster = new Cluster(kubeconfig);
    project.writeStack("guard", {
      "platform:target": "existing",
      "platform:existing": { podCidr: "10.244.0.0/16", apiServerHost: "api.example.test", nodeCount: 1 },
      "platform:gateway": { enabled: false },
      "platform:argocd": { enabled: false },
      "platform:namespaces": { dev: {}, uat: {}, shop: {} },
    });
    const secret = ["config", "set", "--secret", "platform:kubeconfig", "--", kubeconfig];
    outputOf(await project.script("pulumi", "guard", "--local-state", ...secret));
    await upBesideOperator(project, "guard", { made: theirs, kubeconfig, cluster });
    await cluster.create(namespace("early", "true"));
    controllers = new KyvernoControllers(kubeconfig, join(project.dir, "controllers"));
    await controllers.start();
    // Their configuration is one object of which the API server learns as a whole.
    await eventually("the API server to ask them", async () => await isProtected("dev"));
  });

  after(async () => {
    await controllers?.stop();
    if (kubeconfig !== "") await kwok.delete("guarded", { ...theirs, kubeconfig, uid: "" });
    process.chdir(home);
    await project.remove();
  });

  async function eventually(what: string, holds: () => Promise<boolean>, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000 * busyness();
    while (!(await holds())) {
      if (Date.now() > end) assert.fail(`waited for ${what}, in vain\n${controllers?.said() ?? ""}`);
      await sleep(100);
    }
  }

  function namespace(name: string, isolate?: string): object {
    const labels = isolate === undefined ? {} : { labels: { "kyverno.io/isolate": isolate } };
    return { apiVersion: "v1", kind: "Namespace", metadata: { name, ...labels } };
  }

  const networkPolicy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" } as const;
  const closing = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

  function defaultDeny(where: string, spec: object = closing): object {
    return { ...networkPolicy, metadata: { name: "default-deny", namespace: where }, spec };
  }

  interface Closing {
    readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec: object;
  }

  /** The default deny of a namespace, as plain data. */
  async function closedBy(where: string): Promise<Closing | undefined> {
    return await cluster.object(networkPolicy.apiVersion, networkPolicy.kind, where, "default-deny").then(
      (found) => JSON.parse(JSON.stringify(found)) as Closing,
      () => undefined,
    );
  }

  /** False also while they are asked and cannot answer yet. */
  async function isProtected(where: string): Promise<boolean> {
    return await cluster.delete(defaultDeny(where), "tried").then(
      () => false,
      (error: unknown) => denied.test(cluster.messageOf(error)),
    );
  }

  /** The policy that refuses a request, and its words; undefined where it goes through. */
  async function refusal(request: Promise<unknown>): Promise<string | undefined> {
    const message = await request.then(
      () => undefined,
      (error: unknown) => cluster.messageOf(error),
    );
    if (message === undefined) return undefined;
    const [, policy, why] = denied.exec(message) ?? [];
    assert.ok(policy !== undefined && why !== undefined, message);
    return `${policy}: ${why}`;
  }

  const staysClosed =
    "protect-default-deny-netpol: The NetworkPolicy default-deny keeps this namespace closed and goes only with the " +
    'namespace itself. To open the namespace, set its label kyverno.io/isolate to "false" first.';
  const closesAll =
    "protect-default-deny-netpol: The NetworkPolicy default-deny of an isolated namespace selects every pod, in both " +
    "directions, and allows nothing. What is to be allowed belongs into a policy of its own.";
  const staysIsolated =
    'protect-isolation: This namespace is isolated. To open it, set its label kyverno.io/isolate to "false"; the label ' +
    "must not go or say anything else.";

  it("close a namespace that was there before them [S1-31]", async () => {
    await eventually("its default deny", async () => (await closedBy("early")) !== undefined, 20);
    assert.deepEqual((await closedBy("early"))?.spec, closing);
  });

  it("close a namespace made later, within seconds [S1-28] [S1-29] [S1-30]", async () => {
    await cluster.create(namespace("later", "true"));
    await eventually("its default deny", async () => (await closedBy("later")) !== undefined, 20);
    assert.deepEqual((await closedBy("later"))?.spec, closing);
  });

  it("leave open what does not say that it is to be closed [S1-29]", async () => {
    await cluster.create(namespace("unlabelled"));
    await cluster.create(namespace("opened", "false"));
    await cluster.create(namespace("closed-after-them", "true"));
    await eventually("the last of them", async () => (await closedBy("closed-after-them")) !== undefined, 20);
    assert.deepEqual([await closedBy("unlabelled"), await closedBy("opened")], [undefined, undefined]);
  });

  it("leave the stack's own namespaces to the stack", async () => {
    const by = async (where: string): Promise<unknown> =>
      (await closedBy(where))?.metadata.labels?.["app.kubernetes.io/managed-by"];
    assert.deepEqual([await by("dev"), await by("later")], [undefined, "kyverno"]);
  });

  it("refuse to delete what closes, one by one and all at once, and allow it in an open namespace [S1-32]", async () => {
    for (const where of ["dev", "later"]) {
      assert.equal(await refusal(cluster.delete(defaultDeny(where))), staysClosed);
      assert.equal(await refusal(cluster.deleteNetworkPolicies(where)), staysClosed);
      assert.ok((await closedBy(where)) !== undefined);
    }
    await cluster.create(defaultDeny("opened"));
    assert.equal(await refusal(cluster.delete(defaultDeny("opened"))), undefined);
  });

  it("refuse to change what closes into something that opens, and take back what is changed beside that [S1-32]", async () => {
    for (const where of ["dev", "later"]) {
      const opened = defaultDeny(where, { ...closing, ingress: [{}] });
      assert.equal(await refusal(cluster.patch(opened)), closesAll);
    }
    const named = { ...networkPolicy, metadata: { name: "default-deny", namespace: "later", labels: { team: "a" } } };
    assert.equal(await refusal(cluster.patch(named)), undefined);
    const team = async (): Promise<unknown> => (await closedBy("later"))?.metadata.labels?.["team"];
    await eventually("the label to be taken off again", async () => (await team()) === undefined, 20);
  });

  it("refuse to let the label go, and let a namespace be opened that says so [S1-29]", async () => {
    const labelled = (value: string | null): object => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "later", labels: { "kyverno.io/isolate": value } },
    });
    assert.equal(await refusal(cluster.patch(labelled(null))), staysIsolated);
    assert.equal(await refusal(cluster.patch(labelled("no"))), staysIsolated);
    assert.equal(await refusal(cluster.patch(labelled("false"))), undefined);
    await eventually("the default deny to go", async () => (await closedBy("later")) === undefined, 20);
  });

  it("let a namespace end with what closes it [S1-32]", async () => {
    for (const name of ["closed-after-them", "early"]) await cluster.delete(namespace(name));
    await eventually("the namespaces to end", async () => {
      const left = await cluster.namespaces();
      return !left.includes("closed-after-them") && !left.includes("early");
    });
  });

  it("let the stack open, drop and close namespaces, and change nothing when nothing is to change", async () => {
    outputOf(await project.script("preview", "guard", "--local-state", "--expect-no-changes"));

    project.configure("guard", (config) => {
      config["platform:namespaces"] = { dev: {}, uat: { isolated: false } };
    });
    outputOf(await project.script("up", "guard", "--yes", "--local-state"));
    assert.ok((await closedBy("dev")) !== undefined);
    assert.equal(await closedBy("uat"), undefined);
    assert.ok(!(await cluster.namespaces()).includes("shop"));
  });

  it("keep closed what a stack takes over from them", async () => {
    await cluster.create(namespace("adopted", "true"));
    await eventually("its default deny", async () => (await closedBy("adopted")) !== undefined, 20);
    project.configure("guard", (config) => {
      config["platform:namespaces"] = { dev: {}, uat: { isolated: false }, adopted: {} };
    });
    outputOf(await project.script("up", "guard", "--yes", "--local-state"));
    await sleep(5_000);
    assert.deepEqual((await closedBy("adopted"))?.spec, closing);
  });

  it("let the stack take the baseline away, and the whole of itself", async () => {
    project.configure("guard", (config) => {
      config["platform:policies"] = { bundles: [] };
    });
    outputOf(await project.script("up", "guard", "--yes", "--local-state"));
    assert.equal(await closedBy("dev"), undefined);

    project.configure("guard", (config) => {
      delete config["platform:policies"];
    });
    outputOf(await project.script("up", "guard", "--yes", "--local-state"));
    await eventually("the protection", async () => await isProtected("dev"));

    outputOf(await project.script("down", "guard", "--yes", "--local-state"));
    assert.deepEqual(await cluster.releases(), {});
    const left = await cluster.namespaces();
    assert.deepEqual(
      left.filter((name) => ["dev", "uat", "adopted", "kyverno"].includes(name)),
      [],
    );
  });
});
