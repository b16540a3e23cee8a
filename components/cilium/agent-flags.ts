/**
 * Agent flags: the ways in which Helm values reach Cilium's agent and operator past the chart's own values.
 */
import { isMap } from "../helm-values.ts";
import type { Case } from "./compatibility-row.ts";

/** A flag as Cilium names it (`routing-mode`), and where the stack says it. */
export interface AgentFlag {
  readonly flag: string;
  readonly value: string;
  readonly place: string;
}

/** Every flag in `extraConfig`, `extraArgs`, `extraEnv` and the operator's counterparts. */
export function agentFlags(the: Case): readonly AgentFlag[] {
  return [
    ...fromConfig(the),
    ...["extraArgs", "operator.extraArgs"].flatMap((path) => fromArguments(the, path)),
    ...["extraEnv", "operator.extraEnv"].flatMap((path) => fromEnvironment(the, path)),
  ];
}

/** The places where one flag is said. */
export function flagValue(the: Case, flag: string): readonly AgentFlag[] {
  return agentFlags(the).filter((found) => found.flag === flag);
}

function fromConfig(the: Case): readonly AgentFlag[] {
  const config = the.value("extraConfig");
  if (!isMap(config)) return [];
  return Object.entries(config).map(([flag, value]) => ({
    flag,
    value: String(value),
    place: the.at(`extraConfig.${flag}`, "cilium.values"),
  }));
}

function fromArguments(the: Case, path: string): readonly AgentFlag[] {
  return items(the, path).flatMap(({ item, place }) => {
    const [, flag, value] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(String(item)) ?? [];
    return flag === undefined ? [] : [{ flag, value: value ?? "true", place }];
  });
}

/** Cilium reads a flag from the environment too, in capitals behind its own name. */
function fromEnvironment(the: Case, path: string): readonly AgentFlag[] {
  return items(the, path).flatMap(({ item, place }) => {
    if (!isMap(item)) return [];
    const [, name] = /^CILIUM_([A-Z0-9_]+)$/.exec(String(item["name"])) ?? [];
    if (name === undefined) return [];
    return [{ flag: name.toLowerCase().replaceAll("_", "-"), value: String(item["value"]), place }];
  });
}

function items(the: Case, path: string): readonly { readonly item: unknown; readonly place: string }[] {
  const list = the.value(path);
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown, index) => ({ item, place: `${the.at(path, "cilium.values")}[${String(index)}]` }));
}
