/** What policies must know of the gateway: how the chart and the controller call and label what they make. */
import type { GatewayPods } from "../../policies/bundle.ts";
import { type GatewayNames, namesOfGateway } from "./names.ts";
import { gatewayClass, listenerPorts } from "./values.ts";

export const gatewayReleaseName = "ngf";
export const gatewayName = "platform";

/** For selectors, routes and policies. */
export const gatewayNames: GatewayNames = namesOfGateway(gatewayReleaseName, gatewayName, gatewayClass);

export const gatewayPods: GatewayPods = {
  controlPlaneLabels: gatewayNames.controlPlaneLabels,
  dataPlaneLabels: gatewayNames.dataPlaneLabels,
  listenerPorts: Object.values(listenerPorts),
};
