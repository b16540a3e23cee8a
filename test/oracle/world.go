package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sort"
	"strings"

	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/k8s"
	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	slim_metav1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/apis/meta/v1"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	pkgtypes "github.com/cilium/cilium/pkg/types"
)

// endpoint is one end of a connection.
type endpoint struct {
	name     string
	pod      bool
	identity *identity.Identity
	ports    pkgtypes.NamedPortMap
}

// identities hands out numeric identities: equal labels (and named ports, which the agent adds as labels) are one.
type identities struct {
	byKey map[string]*identity.Identity
	next  map[identity.NumericIdentity]identity.NumericIdentity
}

func newIdentities() *identities {
	return &identities{
		byKey: map[string]*identity.Identity{},
		next: map[identity.NumericIdentity]identity.NumericIdentity{
			identity.IdentityScopeGlobal: 1000,
			identity.IdentityScopeLocal:  identity.IdentityScopeLocal + 1,
		},
	}
}

func (i *identities) allocate(scope identity.NumericIdentity, found labels.Labels, ports pkgtypes.NamedPortMap) *identity.Identity {
	words := []string{string(found.SortedList())}
	for name, port := range ports {
		words = append(words, fmt.Sprintf("%s/%v", name, port))
	}
	sort.Strings(words)
	key := strings.Join(words, "|")
	if i.byKey[key] == nil {
		// World on its own, a node on its own and the like have fixed numbers, to which the code ties meaning.
		i.byKey[key] = identity.LookupReservedIdentityByLabels(found)
	}
	if i.byKey[key] == nil {
		i.byKey[key] = identity.NewIdentity(i.next[scope], found)
		i.next[scope]++
	}
	return i.byKey[key]
}

// listEndpoints gives pods and externals their identities, pods first.
func listEndpoints(logger *slog.Logger, scenario *Scenario, entries policytypes.PolicyEntries, known metadata) ([]endpoint, error) {
	allocator := newIdentities()
	endpoints := []endpoint{}
	for _, pod := range scenario.Pods {
		endpoints = append(endpoints, podEndpoint(logger, scenario, pod, allocator))
	}
	for _, external := range scenario.Externals {
		one, err := externalEndpoint(scenario, external, entries, known, allocator)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, one)
	}
	return endpoints, nil
}

// podEndpoint: labels and named ports as pkg/k8s reads them from pod and namespace, filtered as pkg/endpoint does.
func podEndpoint(logger *slog.Logger, scenario *Scenario, pod Pod, allocator *identities) endpoint {
	object := &slim_corev1.Pod{}
	object.Namespace = pod.Namespace
	object.Name = pod.Name
	object.Labels = pod.Labels
	object.Spec.ServiceAccountName = pod.ServiceAccount
	container := slim_corev1.Container{}
	for _, port := range pod.Ports {
		container.Ports = append(container.Ports, slim_corev1.ContainerPort{
			Name: port.Name, ContainerPort: port.Port, Protocol: slim_corev1.Protocol(port.Protocol),
		})
	}
	object.Spec.Containers = []slim_corev1.Container{container}
	// The API server gives every namespace its name as a label.
	namespaceLabels := map[string]string{"kubernetes.io/metadata.name": pod.Namespace}
	for key, value := range scenario.Namespaces[pod.Namespace] {
		namespaceLabels[key] = value
	}
	namespace := &slim_corev1.Namespace{ObjectMeta: slim_metav1.ObjectMeta{Name: pod.Namespace, Labels: namespaceLabels}}
	ports, written := k8s.GetPodMetadata(logger, namespace, object)
	relevant, _ := labelsfilter.Filter(labels.Map2Labels(written, labels.LabelSourceK8s))
	return endpoint{
		name:     pod.Namespace + "/" + pod.Name,
		pod:      true,
		identity: allocator.allocate(identity.IdentityScopeGlobal, relevant, ports),
		ports:    ports,
	}
}

func externalEndpoint(scenario *Scenario, external External, entries policytypes.PolicyEntries, known metadata, allocator *identities) (endpoint, error) {
	found := endpoint{name: external.Name}
	if external.Entity != "" {
		var err error
		found.identity, err = entityIdentity(external.Entity, scenario.APIServer, known, allocator)
		return found, err
	}
	address, err := netip.ParseAddr(external.IP)
	if err != nil {
		return found, err
	}
	names := labels.Labels{}
	if external.FQDN != "" {
		if names, err = nameLabels(external.FQDN, entries); err != nil {
			return found, err
		}
	}
	if len(names) > 0 {
		// As in the fixtures: an address with a known name is known by its name only. In a cluster the ipcache merges
		// the labels of the ranges around the address into it as well (pkg/ipcache/metadata.go, mergeLabels).
		names.MergeLabels(known.labelsOutside())
		found.identity = allocator.allocate(identity.IdentityScopeLocal, names, nil)
		return found, nil
	}
	found.identity = allocator.allocate(identity.IdentityScopeLocal, known.labelsOf(address), nil)
	return found, nil
}

// entityIdentity: the API server has the labels of wherever it runs (pkg/ipcache/metadata.go); all else is fixed.
func entityIdentity(entity, apiServer string, known metadata, allocator *identities) (*identity.Identity, error) {
	if entity == labels.IDNameWorld {
		// What is outside every range, so that a group of everything is all that it can be in.
		return allocator.allocate(identity.IdentityScopeLocal, known.labelsOutside(), nil), nil
	}
	if entity == labels.IDNameKubeAPIServer {
		switch apiServer {
		case "", "on another node":
			return identity.LookupReservedIdentity(identity.ReservedIdentityKubeAPIServer), nil
		case "on the pod's node":
			// In the agent this is the host's identity with one label more. Here the host without it is a peer, too, so
			// this one takes a number that nobody else has then, and that no aggregate covers either.
			found := labels.Labels{labels.IDNameHost: labels.LabelHost[labels.IDNameHost]}
			found.MergeLabels(labels.LabelKubeAPIServer)
			return identity.NewIdentity(identity.ReservedIdentityKubeAPIServer, found), nil
		case "outside the cluster":
			found := known.labelsOutside()
			found.MergeLabels(labels.LabelKubeAPIServer)
			return allocator.allocate(identity.IdentityScopeLocal, found, nil), nil
		}
		return nil, fmt.Errorf("%q is no place for an API server", apiServer)
	}
	number := identity.GetReservedID(entity)
	found := identity.LookupReservedIdentity(number)
	if found == nil {
		return nil, fmt.Errorf("%q is no entity", entity)
	}
	return found, nil
}
