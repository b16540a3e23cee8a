/** Rows 47 to 60: mesh authentication and encryption. */
import { type Case, mustBe, type Objection, refuse, type Row, shown, warn } from "./compatibility-row.ts";
import { clusterMesh } from "./compatibility-features.ts";

const meshAuth = "cilium.meshAuth";
const encryption = "cilium.encryption";

export const securityRows: readonly Row[] = [
  {
    row: 47,
    name: "spire-without-authentication",
    combination: "SPIRE on while `authentication.enabled` is off",
    consequence: "the chart stops",
    answer: "derive",
    note: "All keys follow from `cilium.meshAuth`.",
    check: (the) => {
      const on = the.settings.cilium.meshAuth === "spire";
      return ["authentication.enabled", "authentication.mutual.spire.enabled"]
        .filter((path) => the.isOn(path) !== on)
        .flatMap((path) => mustBe(the, path, { value: on, from: "`cilium.meshAuth`", setting: meshAuth }));
    },
  },
  {
    row: 48,
    name: "authentication-required",
    combination: "mesh-auth disabled with a policy bundle that requires authentication",
    consequence: "that traffic is dropped",
    answer: "refuse",
    check: (the) =>
      the.isOn("authentication.enabled") || the.bundlesThatNeed("authentication").length === 0
        ? []
        : [
            refuse(
              the.at("authentication.enabled", meshAuth),
              `policies require authentication (${the.bundlesThatNeed("authentication").join(", ")}), so their traffic would be dropped`,
              "`cilium.meshAuth: spire`, or nothing of theirs under `policies.authenticatedEdges`",
            ),
          ],
  },
  {
    row: 49,
    name: "spire-version",
    combination: "mesh-auth with SPIRE on Cilium 1.21 or later",
    consequence: "removed there; rendering does not show it",
    answer: "refuse or warn",
    note: "Warned at 1.20, where it is deprecated.",
    check: (the) => (hasSpire(the) ? spireByVersion(the) : []),
  },
  {
    row: 50,
    name: "spire-without-use",
    combination: "mesh-auth on and no policy bundle that requires it",
    consequence: "log lines without end, and no effect",
    answer: "warn",
    check: (the) =>
      hasSpire(the) && the.bundlesThatNeed("authentication").length === 0
        ? [
            warn(
              the.at("authentication.mutual.spire.enabled", meshAuth),
              "no policy requires authentication, so it has no effect but log lines",
              "connections under `policies.authenticatedEdges`, which is the next step (docs/mesh-auth.md)",
            ),
          ]
        : [],
  },
  {
    row: 51,
    name: "spire-cluster-mesh",
    combination: "SPIRE or ztunnel with Cluster Mesh",
    consequence: "unsupported",
    answer: "refuse",
    check: (the) =>
      hasSpire(the) ? clusterMesh(the).map((where) => refuse(where, "does not work with SPIRE", "one of the two")) : [],
  },
  {
    row: 52,
    name: "spire-without-encryption",
    combination: "mesh-auth without WireGuard",
    consequence: "authenticated, and readable by everybody on the way",
    answer: "warn",
    note: "WireGuard and SPIRE are compatible and recommended together.",
    check: (the) =>
      hasSpire(the) && !hasWireguard(the)
        ? [
            warn(
              the.at("encryption.enabled", encryption),
              "mesh authentication encrypts nothing by itself",
              "`cilium.encryption: wireguard` with mesh-auth",
            ),
          ]
        : [],
  },
  {
    row: 53,
    name: "encryption-type",
    combination: "WireGuard and IPsec together; any other type of encryption",
    consequence: "the chart knows one type only and takes an unknown word for no encryption",
    answer: "refuse",
    note: "`disabled` or `wireguard`.",
    check: encryptionType,
  },
  {
    row: 54,
    name: "ztunnel-and-others",
    combination: "ztunnel with WireGuard or IPsec",
    consequence: "they exclude each other by the one type",
    answer: "not offered",
    note: "See row 55.",
  },
  {
    row: 55,
    name: "ztunnel",
    combination: "ztunnel with policies that name ports",
    consequence: "only port 15008 is visible to policy",
    answer: "not offered",
    note: "It hides ports from policy, so it is refused whatever the bundles.",
    check: (the) =>
      the.isOn("encryption.enabled") && the.value("encryption.type") === "ztunnel"
        ? [
            refuse(
              the.at("encryption.type", encryption),
              "ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports, got `ztunnel`",
              "`wireguard`",
            ),
          ]
        : [],
  },
  {
    row: 56,
    name: "ztunnel-secret",
    combination: "ztunnel without its Secret",
    consequence: "the agents never start, and with them no pod",
    answer: "not offered",
    note: "See row 55.",
  },
  {
    row: 57,
    name: "ipsec-clashes",
    combination: "IPsec with the host firewall, strict ingress, an opaque DNS proxy or the local router address",
    consequence: "the agent stops at start",
    answer: "not offered",
    note: "See row 53.",
  },
  {
    row: 58,
    name: "ipsec-on-aks",
    combination: "IPsec on AKS",
    consequence: "most node images have no kernel modules for it",
    answer: "refuse",
    note: "WireGuard only.",
    check: (the) =>
      the.facts.aksByoCni && hasIpsec(the)
        ? [
            refuse(
              the.at("encryption.type", encryption),
              "the kernels of most AKS nodes have no IPsec, got `ipsec`",
              "`cilium.encryption: wireguard`",
            ),
          ]
        : [],
  },
  {
    row: 59,
    name: "strict-egress",
    combination: "strict egress encryption in tunnel mode without `allowRemoteNodeIdentities`",
    consequence: "documented as needed",
    answer: "derive",
    note: "On with WireGuard in tunnel mode.",
    check: (the) => {
      const path = "encryption.strictMode.egress.allowRemoteNodeIdentities";
      if (!the.isOn("encryption.strictMode.egress.enabled") || the.routing === "native" || the.isOn(path)) return [];
      return [
        refuse(
          the.at(path, encryption),
          "strict egress encryption needs it in tunnel mode, got `false`",
          "`true`",
          "remove it",
        ),
      ];
    },
  },
  {
    row: 60,
    name: "strict-ingress",
    combination: "strict ingress encryption without WireGuard",
    consequence: "needs WireGuard",
    answer: "derive",
    note: "Off; with WireGuard it may be set in `cilium.values`.",
    check: (the) =>
      the.isOn("encryption.strictMode.ingress.enabled") && !hasWireguard(the)
        ? [
            refuse(
              the.at("encryption.strictMode.ingress.enabled", encryption),
              "strict ingress encryption needs WireGuard, got `true`",
              "`cilium.encryption: wireguard` with it",
            ),
          ]
        : [],
  },
];

