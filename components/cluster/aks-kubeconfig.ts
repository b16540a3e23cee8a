/**
 * The kubeconfig of an AKS cluster: where the API server is, and how everyone logs in as themselves.
 *
 * Azure's own answer is used for the server and its CA only. Its users are either an administrator's certificate, which
 * bypasses Entra, or a device-code login, which hangs every pipeline.
 */
import { parse, stringify } from "yaml";
import * as v from "valibot";

import type { Settings } from "../settings.ts";

/** What is worth keeping of the kubeconfig that Azure hands out. */
export interface ApiServer {
  /** With scheme and port. */
  readonly server: string;
  /** Base64 of the CA's PEM. */
  readonly certificateAuthority: string;
}

const azureKubeconfig = v.object({
  clusters: v.tupleWithRest(
    [v.object({ cluster: v.object({ server: v.string(), "certificate-authority-data": v.string() }) })],
    v.unknown(),
  ),
});

/** Expects the text of a kubeconfig, not its base64. */
export function apiServerIn(kubeconfig: string): ApiServer {
  const { clusters } = v.parse(azureKubeconfig, parse(kubeconfig));
  const { cluster } = clusters[0];
  return { server: cluster.server, certificateAuthority: cluster["certificate-authority-data"] };
}

/** The application that stands for AKS in every tenant: whom the token is for. */
const aksServerApplication = "6dae42f8-4368-4678-94ff-3960e28e3630";

/** A kubeconfig without any credential: kubelogin gets a token for whoever runs kubectl. */
export function kubeloginKubeconfig(
  clusterName: string,
  apiServer: ApiServer,
  login: Settings["aks"]["login"],
): string {
  const user = `${clusterName}-kubelogin`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: { server: apiServer.server, "certificate-authority-data": apiServer.certificateAuthority },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user } }],
    "current-context": clusterName,
    users: [
      {
        name: user,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "kubelogin",
            args: ["get-token", "--login", login, "--server-id", aksServerApplication],
            interactiveMode: "Never",
            provideClusterInfo: false,
            installHint: "kubelogin is needed: https://azure.github.io/kubelogin/install.html",
          },
        },
      },
    ],
  });
}
