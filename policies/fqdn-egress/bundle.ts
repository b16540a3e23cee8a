/** FQDN egress: one workload of a closed namespace may reach a list of names outside the cluster. */
import type { Bundle, BundleContext, BundlePromise } from "../bundle.ts";
import { examplePod, pod } from "../inventory.ts";
import { namedEgress } from "../named-egress.ts";

export const fqdnEgress: Bundle = {
  name: "fqdn-egress",
  version: "1.0.0",
  promise: "Pods with run=nginx reach the listed names on the listed ports, and no other pod of the namespace does.",
  namespacesOf: ({ fqdnEgress: { namespace } }) => [{ namespace, setting: "namespace" }],
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: ({ choices: { fqdnEgress } }) =>
    // No port at all is no policy: a rule without ports would mean every port.
    fqdnEgress.ports.length === 0
      ? []
      : namedEgress({
          name: "allow-egress-fqdn",
          description: "Pods with run=nginx may reach the listed names outside the cluster.",
          from: { namespace: fqdnEgress.namespace, labels },
          names: fqdnEgress.names,
          ports: fqdnEgress.ports,
          // Port 80 has no handshake that could name a server.
          serverName: "ignored",
        }),
  promises: ({ choices }) => promisesFor(choices.fqdnEgress),
  examples: ({ choices: { fqdnEgress } }) => [
    pod(fqdnEgress.namespace, "nginx", labels),
    pod(fqdnEgress.namespace, "nginx1", { run: "nginx1" }),
    examplePod(fqdnEgress.namespace),
  ],
};

const labels = { run: "nginx" } as const;

function promisesFor({ namespace, names, ports }: BundleContext["choices"]["fqdnEgress"]): readonly BundlePromise[] {
  const opened = ports.length === 0 ? [] : names;
  return [
    ...opened.map((name) => ({
      must: `${namespace}/nginx -> ${name} TCP ${ports.join(", ")}`,
      because: "the stack lists the name and the ports",
    })),
    ...opened.map((name) => ({
      never: `${namespace}/nginx -> ${name} UDP ${ports.join(", ")}`,
      because: "what is opened is TCP",
    })),
    { must: `${namespace}/nginx1 -> kube-system/coredns UDP 53`, because: "a name resolves, whoever asks" },
    { never: `${namespace}/nginx1 -> world`, because: "the value of the label is run=nginx, not one that begins so" },
    { never: `${namespace}/example -> world`, because: "the list is for pods with run=nginx" },
    { never: `${namespace}/nginx -> not-listed.invalid`, because: "what is not listed stays closed" },
    { never: `world -> ${namespace}/nginx`, because: "only the way out is opened" },
  ];
}
