package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/cilium/statedb"
	kjson "sigs.k8s.io/json"

	cmtypes "github.com/cilium/cilium/pkg/clustermesh/types"
	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	"github.com/cilium/cilium/pkg/k8s"
	v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	k8sutils "github.com/cilium/cilium/pkg/k8s/utils"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/loadbalancer"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	policyk8s "github.com/cilium/cilium/pkg/policy/k8s"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	policyutils "github.com/cilium/cilium/pkg/policy/utils"
	"github.com/cilium/cilium/pkg/source"
)

// The name of a cluster that is not part of a mesh (the chart's cluster.name).
const clusterName = "default"

// configureAgent sets what the agent reads from its configuration, as our charts leave it.
func configureAgent() error {
	option.Config.EnableIPv4 = true
	option.Config.EnableIPv6 = false
	option.Config.EnableL7Proxy = true
	option.Config.EnableICMPRules = true
	option.Config.EnableNonDefaultDenyPolicies = true
	option.Config.ClusterName = clusterName
	option.Config.UnsafeDaemonConfigOption.AllowLocalhost = option.AllowLocalhostAlways
	policy.SetPolicyEnabled(option.DefaultEnforcement)
	api.InitEntities(clusterName)
	return labelsfilter.ParseLabelPrefixCfg(slog.New(slog.DiscardHandler), nil, nil, "")
}

// importedPolicy is one accepted object, as the agent's policy importer gets it.
type importedPolicy struct {
	resource ipcachetypes.ResourceID
	entries  policytypes.PolicyEntries
}

// importPolicies does what the agent's policy watcher does with each object (pkg/policy/k8s/watcher.go).
func importPolicies(logger *slog.Logger, scenario *Scenario) ([]importedPolicy, []PolicyError, error) {
	local := cmtypes.LocalClusterNameForPolicies(
		cmtypes.PolicyConfig{PolicyDefaultLocalCluster: scenario.PeerScope != "any cluster"}, clusterName)
	services, err := newServices(scenario.Services)
	if err != nil {
		return nil, nil, err
	}
	imported := []importedPolicy{}
	refused := []PolicyError{}
	for index, raw := range scenario.Policies {
		one, err := importOrRefuse(logger, local, services, raw)
		if err != nil {
			refused = append(refused, PolicyError{Index: index, Message: err.Error()})
			continue
		}
		imported = append(imported, one)
	}
	return imported, refused, nil
}

// importOrRefuse takes an object on which the agent would crash for a refused one: no API server would store it.
func importOrRefuse(logger *slog.Logger, local string, services *services, raw json.RawMessage) (one importedPolicy, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return importPolicy(logger, local, services, raw)
}

func importPolicy(logger *slog.Logger, local string, services *services, raw json.RawMessage) (importedPolicy, error) {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return importedPolicy{}, err
	}
	switch kind.Kind {
	case "NetworkPolicy":
		// pkg/policy/k8s/network_policy.go, addK8sNetworkPolicyV1.
		object := &slim_networkingv1.NetworkPolicy{}
		if err := decode(raw, object); err != nil {
			return importedPolicy{}, err
		}
		entries, err := k8s.ParseNetworkPolicy(logger, local, object)
		namespace := k8sutils.ExtractNamespaceOrDefault(&object.ObjectMeta)
		resource := ipcachetypes.NewResourceID(ipcachetypes.ResourceKindNetpol, namespace, object.Name)
		return importedPolicy{resource, entries}, err
	case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
		object := &v2.CiliumNetworkPolicy{}
		if err := decode(raw, object); err != nil {
			return importedPolicy{}, err
		}
		resourceKind := ipcachetypes.ResourceKindCCNP
		if kind.Kind == "CiliumNetworkPolicy" {
			resourceKind = ipcachetypes.ResourceKindCNP
			// The API server does that.
			if object.Namespace == "" {
				object.Namespace = "default"
			}
		} else {
			object.Namespace = ""
		}
		// pkg/policy/k8s/cilium_network_policy.go, resolveCiliumNetworkPolicyRefs: a copy, services, then the parser.
		translated := object.DeepCopy()
		services.resolve(translated)
		rules, err := translated.Parse(logger, local)
		if err != nil {
			return importedPolicy{}, err
		}
		resource := ipcachetypes.NewResourceID(resourceKind, object.Namespace, object.Name)
		return importedPolicy{resource, policyutils.RulesToPolicyEntries(rules)}, nil
	}
	return importedPolicy{}, fmt.Errorf("%q is no kind of policy", kind.Kind)
}

// decode is what client-go's decoder of JSON does: keys by their exact case, unknown ones dropped.
func decode(raw []byte, object any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(raw, object)
}

// services holds what the agent keeps in its tables of load balancing.
type services struct {
	db       *statedb.DB
	services statedb.RWTable[*loadbalancer.Service]
	backends statedb.RWTable[*loadbalancer.Backend]
}

