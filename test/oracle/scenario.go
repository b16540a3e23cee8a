package main

import "encoding/json"

// Scenario is one question: the fixtures' format, and what they lack. Absent fields are as if empty.
type Scenario struct {
	Namespaces map[string]map[string]string `json:"namespaces"`
	Pods       []Pod                        `json:"pods"`
	Externals  []External                   `json:"externals"`
	// Complete Kubernetes objects: NetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy.
	Policies []json.RawMessage `json:"policies"`
	Probes   []Probe           `json:"probes"`

	// Complete CiliumCIDRGroup objects.
	CIDRGroups []json.RawMessage `json:"cidrGroups"`
	Services   []Service         `json:"services"`
	// Where the API server runs: "on another node" (if absent), "on the pod's node" or "outside the cluster".
	APIServer string `json:"apiServer"`
	// The chart's policyDefaultLocalCluster: "local cluster" (if absent) is true, "any cluster" is false.
	PeerScope string `json:"peerScope"`
}

// Pod is one pod of the cluster.
type Pod struct {
	Namespace      string            `json:"namespace"`
	Name           string            `json:"name"`
	Labels         map[string]string `json:"labels"`
	ServiceAccount string            `json:"serviceAccount"`
	Ports          []ContainerPort   `json:"ports"`
}

// ContainerPort is a named port of a pod.
type ContainerPort struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Port     int32  `json:"port"`
}

// External is a peer that is no pod: an address, with the name it was found by if there is one, or a reserved identity.
type External struct {
	Name   string `json:"name"`
	FQDN   string `json:"fqdn"`
	IP     string `json:"ip"`
	Entity string `json:"entity"`
}

// Probe is a port of a protocol; for ICMP the port is the type, which must not be 0.
type Probe struct {
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

// Service stands for a Service and, where it has no selector, for the addresses of its EndpointSlices.
type Service struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Selector  map[string]string `json:"selector"`
	Addresses []string          `json:"addresses"`
}

// Answer is what Cilium makes of a scenario.
type Answer struct {
	Endpoints []string `json:"endpoints"`
	// Source and destination (positions in Endpoints), position of the probe, code of egress, code of ingress.
	Expected   [][5]int  `json:"expected"`
	ExpectedL7 []L7Entry `json:"expectedL7"`
	// Allowed cells on which at least one side asks for a handshake.
	Authentication []AuthenticationEntry `json:"authentication"`
	// Objects that Cilium refuses: their rules do not exist.
	PolicyErrors []PolicyError `json:"policyErrors"`
	// Pods for which Cilium computes no policy, by the rules it cannot merge; their sides have the code 9.
	EndpointErrors map[string]string `json:"endpointErrors"`
}

// Verdict codes of the fixtures, and one for a side whose policy Cilium refuses to compute.
const (
	notApplicable = 0
	allowed       = 1
	denied        = 2
	redirected    = 3
	failed        = 9
)

// L7Entry is what an allowed cell with a redirect on at least one side lets pass.
type L7Entry struct {
	Src      string `json:"src"`
	Dst      string `json:"dst"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
	Egress   []any  `json:"egress"`
	Ingress  []any  `json:"ingress"`
}

// AuthenticationEntry says which handshake each side asks for; null where it asks for none.
type AuthenticationEntry struct {
	Src      string  `json:"src"`
	Dst      string  `json:"dst"`
	Protocol string  `json:"protocol"`
	Port     uint16  `json:"port"`
	Egress   *string `json:"egress"`
	Ingress  *string `json:"ingress"`
}

// PolicyError is a refused object: its position in the scenario and Cilium's words.
type PolicyError struct {
	Index   int    `json:"index"`
	Message string `json:"message"`
}

// Failure is the whole answer where the scenario itself could not be used.
type Failure struct {
	Failure string `json:"failure"`
}
