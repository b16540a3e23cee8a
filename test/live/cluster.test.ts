/**
 * A kind cluster of real nodes and a real Cilium, from nothing to enforcing through the project's own commands, with each
 * way to reach Services and each way between nodes; and what is left of it afterwards.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { processesNaming } from "../e2e/support/remains.ts";
import { docker, LiveStack, nodesOf, volumesLeft } from "./support/live-stack.ts";

/** Port that nothing on a machine uses by itself. */
const apiServerPort = 16444;

const combinations = [
  { kubeProxyReplacement: true, routing: "native" },
  { kubeProxyReplacement: true, routing: "tunnel" },
  { kubeProxyReplacement: false, routing: "native" },
  { kubeProxyReplacement: false, routing: "tunnel" },
] as const;

/** A pod that may run under the strictest Pod Security Standard, of images that every node has. */
function pod(namespace: string, name: string, image: string, node: string, command: object): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "app.kubernetes.io/name": name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image,
          imagePullPolicy: "Never",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          ...command,
        },
      ],
    },
  };
}

const port = 1053;

/** How a connection ends: `open`, `silent` (dropped), or what else happened, which is never taken for a denial. */
async function connection(stack: LiveStack, from: string, address: string, to: number): Promise<string> {
  const [namespace = "", name = ""] = from.split("/");
  const words = `exec 3<>/dev/tcp/${address}/${String(to)}`;
  const asked = ["exec", "--namespace", namespace, name, "--", "timeout", "3", "bash", "-c", words];
  const { code, stderr } = await stack.ask(asked);
  if (code === 0) return "open";
  return code === 124 ? "silent" : `${String(code)}: ${stderr.trim()}`;
}

