/** Contexts for tests of bundles: two isolated namespaces, one in each of two environments, and the whole platform. */
import { gatewayPods } from "../../components/gateway/gateway.ts";
import type { BundleContext } from "../../policies/bundle.ts";

/** A stack that tells its bundles nothing. */
export const silentContext: BundleContext = {
  isolatedNamespaces: [],
  namespaceLabels: {},
  entry: ["world"],
  choices: { environmentIsolation: { environments: [] } },
};

/** A stack on which every bundle has something to say. */
export const fullContext: BundleContext = {
  isolatedNamespaces: ["dev", "uat"],
  namespaceLabels: { dev: { environment: "dev" }, uat: { environment: "uat" } },
  entry: ["world", "host", "remote-node"],
  gateway: gatewayPods,
  choices: { environmentIsolation: { environments: ["dev", "uat"] } },
};
