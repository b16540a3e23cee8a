/** Star Wars demo: ships of the empire may land on the deathstar, ships of the alliance may not. */
import type { Bundle, BundlePromise, Manifest } from "../bundle.ts";
import { pod } from "../inventory.ts";
import { manifestsIn, placedIn, workloadsIn } from "../manifests.ts";

export const demoStarWars: Bundle = {
  name: "demo-star-wars",
  version: "1.0.0",
  promise: "Ships of the empire reach the deathstar on its port, ships of the alliance never do.",
  namespacesOf: ({ demoStarWars: { namespace } }) => [{ namespace, setting: "namespace" }],
  needs: ({ choices }) => ({ l7Proxy: choices.demoStarWars.form === "l7", authentication: false }),
  manifests: ({ choices: { demoStarWars } }) => {
    const files = [`deathstar-${demoStarWars.form}.yaml`, "tiefighter.yaml", "xwing.yaml"];
    return manifestsIn(import.meta.dirname, ...files).map(placedIn(demoStarWars.namespace));
  },
  promises: ({ choices }) => promisesIn(choices.demoStarWars.namespace),
  examples: ({ choices }) => shipsIn(choices.demoStarWars.namespace),
};

/** Those that can be run, and one that only pretends. */
function shipsIn(where: string): readonly Manifest[] {
  return [
    ...workloadsIn(import.meta.dirname, "workloads.yaml", where),
    pod(where, "stolen-tiefighter", { org: "alliance", class: "tiefighter" }),
  ];
}

function promisesIn(where: string): readonly BundlePromise[] {
  const [deathstar, tiefighter, xwing] = [`${where}/deathstar`, `${where}/tiefighter`, `${where}/xwing`];
  return [
    { must: `${tiefighter} -> ${deathstar} TCP 80`, because: "a ship of the empire lands" },
    { never: `${tiefighter} -> ${deathstar} TCP 81-65535`, because: "landing is on one port" },
    { never: `${xwing} -> ${deathstar}`, because: "the alliance does not land" },
    {
      never: `${where}/stolen-tiefighter -> ${deathstar}`,
      because: "the class of a ship does not make it the empire's",
    },
    { never: `${deathstar} -> ${tiefighter}`, because: "answers are all that comes back" },
    { never: `${tiefighter} -> ${xwing}`, because: "ships do not talk to each other" },
    { must: `${xwing} -> kube-system/coredns UDP 53; TCP 53`, because: "what is denied is the deathstar alone" },
    { never: `world -> ${deathstar}`, because: "ships are in the cluster" },
  ];
}