function hasSpire(the: Case): boolean {
  return the.isOn("authentication.mutual.spire.enabled");
}

function hasWireguard(the: Case): boolean {
  return the.isOn("encryption.enabled") && the.value("encryption.type") === "wireguard";
}

function hasIpsec(the: Case): boolean {
  return the.isOn("encryption.enabled") && the.value("encryption.type") === "ipsec";
}

function spireByVersion(the: Case): readonly Objection[] {
  const minor = Number(the.ciliumVersion.split(".")[1]);
  const where = the.at("authentication.mutual.spire.enabled", meshAuth);
  if (minor >= 21) {
    return [
      refuse(where, `Cilium ${the.ciliumVersion} has no SPIRE authentication any more, got \`spire\``, "`disabled`"),
    ];
  }
  if (minor < 20) return [];
  return [
    warn(
      where,
      "SPIRE authentication is deprecated in Cilium 1.20 and announced for removal in 1.21",
      "`disabled` before the next minor version of Cilium",
    ),
  ];
}

function encryptionType(the: Case): readonly Objection[] {
  const type = the.value("encryption.type");
  // Rows 55 and 58 speak of these.
  if (type === "ztunnel" || (the.facts.aksByoCni && hasIpsec(the))) return [];
  if (type !== "wireguard") {
    return the.isOn("encryption.enabled")
      ? [
          refuse(
            the.at("encryption.type", encryption),
            `is not offered, got \`${shown(type)}\``,
            "`wireguard`",
            "remove it",
          ),
        ]
      : [];
  }
  const on = the.settings.cilium.encryption === "wireguard";
  return the.isOn("encryption.enabled") === on
    ? []
    : mustBe(the, "encryption.enabled", { value: on, from: "`cilium.encryption`", setting: encryption });
}
