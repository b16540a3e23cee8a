/** Labels: what a pod of the APIM and OpenAI bundle must carry to be meant by one of its policies. */

export const labels = {
  /** Calls API Management. */
  backend: { app: "backend-service", tier: "api-client" },
  /** Calls OpenAI. */
  ai: { app: "ai-service", tier: "ml-client" },
  /** Calls Key Vault and storage with a workload identity. */
  azureIdentity: { "azure-identity": "enabled" },
  /** Calls the self-hosted gateway. */
  frontendApp: { app: "frontend-service" },
  backendApp: { app: "backend-service" },
  gateway: { app: "apim-gateway" },
  frontendTier: { tier: "frontend" },
  backendTier: { tier: "backend" },
  /** Is scraped. */
  metrics: { metrics: "enabled" },
  publicFacing: { app: "public-facing" },
  isolated: { "security-tier": "isolated" },
} as const;

export const prometheusLabels = { app: "prometheus" } as const;
