/** Flights demo: REST calls are authorised by verb and path, in the platform, not in the service. */
import type { Bundle, BundleContext, BundlePromise, Manifest } from "../bundle.ts";
import { bothSides, type Edge } from "../edges.ts";
import { pod } from "../inventory.ts";
import { workloadsIn } from "../manifests.ts";

export const demoFlights: Bundle = {
  name: "demo-flights",
  version: "1.0.0",
  promise: "Boards in production may read the flights and readers of versions the version: one verb, one path.",
  namespacesOf: ({ demoFlights: { namespace } }) => [{ namespace, setting: "namespace" }],
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: (context) => edges(context).flatMap((edge) => bothSides(edge, context.choices.authenticatedEdges)),
  edges,
  promises: ({ choices }) => promisesFor(choices.demoFlights),
  examples: ({ choices }) => podsFor(choices.demoFlights),
};

type Choices = BundleContext["choices"]["demoFlights"];

/** Both labels of a board count: one alone is another workload. */
const labels = {
  flights: { app: "flights_service" },
  board: { env: "prod", app: "flights_board" },
  sample: { type: "service" },
  reader: { app: "version_reader" },
} as const;

function edges({ choices }: BundleContext): readonly Edge[] {
  const { namespace, targetPort } = choices.demoFlights;
  const ports = [targetPort];
  return [
    {
      name: "read-flights",
      description: "Boards in production may read the flights.",
      from: { board: { namespace, labels: labels.board } },
      to: { namespace, labels: labels.flights },
      ports,
      http: [{ method: "GET", path: "/flights" }],
    },
    {
      name: "read-version",
      description: "Readers of versions may read that of a sample service.",
      from: { reader: { namespace, labels: labels.reader } },
      to: { namespace, labels: labels.sample },
      ports,
      http: [{ method: "GET", path: "/version" }],
    },
  ];
}

/** Those that can be run, and some that are nearly allowed. */
function podsFor({ namespace }: Choices): readonly Manifest[] {
  return [
    ...workloadsIn(import.meta.dirname, "workloads.yaml", namespace),
    pod(namespace, "board-without-env", { app: labels.board.app }),
    pod(namespace, "board-in-test", { ...labels.board, env: "test" }),
    pod(namespace, "other-in-prod", { env: labels.board.env, app: "other" }),
  ];
}

function promisesFor({ namespace, targetPort }: Choices): readonly BundlePromise[] {
  const [flights, sample] = [`${namespace}/flights`, `${namespace}/sample`];
  const port = `TCP ${String(targetPort)}`;
  const strangers: Readonly<Record<string, string>> = {
    "board-without-env": "the name of a board is not enough",
    "board-in-test": "a board of another environment is not meant",
    "other-in-prod": "production is not enough",
    reader: "who reads versions reads no flights",
    unlabelled: "who is nobody reads nothing",
  };
  return [
    { must: `${namespace}/board -> ${flights} ${port}`, because: "a board shows the flights" },
    { never: `${namespace}/board -> ${flights} UDP ${String(targetPort)}`, because: "flights are read over TCP" },
    ...Object.entries(strangers).map(([name, because]) => ({ never: `${namespace}/${name} -> ${flights}`, because })),
    { must: `${namespace}/reader -> ${sample} ${port}`, because: "a reader asks for the version" },
    { never: `${namespace}/board -> ${sample}`, because: "boards read flights alone" },
    { never: `${namespace}/unlabelled -> ${sample}`, because: "who is nobody reads nothing" },
    { never: `${flights} -> ${namespace}/board`, because: "answers are all that comes back" },
    { never: `world -> ${flights}`, because: "boards are in the cluster" },
  ];
}
