/** SCTP: rules and Services that need what the agents may not do. */
import { portFields } from "./ports.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, textOf } from "./seen.ts";

export const sctpOff: LintRule = {
  code: "lint/sctp-off",
  severity: "note",
  finds: "a port of the protocol SCTP, unless `--sctp` says that the agents can do it",
  why: "where SCTP is off in the agents, nothing of it passes, whatever the rules say",
  fix: "turn SCTP on in Cilium (`sctp.enabled`), or remove the port",
  find: ({ entries, sctp }) =>
    entries.flatMap((entry) =>
      portFields(entry).flatMap(({ fields, path }): LintFinding[] => {
        if (sctp === "on" || textOf(fields, "protocol")?.toUpperCase() !== "SCTP") return [];
        return [
          {
            manifest: entry.manifest,
            path: `${path}.protocol`,
            what: "this does nothing unless SCTP is on in the agents",
            expected: "a cluster with SCTP, which `--sctp` tells",
          },
        ];
      }),
    ),
};

export const sctpTargetPort: LintRule = {
  code: "lint/sctp-target-port",
  severity: "warning",
  finds: "a Service whose SCTP port is another one than its target port",
  why: "Cilium translates no ports of SCTP, so the pods never see the connection",
  fix: "let the Service and the pods use the same number",
  find: ({ objects }) =>
    objects("Service").flatMap((manifest) =>
      listOf(fieldsOf(manifest.object, "spec"), "ports").flatMap((port, index): LintFinding[] => {
        const { port: number, targetPort = number } = port;
        if (textOf(port, "protocol") !== "SCTP" || targetPort === number) return [];
        if (typeof targetPort !== "number") return [];
        return [
          {
            manifest,
            path: `spec.ports[${String(index)}].targetPort`,
            what: `\`${String(number)}\` is to become ${String(targetPort)}, and Cilium translates no ports of SCTP`,
            expected: `\`${String(targetPort)}\` on both sides`,
          },
        ];
      }),
    ),
};
