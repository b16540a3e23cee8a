/**
 * The platform, from nothing to closed: a cluster, its network, the add-ons, the policies.
 *
 * What a stack chooses stands in its Pulumi.<stack>.yaml; what it may choose, in docs/settings.md.
 */
import "./components/stack-traces.ts";

import { ArgoCd } from "./components/argocd/argocd.ts";
import { Cilium } from "./components/cilium/cilium.ts";
import { createCluster } from "./components/cluster/create.ts";
import { EgressNodes } from "./components/cluster/egress-nodes.ts";
import { GatewayApi } from "./components/gateway/crds.ts";
import { NginxGatewayFabric } from "./components/gateway/gateway.ts";
import { Kyverno } from "./components/kyverno/kyverno.ts";
import { Namespaces } from "./components/namespaces.ts";
import { Observability } from "./components/observability.ts";
import { stackOutputs } from "./components/outputs.ts";
import { planPlatform } from "./components/plan.ts";
import { PolicyBundles } from "./components/policy-bundles.ts";
import { Tenants } from "./components/tenants/tenants.ts";
import { egressGateway } from "./policies/egress-gateway/bundle.ts";
import { argoCdNamespace, gatewayControlNamespace, gatewayNamespace, kyvernoNamespace } from "./policies/names.ts";

// Refuses what cannot work, all of it at once, before anything is created.
const plan = await planPlatform();
const { settings, installs, values } = plan;

const bare = await createCluster("cluster", plan);

// Everything in `cluster` comes after its agents are rolled out, policies after cilium.ready: their kinds exist.
const cilium = new Cilium("cilium", { cluster: bare, values: values("cilium", bare) });
const { cluster } = cilium;

// Independent of each other, so they install side by side.
if (plan.bundles.includes(egressGateway.name) && plan.facts.egressNodes.length > 0)
  new EgressNodes("egress-nodes", { cluster: bare });
const namespaces = new Namespaces("namespaces", { cluster: bare, namespaces: settings.namespaces });
const kyverno = installs.has("kyverno")
  ? new Kyverno("kyverno", { cluster, values: values("kyverno", cluster) })
  : undefined;
const argoCd = installs.has("argoCd")
  ? new ArgoCd("argocd", {
      cluster,
      settings: settings.argocd,
      values: values("argoCd", cluster),
      namespaces: Object.keys(settings.namespaces),
    })
  : undefined;
const gatewayApi = installs.has("gatewayApi") ? new GatewayApi("gateway-api", { cluster: bare }) : undefined;
const gateway =
  gatewayApi !== undefined && installs.has("nginxGatewayFabric")
    ? new NginxGatewayFabric("gateway", {
        cluster,
        values: values("nginxGatewayFabric", cluster),
        rateLimit: settings.gateway.rateLimit,
        after: [gatewayApi.release],
      })
    : undefined;
if (Object.keys(settings.tenants).length > 0) {
  const { tenants } = settings;
  new Tenants("tenants", {
    cluster,
    tenants,
    namespaces,
    argoCd: argoCd?.release,
    gatewayApi: gatewayApi?.release,
  });
}
if (settings.observability.alerts) new Observability("observability", { cluster, cilium: settings.cilium });

new PolicyBundles("policies", {
  cluster,
  manifests: plan.manifests,
  after: [cilium.ready, namespaces],
  namespaces: namespaces.made,
  addons: {
    [kyvernoNamespace]: kyverno,
    [argoCdNamespace]: argoCd,
    [gatewayNamespace]: gateway,
    [gatewayControlNamespace]: gateway,
  },
});

export default stackOutputs(plan, cluster);
