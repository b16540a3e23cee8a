import assert from "node:assert/strict";

import * as fc from "fast-check";
import { parse } from "yaml";

import { AksCluster } from "../components/cluster/aks.ts";
import { apiServerAccess, changedByAzure, poolChangedByAzure } from "../components/cluster/aks-cluster.ts";
import { apiServerIn, kubeloginKubeconfig } from "../components/cluster/aks-kubeconfig.ts";
import { aksNames, aksTags } from "../components/cluster/aks-names.ts";
import { aksPools } from "../components/cluster/aks-pools.ts";
import { aksRefusals, aksWarnings } from "../components/cluster/aks-problems.ts";
import { deployerType, roleAssignmentName, roleDefinitionId } from "../components/cluster/aks-roles.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import type { Settings } from "../components/settings.ts";
import { formatProblem } from "../policies/problems.ts";
import { recordResources, type RecordingOptions } from "./support/mocks.ts";
import { isSecret, resolve } from "./support/resolve.ts";
import { settingsOf } from "./support/settings.ts";

function aksOf(aks: Readonly<Record<string, unknown>> = {}): Settings["aks"] {
  return settingsOf({ target: "aks", aks }).aks;
}

async function record(aks: Readonly<Record<string, unknown>> = {}, options: RecordingOptions = {}) {
  const recording = recordResources({ stack: "prod", ...options });
  const settings = settingsOf({ target: "aks", clusterName: "shop", aks });
  const cluster = new AksCluster("cluster", { clusterName: "shop", facts: clusterFacts(settings), settings });
  await recording.settled();
  return { ...recording, cluster };
}

