import assert from "node:assert/strict";

import { runProgram } from "./support/program.ts";
import type { ProgramRecord, ResourceRecord } from "./support/records.ts";
import * as rules from "./support/rules.ts";
import { stackCases } from "./support/stacks.ts";

const provider = "pulumi:providers:kubernetes::cluster-provider";
const nodes = "platform:kind:Nodes::cluster-nodes";

/** A program of one cluster and one release, as it should be. */
function sound(): { resources: ResourceRecord[]; outputs: Record<string, unknown> } {
  const nothing = { dependencies: [], ignoreChanges: [], additionalSecretOutputs: [], aliases: [] };
  return {
    outputs: { kubeconfig: "<secret>" },
    resources: [
      { ...nothing, type: "platform:cluster:KindCluster", name: "cluster", kind: "component", inputs: {} },
      {
        ...nothing,
        type: "platform:kind:Nodes",
        name: "cluster-nodes",
        kind: "custom",
        inputs: {},
        parent: "platform:cluster:KindCluster::cluster",
        additionalSecretOutputs: ["kubeconfig"],
      },
      {
        ...nothing,
        type: "pulumi:providers:kubernetes",
        name: "cluster-provider",
        kind: "custom",
        inputs: { kubeconfig: "<secret>" },
        parent: "platform:cluster:KindCluster::cluster",
        deletedWith: nodes,
      },
      { ...nothing, type: "platform:cilium:Cilium", name: "cilium", kind: "component", inputs: {} },
      {
        ...nothing,
        type: "kubernetes:helm.sh/v3:Release",
        name: "cilium-release",
        kind: "custom",
        inputs: { name: "cilium", version: "1.2.3", chart: "./.platform/kind/charts/cilium-1.2.3" },
        parent: "platform:cilium:Cilium::cilium",
        provider,
        deletedWith: nodes,
      },
      {
        ...nothing,
        type: "platform:cilium:Ready",
        name: "cilium-ready",
        kind: "custom",
        inputs: { kubeconfig: "<secret>" },
        parent: "platform:cilium:Cilium::cilium",
        deletedWith: nodes,
      },
    ],
  };
}

/** The sound program with one resource changed; `undefined` takes a field away. */
function withChange(name: string, change: { readonly [K in keyof ResourceRecord]?: ResourceRecord[K] | undefined }) {
  const program = sound();
  return {
    ...program,
    resources: program.resources.map((resource) =>
      resource.name === name
        ? (Object.fromEntries(
            Object.entries({ ...resource, ...change }).filter(([, value]) => value !== undefined),
          ) as unknown as ResourceRecord)
        : resource,
    ),
  };
}

interface RuleCase {
  readonly rule: keyof typeof rules;
  readonly says: string;
  /** Absent: on all of them. */
  readonly stacks?: readonly string[];
  /** Programs that break it, each with what must be named. */
  readonly broken: readonly {
    readonly by: string;
    readonly program: ProgramRecord;
    readonly named: readonly string[];
  }[];
}

const release = "kubernetes:helm.sh/v3:Release::cilium-release";

