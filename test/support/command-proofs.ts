/** Every command that a document tells its reader to type: the test that runs it, or why this project cannot. */
export type Proof =
  /** `as`: how it stands in that file. */
  | { readonly ranBy: string; readonly as: string }
  /** What the command needs that the machine of a test has not. */
  | { readonly lacks: string };

const literally = (command: string): readonly [string, Proof] => [
  command,
  { ranBy: "test/e2e/commands.test.ts", as: `"${command}"` },
];

const reached = (command: string): readonly [string, Proof] => [
  command,
  { ranBy: "test/reach/documented.test.ts", as: `"${command}"` },
];

const judgedOffline = (command: string): readonly [string, Proof] => [
  command,
  { ranBy: "test/troubleshooting.test.ts", as: `"${command}"` },
];

const adopting: Proof = {
  ranBy: "test/e2e/commands.test.ts",
  as: '"## A Helm release that somebody else installed"',
};
const ephemeral = (command: string): readonly [string, Proof] => [
  command,
  { ranBy: "test/e2e/ephemeral.test.ts", as: `"${command}"` },
];

const itself: Proof = { lacks: "it would run itself" };
const realNodes: Proof = { lacks: "nodes that run something, and the person's own kubectl, hubble or cilium" };

const scaffolded = (command: string): readonly [string, Proof] => [
  command,
  { ranBy: "test/scaffold.test.ts", as: `"${command}"` },
];

