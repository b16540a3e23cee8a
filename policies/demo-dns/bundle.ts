/** DNS demo: one pod may reach names outside the cluster; by one name, by a pattern, or by a pattern on one port. */
import type { Bundle, BundleContext, BundlePromise } from "../bundle.ts";
import { manifestsIn, placedIn, workloadsIn } from "../manifests.ts";

export const demoDns: Bundle = {
  name: "demo-dns",
  version: "1.0.0",
  promise: "A mediabot of the empire reaches the names of one form below github.com, and nothing else outside.",
  namespacesOf: ({ demoDns: { namespace } }) => [{ namespace, setting: "namespace" }],
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: ({ choices: { demoDns } }) =>
    manifestsIn(import.meta.dirname, `${demoDns.form}.yaml`).map(placedIn(demoDns.namespace)),
  promises: ({ choices: { demoDns } }) => [...formPromises(demoDns), ...commonPromises(demoDns.namespace)],
  examples: ({ choices: { demoDns } }) => workloadsIn(import.meta.dirname, "workloads.yaml", demoDns.namespace),
};

type Choices = BundleContext["choices"]["demoDns"];

function formPromises({ namespace, form }: Choices): readonly BundlePromise[] {
  const mediabot = `${namespace}/mediabot`;
  switch (form) {
    case "name":
      return [
        { must: `${mediabot} -> api.github.com TCP 443, 80`, because: "it is the name of the rule" },
        { never: `${mediabot} -> support.github.com`, because: "another name below the same domain is another name" },
        { never: `${mediabot} -> github.com`, because: "the domain is not the name" },
      ];
    case "pattern":
      return [
        { must: `${mediabot} -> api.github.com TCP 443, 80`, because: "a name of one label fits the pattern" },
        { must: `${mediabot} -> support.github.com TCP 443, 80`, because: "any such name does" },
        { never: `${mediabot} -> github.com`, because: "the domain itself does not fit" },
        { never: `${mediabot} -> raw.api.github.com`, because: "a star stands for one label" },
      ];
    case "port":
      return [
        { must: `${mediabot} -> api.github.com TCP 443`, because: "a name of one label fits the pattern" },
        { must: `${mediabot} -> support.github.com TCP 443`, because: "any such name does" },
        { must: `${mediabot} -> github.com TCP 443`, because: "the domain is named as well" },
        { never: `${mediabot} -> support.github.com TCP 80`, because: "443 is the only port" },
        { never: `${mediabot} -> github.com UDP 443`, because: "TCP is the only protocol" },
        { never: `${mediabot} -> raw.api.github.com`, because: "a star stands for one label" },
      ];
  }
}

function commonPromises(namespace: string): readonly BundlePromise[] {
  return [
    { never: `${namespace}/mediabot -> api.twitter.com`, because: "it is another domain" },
    { never: `${namespace}/mediabot -> ${namespace}/rebel-mediabot`, because: "only names outside are opened" },
    { never: `${namespace}/rebel-mediabot -> world`, because: "both labels of a mediabot count" },
    { never: `world -> ${namespace}/mediabot`, because: "only the way out is opened" },
  ];
}