describe("AksCluster", () => {
  it("has no network plugin, no network policy and no data plane of Azure's [S2-01] [S0-37]", async () => {
    const { networkProfile } = (await record()).one("cluster-managed-cluster").inputs as Record<
      string,
      Record<string, unknown>
    >;
    assert.deepEqual(networkProfile, {
      networkPlugin: "none",
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.0.0.0/16",
      dnsServiceIP: "10.0.0.10",
      loadBalancerSku: "standard",
      outboundType: "loadBalancer",
      loadBalancerProfile: {
        // Azure's defaults, which its SDK writes out.
        allocatedOutboundPorts: 0,
        backendPoolType: "NodeIPConfiguration",
        idleTimeoutInMinutes: 30,
        outboundIPPrefixes: { publicIPPrefixes: [{ id: "<id of cluster-outbound-prefix>" }] },
      },
    });
  });

  it("knows only accounts of Entra, and nobody runs commands past it", async () => {
    const { inputs } = (await record({ adminGroupObjectIds: ["11111111-1111-1111-1111-111111111111"] })).one(
      "cluster-managed-cluster",
    );
    assert.equal(inputs["enableRBAC"], true);
    assert.equal(inputs["disableLocalAccounts"], true);
    assert.deepEqual(inputs["aadProfile"], {
      managed: true,
      enableAzureRBAC: true,
      adminGroupObjectIDs: ["11111111-1111-1111-1111-111111111111"],
    });
    assert.deepEqual(inputs["oidcIssuerProfile"], { enabled: true });
    assert.deepEqual(inputs["securityProfile"], { workloadIdentity: { enabled: true } });
    assert.deepEqual(inputs["nodeResourceGroupProfile"], { restrictionLevel: "ReadOnly" });
    assert.deepEqual(inputs["autoUpgradeProfile"], { upgradeChannel: "patch", nodeOSUpgradeChannel: "NodeImage" });
  });

  it("keeps the machines of the system pool in one pool, closed to workloads", async () => {
    const { inputs } = (await record()).one("cluster-managed-cluster");
    assert.deepEqual(inputs["agentPoolProfiles"], [
      {
        name: "system",
        vnetSubnetID: "<id of cluster-node-subnet>",
        mode: "System",
        type: "VirtualMachineScaleSets",
        osType: "Linux",
        osSKU: "Ubuntu",
        vmSize: "Standard_D4ds_v5",
        osDiskType: "Ephemeral",
        osDiskSizeGB: 128,
        count: 3,
        enableAutoScaling: true,
        minCount: 3,
        maxCount: 5,
        maxPods: 110,
        availabilityZones: ["1", "2", "3"],
        nodeLabels: {},
        nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"],
        enableEncryptionAtHost: true,
        securityProfile: { sshAccess: "Disabled" },
        upgradeSettings: { maxSurge: "10%", drainTimeoutInMinutes: 30, nodeSoakDurationInMinutes: 1 },
      },
    ]);
  });

  it("joins each subnet and its outbound prefix, and nothing else", async () => {
    const { resources } = await record({ egressPool: { enabled: true } });
    const scopes = resources
      .filter(({ inputs }) => inputs["principalId"] === "<principal of cluster-identity>")
      .map(({ inputs }) => [inputs["scope"], inputs["principalType"], inputs["roleDefinitionId"]])
      .sort();
    const networkContributor =
      "/subscriptions/00000000-0000-0000-0000-00000000000e/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7";
    assert.deepEqual(scopes, [
      ["<id of cluster-egress-subnet>", "ServicePrincipal", networkContributor],
      ["<id of cluster-node-subnet>", "ServicePrincipal", networkContributor],
      ["<id of cluster-outbound-prefix>", "ServicePrincipal", networkContributor],
    ]);
  });

  it("waits for every role of its identity", async () => {
    const { dependencies } = (await record({ egressPool: { enabled: true } })).one("cluster-managed-cluster");
    assert.deepEqual(
      dependencies.filter((dependency) => dependency.includes("RoleAssignment")),
      [
        "azure-native:authorization:RoleAssignment::cluster-joins-egress-subnet",
        "azure-native:authorization:RoleAssignment::cluster-joins-node-subnet",
        "azure-native:authorization:RoleAssignment::cluster-joins-outbound-prefix",
      ],
    );
  });

  it("makes whoever runs it administrator, before anything can be put onto the cluster", async () => {
    const { one } = await record();
    const { inputs } = one("cluster-deployer-administers");
    assert.equal(inputs["scope"], "<id of cluster-managed-cluster>");
    assert.equal(inputs["principalId"], "00000000-0000-0000-0000-00000000000d");
    assert.equal(inputs["principalType"], "User");
    assert.match(String(inputs["roleDefinitionId"]), /b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b$/);
    assert.deepEqual(
      one("cluster-provider").dependencies.filter((dependency) => !dependency.includes("ManagedCluster")),
      [
        "azure-native:authorization:RoleAssignment::cluster-deployer-administers",
        "azure-native:containerservice:AgentPool::cluster-pool-workload",
        "azure-native:resources:ResourceGroup::cluster-resource-group",
      ],
    );
  });

  it("hands out a kubeconfig without any credential, as a secret [S2-02]", async () => {
    const { cluster, one } = await record();
    assert.equal(await isSecret(cluster.handle.kubeconfig), true);
    assert.equal(one("cluster-provider").inputs["kubeconfig"], "<secret>");
    const text = await resolve(cluster.handle.kubeconfig);
    assert.doesNotMatch(text, /client-certificate|client-key|token:|mock-admin/);
    assert.match(text, /server: https:\/\/aks-shop\.mock\.azmk8s\.io:443/);
  });

  it("never asks Azure for the administrator's certificate", async () => {
    const { calls } = await record();
    assert.deepEqual(calls, [
      "azure-native:authorization:getClientConfig",
      "azure-native:containerservice:listManagedClusterUserCredentials",
    ]);
  });

  it("stays the same provider whatever its credentials are, and forgets nothing it cannot reach", async () => {
    const { inputs, deletedWith } = (await record()).one("cluster-provider");
    assert.equal(inputs["clusterIdentifier"], "<id of cluster-managed-cluster>");
    assert.equal(inputs["deleteUnreachable"], undefined);
    assert.equal(deletedWith, "azure-native:containerservice:ManagedCluster::cluster-managed-cluster");
  });

  for (const { access, aks, host } of [
    { access: "a public", aks: {}, host: "shop-0a1b2c3d.hcp.mock.azmk8s.io" },
    { access: "a private", aks: { privateCluster: true }, host: "shop-0a1b2c3d.mock.privatelink.azmk8s.io" },
  ]) {
    it(`tells pods the name of ${access} API server, never an address`, async () => {
      const { cluster } = await record(aks);
      assert.equal(await resolve(cluster.handle.apiServerHost), host);
    });
  }

  it("lets out what leaves through the egress pool by a prefix of its own", async () => {
    const { cluster, one } = await record({ egressPool: { enabled: true, publicPrefixLength: 30 } });
    assert.equal(await resolve(cluster.handle.egressPrefix), "198.51.100.0/30");
    assert.deepEqual(one("cluster-egress-gateway").inputs["publicIpPrefixes"], [
      { id: "<id of cluster-egress-prefix>" },
    ]);
    assert.deepEqual(one("cluster-egress-subnet").inputs["natGateway"], { id: "<id of cluster-egress-gateway>" });
    assert.deepEqual(one("cluster-pool-egress").inputs["nodeLabels"], { "egress-gateway": "true" });
    assert.equal(one("cluster-pool-egress").inputs["vnetSubnetID"], "<id of cluster-egress-subnet>");
  });

  it("has neither a second prefix nor a NAT gateway without an egress pool", async () => {
    const { cluster, resources } = await record();
    assert.equal(cluster.handle.egressPrefix, undefined);
    assert.deepEqual(
      resources.filter(({ name }) => name.includes("egress")).map(({ name }) => name),
      [],
    );
  });

  it("writes its subnets one after another, none with a way out that nobody chose", async () => {
    const { one } = await record({ egressPool: { enabled: true } });
    assert.equal(
      one("cluster-egress-subnet").dependencies.includes("azure-native:network:Subnet::cluster-node-subnet"),
      true,
    );
    assert.equal(one("cluster-node-subnet").inputs["defaultOutboundAccess"], false);
    assert.equal(one("cluster-egress-subnet").inputs["defaultOutboundAccess"], false);
  });

  for (const { protect, names } of [
    {
      protect: true,
      names: ["cluster-egress-prefix", "cluster-managed-cluster", "cluster-outbound-prefix", "cluster-resource-group"],
    },
    { protect: false, names: [] },
  ]) {
    it(`protects ${protect ? "the cluster and its public addresses" : "nothing when told not to"}`, async () => {
      const { resources } = await record({ protect, egressPool: { enabled: true } });
      assert.deepEqual(
        resources
          .filter((resource) => resource.protect === true)
          .map(({ name }) => name)
          .sort(),
        names,
      );
    });
  }

  it("previews before it exists, asking nobody for the credentials of a cluster that is not there", async () => {
    const { calls, one } = await record(
      {},
      { run: "preview", answers: { outputs: { "azure-native:containerservice:ManagedCluster": () => ({}) } } },
    );
    assert.deepEqual(calls, ["azure-native:authorization:getClientConfig"]);
    assert.equal(
      one("cluster-provider").deletedWith,
      "azure-native:containerservice:ManagedCluster::cluster-managed-cluster",
    );
  });

  it("goes away with its resource group, in one call [S2-18]", async () => {
    const { resources } = await record({ egressPool: { enabled: true } });
    const left = resources.filter(
      ({ type, deletedWith }) => type.startsWith("azure-native:") && deletedWith === undefined,
    );
    assert.deepEqual(
      left.map(({ name }) => name),
      ["cluster-resource-group"],
    );
  });

  it("leaves to Azure what Azure changes by itself", async () => {
    const { one } = await record();
    assert.deepEqual(one("cluster-managed-cluster").ignoreChanges, [
      "agentPoolProfiles[0].count",
      "kubernetesVersion",
      "agentPoolProfiles[0].orchestratorVersion",
    ]);
    assert.deepEqual(one("cluster-pool-workload").ignoreChanges, ["count", "orchestratorVersion"]);
  });

  it("works in the subscription its settings name", async () => {
    const subscriptionId = "22222222-2222-2222-2222-222222222222";
    assert.equal((await record({ subscriptionId })).one("cluster-azure").inputs["subscriptionId"], subscriptionId);
    assert.equal("subscriptionId" in (await record()).one("cluster-azure").inputs, false);
  });

  it("asks for no zones in a region that has none", async () => {
    const { one } = await record({ zones: [] });
    assert.equal("zones" in one("cluster-outbound-prefix").inputs, false);
    assert.equal("availabilityZones" in one("cluster-pool-workload").inputs, false);
  });

  it("names Azure's resources after the cluster, so that two stacks never meet", async () => {
    const { one } = await record();
    assert.equal(one("cluster-resource-group").inputs["resourceGroupName"], "rg-shop");
    assert.equal(one("cluster-managed-cluster").inputs["resourceName"], "aks-shop");
    assert.deepEqual(one("cluster-managed-cluster").inputs["tags"], {
      "managed-by": "pulumi",
      "platform-cluster": "shop",
      "platform-stack": "prod",
    });
  });
});

