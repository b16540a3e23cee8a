/**
 * Ports: which feature takes which node port of the cluster and which port of this machine, in one list each.
 */
import type { Problem } from "../../policies/problems.ts";
import { isMap, valueAt } from "../helm-values.ts";
import type { Settings } from "../settings.ts";

/** One port and the setting that asks for it. */
export interface PortUse {
  readonly port: number;
  /** Path of the setting, for example `gateway.httpNodePort`. */
  readonly setting: string;
}

/** A node port that can be reached as a port of this machine. */
export interface PublishedPort {
  readonly nodePort: number;
  readonly hostPort: number;
}

/** Every node port the stack takes, with the setting it comes from. */
export function nodePorts(settings: Settings): readonly PortUse[] {
  return [
    ...addOnNodePorts(settings),
    ...mappedPorts(settings).map(({ nodePort, setting }) => ({ port: nodePort, setting })),
  ];
}

/** Node ports of the add-ons: the same number is published on this machine. */
export function addOnNodePorts(settings: Settings): readonly PortUse[] {
  return [...gatewayPorts(settings), ...argoCdPorts(settings), ...hubblePorts(settings)];
}

function gatewayPorts(settings: Settings): readonly PortUse[] {
  const { gateway } = settings;
  if (!gateway.enabled || !entersByNodePort(settings)) return [];
  const own = valueAt(gateway.values, "nginx.service.nodePorts");
  if (Array.isArray(own)) {
    return own.flatMap((item: unknown, index) => {
      const port = isMap(item) ? item["port"] : undefined;
      return typeof port === "number"
        ? [{ port, setting: `gateway.values.nginx.service.nodePorts[${String(index)}]` }]
        : [];
    });
  }
  return [
    { port: gateway.httpNodePort, setting: "gateway.httpNodePort" },
    { port: gateway.httpsNodePort, setting: "gateway.httpsNodePort" },
  ];
}

/** Our own Service is one; the chart's, switched to node ports by the stack's own values, takes two more. */
function argoCdPorts(settings: Settings): readonly PortUse[] {
  const { argocd } = settings;
  if (!argocd.enabled) return [];
  const chartPorts = [
    { path: "server.service.nodePortHttp", fallback: 30080 },
    { path: "server.service.nodePortHttps", fallback: 30443 },
  ];
  return [
    ...(entersByNodePort(settings) ? [{ port: argocd.nodePort, setting: "argocd.nodePort" }] : []),
    ...(valueAt(argocd.values, "server.service.type") === "NodePort"
      ? chartPorts.map(({ path, fallback }) => ({
          port: Number(valueAt(argocd.values, path) ?? fallback),
          setting: `argocd.values.${path}`,
        }))
      : []),
  ];
}

function hubblePorts(settings: Settings): readonly PortUse[] {
  const { hubble, values } = settings.cilium;
  const services = [
    { name: "relay", on: hubble.relay || hubble.ui, type: hubble.relayService, port: hubble.relayNodePort },
    { name: "ui", on: hubble.ui, type: hubble.uiService, port: hubble.uiNodePort },
  ];
  return services.flatMap(({ name, on, type, port }) => {
    const path = `hubble.${name}.service`;
    if (!hubble.enabled || !on || (valueAt(values, `${path}.type`) ?? type) !== "NodePort") return [];
    const own = valueAt(values, `${path}.nodePort`);
    return [
      typeof own === "number"
        ? { port: own, setting: `cilium.values.${path}.nodePort` }
        : { port, setting: `cilium.hubble.${name}NodePort` },
    ];
  });
}

/** What kind publishes on this machine: the add-ons' node ports under their own number, and the mapped ones. */
export function publishedPorts(settings: Settings): readonly PublishedPort[] {
  if (settings.target !== "kind") return [];
  return [
    ...addOnNodePorts(settings).map(({ port }) => ({ nodePort: port, hostPort: port })),
    ...mappedPorts(settings).map(({ nodePort, hostPort }) => ({ nodePort, hostPort })),
  ];
}

/** Every port of this machine the stack takes. Only kind takes ports that its settings name. */
export function hostPorts(settings: Settings): readonly PortUse[] {
  if (settings.target !== "kind") return [];
  return [
    { port: settings.kind.apiServerPort, setting: "kind.apiServerPort" },
    ...settings.kind.pullThroughCaches.map(({ port }, index) => ({
      port,
      setting: `kind.pullThroughCaches[${String(index)}].port`,
    })),
    ...addOnNodePorts(settings),
    ...mappedPorts(settings).map(({ hostPort, setting }) => ({ port: hostPort, setting })),
  ];
}

/** The later of every two uses of one port, with the earlier one. */
export function clashes(uses: readonly PortUse[]): readonly { readonly first: PortUse; readonly second: PortUse }[] {
  const taken = new Map<number, PortUse>();
  return uses.flatMap((second) => {
    const first = taken.get(second.port);
    if (first !== undefined) return [{ first, second }];
    taken.set(second.port, second);
    return [];
  });
}

function mappedPorts(settings: Settings): readonly (PublishedPort & { readonly setting: string })[] {
  if (settings.target !== "kind") return [];
  return settings.kind.portMappings.map(({ nodePort, hostPort }, index) => ({
    nodePort,
    hostPort,
    setting: `kind.portMappings[${String(index)}]`,
  }));
}

function entersByNodePort(settings: Settings): boolean {
  switch (settings.target) {
    case "kwok":
    case "kind":
      return true;
    case "aks":
      return false;
    case "existing":
      return settings.existing.exposure === "nodePort";
  }
}

/** Ports that two features of the stack both want. */
export function portProblems(settings: Settings, file: string): readonly Problem[] {
  return [
    ...clashes(nodePorts(settings)).map((clash) => portTaken("node port", clash, file)),
    // The node ports of add-ons are in both lists; a clash among them is told once, as one of node ports.
    ...clashes(hostPorts(settings))
      .filter(({ first, second }) => !bothAddOns(settings, first, second))
      .map((clash) => portTaken("port of this machine", clash, file)),
  ];
}

function bothAddOns(settings: Settings, first: PortUse, second: PortUse): boolean {
  const names = addOnNodePorts(settings).map(({ setting }) => setting);
  return names.includes(first.setting) && names.includes(second.setting);
}

function portTaken(kind: string, clash: { first: PortUse; second: PortUse }, file: string): Problem {
  const { first, second } = clash;
  return {
    code: "settings/port-taken",
    where: `${file} › ${second.setting}`,
    what: `${kind} ${String(second.port)} is also taken by \`${first.setting}\``,
    expected: `a ${kind} that nothing else of the stack takes`,
  };
}
