/** Contexts for tests of bundles: two isolated namespaces, one in each of two environments, and the whole platform. */
import { bundleContext, wantedCharts } from "../../components/candidate.ts";
import { clusterFacts } from "../../components/cluster/facts.ts";
import type { BundleContext } from "../../policies/bundle.ts";
import { bundleNames } from "../../policies/choices.ts";
import { settingsOf } from "./settings.ts";

/** What a stack tells its bundles. */
export function contextOf(stack: Readonly<Record<string, unknown>>): BundleContext {
  const settings = settingsOf(stack);
  return bundleContext(settings, clusterFacts(settings), wantedCharts(settings));
}

/** A stack that tells its bundles nothing. */
export const silentContext: BundleContext = {
  ...contextOf({ gateway: { enabled: false }, kyverno: { enabled: false } }),
  entry: ["world"],
};

/** Two teams, one of which calls the other. */
export const twoTenants = {
  shop: {
    environment: "uat",
    workloads: {
      web: { ports: [8080], route: { hostnames: ["shop.example.com"] } },
      api: { ports: [8080], callers: ["web", "books/site"] },
    },
    externalNames: [{ names: ["payments.example.com"], ports: [443, 5671], workloads: ["api"] }],
  },
  books: { environment: "uat", namespaces: ["books", "books-jobs"], within: "open", workloads: { site: {} } },
};

/** A stack on which every bundle has something to say. */
export const fullContext: BundleContext = contextOf({
  namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
  tenants: twoTenants,
  policies: {
    bundles: bundleNames,
    environmentIsolation: { environments: ["dev", "uat"] },
    oidcReferenceApp: { apiNames: ["www.cloudflare.com", "cloudflare.com"], collectorNamespace: "observability" },
    egressGateway: { destinations: ["203.0.113.0/24"] },
    loadBalancer: { network: "172.18.0.0/16", pools: { lan: { first: "172.18.255.200", last: "172.18.255.210" } } },
  },
});