const ruleCases: readonly RuleCase[] = [
  {
    rule: "everyResourceHasItsProvider",
    says: "every resource names its provider",
    broken: [
      { by: "a release without one", program: withChange("cilium-release", { provider: undefined }), named: [release] },
    ],
  },
  {
    rule: "everyReleaseIsPinned",
    says: "every release has an exact version",
    broken: [
      {
        by: "a range",
        program: withChange("cilium-release", { inputs: { name: "cilium", version: "^1.2.3" } }),
        named: [`${release} has version ^1.2.3`],
      },
      {
        by: "no version",
        program: withChange("cilium-release", { inputs: { name: "cilium" } }),
        named: [`${release} has version undefined`],
      },
      {
        by: "a version without its patch",
        program: withChange("cilium-release", { inputs: { name: "cilium", version: "1.2" } }),
        named: [`${release} has version 1.2`],
      },
    ],
  },
  {
    rule: "everyChartLiesInTheProject",
    says: "every chart is named by a path that is the same on every machine",
    broken: [
      {
        by: "a cache of this machine",
        program: withChange("cilium-release", { inputs: { chart: "<home>/.cache/cilium-1.2.3" } }),
        named: [`${release} takes <home>/.cache/cilium-1.2.3`],
      },
    ],
  },
  {
    rule: "everyKubeconfigIsSecret",
    says: "every kubeconfig is a secret",
    broken: [
      {
        by: "a provider that got it in plain text",
        program: withChange("cluster-provider", { inputs: { kubeconfig: "apiVersion: v1" } }),
        named: [provider],
      },
      {
        by: "a cluster that gives it out in plain text",
        program: withChange("cluster-nodes", { additionalSecretOutputs: [] }),
        named: [`${nodes} gives one`],
      },
      {
        by: "an output in plain text",
        program: { ...sound(), outputs: { kubeconfig: "apiVersion: v1" } },
        named: ["the output kubeconfig"],
      },
    ],
  },
  {
    rule: "noCredentialIsShown",
    says: "no credential stands anywhere in what is registered",
    broken: [
      {
        by: "a key inside a value",
        program: withChange("cilium-release", { inputs: { values: { tls: "bW9jay1rZXk=" } } }),
        named: ["bW9jay1rZXk="],
      },
    ],
  },
  {
    rule: "nothingOfAzure",
    says: "nothing of Azure is in it",
    stacks: ["kind", "kwok", "existing"],
    broken: [
      {
        by: "a resource group",
        program: withChange("cluster-nodes", { type: "azure-native:resources:ResourceGroup" }),
        named: ["azure-native:resources:ResourceGroup::cluster-nodes"],
      },
    ],
  },
  {
    rule: "everythingGoesWithItsCluster",
    says: "everything inside the cluster is forgotten with it",
    broken: [
      {
        by: "a release bound to nothing",
        program: withChange("cilium-release", { deletedWith: undefined }),
        named: [`${release} goes with nothing`],
      },
      {
        by: "a gate bound to nothing",
        program: withChange("cilium-ready", { deletedWith: undefined }),
        named: ["platform:cilium:Ready::cilium-ready goes with nothing"],
      },
      {
        by: "a release bound to something else",
        program: withChange("cilium-release", { deletedWith: "platform:cilium:Cilium::cilium" }),
        named: [`${release} goes with platform:cilium:Cilium::cilium`],
      },
    ],
  },
  {
    rule: "nothingIsForgottenElsewhere",
    says: "nothing is forgotten on a cluster that somebody else made",
    stacks: ["existing"],
    broken: [
      {
        by: "resources bound to an owner",
        program: sound(),
        named: [provider, release, "platform:cilium:Ready::cilium-ready"],
      },
    ],
  },
  {
    rule: "childrenAreNamedAfterTheirParents",
    says: "every child's name begins with its parent's",
    broken: [
      {
        by: "a name of its own",
        program: withChange("cilium-release", { name: "release" }),
        named: ["release below cilium"],
      },
      {
        by: "a name that only looks alike",
        program: withChange("cilium-release", { name: "ciliumrelease" }),
        named: ["ciliumrelease below cilium"],
      },
    ],
  },
  {
    rule: "everyResourceHasItsComponent",
    says: "every resource stands below a component",
    broken: [
      { by: "a release of its own", program: withChange("cilium-release", { parent: undefined }), named: [release] },
    ],
  },
  {
    rule: "everyComponentHasOurType",
    says: "every component has a type of ours",
    broken: [
      {
        by: "a type in two parts",
        program: withChange("cilium", { type: "platform:Cilium" }),
        named: ["platform:Cilium::cilium"],
      },
    ],
  },
  {
    rule: "noComponentKeepsItsArguments",
    says: "no component keeps its arguments in the state",
    broken: [
      {
        by: "settings handed to the base class",
        program: withChange("cilium", { inputs: { settings: {} } }),
        named: ["platform:cilium:Cilium::cilium"],
      },
    ],
  },
  {
    rule: "noPolicyNamesAnAddress",
    says: "no policy names an address, so that it holds on the next target too [S1-53]",
    broken: [
      {
        by: "a range in a rule",
        program: withChange("cilium-release", {
          type: "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
          inputs: { spec: { egress: [{ toCIDR: ["10.96.0.10/32"] }] } },
        }),
        named: ["kubernetes:cilium.io/v2:CiliumNetworkPolicy::cilium-release"],
      },
    ],
  },
  {
    rule: "thereIsOneNetwork",
    says: "there is one pod network",
    broken: [
      {
        by: "none",
        program: withChange("cilium-release", { inputs: { name: "other" } }),
        named: ["0 releases called cilium"],
      },
    ],
  },
];

describe("The shape of every stack", function () {
  this.timeout(120_000);

  for (const { rule, says, stacks } of ruleCases) {
    for (const stack of stackCases.filter((candidate) => stacks?.includes(candidate.stack) ?? true)) {
      it(`${stack.stack}: ${says}`, async () => {
        assert.deepEqual(rules[rule](await runProgram(stack)), []);
      });
    }
  }
});

describe("A rule about the shape", () => {
  it("has a case here that breaks it, each of them", () => {
    assert.deepEqual(ruleCases.map(({ rule }) => rule).sort(), Object.keys(rules).sort());
  });

  for (const { rule, says, broken } of ruleCases) {
    for (const { by, program, named } of broken) {
      it(`"${says}" is broken by ${by}`, () => {
        assert.deepEqual(rules[rule](program), named);
      });
    }
    if (rule !== "nothingIsForgottenElsewhere") {
      it(`"${says}" holds for a sound program`, () => {
        assert.deepEqual(rules[rule](sound()), []);
      });
    }
  }
});
