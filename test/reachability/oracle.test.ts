/**
 * The oracle without its Go program: worlds come back with their seed, what differs is made small, and what Cilium's code
 * once said otherwise than the engine stays mended.
 */
import assert from "node:assert/strict";
import fs from "node:fs";

import { UserError } from "../../policies/problems.ts";
import { bundleNames } from "../../policies/choices.ts";
import { readScenario } from "../../policies/reachability/conformance/format.ts";
import { bundleWorlds, publishedWorlds, stackWorlds } from "../oracle/bundle-worlds.ts";
import { compareScenario } from "../oracle/compare.ts";
import { Dice } from "../oracle/dice.ts";
import type { Answer } from "../oracle/oracle.ts";
import { readOracleOptions } from "../oracle/run.ts";
import type { Scenario } from "../oracle/scenario.ts";
import { shrink, smallest } from "../oracle/shrink.ts";
import { worldOf } from "../oracle/worlds.ts";

interface Found extends Scenario, Answer {
  readonly title: string;
}

const found = fs
  .readFileSync(new URL("../oracle/found.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Found);

describe("what the oracle found stays mended", () => {
  for (const { title, ...scenario } of found) {
    it(title, () => {
      assert.deepEqual(compareScenario(scenario, scenario).differences, []);
    });
  }

  it("and can be read by `reach conformance` as it is printed", () => {
    for (const { title, ...scenario } of found) assert.ok("id" in readScenario(scenario, title, 0), title);
  });

  it("and is seen when it does not", () => {
    const [first] = found;
    assert.ok(first);
    const [[from, to, probe, egress, ingress] = [0, 0, 0, 0, 0], ...rest] = first.expected;
    const planted = { ...first, expected: [[from, to, probe, egress, 3 - ingress] as const, ...rest] };
    assert.deepEqual(compareScenario(first, planted).differences, [
      "dev/one -> dev/two TCP 80: egress and ingress is 1 2, Cilium says 1 1",
    ]);
  });
});

describe("a random world", () => {
  it("is the same for the same seed and another for another", () => {
    assert.deepEqual(worldOf(7), worldOf(7));
    assert.notDeepEqual(worldOf(7), worldOf(8));
  });

  it("has everything, now and then, that the engine models", () => {
    const text = JSON.stringify(Array.from({ length: 400 }, (_none, seed) => worldOf(seed)));
    const words = [
      ...["NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumCIDRGroup", "specs"],
      ...["toServices", "toFQDNs", "cidrGroupRef", "cidrGroupSelector", "toEntities", "ipBlock", "except", "endPort"],
      ...["serverNames", "terminatingTLS", "authentication", "icmps", "enableDefaultDeny", "ingressDeny", "egressDeny"],
      ...["reserved:", "NotIn", "DoesNotExist", "pod-template-hash", "matchPattern", "unknownField", "peerScope"],
      ...["outside the cluster", "on the pod's node", "any cluster", "serviceAccount", "ICMP", "SCTP"],
    ];
    assert.deepEqual(
      words.filter((word) => !text.includes(word)),
      [],
    );
  });

  it("is rolled evenly", () => {
    const dice = new Dice(1);
    const faces = [0, 0, 0, 0, 0, 0];
    for (let roll = 0; roll < 6000; roll += 1) {
      const face = dice.between(0, 5);
      faces[face] = (faces[face] ?? 0) + 1;
    }
    assert.ok(
      faces.every((times) => times > 900 && times < 1100),
      faces.join(" "),
    );
  });
});

describe("a world that shows something", () => {
  it("is made as small as what shows it", async () => {
    const denies = ({ policies }: Scenario): Promise<boolean> =>
      Promise.resolve(JSON.stringify(policies).includes("toFQDNs"));
    const seed = Array.from({ length: 200 }, (_none, index) => index).find((each) =>
      JSON.stringify(worldOf(each).policies).includes('"toFQDNs":[{'),
    );
    const small = await smallest(worldOf(seed ?? 0), denies);
    assert.equal(small.pods.length + small.externals.length + small.probes.length, 0);
    const [policy, ...others] = small.policies;
    assert.deepEqual(others, []);
    assert.match(
      JSON.stringify(policy),
      /"spec":\{"egress":\[\{"toFQDNs":\[\]\}\]\}|"specs":\[\{"egress":\[\{"toFQDNs":\[\]\}\]\}\]/,
    );
  });

  it("keeps the fields that it must have, and is not asked for ever", async () => {
    let asked = 0;
    const small = await shrink(
      { name: "a", one: [1], two: [2], three: [3] },
      () => {
        asked += 1;
        return Promise.resolve(true);
      },
      { keep: new Set(["name"]), limit: 2 },
    );
    assert.equal(asked, 2);
    assert.equal(small.name, "a");
  });
});

describe("the worlds of our own policies", () => {
  it("are every bundle with the pods of its promises and the names it opens", () => {
    const worlds = bundleWorlds();
    assert.deepEqual(
      worlds.map(({ name }) => name),
      bundleNames,
    );
    const { scenario } = worlds.find(({ name }) => name === "fqdn-egress") ?? assert.fail("no world of fqdn-egress");
    const inside = scenario.pods.filter(({ namespace }) => namespace === "fqdn-egress").map(({ name }) => name);
    assert.deepEqual(inside, ["nginx", "nginx1", "example"]);
    assert.deepEqual(scenario.externals.slice(-2), [
      { name: "myservice.com", fqdn: "myservice.com", ip: "192.0.2.1" },
      { name: "api.github.com", fqdn: "api.github.com", ip: "192.0.2.2" },
    ]);
  });

  it("are one for each stack file, with its policies", () => {
    const worlds = stackWorlds();
    assert.deepEqual(
      worlds.map(({ name }) => name),
      ["Pulumi.aks.yaml", "Pulumi.kind.yaml", "Pulumi.kwok.yaml"],
    );
    for (const { scenario } of worlds) assert.ok(scenario.policies.length >= 4);
    assert.deepEqual(
      worlds.map(({ scenario }) => scenario.apiServer),
      ["outside the cluster", "on another node", "on another node"],
    );
  });

  it("are one for each published set", () => {
    for (const { name, scenario } of publishedWorlds()) {
      assert.ok(scenario.pods.length >= 2, name);
      assert.ok(scenario.policies.length >= 2, name);
    }
  });
});

describe("the options of test:oracle", () => {
  it("have defaults, and take numbers behind a space or an equals sign", () => {
    assert.deepEqual(readOracleOptions([]), { worlds: 300, seed: 1, seconds: Infinity });
    assert.deepEqual(readOracleOptions(["--worlds", "5", "--seed=9", "--seconds", "30"]), {
      worlds: 5,
      seed: 9,
      seconds: 30,
    });
  });

  for (const args of [["--world", "5"], ["--seed"], ["--seed=x"], ["5"]]) {
    it(`are not ${args.join(" ")}`, () => {
      assert.throws(() => readOracleOptions(args), UserError);
    });
  }
});
