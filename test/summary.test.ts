/** What a person reads at the end of `up`, word by word. */
import assert from "node:assert/strict";

import { summary, type SummaryInput } from "../scripts/pulumi/summary.ts";

const kwok: SummaryInput = {
  stack: "kwok",
  target: "kwok",
  seconds: 41.6,
  versions: { cilium: "1.20.2", "gateway-api": "1.5.1", kyverno: "3.9.1", "argo-cd": "10.1.1" },
  leftOut: { "nginx-gateway-fabric": "ghcr.io did not answer; put it into a folder and name that as chartMirror" },
  promises: { baseline: "every closed namespace denies what no policy allows" },
  addresses: {},
  simulated: true,
  kubeconfig: ".platform/kwok/kubeconfig",
};

describe("the summary", () => {
  it("names what was left out, and that nothing is enforced on simulated nodes", () => {
    assert.equal(
      summary(kwok),
      `
kwok is up (kwok, 42 s)
  runs        cilium 1.20.2, gateway-api 1.5.1, kyverno 3.9.1, argo-cd 10.1.1
  policies    baseline: every closed namespace denies what no policy allows
  left out    nginx-gateway-fabric: ghcr.io did not answer; put it into a folder and name that as chartMirror
  mind        nodes are simulated: the API server, its admission and Cilium's operator are real, but nothing
              runs inside a pod and no policy is enforced
  kubeconfig  .platform/kwok/kubeconfig
  try         kubectl --kubeconfig .platform/kwok/kubeconfig get ciliumnetworkpolicies -A
              npm run preview -- kwok
  remove      npm run down -- kwok
`,
    );
  });

  it("says where things are found on a cluster with real nodes", () => {
    assert.equal(
      summary({
        stack: "mine",
        target: "kind",
        seconds: 187.2,
        versions: { cilium: "1.20.2", "argo-cd": "10.1.1" },
        leftOut: {},
        promises: {},
        addresses: { gateway: "http://localhost:30080", argocd: "http://localhost:30081" },
        simulated: false,
        kubeconfig: ".platform/mine/kubeconfig",
      }),
      `
mine is up (kind, 187 s)
  runs        cilium 1.20.2, argo-cd 10.1.1
  open        gateway: http://localhost:30080
  open        argocd: http://localhost:30081
  kubeconfig  .platform/mine/kubeconfig
  try         kubectl --kubeconfig .platform/mine/kubeconfig get ciliumnetworkpolicies -A
              npm run preview -- mine
  remove      npm run down -- mine
`,
    );
  });

  it("names no kubeconfig on a cluster whose kubeconfig the person has", () => {
    const { kubeconfig: _ours, ...elsewhere } = kwok;
    const text = summary({ ...elsewhere, stack: "prod", target: "aks", simulated: false, leftOut: {} });
    assert.equal(
      text,
      `
prod is up (aks, 42 s)
  runs        cilium 1.20.2, gateway-api 1.5.1, kyverno 3.9.1, argo-cd 10.1.1
  policies    baseline: every closed namespace denies what no policy allows
  try         kubectl --kubeconfig <your kubeconfig> get ciliumnetworkpolicies -A
              npm run preview -- prod
  remove      npm run down -- prod
`,
    );
  });
});
