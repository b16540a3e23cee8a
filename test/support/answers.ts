/**
 * Answers: the few outputs a program cannot go on without, by type of resource, and what the functions it calls return.
 *
 * Everything else echoes its inputs. Addresses come from the documentation ranges (RFC 5737), so that no reader takes
 * them for real ones.
 */

export interface ResourceRequest {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Answers {
  /** Outputs besides the inputs, by type token. */
  readonly outputs?: Readonly<Record<string, (resource: ResourceRequest) => Record<string, unknown>>>;
  /** Results of functions, by token. */
  readonly calls?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
}

/** A kubeconfig with a client certificate, as a cluster gives it: only tests may see it. */
export function kubeconfigOf(server: string): string {
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    "  - name: mock",
    "    cluster:",
    `      server: ${server}`,
    "      certificate-authority-data: bW9jay1jYQ==",
    "contexts:",
    "  - name: mock",
    "    context: { cluster: mock, user: mock-admin }",
    "current-context: mock",
    "users:",
    "  - name: mock-admin",
    "    user:",
    "      client-certificate-data: bW9jay1jZXJ0aWZpY2F0ZQ==",
    "      client-key-data: bW9jay1rZXk=",
    "",
  ].join("\n");
}

const localCluster = (resource: ResourceRequest) => ({
  kubeconfig: kubeconfigOf("https://127.0.0.1:6443"),
  uid: `<uid of ${resource.name}>`,
});

/** Azure gives a resource the name it was asked for under a key of its own, and answers with `name`. */
const named = (key: string) => (resource: ResourceRequest) => ({ name: resource.inputs[key] });

export const answers: Required<Answers> = {
  outputs: {
    "platform:kind:Nodes": localCluster,
    "platform:kwok:ControlPlane": localCluster,
    "kubernetes:helm.sh/v3:Release": ({ inputs }) => ({
      status: {
        name: inputs["name"],
        namespace: inputs["namespace"],
        chart: inputs["chart"],
        version: inputs["version"],
        revision: 1,
        status: "deployed",
      },
    }),
    "azure-native:resources:ResourceGroup": named("resourceGroupName"),
    "azure-native:network:VirtualNetwork": named("virtualNetworkName"),
    "azure-native:network:Subnet": named("subnetName"),
    "azure-native:network:NatGateway": named("natGatewayName"),
    "azure-native:network:PublicIPPrefix": (resource) => ({
      name: resource.inputs["publicIpPrefixName"],
      ipPrefix: `198.51.100.0/${String(resource.inputs["prefixLength"])}`,
    }),
    "azure-native:managedidentity:UserAssignedIdentity": (resource) => ({
      name: resource.inputs["resourceName"],
      principalId: `<principal of ${resource.name}>`,
      clientId: `<client of ${resource.name}>`,
    }),
    "azure-native:containerservice:ManagedCluster": (resource) => ({
      name: resource.inputs["resourceName"],
      fqdn: `${String(resource.inputs["dnsPrefix"])}-0a1b2c3d.hcp.mock.azmk8s.io`,
      privateFQDN: `${String(resource.inputs["dnsPrefix"])}-0a1b2c3d.mock.privatelink.azmk8s.io`,
      oidcIssuerProfile: { enabled: true, issuerURL: "https://oidc.mock.example/" },
    }),
    "azure-native:containerservice:AgentPool": named("agentPoolName"),
  },
  calls: {
    "azure-native:authorization:getClientConfig": () => ({
      clientId: "00000000-0000-0000-0000-00000000000c",
      objectId: "00000000-0000-0000-0000-00000000000d",
      subscriptionId: "00000000-0000-0000-0000-00000000000e",
      tenantId: "00000000-0000-0000-0000-00000000000f",
    }),
    "azure-native:containerservice:listManagedClusterUserCredentials": ({ resourceName }) => ({
      kubeconfigs: [
        {
          name: "clusterUser",
          value: Buffer.from(kubeconfigOf(`https://${String(resourceName)}.mock.azmk8s.io:443`)).toString("base64"),
        },
      ],
    }),
  },
};
