/**
 * Helm values of mesh authentication and encryption: each from one setting, so that no key is left to a chart default.
 */
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";
import { routingOf } from "./routing.ts";

/** Written in both states: the chart's default changed in 1.19. */
export function authenticationValues(settings: Settings, facts: ClusterFacts): HelmValues {
  switch (settings.cilium.meshAuth) {
    case "disabled":
      return { authentication: { enabled: false } };
    case "spire":
      return {
        authentication: {
          enabled: true,
          mutual: { spire: { enabled: true, install: { enabled: true, ...spireOnThisMachine(facts) } } },
        },
      };
  }
}

/** A throw-away cluster keeps no SPIRE data, and its node images let nobody but root write the agent's socket. */
function spireOnThisMachine(facts: ClusterFacts): HelmValues {
  if (facts.lifetime === "lasting") return {};
  const root = { securityContext: { runAsUser: 0, runAsGroup: 0 } };
  return { server: { dataStorage: { enabled: false }, ...root }, agent: root };
}

/**
 * The type is written even when encryption is off: the chart's default is IPsec, and switching encryption on elsewhere
 * must not bring it in.
 */
export function encryptionValues(settings: Settings, facts: ClusterFacts): HelmValues {
  const wireguard = { type: "wireguard", nodeEncryption: false };
  switch (settings.cilium.encryption) {
    case "disabled":
      return { encryption: { enabled: false, ...wireguard } };
    case "wireguard":
      return {
        encryption: {
          enabled: true,
          ...wireguard,
          // Has effect only once strict egress encryption is on, which in tunnel mode cannot work without it.
          strictMode: { egress: { allowRemoteNodeIdentities: routingOf(settings, facts) === "tunnel" } },
        },
      };
  }
}
