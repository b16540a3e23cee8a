/** When Cilium counts as ready, asked of a fake API server on the loopback interface. */
import assert from "node:assert/strict";

import { type CiliumReadyInputs, lifecycle } from "../components/cilium/ready-lifecycle.ts";
import { isEstablished, missingOfRollout, whyNoAnswer } from "../components/cluster/kube-client.ts";
import { UserError } from "../policies/problems.ts";
import { type FakeApiServer, startFakeApiServer } from "./support/api-server.ts";
import { within } from "./support/resolve.ts";

const agents = "/apis/apps/v1/namespaces/kube-system/daemonsets/cilium";
const kind = (name: string): string => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
const policies = "ciliumnetworkpolicies.cilium.io";
const nodes = "ciliumnodes.cilium.io";

const rolledOut = {
  metadata: { generation: 2 },
  status: { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 },
};
const but = (status: object) => ({ ...rolledOut, status: { ...rolledOut.status, ...status } });
const established = { status: { conditions: [{ type: "Established", status: "True" }] } };

let server: FakeApiServer;
beforeEach(async () => {
  server = await startFakeApiServer();
});
afterEach(async () => {
  await server.close();
});

describe("the roll-out of the agents", () => {
  const rows: readonly [string, object | undefined, string | undefined][] = [
    ["is done when all are new and available", rolledOut, undefined],
    ["lacks the DaemonSet", undefined, "agents: the DaemonSet kube-system/cilium does not exist"],
    ["has not begun", but({ observedGeneration: 1 }), "the new agents are not scheduled yet"],
    [
      "has not begun where nothing was ever observed",
      { metadata: { generation: 1 } },
      "the new agents are not scheduled yet",
    ],
    ["lacks the last new one", but({ updatedNumberScheduled: 2 }), "agents: 2 of 3 up to date, 3 available"],
    ["lacks the last available one", but({ numberAvailable: 2 }), "agents: 3 of 3 up to date, 2 available"],
    ["has none available at all", but({ numberAvailable: undefined }), "agents: 3 of 3 up to date, 0 available"],
    [
      "is not done on a cluster without nodes",
      but({ desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0 }),
      "agents: 0 of 0 up to date, 0 available",
    ],
  ];
  for (const [what, daemonSet, missing] of rows) {
    it(what, async () => {
      if (daemonSet !== undefined) server.objects.set(agents, daemonSet);
      assert.equal(await missingOfRollout(server.kubeconfig), missing);
    });
  }
});

describe("a kind", () => {
  const condition = (type: string, status: string) => ({ status: { conditions: [{ type, status }] } });
  const rows: readonly [string, object | undefined, boolean][] = [
    ["counts when it is Established", established, true],
    [
      "counts among other conditions",
      { status: { conditions: [{ type: "NamesAccepted", status: "False" }, ...established.status.conditions] } },
      true,
    ],
    ["does not while it is being established", condition("Established", "False"), false],
    ["does not when only its names are accepted", condition("NamesAccepted", "True"), false],
    ["does not without a status", {}, false],
    ["does not when it is not there", undefined, false],
  ];
  for (const [what, definition, expected] of rows) {
    it(what, async () => {
      if (definition !== undefined) server.objects.set(kind(policies), definition);
      assert.equal(await isEstablished(server.kubeconfig, policies), expected);
    });
  }
});

