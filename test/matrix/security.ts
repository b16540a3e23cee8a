/** Cases of rows 47 to 60: mesh-auth and encryption. */
import { aks, bundle, kind, own, type MatrixCase } from "./case.ts";

/** Nothing is created. */
export const securityRefused: readonly MatrixCase[] = [
  {
    row: 47,
    title: "SPIRE past its setting",
    stack: {
      ...kind,
      ...own({ authentication: { mutual: { spire: { enabled: true } } } }, { encryption: "wireguard" }),
    },
    text:
      "Pulumi.test.yaml › cilium.values.authentication.mutual.spire.enabled: follows from `cilium.meshAuth`, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove `authentication.mutual.spire.enabled`  [cilium/spire-without-authentication]",
    nearMiss: { ...kind, ...own({ authentication: { mutual: { spire: { enabled: false } } } }) },
  },
  {
    row: 47,
    title: "SPIRE without authentication",
    stack: { ...kind, ...own({ authentication: { enabled: false } }, { meshAuth: "spire" }) },
    text:
      "Pulumi.test.yaml › cilium.values.authentication.enabled: follows from `cilium.meshAuth`, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove `authentication.enabled`  [cilium/spire-without-authentication]",
    nearMiss: { ...kind, ...own({ authentication: { enabled: true } }, { meshAuth: "spire" }) },
  },
  {
    row: 48,
    title: "a bundle that requires authentication, and none [S1-14]",
    stack: kind,
    more: { bundles: [bundle("authenticated", "authentication")] },
    text:
      "Pulumi.test.yaml › cilium.meshAuth: policies require authentication (authenticated), so their traffic would be dropped\n" +
      "  expected `cilium.meshAuth: spire`, or nothing of theirs under `policies.authenticatedEdges`  [cilium/authentication-required]",
    nearMiss: { ...kind, cilium: { meshAuth: "spire" } },
  },
  {
    row: 49,
    title: "SPIRE on Cilium 1.21",
    stack: { ...kind, cilium: { meshAuth: "spire" } },
    more: { ciliumVersion: "1.21.0" },
    text:
      "Pulumi.test.yaml › cilium.meshAuth: Cilium 1.21.0 has no SPIRE authentication any more, got `spire`\n" +
      "  expected `disabled`  [cilium/spire-version]",
    nearMiss: kind,
  },
  {
    row: 51,
    title: "SPIRE with Cluster Mesh [S1-11]",
    stack: { ...kind, ...own({ clustermesh: { config: { enabled: true } } }, { meshAuth: "spire" }) },
    text:
      "Pulumi.test.yaml › cilium.values.clustermesh.config.enabled: does not work with SPIRE\n" +
      "  expected one of the two  [cilium/spire-cluster-mesh]",
    nearMiss: { ...kind, ...own({ clustermesh: { config: { enabled: true } } }) },
  },
  {
    row: 53,
    title: "encryption past its setting",
    stack: { ...kind, ...own({ encryption: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.enabled: follows from `cilium.encryption`, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove `encryption.enabled`  [cilium/encryption-type]",
    nearMiss: { ...kind, cilium: { encryption: "wireguard" } },
  },
  {
    row: 53,
    title: "encryption switched off past its setting",
    stack: { ...kind, ...own({ encryption: { enabled: false } }, { encryption: "wireguard" }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.enabled: follows from `cilium.encryption`, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove `encryption.enabled`  [cilium/encryption-type]",
    nearMiss: { ...kind, ...own({ encryption: { enabled: true } }, { encryption: "wireguard" }) },
  },
  {
    row: 53,
    title: "a type of encryption that is none",
    stack: { ...kind, ...own({ encryption: { type: "foo" } }, { encryption: "wireguard" }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: is not offered, got `foo`\n" +
      "  expected `wireguard`\n" +
      "  fix: remove it  [cilium/encryption-type]",
    nearMiss: { ...kind, ...own({ encryption: { type: "wireguard" } }, { encryption: "wireguard" }) },
  },
  {
    row: 54,
    title: "ztunnel instead of WireGuard",
    stack: { ...kind, ...own({ encryption: { type: "ztunnel" } }, { encryption: "wireguard" }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`\n" +
      "  expected `wireguard`  [cilium/ztunnel]",
  },
  {
    row: 55,
    title: "ztunnel on top of nothing",
    stack: { ...kind, ...own({ encryption: { enabled: true, type: "ztunnel" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`\n" +
      "  expected `wireguard`  [cilium/ztunnel]",
  },
  {
    row: 56,
    title: "ztunnel with everything it wants but its Secret",
    stack: {
      ...kind,
      ...own({ encryption: { enabled: true, type: "ztunnel", ztunnel: { ca: { type: "internal" } } } }),
    },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`\n" +
      "  expected `wireguard`  [cilium/ztunnel]",
  },
  {
    row: 57,
    title: "IPsec with the host firewall",
    stack: { ...kind, ...own({ encryption: { enabled: true, type: "ipsec" }, hostFirewall: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: is not offered, got `ipsec`\n" +
      "  expected `wireguard`\n" +
      "  fix: remove it  [cilium/encryption-type]",
    nearMiss: { ...kind, ...own({ hostFirewall: { enabled: true } }) },
  },
  {
    row: 58,
    title: "IPsec on AKS",
    stack: { ...aks, ...own({ encryption: { enabled: true, type: "ipsec" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.type: the kernels of most AKS nodes have no IPsec, got `ipsec`\n" +
      "  expected `cilium.encryption: wireguard`  [cilium/ipsec-on-aks]",
    nearMiss: { ...aks, cilium: { encryption: "wireguard" } },
  },
  {
    row: 59,
    title: "strict egress encryption in a tunnel that shuts other nodes out",
    stack: {
      ...aks,
      ...own(
        {
          encryption: {
            strictMode: { egress: { enabled: true, cidr: "10.244.0.0/16", allowRemoteNodeIdentities: false } },
          },
        },
        { encryption: "wireguard" },
      ),
    },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.strictMode.egress.allowRemoteNodeIdentities: strict egress encryption needs it in tunnel mode, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove it  [cilium/strict-egress]",
    nearMiss: {
      ...aks,
      ...own(
        { encryption: { strictMode: { egress: { enabled: true, cidr: "10.244.0.0/16" } } } },
        { encryption: "wireguard" },
      ),
    },
  },
  {
    row: 60,
    title: "strict ingress encryption without WireGuard",
    stack: { ...kind, ...own({ encryption: { strictMode: { ingress: { enabled: true } } } }) },
    text:
      "Pulumi.test.yaml › cilium.values.encryption.strictMode.ingress.enabled: strict ingress encryption needs WireGuard, got `true`\n" +
      "  expected `cilium.encryption: wireguard` with it  [cilium/strict-ingress]",
    nearMiss: {
      ...kind,
      ...own({ encryption: { strictMode: { ingress: { enabled: true } } } }, { encryption: "wireguard" }),
    },
  },
];

/** Told, and allowed. */
export const securityWarned: readonly MatrixCase[] = [
  {
    row: 49,
    title: "SPIRE on Cilium 1.20",
    stack: { ...kind, cilium: { meshAuth: "spire", encryption: "wireguard" } },
    more: { ciliumVersion: "1.20.9", bundles: [bundle("authenticated", "authentication")] },
    text:
      "Pulumi.test.yaml › cilium.meshAuth: SPIRE authentication is deprecated in Cilium 1.20 and announced for removal in 1.21\n" +
      "  expected `disabled` before the next minor version of Cilium  [cilium/spire-version]",
    nearMiss: kind,
  },
  {
    row: 50,
    title: "SPIRE that no bundle requires [S1-21]",
    stack: { ...kind, cilium: { meshAuth: "spire", encryption: "wireguard" } },
    more: { ciliumVersion: "1.19.7" },
    text:
      "Pulumi.test.yaml › cilium.meshAuth: no policy requires authentication, so it has no effect but log lines\n" +
      "  expected connections under `policies.authenticatedEdges`, which is the next step (docs/mesh-auth.md)  [cilium/spire-without-use]",
    nearMiss: kind,
  },
  {
    row: 52,
    title: "SPIRE without WireGuard [S1-12]",
    stack: { ...kind, cilium: { meshAuth: "spire" } },
    more: { ciliumVersion: "1.19.7", bundles: [bundle("authenticated", "authentication")] },
    text:
      "Pulumi.test.yaml › cilium.encryption: mesh authentication encrypts nothing by itself\n" +
      "  expected `cilium.encryption: wireguard` with mesh-auth  [cilium/spire-without-encryption]",
    nearMiss: { ...kind, cilium: { meshAuth: "spire", encryption: "wireguard" } },
  },
];
