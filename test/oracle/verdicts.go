package main

import (
	"encoding/json"
	"log/slog"
	"math"
	"sort"
	"strings"

	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/policy"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	testcertificatemanager "github.com/cilium/cilium/pkg/testutils/certificatemanager"
	testidentity "github.com/cilium/cilium/pkg/testutils/identity"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
	pkgtypes "github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

// decide answers one scenario: the agent's import of policies and identities, then a policy per pod, then lookups.
func decide(logger *slog.Logger, scenario *Scenario) (*Answer, error) {
	imported, refused, err := importPolicies(logger, scenario)
	if err != nil {
		return nil, err
	}
	entries := policytypes.PolicyEntries{}
	for _, one := range imported {
		entries = append(entries, one.entries...)
	}
	known, err := collectMetadata(entries, scenario.CIDRGroups)
	if err != nil {
		return nil, err
	}
	endpoints, err := listEndpoints(logger, scenario, entries, known)
	if err != nil {
		return nil, err
	}
	repository := newRepository(logger, endpoints)
	for _, one := range imported {
		repository.ReplaceByResource(one.entries, one.resource)
	}
	answer := &Answer{
		Endpoints: []string{}, Expected: [][5]int{}, ExpectedL7: []L7Entry{}, Authentication: []AuthenticationEntry{},
		PolicyErrors: refused, EndpointErrors: map[string]string{},
	}
	policies := make([]*podPolicy, len(endpoints))
	computed := map[identity.NumericIdentity]*podPolicy{}
	for index, each := range endpoints {
		answer.Endpoints = append(answer.Endpoints, each.name)
		if !each.pod {
			continue
		}
		if computed[each.identity.ID] == nil {
			computed[each.identity.ID] = computePolicy(logger, repository, each)
		}
		policies[index] = computed[each.identity.ID]
		if policies[index].problem != nil {
			answer.EndpointErrors[each.name] = policies[index].problem.Error()
		}
	}
	return answer, look(answer, scenario, endpoints, policies)
}

// newRepository is the agent's repository with everyone known from the beginning, so that nothing changes later.
func newRepository(logger *slog.Logger, endpoints []endpoint) *policy.Repository {
	everyone := identity.ListReservedIdentities()
	ports := pkgtypes.NewNamedPortMultiMap()
	seen := map[identity.NumericIdentity]bool{}
	for _, each := range endpoints {
		everyone[each.identity.ID] = each.identity.LabelArray
		if each.pod && !seen[each.identity.ID] {
			ports.Update(each.identity.ID, nil, each.ports)
			seen[each.identity.ID] = true
		}
	}
	repository := policy.NewPolicyRepository(logger, everyone, &testcertificatemanager.Fake{},
		envoypolicy.NewEnvoyL7RulesTranslator(logger, nil), identitymanager.NewIDManager(logger),
		testpolicy.NewPolicyMetricsNoop())
	repository.GetSelectorCache().SetLocalIdentityNotifier(testidentity.NewDummyIdentityNotifier())
	repository.UpdateIdentities(everyone, nil)
	repository.SetNamedPortsGetter(namedPorts{ports})
	return repository
}

type namedPorts struct{ ports pkgtypes.NamedPortMultiMap }

func (n namedPorts) GetNamedPorts() pkgtypes.NamedPortMultiMap { return n.ports }

// podPolicy is what the agent computes for one pod, or why it does not.
type podPolicy struct {
	problem  error
	policy   *policy.EndpointPolicy
	snapshot policy.SelectorSnapshot
	owner    owner
}

func computePolicy(logger *slog.Logger, repository *policy.Repository, pod endpoint) *podPolicy {
	computed, _, err := repository.ComputeSelectorPolicy(pod.identity)
	if err != nil {
		return &podPolicy{problem: err}
	}
	own := owner{number: uint64(pod.identity.ID), ports: pod.ports}
	// Any proxy port will do: pkg/policy/lookup.go, LookupFlow.
	redirects := map[string]uint16{policy.FallbackRedirectID: math.MaxUint16}
	return &podPolicy{policy: computed.DistillPolicy(logger, own, redirects), owner: own}
}

// owner is the endpoint as its policy sees it (pkg/policy/lookup.go, endpointInfo).
type owner struct {
	number uint64
	ports  pkgtypes.NamedPortMap
}

func (o owner) GetID() uint64 { return o.number }

func (o owner) GetIngressNamedPort(name string, protocol u8proto.U8proto) uint16 {
	port, err := o.ports.GetNamedPort(name, protocol)
	if err != nil {
		return 0
	}
	return port
}

func (o owner) PolicyDebug(string, ...any)                  {}
func (o owner) IsHost() bool                                { return false }
func (o owner) PreviousMapStateSizes() policy.MapStateSizes { return policy.MapStateSizes{} }
func (o owner) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

// look asks every pair of different endpoints, at least one of them a pod, at every probe.
func look(answer *Answer, scenario *Scenario, endpoints []endpoint, policies []*podPolicy) error {
	protocols := make([]u8proto.U8proto, len(scenario.Probes))
	for index, probe := range scenario.Probes {
		protocol, err := u8proto.ParseProtocol(probe.Protocol)
		if err != nil {
			return err
		}
		protocols[index] = protocol
	}
	for from, source := range endpoints {
		for to, target := range endpoints {
			if from == to || !source.pod && !target.pod {
				continue
			}
			for index, probe := range scenario.Probes {
				egress := policies[from].side(policy.EgressKey(), target, protocols[index], probe.Port)
				ingress := policies[to].side(policy.IngressKey(), source, protocols[index], probe.Port)
				answer.Expected = append(answer.Expected, [5]int{from, to, index, egress.code, ingress.code})
				if egress.code == denied || ingress.code == denied || egress.code == failed || ingress.code == failed {
					continue
				}
				if egress.authentication != nil || ingress.authentication != nil {
					answer.Authentication = append(answer.Authentication, AuthenticationEntry{
						source.name, target.name, probe.Protocol, probe.Port, egress.authentication, ingress.authentication})
				}
				if egress.code == redirected || ingress.code == redirected {
					answer.ExpectedL7 = append(answer.ExpectedL7, L7Entry{
						source.name, target.name, probe.Protocol, probe.Port,
						policies[from].l7(egress, target, protocols[index], probe.Port),
						policies[to].l7(ingress, source, protocols[index], probe.Port)})
				}
			}
		}
	}
	return nil
}

// side is what one side says of one cell.
type side struct {
	code           int
	ingress        bool
	authentication *string
}

func (p *podPolicy) side(key policy.Key, peer endpoint, protocol u8proto.U8proto, port uint16) side {
	if p == nil {
		return side{code: notApplicable}
	}
	if p.problem != nil {
		return side{code: failed}
	}
	found, _, _ := p.policy.Lookup(key.WithIdentity(peer.identity.ID).WithPortProto(protocol, port))
	answer := side{code: allowed, ingress: key.IsIngress()}
	switch {
	case found.IsDeny():
		answer.code = denied
	case found.IsRedirectEntry():
		answer.code = redirected
	}
	if kind := found.AuthRequirement.AuthType(); !found.IsDeny() && kind != policytypes.AuthTypeDisabled {
		// The policy's own word for the handshake by SPIRE is "required".
		word := "required"
		if kind == policytypes.AuthTypeAlwaysFail {
			word = "test-always-fail"
		}
		answer.authentication = &word
	}
	return answer
}

// l7 lists what the redirect lets pass: one element per filter that covers the port and selector that selects the peer.
func (p *podPolicy) l7(found side, peer endpoint, protocol u8proto.U8proto, port uint16) []any {
	if found.code != redirected {
		return nil
	}
	direction := p.policy.SelectorPolicy.L4Policy.Egress
	if found.ingress {
		direction = p.policy.SelectorPolicy.L4Policy.Ingress
	}
	elements := []any{}
	for filter := range direction.PortRules.Filters() {
		if !p.covers(filter, peer, protocol, port) {
			continue
		}
		for selector, rules := range filter.PerSelectorPolicies {
			// An aggregate has no port of any name, so there is no entry for it (pkg/policy/l4.go, toMapState).
			if filter.PortName != "" && !filter.Ingress && !selector.Selects(peer.identity.ID) {
				continue
			}
			if selects(selector, peer.identity.ID) && !rules.IsDeny() {
				elements = append(elements, element(rules))
			}
		}
	}
	sort.Slice(elements, func(a, b int) bool { return text(elements[a]) < text(elements[b]) })
	return elements
}

// selects: a selector also speaks of a peer if it selects the aggregate that the datapath looks up beside it
// (pkg/policy/aggregate.go, aggregateFor). Those of the entities do so on purpose, next to one that selects the peer.
func selects(selector policy.CachedSelector, peer identity.NumericIdentity) bool {
	if selector.Selects(peer) {
		return true
	}
	aggregate := identity.IdentityUnknown
	switch {
	case peer.Scope() == identity.IdentityScopeLocal:
		aggregate = identity.ReservedIdentityAggregateWorld
	case peer.Scope() == identity.IdentityScopeGlobal && peer >= identity.MinimalNumericIdentity:
		aggregate = identity.ReservedIdentityAggregateCluster
	}
	return aggregate != identity.IdentityUnknown && selector.Selects(aggregate) &&
		!strings.Contains(selector.String(), "aggregate-")
}

func (p *podPolicy) covers(filter *policy.L4Filter, peer endpoint, protocol u8proto.U8proto, port uint16) bool {
	if filter.U8Proto != u8proto.ANY && filter.U8Proto != protocol {
		return false
	}
	if filter.PortName != "" {
		ports := peer.ports
		if filter.Ingress {
			ports = p.owner.ports
		}
		number, err := ports.GetNamedPort(filter.PortName, filter.U8Proto)
		// A range may begin at a name, but only on ingress (pkg/policy/l4.go, toMapState).
		return err == nil && (number == port || filter.Ingress && number <= port && port <= filter.EndPort)
	}
	if filter.Port == 0 || filter.Port == port {
		return true
	}
	return filter.EndPort > filter.Port && filter.Port <= port && port <= filter.EndPort
}

// element: "*" lets everything pass; otherwise the rules as the policy has them after merging.
func element(rules *policy.PerSelectorPolicy) any {
	if !rules.IsRedirect() {
		return "*"
	}
	found := map[string]any{}
	if len(rules.L7Rules.HTTP) > 0 {
		found["http"] = rules.L7Rules.HTTP
	}
	if len(rules.L7Rules.DNS) > 0 {
		found["dns"] = rules.L7Rules.DNS
	}
	if len(rules.ServerNames) > 0 || rules.L7Parser == policy.ParserTypeTLS {
		names := []string{}
		for name := range rules.ServerNames {
			names = append(names, name)
		}
		sort.Strings(names)
		found["serverNames"] = names
	}
	if rules.Listener != "" {
		found["listener"] = []string{rules.Listener}
	}
	return found
}

func text(element any) string {
	written, _ := json.Marshal(element)
	return string(written)
}