describe("Names in Azure", () => {
  it("carry Microsoft's prefixes and the cluster's name", () => {
    assert.deepEqual(aksNames("platform-aks"), {
      resourceGroup: "rg-platform-aks",
      nodeResourceGroup: "rg-platform-aks-nodes",
      virtualNetwork: "vnet-platform-aks",
      nodeSubnet: "snet-nodes",
      egressSubnet: "snet-egress",
      egressGateway: "ng-platform-aks-egress",
      egressPrefix: "ippre-platform-aks-egress",
      outboundPrefix: "ippre-platform-aks-outbound",
      identity: "id-platform-aks",
      cluster: "aks-platform-aks",
      dnsPrefix: "platform-aks",
    });
  });

  it("fit Azure's limits for every cluster name the settings accept", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^([a-z0-9][-a-z0-9]{0,30})?[a-z0-9]$/), (clusterName) => {
        const names = aksNames(clusterName);
        assert.match(names.cluster, /^[A-Za-z0-9]([-\w]{0,61}[A-Za-z0-9])?$/);
        assert.match(names.dnsPrefix, /^[A-Za-z0-9]([-A-Za-z0-9]{0,52}[A-Za-z0-9])?$/);
        assert.match(names.identity, /^[A-Za-z0-9][-\w]{2,127}$/);
        assert.match(names.virtualNetwork, /^[A-Za-z0-9][-\w.]{0,62}\w$/);
        assert.match(names.nodeResourceGroup, /^[-\w.()]{1,79}[-\w()]$/);
      }),
    );
  });

  it("differ wherever the whole subscription sees them, for two clusters", () => {
    const [one, other] = [aksNames("platform-aks"), aksNames("platform-prod")];
    const shared = Object.entries(one).filter(([key, name]) =>
      Object.entries(other).some(([k, n]) => k === key && n === name),
    );
    // Subnets are named inside their own network.
    assert.deepEqual(
      shared.map(([key]) => key),
      ["nodeSubnet", "egressSubnet"],
    );
  });

  it("are tagged with who made them", () => {
    assert.deepEqual(aksTags("shop", "prod"), {
      "managed-by": "pulumi",
      "platform-cluster": "shop",
      "platform-stack": "prod",
    });
  });
});