for (const { kubeProxyReplacement, routing } of combinations) {
  const title = `kubeProxyReplacement ${String(kubeProxyReplacement)} and ${routing} routing`;
  describe(`A real cluster with ${title}`, () => {
    let stack: LiveStack;
    const ownKubeconfig = join(homedir(), ".kube/config");
    const ownBefore = existsSync(ownKubeconfig) ? readFileSync(ownKubeconfig, "utf8") : undefined;

    before(() => {
      stack = new LiveStack(`live-${kubeProxyReplacement ? "ebpf" : "proxy"}-${routing}`, apiServerPort);
      stack.configure((config) => {
        config["platform:cilium"] = { kubeProxyReplacement, routing };
      });
    });
    after(async () => {
      await stack.remove();
    });

    it("comes up, with every agent ready", async () => {
      const said = await stack.up();
      assert.match(said, / is up \(kind, \d+ s\)/);
      await stack.kubectl("--namespace", "kube-system", "rollout", "status", "daemonset/cilium", "--timeout=10s");
      await stack.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s");
      const proxies = await stack.kubectl(
        "--namespace",
        "kube-system",
        "get",
        "pods",
        "-l",
        "k8s-app=kube-proxy",
        "-o",
        "name",
      );
      assert.equal(proxies === "", kubeProxyReplacement);
    });

    it("has kube-proxy exactly where Cilium does not stand in for it, and the routing the stack asks for [S1-05] [S1-06]", async () => {
      const config = await stack.kubectl(
        ...["--namespace", "kube-system", "get", "configmap", "cilium-config", "-o", "json"],
      );
      const { data } = JSON.parse(config) as { data: Record<string, string> };
      assert.equal(data["kube-proxy-replacement"], String(kubeProxyReplacement));
      assert.equal(data["routing-mode"], routing);
      const agent = ["--namespace", "kube-system", "exec", "daemonset/cilium", "--container", "cilium-agent", "--"];
      const [status, metrics] = await Promise.all([
        stack.kubectl(...agent, "cilium-dbg", "status"),
        stack.kubectl(...agent, "cilium-dbg", "metrics", "list"),
      ]);
      assert.match(status, kubeProxyReplacement ? /^KubeProxyReplacement: +True/m : /^KubeProxyReplacement: +False/m);
      const mode = routing === "native" ? "direct-routing" : "overlay-vxlan";
      assert.match(metrics, new RegExp(`^cilium_feature_datapath_network +mode=${mode} +1\\.0+`, "m"));
      const replaced = `^cilium_feature_adv_connect_and_lb_kube_proxy_replacement_enabled +${kubeProxyReplacement ? "1" : "0"}\\.0+`;
      assert.match(metrics, new RegExp(replaced, "m"));
      const rules = await docker("exec", `${stack.cluster}-worker`, "iptables-save");
      const ofServices = rules.filter((rule) => rule.includes("KUBE-SVC"));
      assert.equal(ofServices.length === 0, kubeProxyReplacement, ofServices[0]);
    });

    it("enforces the baseline between pods of two namespaces, on one node and across [S1-33]", async () => {
      const worker = `${stack.cluster}-worker`;
      const coredns = "kube-system get deployment coredns -o jsonpath={.spec.template.spec.containers[0].image}";
      const agent = "kube-system get daemonset cilium -o jsonpath={.spec.template.spec.containers[0].image}";
      const [serverImage, clientImage] = await Promise.all([
        stack.kubectl("--namespace", ...coredns.split(" ")),
        stack.kubectl("--namespace", ...agent.split(" ")),
      ]);
      const server = { args: ["-dns.port", String(port)] };
      const client = { command: ["sleep", "infinity"] };
      await stack.apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "open" } },
        pod("dev", "server", serverImage, worker, server),
        pod("uat", "near", clientImage, worker, client),
        pod("uat", "far", clientImage, `${stack.cluster}-control-plane`, client),
      );
      // Outside the baseline: the same connections are possible there, so what is denied is denied by it.
      await stack.apply(
        pod("open", "server", serverImage, worker, server),
        pod("open", "far", clientImage, `${stack.cluster}-control-plane`, client),
      );
      for (const namespace of ["dev", "uat", "open"]) {
        await stack.kubectl(
          "--namespace",
          namespace,
          "wait",
          "--for=condition=Ready",
          "pod",
          "--all",
          "--timeout=120s",
        );
      }
      const addressOf = async (namespace: string): Promise<string> =>
        await stack.kubectl("--namespace", namespace, "get", "pod", "server", "-o", "jsonpath={.status.podIP}");
      const [closed, open] = await Promise.all([addressOf("dev"), addressOf("open")]);
      const dns = await stack.kubectl(
        "--namespace",
        "kube-system",
        "get",
        "service",
        "kube-dns",
        "-o",
        "jsonpath={.spec.clusterIP}",
      );
      const asked = {
        "open/far -> open/server": await connection(stack, "open/far", open, port),
        "uat/near -> dev/server": await connection(stack, "uat/near", closed, port),
        "uat/far -> dev/server": await connection(stack, "uat/far", closed, port),
        "open/far -> dev/server": await connection(stack, "open/far", closed, port),
        "uat/far -> open/server": await connection(stack, "uat/far", open, port),
        "uat/near -> cluster DNS": await connection(stack, "uat/near", dns, 53),
        "uat/far -> cluster DNS": await connection(stack, "uat/far", dns, 53),
      };
      assert.deepEqual(asked, {
        "open/far -> open/server": "open",
        "uat/near -> dev/server": "silent",
        "uat/far -> dev/server": "silent",
        "open/far -> dev/server": "silent",
        "uat/far -> open/server": "silent",
        "uat/near -> cluster DNS": "open",
        "uat/far -> cluster DNS": "open",
      });
    });

    it("resolves names in a closed namespace [S1-36]", async () => {
      const name = "kubernetes.default.svc.cluster.local";
      const answered = await stack.kubectl("--namespace", "uat", "exec", "far", "--", "getent", "hosts", name);
      assert.match(answered, /^[\d.]+ +kubernetes\.default\.svc\.cluster\.local/);
    });

    it("leaves nothing when it is taken down", async () => {
      const { nodes, volumes } = await nodesOf(stack.cluster);
      assert.deepEqual(nodes, [`${stack.cluster}-control-plane`, `${stack.cluster}-worker`]);
      assert.equal(volumes.length, 2);
      await stack.down();
      assert.deepEqual(await nodesOf(stack.cluster), { nodes: [], volumes: [] });
      assert.deepEqual(await volumesLeft(volumes), []);
      assert.deepEqual(await processesNaming(stack.project.dir), []);
      assert.equal(stack.project.exists(`.platform/${stack.name}`), false);
      assert.equal(existsSync(ownKubeconfig) ? readFileSync(ownKubeconfig, "utf8") : undefined, ownBefore);
    });
  });
}
