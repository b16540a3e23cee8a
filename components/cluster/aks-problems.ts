/** aksRefusals: what an AKS stack may ask for in words, but cannot have. */
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";

/** `file` is the stack file the settings come from. */
export function aksRefusals(aks: Settings["aks"], file: string): readonly Problem[] {
  return aks.kubeProxy === "removed" ? [keptKubeProxy(file)] : [];
}

/** What an AKS stack can have, and should know about. */
export function aksWarnings(aks: Settings["aks"], file: string): readonly Problem[] {
  return aks.privateCluster || aks.authorizedIpRanges.length > 0 ? [] : [openApiServer(file)];
}

/**
 * The stable API rejects the field, and the provider silently drops what the generated types do not have, so a cast
 * would report success and change nothing.
 */
function keptKubeProxy(file: string): Problem {
  return {
    code: "aks/kube-proxy-preview",
    where: `${file} › aks.kubeProxy`,
    what: "asks for a preview feature of Azure that this version cannot reach, got `removed`",
    expected: "`kept`; Cilium replaces kube-proxy beside it with `cilium.kubeProxyReplacement`",
    fix: "remove it, or generate the provider's preview package (`pulumi package add azure-native containerservice 2026-05-02-preview`) and teach components/cluster/aks.ts to use it",
  };
}

function openApiServer(file: string): Problem {
  return {
    code: "aks/open-api-server",
    where: `${file} › aks.authorizedIpRanges`,
    what: "leaves the API server open to every address; only Entra keeps strangers out",
    expected: "the addresses you work from, or `aks.privateCluster`",
  };
}