describe("the gate of Cilium", () => {
  const inputs = (more: Partial<CiliumReadyInputs> = {}): CiliumReadyInputs => ({
    kubeconfig: server.kubeconfig,
    revision: 1,
    crds: [policies, nodes],
    timeoutSeconds: 0.05,
    ...more,
  });

  it("opens at once where everything is there", async () => {
    server.objects.set(agents, rolledOut);
    for (const name of [policies, nodes]) server.objects.set(kind(name), established);
    assert.deepEqual(await lifecycle.create(inputs()), { id: "cilium-ready", outs: inputs() });
    assert.equal(server.requests.length, 3);
  });

  it("opens as soon as the last thing is there, and does not ask again for what was there before", async () => {
    server.objects.set(agents, rolledOut);
    server.objects.set(kind(nodes), established);
    const opening = lifecycle.create(inputs({ timeoutSeconds: 10 }));
    while (server.requests.length < 3) await new Promise(setImmediate);
    server.objects.set(kind(policies), established);
    await within(opening, "the opening of the gate", 3000);
    assert.equal(server.requests.filter((request) => request === `GET ${kind(policies)}`).length, 2);
    assert.equal(server.requests.filter((request) => request === `GET ${kind(nodes)}`).length, 1);
  });

  it("waits for the agents alone where no kind is asked for", async () => {
    server.objects.set(agents, rolledOut);
    await lifecycle.create(inputs({ crds: [] }));
    assert.deepEqual(server.requests, [`GET ${agents}`]);
  });

  const refused: readonly [string, () => void, string][] = [
    [
      "an agent and a kind",
      () => {
        server.objects.set(agents, but({ numberAvailable: 2 }));
        server.objects.set(kind(nodes), established);
      },
      "Cilium is not ready after 0.05 s: agents: 3 of 3 up to date, 2 available; " +
        "CRDs not Established: ciliumnetworkpolicies.cilium.io",
    ],
    [
      "every kind",
      () => server.objects.set(agents, rolledOut),
      "Cilium is not ready after 0.05 s: " +
        "CRDs not Established: ciliumnetworkpolicies.cilium.io, ciliumnodes.cilium.io",
    ],
    [
      "the release itself",
      () => undefined,
      "Cilium is not ready after 0.05 s: agents: the DaemonSet kube-system/cilium does not exist; " +
        "CRDs not Established: ciliumnetworkpolicies.cilium.io, ciliumnodes.cilium.io",
    ],
  ];
  for (const [what, prepare, message] of refused) {
    it(`names ${what} when the time is over`, async () => {
      prepare();
      await assert.rejects(lifecycle.create(inputs()), new UserError(message));
    });
  }

  it("says so when nobody answers", async () => {
    const { kubeconfig } = server;
    const address = /127\.0\.0\.1:\d+/.exec(kubeconfig)?.[0] ?? "";
    await server.close();
    await assert.rejects(
      lifecycle.create(inputs()),
      new UserError(
        `Cilium is not ready after 0.05 s: the API server does not answer: connect ECONNREFUSED ${address}`,
      ),
    );
  });

  it("is asked again after an update, and never refuses to go", async () => {
    server.objects.set(agents, rolledOut);
    const olds = inputs({ crds: [] });
    assert.deepEqual(await lifecycle.update("cilium-ready", olds, { ...olds, revision: 2 }), {
      outs: { ...olds, revision: 2 },
    });
    await assert.rejects(lifecycle.update("cilium-ready", olds, inputs()), UserError);
    await lifecycle.delete("cilium-ready", olds);
  });

  it("is there as long as the state says so, without a question", async () => {
    assert.deepEqual(await lifecycle.read("cilium-ready", inputs()), inputs());
    assert.deepEqual(server.requests, []);
  });

  const rows: readonly [string, Partial<CiliumReadyInputs>, boolean][] = [
    ["another revision", { revision: 2 }, true],
    ["another kind", { crds: [policies] }, true],
    ["another kubeconfig, as after a restart", { kubeconfig: "other" }, false],
    ["more patience", { timeoutSeconds: 9 }, false],
    ["nothing", {}, false],
  ];
  for (const [what, change, changes] of rows) {
    it(`${changes ? "waits again" : "does not wait again"} for ${what}`, async () => {
      const olds = inputs({ kubeconfig: "same" });
      assert.deepEqual(await lifecycle.diff("cilium-ready", olds, { ...olds, ...change }), { changes });
    });
  }
});

describe("a question without an answer", () => {
  const refusal = (code: number, body: unknown) => Object.assign(new Error("HTTP-Code: …\nHeaders: …"), { code, body });
  const rows: readonly [unknown, string][] = [
    [
      new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:6443") }),
      "the API server does not answer: connect ECONNREFUSED 127.0.0.1:6443",
    ],
    [new Error("socket hang up"), "the API server does not answer: socket hang up"],
    ["gone", "the API server does not answer: gone"],
    [
      refusal(403, '{"kind":"Status","message":"daemonsets.apps \\"cilium\\" is forbidden"}'),
      'the API server answers with 403: daemonsets.apps "cilium" is forbidden',
    ],
    [refusal(503, { message: "etcd leader changed" }), "the API server answers with 503: etcd leader changed"],
    [refusal(502, "<html>Bad Gateway</html>"), "the API server answers with 502: <html>Bad Gateway</html>"],
    [refusal(500, "{}"), "the API server answers with 500: no reason given"],
  ];
  for (const [error, told] of rows) {
    it(`is told as: ${told}`, () => {
      assert.equal(whyNoAnswer(error), told);
    });
  }
});
