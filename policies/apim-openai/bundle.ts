/** APIM and OpenAI: services of one namespace reach API Management, OpenAI and Azure by name, and each other where said. */
import type { Bundle, BundleContext, Manifest } from "../bundle.ts";
import {
  bothSides,
  clientSides,
  networkPolicy,
  selectorOf,
  serverSide,
  tcp,
  type Edge,
  type Workload,
} from "../edges.ts";
import { pod } from "../inventory.ts";
import { accepting } from "../lint/suppressions.ts";
import { namedEgress } from "../named-egress.ts";
import { labels, prometheusLabels } from "./labels.ts";
import { promisesFor } from "./promises.ts";

export const apimOpenai: Bundle = {
  name: "apim-openai",
  version: "1.0.0",
  promise:
    "Services reach API Management, OpenAI and Azure by their exact names over TLS, each other on their ports, and nothing else.",
  namespacesOf: ({ apimOpenai: { namespace } }) => [{ namespace, setting: "namespace" }],
  // Server names are read by the proxy.
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: (context) => [
    ...outward(context),
    ...inward(context),
    ...scrape(context),
    ...publicFacing(context),
    ...guardrails(context),
  ],
  edges: (context) => [...inwardEdges(context), scrapeEdge(context)],
  promises: ({ entry, choices }) => promisesFor(choices.apimOpenai, entry),
  examples: ({ choices }) => podsFor(choices.apimOpenai),
};

type Choices = BundleContext["choices"]["apimOpenai"];

const https = [443] as const;
const httpPorts = [8080, 9090] as const;

/** By name and by server name: what is inside the requests is TLS, so verbs, paths and keys are the gateway's business. */
function outward({ choices: { apimOpenai } }: BundleContext): readonly Manifest[] {
  const { namespace, apimNames, openaiNames, azureNames } = apimOpenai;
  const common = { ports: https, serverName: "required" } as const;
  return [
    ...namedEgress({
      ...common,
      name: "app-to-apim",
      description: "The backend may call API Management.",
      from: { namespace, labels: labels.backend },
      names: apimNames,
    }),
    ...namedEgress({
      ...common,
      name: "app-to-openai",
      description: "The AI service may call OpenAI.",
      from: { namespace, labels: labels.ai },
      names: openaiNames,
    }),
    ...namedEgress({
      ...common,
      name: "allow-azure-services",
      description: "Pods with an Azure identity may call Key Vault, storage and the place that gives them tokens.",
      from: { namespace, labels: labels.azureIdentity },
      names: azureNames,
    }),
  ];
}

function inward(context: BundleContext): readonly Manifest[] {
  return inwardEdges(context).flatMap((edge) => bothSides(edge, context.choices.authenticatedEdges));
}

function inwardEdges({ choices }: BundleContext): readonly Edge[] {
  const { namespace } = choices.apimOpenai;
  const here = (those: Workload["labels"]): Workload => ({ namespace, labels: those });
  return [
    {
      name: "apim-gateway",
      description: "Frontend and backend may call the self-hosted gateway.",
      from: { frontend: here(labels.frontendApp), backend: here(labels.backendApp) },
      to: here(labels.gateway),
      ports: [443, 8080],
    },
    {
      name: "inter-service",
      description: "The tiers frontend and backend may call the tier backend.",
      from: { "frontend-tier": here(labels.frontendTier), "backend-tier": here(labels.backendTier) },
      to: here(labels.backendTier),
      ports: httpPorts,
    },
  ];
}

/** The client's side only where somebody closed it: a policy of ours in an open namespace would close Prometheus. */
function scrape(context: BundleContext): readonly Manifest[] {
  const { monitoringNamespace } = context.choices.apimOpenai;
  const { authenticatedEdges } = context.choices;
  const edge = scrapeEdge(context);
  return [
    serverSide(edge, authenticatedEdges),
    ...(context.isolatedNamespaces.includes(monitoringNamespace) ? clientSides(edge, authenticatedEdges) : []),
  ];
}

function scrapeEdge({ choices }: BundleContext): Edge {
  const { namespace, monitoringNamespace } = choices.apimOpenai;
  return {
    name: "scrape",
    description: `Prometheus may read the metrics of pods in ${namespace}.`,
    from: { prometheus: { namespace: monitoringNamespace, labels: prometheusLabels } },
    to: { namespace, labels: labels.metrics },
    ports: httpPorts,
  };
}

/** What a connection from outside is when it arrives differs between clusters. */
function publicFacing({ entry, choices: { apimOpenai } }: BundleContext): readonly Manifest[] {
  return [
    networkPolicy(apimOpenai.namespace, "public-facing", {
      description: "The world may call what faces it, over TLS.",
      endpointSelector: selectorOf({ labels: labels.publicFacing }),
      ingress: [{ fromEntities: entry, toPorts: [{ ports: tcp(https) }] }],
    }),
  ];
}

const fromStack = "the stack lists the ranges, each cluster its own";

/** Denials that beat whatever another policy allows. They isolate nobody: what is closed, the baseline closes. */
function guardrails({ choices: { apimOpenai } }: BundleContext): readonly Manifest[] {
  const { namespace, deniedRanges } = apimOpenai;
  const lateral = networkPolicy(namespace, "prevent-lateral-movement", {
    description: "Isolated pods open no remote shell, desktop or file share on any pod or node.",
    endpointSelector: selectorOf({ labels: labels.isolated }),
    enableDefaultDeny: { egress: false },
    // By identity: a range of addresses covers neither pods nor nodes.
    egressDeny: [
      {
        toEntities: ["cluster"],
        toPorts: [{ ports: tcp([22, 3389, 445]) }],
      },
    ],
  });
  const ranges = networkPolicy(namespace, "denied-ranges", {
    description: "No pod reaches these ranges outside the cluster.",
    endpointSelector: {},
    enableDefaultDeny: { egress: false },
    egressDeny: [{ toCIDR: deniedRanges }],
  });
  return deniedRanges.length === 0 ? [lateral] : [lateral, accepting("lint/literal-address", fromStack, ranges)];
}

function podsFor({ namespace, monitoringNamespace }: Choices): readonly Manifest[] {
  return [
    pod(namespace, "backend", labels.backend),
    pod(namespace, "ai", labels.ai),
    pod(namespace, "half-ai", { app: labels.ai.app }),
    pod(namespace, "identity", labels.azureIdentity),
    pod(namespace, "frontend", { ...labels.frontendApp, ...labels.frontendTier }),
    pod(namespace, "orders", { app: "orders", ...labels.backendTier, ...labels.metrics }),
    pod(namespace, "stock", { app: "stock", ...labels.backendTier }),
    pod(namespace, "apim-gateway", labels.gateway),
    pod(namespace, "public-facing", labels.publicFacing),
    pod(namespace, "isolated", labels.isolated),
    pod(monitoringNamespace, "prometheus", prometheusLabels),
    pod(monitoringNamespace, "grafana", { app: "grafana" }),
  ];
}