func newServices(given []Service) (*services, error) {
	db := statedb.New()
	table, err := loadbalancer.NewServicesTable(loadbalancer.DefaultConfig, db)
	if err != nil {
		return nil, err
	}
	backends, err := loadbalancer.NewBackendsTable(db)
	if err != nil {
		return nil, err
	}
	txn := db.WriteTxn(table, backends)
	defer txn.Commit()
	for _, each := range given {
		name := loadbalancer.NewServiceName(each.Namespace, each.Name)
		// pkg/loadbalancer/reflectors/k8s.go, convertService: labels have the source k8s.
		service := &loadbalancer.Service{
			Name:     name,
			Source:   source.Kubernetes,
			Labels:   labels.Map2Labels(each.Labels, string(source.Kubernetes)),
			Selector: each.Selector,
		}
		if _, _, err := table.Insert(txn, service); err != nil {
			return nil, err
		}
		for _, text := range each.Addresses {
			address, err := cmtypes.ParseAddrCluster(text)
			if err != nil {
				return nil, err
			}
			backend := &loadbalancer.Backend{
				ServiceName: name,
				Address:     loadbalancer.NewL3n4Addr(loadbalancer.TCP, address, 1, loadbalancer.ScopeExternal),
				Source:      source.Kubernetes,
			}
			if _, _, err := backends.Insert(txn, backend); err != nil {
				return nil, err
			}
		}
	}
	return &services{db, table, backends}, nil
}

func (s *services) resolve(object *v2.CiliumNetworkPolicy) {
	policyk8s.ResolveToServices(s.db.ReadTxn(), s.services, s.backends, object)
}

// metadata is what the agent's ipcache knows of prefixes: labels by prefix.
type metadata map[netip.Prefix]labels.Labels

// collectMetadata takes the prefixes of the policies (pkg/policy/cell/policy_importer.go, updatePrefixes) and those of
// the CIDR groups (pkg/policy/k8s/cilium_cidr_group.go, applyCIDRGroup).
func collectMetadata(entries policytypes.PolicyEntries, groups []json.RawMessage) (metadata, error) {
	known := metadata{}
	for _, prefix := range policy.GetCIDRPrefixes(entries) {
		known.add(prefix, labels.GetCIDRLabels(prefix))
	}
	for _, raw := range groups {
		group := &v2.CiliumCIDRGroup{}
		if err := decode(raw, group); err != nil {
			return nil, err
		}
		for _, text := range group.Spec.ExternalCIDRs {
			// The agent warns about a range that it cannot read, and goes on.
			if prefix, err := netip.ParsePrefix(string(text)); err == nil {
				found := groupLabels(group)
				found.AddWorldLabel(prefix.Addr())
				known.add(prefix, found)
			}
		}
	}
	return known, nil
}

func (m metadata) add(prefix netip.Prefix, found labels.Labels) {
	prefix = prefix.Masked()
	if m[prefix] == nil {
		m[prefix] = labels.Labels{}
	}
	m[prefix].MergeLabels(found)
}

// groupLabels is cidrsAndLabelsForCIDRGroup in pkg/policy/k8s/cilium_cidr_group.go.
func groupLabels(group *v2.CiliumCIDRGroup) labels.Labels {
	found := labels.Labels{}
	for key, value := range k8sutils.RemoveCiliumLabels(group.Labels) {
		label := labels.NewLabel(key, value, labels.LabelSourceCIDRGroup)
		found[label.Key] = label
		encoded := labels.EncodedCIDRGroupLabel(label.Key, label.Value, label.Source)
		found[encoded.Key] = encoded
	}
	reference := api.LabelForCIDRGroupRef(group.Name)
	found[reference.Key] = reference
	return found
}

// labelsOf gives an address its labels: all that its prefixes have, longest first, but one range at most
// (pkg/ipcache/metadata.go, mergeLabels and resolveLabels).
func (m metadata) labelsOf(address netip.Addr) labels.Labels {
	found := labels.Labels{}
	hasRange := false
	for bits := address.BitLen(); bits >= 0; bits-- {
		parent, _ := address.Prefix(bits)
		for key, label := range m[parent] {
			if label.Source == labels.LabelSourceCIDR && hasRange {
				continue
			}
			if _, taken := found[key]; !taken {
				found[key] = label
				hasRange = hasRange || label.Source == labels.LabelSourceCIDR
			}
		}
	}
	found.AddWorldLabel(address)
	return found
}

// labelsOutside are those of an address that no range contains but 0.0.0.0/0.
func (m metadata) labelsOutside() labels.Labels {
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	found := labels.Labels{}
	found.MergeLabels(m[everything])
	found.AddWorldLabel(everything.Addr())
	return found
}

// nameLabels is deriveLabelsForName in pkg/fqdn/namemanager/manager.go, over the selectors of every accepted policy.
func nameLabels(name string, entries policytypes.PolicyEntries) (labels.Labels, error) {
	found := labels.Labels{}
	qualified := strings.ToLower(name)
	if !strings.HasSuffix(qualified, ".") {
		qualified += "."
	}
	for _, entry := range entries {
		for _, peer := range entry.L3 {
			selector, isName := peer.GetFQDNSelector()
			if !isName {
				continue
			}
			expression, err := selector.ToRegex()
			if err != nil {
				return nil, err
			}
			if expression.MatchString(qualified) {
				label := selector.IdentityLabel()
				found[label.Key] = label
			}
		}
	}
	return found, nil
}
