/** Every field: manifests that use each field the reader knows, so that damage to any of them is met. */

export const everyField: readonly string[] = [
  `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { tier: front, kubernetes.io/metadata.name: shop } }
---
apiVersion: v1
kind: Namespace
metadata: { name: data }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, tier: front, pod-template-hash: abc } }
    spec:
      serviceAccountName: web
      containers:
        - name: web
          ports: [{ name: http, containerPort: 8080 }, { name: dns, containerPort: 53, protocol: UDP }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: data }
spec:
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, ports: [{ name: sql, containerPort: 5432, protocol: TCP }] }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: tidy, namespace: data }
spec:
  jobTemplate: { spec: { template: { metadata: { labels: { app: tidy } }, spec: { containers: [{ name: tidy }] } } } }
---
apiVersion: v1
kind: Pod
metadata: { name: probe, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec: { hostNetwork: false, containers: [{ name: dns, ports: [{ name: dns, containerPort: 53, protocol: UDP }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: data, labels: { app: db } }
spec: { selector: { app: db }, ports: [{ name: sql, port: 15432, targetPort: sql, protocol: TCP }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: shop }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { a: b }
---
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: { name: office, labels: { where: office } }
spec: { externalCIDRs: [10.0.0.0/8, 2001:db8::/32] }
`,
  `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web }, matchExpressions: [{ key: tier, operator: In, values: [front, back] }] }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] }
        - namespaceSelector: {}
          podSelector: { matchExpressions: [{ key: app, operator: Exists }] }
        - podSelector: {}
      ports: [{ port: http }, { port: 8000, endPort: 8100, protocol: TCP }, { protocol: UDP }]
    - {}
  egress:
    - to: [{ namespaceSelector: { matchLabels: { tier: front } } }]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: admin }
spec:
  tier: Admin
  priority: 10
  subject: { namespaces: { matchLabels: { tier: front } } }
  ingress:
    - name: a
      action: Deny
      from: [{ pods: { namespaceSelector: {}, podSelector: {} } }]
      protocols: [{ tcp: { destinationPort: { number: 80 } } }]
  egress:
    - action: Pass
      to: [{ networks: [10.0.0.0/8] }]
      protocols: [{ udp: { destinationPort: { range: { start: 1, end: 9 } } } }, { destinationNamedPort: http }]
`,
  `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  description: everything
  endpointSelector: &web { matchLabels: { app: web, k8s:tier: front } }
  enableDefaultDeny: { ingress: true, egress: false }
  labels: [{ key: a, value: b, source: k8s }]
  ingress:
    - fromEndpoints: [{}, { matchLabels: { k8s:io.kubernetes.pod.namespace: data } }, *web]
      toPorts:
        - ports: [{ port: "80", protocol: TCP }, { port: "8000", endPort: 8100, protocol: TCP }]
          rules: { http: [{ method: GET, path: "/a/.*", host: x, headers: ["X-A: b"], headerMatches: [{ name: X, value: y }] }] }
      authentication: { mode: required }
    - fromCIDR: [10.0.0.0/8, 1.2.3.4]
    - fromCIDRSet: [{ cidr: 10.0.0.0/8, except: [10.1.0.0/16] }, { cidrGroupRef: office }, { cidrGroupSelector: { matchLabels: { where: office } } }]
    - fromEntities: [world, host, cluster, kube-apiserver, remote-node, health, ingress, all]
      icmps: [{ fields: [{ type: 8, family: IPv4 }, { type: EchoRequest, family: IPv6 }] }]
    - fromNodes: [{ matchLabels: { a: b } }]
    - fromGroups: [{ aws: { securityGroupsIds: [a] } }]
  ingressDeny:
    - fromEndpoints: [{ matchExpressions: [{ key: app, operator: NotIn, values: [db] }, { key: k8s:x, operator: DoesNotExist }] }]
      toPorts: [{ ports: [{ port: http }] }]
  egress:
    - toFQDNs: [{ matchName: api.example.com }, { matchPattern: "*.example.com" }, { matchPattern: "**.example.org" }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }], serverNames: [api.example.com] }]
    - toEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns } }]
      toPorts: [{ ports: [{ port: "53", protocol: ANY }], rules: { dns: [{ matchPattern: "*" }, { matchName: a.b }] } }]
    - toServices: [{ k8sService: { serviceName: db, namespace: data } }, { k8sServiceSelector: { selector: { matchLabels: { app: db } }, namespace: data } }]
    - toPorts: [{ ports: [{ port: "5432" }], listener: { envoyConfig: { kind: CiliumEnvoyConfig, name: x }, name: y } }]
    - toPorts: [{ ports: [{ port: "443", protocol: TCP }], terminatingTLS: { secret: { name: a } }, originatingTLS: { secret: { name: b } }, rules: { http: [{}] } }]
  egressDeny:
    - toCIDRSet: [{ cidr: 0.0.0.0/0, except: [192.168.0.0/16] }]
    - toEntities: [world]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: floor }
specs:
  - endpointSelector: { matchExpressions: [{ key: k8s:io.cilium.k8s.namespace.labels.tier, operator: Exists }] }
    ingress: [{ fromEndpoints: [{}] }]
    egress: [{}, { toEndpoints: [] }]
  - nodeSelector: { matchLabels: { a: b } }
    ingress: [{ fromEntities: [cluster] }]
`,
];
