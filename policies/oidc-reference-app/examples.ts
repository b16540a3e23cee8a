/** Pods that stand for the workloads of the OIDC reference application, and what each is called in a promise. */
import type { BundleContext, Manifest } from "../bundle.ts";
import type { Workload } from "../edges.ts";
import { dataPlane, dataPlaneExample, dataPlaneExamples } from "../gateway/bundle.ts";
import { pod } from "../inventory.ts";
import { controlPlanePod } from "../system-pods.ts";
import {
  apimGateway,
  apimSimulator,
  apimSimulatorName,
  collector,
  environmentWorkloads,
  keycloak,
} from "./workloads.ts";

/** The parts of the application, by name: `dev/api`. */
export function partsOf({ gateway, choices: { oidcReferenceApp } }: BundleContext): ReadonlyMap<string, Workload> {
  const { environments, identityNamespace, apimNamespace } = oidcReferenceApp;
  const parts = new Map<string, Workload>();
  for (const environment of environments) {
    const { frontends, ...app } = environmentWorkloads(environment, oidcReferenceApp);
    for (const [name, workload] of Object.entries({ ...app, ...frontends }))
      parts.set(`${environment}/${name}`, workload);
    const simulator = apimSimulatorName(environment, oidcReferenceApp);
    parts.set(`${apimNamespace}/${simulator}`, apimSimulator(environment, oidcReferenceApp));
  }
  parts.set(`${identityNamespace}/keycloak`, keycloak(oidcReferenceApp));
  if (gateway !== undefined) parts.set(`${apimNamespace}/apim-gateway`, apimGateway(oidcReferenceApp, gateway));
  return parts;
}

/** All who are an end of an edge: the parts, and whom they meet. */
export function endsOf(context: BundleContext): ReadonlyMap<string, Workload> {
  const { gateway, choices } = context;
  const { collectorNamespace } = choices.oidcReferenceApp;
  const ends = new Map(partsOf(context));
  if (gateway !== undefined) ends.set(dataPlaneExample, dataPlane(gateway));
  if (collectorNamespace !== undefined) ends.set(`${collectorNamespace}/collector`, collector(collectorNamespace));
  return ends;
}

export function appExamples(context: BundleContext): readonly Manifest[] {
  const { gateway, choices } = context;
  const { collectorNamespace } = choices.oidcReferenceApp;
  const collecting =
    collectorNamespace === undefined
      ? []
      : [["collector", collector(collectorNamespace).labels] as const, ["query", { app: "query" }] as const];
  return [
    ...(gateway === undefined ? [] : [...dataPlaneExamples(gateway), controlPlanePod(gateway)]),
    ...[...partsOf(context)].map(([name, { namespace, labels }]) =>
      pod(namespace, name.slice(namespace.length + 1), labels),
    ),
    ...collecting.map(([name, labels]) => pod(collectorNamespace ?? "", name, labels)),
  ];
}
