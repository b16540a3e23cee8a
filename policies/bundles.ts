/** The bundles there are, in the order in which they are applied, and the choice among them. */
import { apimOpenai } from "./apim-openai/bundle.ts";
import { baseline } from "./baseline/bundle.ts";
import type { Bundle } from "./bundle.ts";
import { demoDns } from "./demo-dns/bundle.ts";
import { demoFlights } from "./demo-flights/bundle.ts";
import { demoStarWars } from "./demo-star-wars/bundle.ts";
import { egressGateway } from "./egress-gateway/bundle.ts";
import { environmentIsolation } from "./environment-isolation/bundle.ts";
import { fqdnEgress } from "./fqdn-egress/bundle.ts";
import { gateway } from "./gateway/bundle.ts";
import { loadBalancer } from "./load-balancer/bundle.ts";
import { platform } from "./platform/bundle.ts";
import { tenants } from "./tenants/bundle.ts";

export const bundles: readonly Bundle[] = [
  baseline,
  environmentIsolation,
  gateway,
  platform,
  tenants,
  apimOpenai,
  egressGateway,
  loadBalancer,
  fqdnEgress,
  demoDns,
  demoFlights,
  demoStarWars,
];

/** The bundles a stack switched on, in our order whatever the order of its list. */
export function selectBundles(policies: { readonly bundles: readonly string[] }): readonly Bundle[] {
  return bundles.filter((bundle) => policies.bundles.includes(bundle.name));
}
