/** The bundles there are, in the order in which they are applied, and the choice among them. */
import { admission } from "./admission/bundle.ts";
import { apimOpenai } from "./apim-openai/bundle.ts";
import { baseline } from "./baseline/bundle.ts";
import type { Bundle, BundleContext, BundleNeeds } from "./bundle.ts";
import { demoDns } from "./demo-dns/bundle.ts";
import { demoFlights } from "./demo-flights/bundle.ts";
import { demoStarWars } from "./demo-star-wars/bundle.ts";
import { egressGateway } from "./egress-gateway/bundle.ts";
import { environmentIsolation } from "./environment-isolation/bundle.ts";
import { fqdnEgress } from "./fqdn-egress/bundle.ts";
import { gateway } from "./gateway/bundle.ts";
import { loadBalancer } from "./load-balancer/bundle.ts";
import { observed } from "./observe.ts";
import { oidcReferenceApp } from "./oidc-reference-app/bundle.ts";
import { platform } from "./platform/bundle.ts";
import { tenants } from "./tenants/bundle.ts";

export const bundles: readonly Bundle[] = [
  baseline,
  environmentIsolation,
  gateway,
  platform,
  tenants,
  oidcReferenceApp,
  apimOpenai,
  egressGateway,
  loadBalancer,
  fqdnEgress,
  demoDns,
  demoFlights,
  demoStarWars,
  admission,
];

/** The bundles a stack switched on, in our order whatever the order of its list; those it only observes close nothing. */
export function selectBundles(policies: {
  readonly bundles: readonly string[];
  readonly observe?: readonly string[];
}): readonly Bundle[] {
  return bundles
    .filter(({ name }) => policies.bundles.includes(name))
    .map((bundle) => (policies.observe?.includes(bundle.name) === true ? observed(bundle) : bundle));
}

/** What a bundle cannot work without, told what the stack tells it: a connection that waits for a handshake needs one. */
export function needsOf(bundle: Bundle, context: BundleContext): BundleNeeds {
  const needs = bundle.needs(context);
  const waits = bundle.manifests(context).some(({ spec }) => JSON.stringify(spec).includes('"authentication":'));
  return { ...needs, authentication: needs.authentication || waits };
}
