/** Promises of the APIM and OpenAI bundle: every edge it opens, and beside each the nearest ones that stay closed. */
import type { BundleContext, BundlePromise } from "../bundle.ts";

type Choices = BundleContext["choices"]["apimOpenai"];

export function promisesFor(choices: Choices, entry: BundleContext["entry"]): readonly BundlePromise[] {
  const here = (name: string): string => `${choices.namespace}/${name}`;
  return [
    ...outward(choices, here),
    ...inward(here),
    ...publicFacing(here, entry),
    ...scrape(choices, here),
    ...guardrails(choices, here),
  ];
}

type Here = (name: string) => string;

/** By whom each list of names may be reached. */
function outward({ apimNames, openaiNames, azureNames }: Choices, here: Here): readonly BundlePromise[] {
  const others = (own: readonly string[]): readonly string[] =>
    [...apimNames, ...openaiNames, ...azureNames].filter((name) => !own.includes(name));
  const callers = [
    { caller: here("backend"), names: apimNames, because: "the backend calls API Management" },
    { caller: here("ai"), names: openaiNames, because: "the AI service calls OpenAI" },
    { caller: here("identity"), names: azureNames, because: "an Azure identity is for Key Vault and storage" },
  ];
  return [
    ...callers.flatMap(({ caller, names, because }) => [
      ...names.flatMap((name) => [
        { must: `${caller} -> ${name} TCP 443`, because },
        { never: `${caller} -> ${name} TCP 80; UDP 443`, because: "TLS over TCP is the only way out" },
      ]),
      ...others(names).map((name) => ({ never: `${caller} -> ${name}`, because: "the name is another workload's" })),
      { never: `${caller} -> not-listed.azure-api.net`, because: "names are exact: a wildcard is anybody's" },
      { never: `${caller} -> kube-apiserver`, because: "an application has no business with the API server" },
      { must: `${caller} -> kube-system/coredns UDP 53; TCP 53`, because: "a name is resolved first" },
    ]),
    { never: `${here("half-ai")} -> world`, because: "both labels of a caller count" },
    { never: `${here("frontend")} -> world`, because: "the frontend goes through its gateway" },
    { never: `${here("orders")} -> world`, because: "a service without a name on a list stays inside" },
  ];
}

function inward(here: Here): readonly BundlePromise[] {
  const [frontend, backend, gateway] = [here("frontend"), here("backend"), here("apim-gateway")];
  const [orders, stock] = [here("orders"), here("stock")];
  return [
    { must: `${frontend} -> ${gateway} TCP 443, 8080`, because: "the frontend calls the gateway" },
    { must: `${backend} -> ${gateway} TCP 443, 8080`, because: "the backend calls the gateway" },
    { never: `${frontend} -> ${gateway} TCP 22, 9090`, because: "the gateway has two ports" },
    { never: `${here("ai")} -> ${gateway}`, because: "only frontend and backend call the gateway" },
    { never: `${gateway} -> ${backend}`, because: "answers are all that comes back" },
    { must: `${frontend} -> ${orders} TCP 8080, 9090`, because: "the frontend calls the tier behind it" },
    { must: `${stock} -> ${orders} TCP 8080, 9090`, because: "services of the backend call each other" },
    { never: `${frontend} -> ${orders} TCP 443, 8081`, because: "services have two ports" },
    { never: `${orders} -> ${frontend}`, because: "calls go one way" },
    { never: `${here("ai")} -> ${orders}`, because: "the AI service is in another tier" },
    { never: `${frontend} -> ${backend}`, because: "the client of API Management is in another tier" },
    { never: `world -> ${gateway}`, because: "the self-hosted gateway serves the inside" },
  ];
}

/** Whoever a connection from outside is when it arrives. */
function publicFacing(here: Here, entry: BundleContext["entry"]): readonly BundlePromise[] {
  const publicFacing = here("public-facing");
  return [
    ...entry.map((entity) => ({ must: `${entity} -> ${publicFacing} TCP 443`, because: "it faces the world" })),
    { never: `${here("frontend")} -> ${publicFacing}`, because: "it faces the world, not its neighbours" },
    { never: `world -> ${publicFacing} TCP 80, 8080`, because: "it faces the world over TLS alone" },
    { never: `remote-node -> ${publicFacing} TCP 80, 8080`, because: "whoever brings the world in brings no more" },
    { never: `world -> ${here("orders")}`, because: "nothing else faces the world" },
    { never: `${publicFacing} -> world`, because: "who is called need not call" },
  ];
}

function scrape({ monitoringNamespace }: Choices, here: Here): readonly BundlePromise[] {
  const [prometheus, orders] = [`${monitoringNamespace}/prometheus`, here("orders")];
  return [
    { must: `${prometheus} -> ${orders} TCP 9090, 8080`, because: "metrics are scraped" },
    { never: `${prometheus} -> ${orders} TCP 443, 22`, because: "metrics are all that is scraped" },
    { never: `${prometheus} -> ${here("stock")}`, because: "it has no label that says it is scraped" },
    { never: `${monitoringNamespace}/grafana -> ${orders}`, because: "Prometheus alone scrapes" },
    { never: `${orders} -> ${prometheus}`, because: "metrics are fetched, not sent" },
  ];
}

function guardrails({ deniedRanges }: Choices, here: Here): readonly BundlePromise[] {
  const isolated = here("isolated");
  return [
    { never: `${isolated} -> ${here("*")} TCP 22, 3389, 445`, because: "nothing moves sideways" },
    { never: `${isolated} -> host TCP 22, 3389, 445`, because: "nor to the node it is on" },
    { never: `${isolated} -> remote-node TCP 22, 3389, 445`, because: "nor to any other" },
    { must: `${isolated} -> kube-system/coredns UDP 53; TCP 53`, because: "what is denied is three ports" },
    { never: `${isolated} -> kube-system/coredns TCP 22, 3389, 445`, because: "nor to cluster DNS" },
    ...deniedRanges.map((range) => ({
      never: `${here("*")} -> ${range.replace(/\/.*/, "")}`,
      because: `the stack denies ${range}`,
    })),
  ];
}