describe("Role assignments", () => {
  const name = roleAssignmentName("/subscriptions/s/subnets/a", "p", "networkContributor");

  it("are named by a GUID that never changes", () => {
    assert.equal(name, "aa506030-d295-51e5-ba20-81a3e2a9e505");
  });

  it("are the same whichever case Azure writes its ids in", () => {
    assert.equal(roleAssignmentName("/SUBSCRIPTIONS/s/Subnets/a", "P", "networkContributor"), name);
  });

  for (const [what, other] of [
    ["scope", roleAssignmentName("/subscriptions/s/subnets/b", "p", "networkContributor")],
    ["principal", roleAssignmentName("/subscriptions/s/subnets/a", "q", "networkContributor")],
    ["role", roleAssignmentName("/subscriptions/s/subnets/a", "p", "aksRbacClusterAdmin")],
  ] as const) {
    it(`have another name for another ${what}`, () => {
      assert.notEqual(other, name);
    });
  }

  it("are GUIDs of version 5 for every input", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (scope, principal) => {
        assert.match(
          roleAssignmentName(scope, principal, "networkContributor"),
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it("name the role with its subscription, as Azure answers", () => {
    assert.equal(
      roleDefinitionId("sub", "aksRbacClusterAdmin"),
      "/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    );
  });

  for (const { deployer, login, type } of [
    { deployer: undefined, login: "azurecli", type: "User" },
    { deployer: undefined, login: "workloadidentity", type: "ServicePrincipal" },
    { deployer: undefined, login: "spn", type: "ServicePrincipal" },
    { deployer: "servicePrincipal", login: "azurecli", type: "ServicePrincipal" },
    { deployer: "user", login: "spn", type: "User" },
  ] as const) {
    it(`take a deployer who is ${deployer ?? "not named"} and logs in by ${login} for a ${type}`, () => {
      assert.equal(deployerType({ deployer, login }), type);
    });
  }
});

describe("Pools", () => {
  it("close the system pool while another one takes workloads", () => {
    assert.deepEqual(
      aksPools(aksOf()).map(({ name, mode, taints }) => ({ name, mode, taints })),
      [
        { name: "system", mode: "System", taints: ["CriticalAddonsOnly=true:NoSchedule"] },
        { name: "workload", mode: "User", taints: [] },
      ],
    );
  });

  it("leave the system pool open when it is the only one for workloads, egress pool or not", () => {
    assert.deepEqual(
      aksPools(aksOf({ workloadPool: { enabled: false }, egressPool: { enabled: true } })).map(({ name, taints }) => ({
        name,
        taints,
      })),
      [
        { name: "system", taints: [] },
        { name: "egress", taints: ["egress-gateway=true:NoSchedule"] },
      ],
    );
  });

  it("never carry Cilium's own taint, which Azure would restore after Cilium removed it [S4-12]", () => {
    const taints = aksPools(aksOf({ egressPool: { enabled: true } })).flatMap((pool) => pool.taints);
    assert.deepEqual(
      taints.filter((taint) => taint.includes("node.cilium.io/agent-not-ready")),
      [],
    );
  });
});

describe("Access to the API server", () => {
  for (const { what, aks, expected } of [
    {
      what: "from listed addresses",
      aks: { privateCluster: false, authorizedIpRanges: ["203.0.113.0/24"] },
      expected: { disableRunCommand: true, enablePrivateCluster: false, authorizedIPRanges: ["203.0.113.0/24"] },
    },
    {
      what: "from everywhere, without a list that might mean nobody",
      aks: { privateCluster: false, authorizedIpRanges: [] },
      expected: { disableRunCommand: true, enablePrivateCluster: false },
    },
    {
      what: "from inside its network",
      aks: { privateCluster: true, authorizedIpRanges: [] },
      expected: {
        disableRunCommand: true,
        enablePrivateCluster: true,
        enablePrivateClusterPublicFQDN: false,
        privateDNSZone: "system",
      },
    },
  ]) {
    it(`is possible ${what}`, () => {
      assert.deepEqual(apiServerAccess(aks), expected);
    });
  }
});

describe("Changes that Azure makes by itself", () => {
  it("are only the autoscaler's while upgrades are ours", () => {
    assert.deepEqual(changedByAzure({ upgradeChannel: "disabled" }), ["agentPoolProfiles[0].count"]);
    assert.deepEqual(poolChangedByAzure({ upgradeChannel: "disabled" }), ["count"]);
  });
});

describe("The kubeconfig of AKS", () => {
  const apiServer = { server: "https://shop.example:443", certificateAuthority: "Y2E=" };

  it("takes nothing but server and CA from Azure's answer", () => {
    const answer = [
      "clusters:",
      "- name: shop",
      "  cluster: { server: 'https://shop.example:443', certificate-authority-data: Y2E= }",
      "users:",
      "- name: clusterAdmin_rg_shop",
      "  user: { client-certificate-data: c2VjcmV0, client-key-data: c2VjcmV0 }",
    ].join("\n");
    assert.deepEqual(apiServerIn(answer), apiServer);
  });

  it("fails on an answer without a cluster", () => {
    assert.throws(() => apiServerIn("clusters: []"));
  });

  for (const login of ["azurecli", "workloadidentity", "spn"] as const) {
    it(`logs in by kubelogin with ${login}, and never asks a question`, () => {
      assert.deepEqual(parse(kubeloginKubeconfig("aks-shop", apiServer, login)), {
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          {
            name: "aks-shop",
            cluster: { server: "https://shop.example:443", "certificate-authority-data": "Y2E=" },
          },
        ],
        contexts: [{ name: "aks-shop", context: { cluster: "aks-shop", user: "aks-shop-kubelogin" } }],
        "current-context": "aks-shop",
        users: [
          {
            name: "aks-shop-kubelogin",
            user: {
              exec: {
                apiVersion: "client.authentication.k8s.io/v1beta1",
                command: "kubelogin",
                args: ["get-token", "--login", login, "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"],
                interactiveMode: "Never",
                provideClusterInfo: false,
                installHint: "kubelogin is needed: https://azure.github.io/kubelogin/install.html",
              },
            },
          },
        ],
      });
    });
  }
});

describe("Refused on AKS", () => {
  it("is a cluster without kube-proxy, with what it would take", () => {
    assert.deepEqual(aksRefusals(aksOf(), "Pulumi.aks.yaml"), []);
    assert.deepEqual(aksRefusals({ ...aksOf(), kubeProxy: "removed" }, "Pulumi.aks.yaml").map(formatProblem), [
      [
        "Pulumi.aks.yaml › aks.kubeProxy: asks for a preview feature of Azure that this version cannot reach, got `removed`",
        "  expected `kept`; Cilium replaces kube-proxy beside it with `cilium.kubeProxyReplacement`",
        "  fix: remove it, or generate the provider's preview package (`pulumi package add azure-native containerservice 2026-05-02-preview`) and teach components/cluster/aks.ts to use it  [aks/kube-proxy-preview]",
      ].join("\n"),
    ]);
  });
});

describe("Warned of on AKS", () => {
  it("is an API server that every address reaches", () => {
    assert.deepEqual(aksWarnings(aksOf({ privateCluster: true }), "Pulumi.aks.yaml"), []);
    assert.deepEqual(aksWarnings(aksOf({ authorizedIpRanges: ["203.0.113.7"] }), "Pulumi.aks.yaml"), []);
    assert.deepEqual(aksWarnings(aksOf(), "Pulumi.aks.yaml").map(formatProblem), [
      [
        "Pulumi.aks.yaml › aks.authorizedIpRanges: leaves the API server open to every address; only Entra keeps strangers out",
        "  expected the addresses you work from, or `aks.privateCluster`  [aks/open-api-server]",
      ].join("\n"),
    ]);
  });
});
