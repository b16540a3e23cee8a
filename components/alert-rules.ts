/**
 * Alert rules about the network, as plain data. Each names only metrics that the pinned Cilium exposes, and each is
 * there only where the settings make Cilium expose them: an alert that can never fire looks like good news.
 */
import type { CiliumSettings } from "./settings.ts";

export interface AlertRule {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** How long the expression must hold before anybody is told. */
  readonly for: string;
  readonly labels: { readonly severity: "critical" | "warning" | "info" };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export function alertRules(cilium: CiliumSettings): AlertRule[] {
  return [
    ...(cilium.prometheus ? agentRules : []),
    ...(exposes(cilium, "drop") ? [hubbleDenials] : []),
    ...(exposes(cilium, "policy") ? [hubbleVerdicts] : []),
    ...(exposes(cilium, "dns") ? [hubbleDnsFailures] : []),
  ];
}

/** A metric may carry options after a colon: `dns:query;ignoreAAAA`. */
function exposes({ hubble }: CiliumSettings, metric: string): boolean {
  return hubble.enabled && hubble.metrics.some((entry) => entry.split(":")[0] === metric);
}

const agentRules: readonly AlertRule[] = [
  {
    alert: "CiliumPolicyDenials",
    expr: 'sum by (direction) (rate(cilium_drop_count_total{reason="Policy denied"}[5m])) > 10',
    for: "15m",
    labels: { severity: "warning" },
    annotations: {
      summary: "Policies drop more than 10 packets per second ({{ $labels.direction }})",
      description:
        "Somebody tries what no policy allows, or a policy for it is missing: hubble observe --verdict DROPPED.",
    },
  },
  {
    alert: "CiliumDropsWithoutPolicy",
    expr: 'sum by (reason, direction) (rate(cilium_drop_count_total{reason!="Policy denied"}[5m])) > 10',
    for: "15m",
    labels: { severity: "warning" },
    annotations: {
      summary: "Packets are dropped for another reason than policy: {{ $labels.reason }} ({{ $labels.direction }})",
      description: "The network itself loses packets: full tables, invalid packets, missing routes.",
    },
  },
  {
    alert: "CiliumRequestsDenied",
    expr: 'sum by (proxy_type) (rate(cilium_policy_l7_total{rule="denied"}[5m])) > 1',
    for: "15m",
    labels: { severity: "info" },
    annotations: {
      summary: "Rules about requests refuse more than one per second ({{ $labels.proxy_type }})",
      description: "Names or HTTP requests that no rule allows: hubble observe --type l7 --verdict DROPPED.",
    },
  },
  {
    alert: "CiliumNoEndpointEnforced",
    expr: 'sum(cilium_policy_endpoint_enforcement_status{enforcement=~"ingress|egress|both"}) == 0',
    for: "10m",
    labels: { severity: "critical" },
    annotations: {
      summary: "No pod of the cluster is bound by any policy",
      description: "Policies select nothing, were removed, or enforcement was switched off or to audit.",
    },
  },
];

const hubbleDenials: AlertRule = {
  alert: "HubbleFlowsDenied",
  expr: 'sum by (protocol) (rate(hubble_drop_total{reason="POLICY_DENIED"}[5m])) > 10',
  for: "15m",
  labels: { severity: "info" },
  annotations: {
    summary: "More than 10 flows per second are denied ({{ $labels.protocol }})",
    description: "The same as Hubble sees it: hubble observe --verdict DROPPED names both ends.",
  },
};

const hubbleVerdicts: AlertRule = {
  alert: "HubbleNoRuleMatches",
  expr: 'sum by (direction) (rate(hubble_policy_verdicts_total{match="none",action="dropped"}[5m])) > 10',
  for: "15m",
  labels: { severity: "info" },
  annotations: {
    summary: "More than 10 connections per second meet no rule at all ({{ $labels.direction }})",
    description: "Default deny at work, unlike a rule that denies: an allow is missing, or the traffic is not wanted.",
  },
};

const hubbleDnsFailures: AlertRule = {
  alert: "HubbleNamesUnresolved",
  expr: 'sum by (rcode) (rate(hubble_dns_responses_total{rcode!~"No Error|Non-Existent Domain"}[5m])) > 1',
  for: "15m",
  labels: { severity: "warning" },
  annotations: {
    summary: "Name resolution fails: {{ $labels.rcode }}",
    description: "Rules about host names learn addresses from these answers; without them they allow nothing.",
  },
};