export const proofs: Readonly<Record<string, Proof>> = Object.fromEntries([
  literally("npm run up"),
  literally("npm run preview"),
  literally("npm run down"),
  literally("npm run setup -- kwok"),
  literally("npm run images -- kwok"),
  literally("npm run golden"),
  literally("npm run docs"),
  literally("npm run format"),
  literally("npm run preview -- second"),
  literally("npm run refresh -- kwok"),
  literally("npm run preview -- kwok --refresh --expect-no-changes"),
  literally("cp Pulumi.kwok.yaml Pulumi.second.yaml"),
  literally("pulumi stack init aks"),
  literally("pulumi stack init prod --copy-config-from aks"),
  literally("pulumi stack init kind"),
  literally("pulumi preview -s kind"),
  reached("npx reach matrix test/fixtures/reach/shop/base --focus dev/"),
  reached("npx reach diff test/fixtures/reach/shop/base test/fixtures/reach/shop/head"),
  reached("npx reach diff test/fixtures/reach/shop/base --cilium 1.19..1.20"),
  reached(
    "npx reach diff test/fixtures/reach/shop/base test/fixtures/reach/shop/head --flows test/fixtures/reach/shop/flows.jsonl",
  ),
  ["hubble observe --verdict DROPPED --last 1 -o jsonpb | npx reach why --flow - manifests/ | git apply", realNodes],
  reached("npx reach explain dev/api uat/db 5432 test/fixtures/reach/shop/base"),
  reached("npx reach explain dev/web dev/api 80 test/fixtures/reach/shop/base --service"),
  reached("npx reach why --flow test/fixtures/reach/shop/dropped.json test/fixtures/reach/shop/base"),
  reached("npx reach lint test/fixtures/reach/shop/head"),
  reached("npx reach check test/fixtures/reach/shop/promises.yaml test/fixtures/reach/shop/head"),
  reached(
    "npx reach diff test/fixtures/reach/application/base test/fixtures/reach/application/head --inventory test/golden/kind.inventory.yaml",
  ),
  reached("npx reach conformance"),
  scaffolded(
    "npm run scaffold -- orders --namespace dev --environment dev --port 8080 --caller dev/web --calls dev/db:5432,app=db --outside payments.example.com --host orders.example.com --apart uat",
  ),
  scaffolded("npx reach lint own/policies own/workloads"),
  scaffolded("npx reach check own/promises/dev/orders.yaml own/policies own/workloads"),
  ["npm run --silent inventory -- kind --output platform.yaml", { ranBy: "test/inventory.test.ts", as: '"--output"' }],
  [
    "npm run --silent pr-comment -- --stack shop --base main",
    {
      ranBy: "test/support/recorded-pull-requests.ts",
      as: '"npm run --silent pr-comment -- --stack shop --base main"',
    },
  ],
  [
    "npm run --silent pr-comment -- --stack kwok",
    { ranBy: "test/pr-comment.test.ts", as: '"npm run --silent pr-comment -- --stack kwok"' },
  ],
  reached("npx reach matrix test/fixtures/reach/migration/saved --focus shop/"),
  reached("npx reach diff test/fixtures/reach/migration/saved test/fixtures/reach/migration/cilium"),
  reached("npx reach lint test/fixtures/reach/seeds/000-apim-openai"),
  reached("npx reach explain dev/web dev/api 9090 test/fixtures/reach/shop/base"),
  reached("npx reach explain dev/web kube-system/coredns UDP/53 test/fixtures/reach/shop/base"),
  literally("npm run backup -- kwok --into saved"),
  literally("kubectl get pods,namespaces,services -A -o yaml > running.yaml"),
  literally("npx reach matrix saved running.yaml"),
  literally("npx reach lint saved running.yaml"),
  literally("npm run observe -- kwok --flows flows.jsonl --workloads running.yaml"),
  literally("npm run restore -- kwok --from saved"),
  literally("npm run restore -- kwok --from saved --yes"),
  literally("npm run --silent export -- --stack kwok --to kubernetes > plain.yaml"),
  literally(
    "npm run --silent export -- --stack kwok --to kubernetes --inside 10.0.0.0/14 --inside 10.128.0.0/20 --into plain",
  ),
  literally("kubectl apply --dry-run=server -f plain.yaml"),
  literally("npm run doctor -- kwok"),
  literally("kubectl get cnp,ccnp -A"),
  literally("kubectl wait --for=condition=Valid cnp --all -A --timeout=60s"),
  literally("kubectl get cep -A"),
  literally("kubectl apply --dry-run=server -f test/fixtures/reach/seeds/000-apim-openai/policies.yaml"),
  literally("kubectl --namespace kube-system get pods --selector k8s-app=cilium"),
  literally("kubectl --namespace kube-system get daemonsets,deployments"),
  literally("kubectl --namespace dev describe cnp allow-dns"),
  literally("kubectl --namespace dev get pods --show-labels"),
  literally("kubectl --namespace kube-system get pods --selector k8s-app=kube-dns"),
  literally(
    "kubectl --namespace dev run test-dns-policy --image=busybox --restart=Never -- sh -c 'nslookup kubernetes.default.svc.cluster.local; sleep 3600'",
  ),
  literally("kubectl --namespace dev delete pod test-dns-policy"),
  literally("kubectl --namespace platform-gateway get pods --selector app.kubernetes.io/name=platform-nginx"),
  literally("kubectl --namespace platform-gateway describe pods --selector app.kubernetes.io/name=platform-nginx"),
  literally("kubectl --namespace platform-gateway logs --tail=200 --selector app.kubernetes.io/name=platform-nginx"),
  ephemeral("npm run ephemeral -- -- kubectl get nodes"),
  ephemeral("npm run ephemeral -- --keep --ttl 30m -- kubectl get nodes"),
  ephemeral("npm run ephemeral -- --sweep"),
  ["npm run ephemeral -- --stack kind -- ./my-tests.sh", { lacks: "a container engine" }],
  judgedOffline("npm run --silent inventory -- kind > platform.yaml"),
  judgedOffline("npx reach explain platform-gateway/data-plane nginx-gateway/control-plane 8443 platform.yaml"),
  ["hubble observe --last 100000 -o jsonpb > flows.jsonl", realNodes],
  ["hubble observe --verdict DROPPED", realNodes],
  ["hubble observe --verdict DROPPED --last 100", realNodes],
  ["cilium version --client", realNodes],
  ["cilium status --wait", realNodes],
  ["cilium connectivity test --namespace kube-system", realNodes],
  ["npm run drops -- kind dev/web", realNodes],
  ["npm run probe -- kind", { ranBy: "test/live/probe.test.ts", as: '"npm run probe -- kind"' }],
  ["kubectl --namespace dev logs test-dns-policy", realNodes],
  [
    "kubectl --namespace dev run test-dns --image=busybox --restart=Never --rm --stdin --tty -- nslookup kubernetes.default.svc.cluster.local",
    realNodes,
  ],
  ...["status", "status --output json", "monitor --type drop", "fqdn cache list"].map(
    (asked): readonly [string, Proof] => [
      `kubectl --namespace kube-system exec daemonset/cilium --container cilium-agent -- cilium-dbg ${asked}`,
      realNodes,
    ],
  ),
  ["npm test", itself],
  ["npm run test:e2e", itself],
  ["npm run test:oracle", { lacks: "minutes: it builds Cilium's policy code, and CI runs it" }],
  ['npm test -- --grep "The gateway"', itself],
  ["npm run test:e2e -- test/render/workflows.test.ts", itself],
  ...[
    "npm run test:live",
    "npm run up -- live",
    "npm run down -- live",
    "npm run setup -- live --images=build",
    "npm run engine -- start",
    "npm run engine -- status",
    "npm run engine -- stop",
    "cp test/live/Pulumi.live.yaml Pulumi.live.yaml",
  ].map((command): readonly [string, Proof] => [command, { lacks: "root and a container engine: test/live has both" }]),
  ["npm run up -- kind", { lacks: "a container engine" }],
  ["npm run preview -- kind", { lacks: "a container engine" }],
  ["npm run up -- aks", { lacks: "an Azure subscription" }],
  ["pulumi stack init theirs", adopting],
  ["pulumi config set --stack theirs --secret platform:kubeconfig < kubeconfig.yaml", adopting],
  ["pulumi up --stack theirs --target '**::cluster' --target '**::cluster-provider' --target '**::cilium'", adopting],
  [
    "pulumi import --stack theirs --protect=false --generate-code=false --parent 'cilium=urn:pulumi:theirs::platform::platform:cilium:Cilium::cilium' --provider 'cluster=urn:pulumi:theirs::platform::platform:cluster:ExistingCluster$pulumi:providers:kubernetes::cluster-provider' kubernetes:helm.sh/v3:Release cilium-release kube-system/cilium",
    adopting,
  ],
  ["pulumi preview --stack theirs --diff", adopting],
  ["pulumi up --stack theirs", adopting],
  ["pulumi preview --stack theirs --expect-no-changes", adopting],
  [
    "pulumi state delete --stack theirs --yes --target-dependents 'urn:pulumi:theirs::platform::platform:cilium:Cilium$kubernetes:helm.sh/v3:Release::cilium-release'",
    adopting,
  ],
  [
    "pulumi import --stack aks --parent 'cluster=urn:pulumi:aks::platform::platform:cluster:AksCluster::cluster' --provider 'azure=urn:pulumi:aks::platform::platform:cluster:AksCluster$pulumi:providers:azure-native::cluster-azure' azure-native:containerservice:ManagedCluster cluster-managed-cluster /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerService/managedClusters/<name>",
    { lacks: "an Azure subscription with a cluster in it" },
  ],
  ["kubectl --namespace kube-system port-forward service/hubble-relay 4245:80", realNodes],
  ["hubble status --server localhost:4245", realNodes],
  ["hubble list nodes --server localhost:4245", realNodes],
  ["hubble observe --server localhost:4245 --verdict DROPPED --last 50", realNodes],
  ["hubble observe --server localhost:4245 --protocol http", realNodes],
  ["kubectl --namespace kube-system port-forward service/hubble-ui 12000:80", realNodes],
  ["kubectl --namespace cilium-spire get pods", realNodes],
  ["kubectl apply -n dev -f policies/oidc-reference-app/workloads/environment.yaml", realNodes],
  ["kubectl apply -n uat -f policies/oidc-reference-app/workloads/environment.yaml", realNodes],
  ["kubectl apply -n azure-entraid-sim -f policies/oidc-reference-app/workloads/identity.yaml", realNodes],
  ["kubectl apply -n azure-apim-sim -f policies/oidc-reference-app/workloads/apim.yaml", realNodes],
  ["kubectl apply -n demo-dns -f policies/demo-dns/workloads.yaml", realNodes],
  ["kubectl apply -n demo-flights -f policies/demo-flights/workloads.yaml", realNodes],
  ["kubectl apply -n demo-star-wars -f policies/demo-star-wars/workloads.yaml", realNodes],
  ["kubectl --namespace kube-system get configmap cilium-config --output yaml", realNodes],
  [
    "kubectl --namespace kube-system exec daemonset/cilium --container cilium-agent -- cilium-dbg metrics list",
    realNodes,
  ],
] as const);
