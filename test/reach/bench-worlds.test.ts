/** The worlds that are measured, and how two answers about them are held against each other: both need no Go. */
import assert from "node:assert/strict";

import { compareWithPeer, type OurMatrix } from "../bench/reach/agreement.ts";
import { changed, generate, type PolicyForm } from "../bench/reach/generate.ts";

describe("A generated world", () => {
  for (const form of ["kubernetes", "cilium", "cilium with L7"] satisfies PolicyForm[]) {
    it(`is the same each time and of the promised size, as ${form}`, () => {
      const world = generate({ workloads: 400, form });
      assert.deepEqual([world.namespaces.length, world.workloads.length, world.policies.length], [20, 400, 820]);
      assert.deepEqual(generate({ workloads: 400, form }), world);
      assert.notDeepEqual(generate({ workloads: 400, form, seed: 2 }), world);
    });
  }

  it("holds pods in place of Deployments where they are asked for", () => {
    const { workloads } = generate({ workloads: 40, podsEach: 3 });
    assert.deepEqual([workloads.length, new Set(workloads.map(({ kind }) => kind))], [120, new Set(["Pod"])]);
  });

  it("has names that nothing else has", () => {
    const { namespaces, workloads, policies } = generate({ workloads: 400 });
    const names = [...namespaces, ...workloads, ...policies].map(({ kind, metadata }) =>
      JSON.stringify([kind, metadata["namespace"], metadata.name]),
    );
    assert.equal(new Set(names).size, names.length);
  });

  it("differs in three policies once it is changed", () => {
    const base = generate({ workloads: 400 });
    const other = changed(base).policies.filter(
      (policy, index) => JSON.stringify(policy) !== JSON.stringify(base.policies[index]),
    );
    assert.deepEqual(
      other.map(({ metadata }) => metadata.name),
      ["app-0000-ingress", "app-0200-egress", "app-0399-ingress"],
    );
  });
});

describe("The agreement with the peer", () => {
  const policy = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "a", namespace: "n" },
    spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] },
  };
  const ours = (first: number): OurMatrix => ({
    groups: [{ members: ["n/a"] }, { members: ["n/b", "n/c"] }],
    answers: [{ outcome: "allowed", ports: [{ protocol: "TCP", first, last: 90 }] }],
    edges: [[0, [1, 0]]],
  });

  it("is about every pair, and every port of it, however each writes them", () => {
    const rows = ["n/b[Deployment]", "n/c[Deployment]"].map((dst) => ({
      src: "n/a[Deployment]",
      dst,
      conn: "TCP 80-85,86-90",
    }));
    assert.deepEqual(compareWithPeer([policy], ours(80), rows), {
      workloadPairs: 2,
      addressPairs: 0,
      differences: [],
    });
  });

  it("tells every pair on which they do not agree, in order", () => {
    const rows = [{ src: "n/a[Deployment]", dst: "n/c[Deployment]", conn: "TCP 80-90" }];
    assert.deepEqual(compareWithPeer([policy], ours(79), rows), {
      workloadPairs: 0,
      addressPairs: 0,
      differences: [
        { from: "n/a", to: "n/b", ours: "TCP 79-90", theirs: "nothing" },
        { from: "n/a", to: "n/c", ours: "TCP 79-90", theirs: "TCP 80-90" },
      ],
    });
  });
});
