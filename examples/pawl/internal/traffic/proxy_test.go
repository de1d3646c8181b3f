package traffic

import (
	"slices"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestProxyLeadsToWhoIsReady(t *testing.T) {
	yes, no := true, false
	endpoint := func(address string, ready, serving, terminating *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ready, Serving: serving, Terminating: terminating}}
	}
	slice := func(name string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name}, Ports: make([]discoveryv1.EndpointPort, 1), Endpoints: endpoints}
	}
	ready, unknown := endpoint("ready", &yes, &yes, &no), endpoint("unknown", nil, nil, nil)
	starting, ending, ended := endpoint("starting", &no, &no, &no), endpoint("ending", &no, &yes, &yes), endpoint("ended", &no, &no, &yes)
	portless := slice("portless", ready)
	portless.Ports = nil
	for _, test := range []struct {
		name   string
		slices []*discoveryv1.EndpointSlice
		want   []string
	}{
		{"none", nil, nil},
		{"the ready ones alone", []*discoveryv1.EndpointSlice{slice("a", starting, ready, ending), slice("b", unknown, ended)}, []string{"ready", "unknown"}},
		{"those that end, where none is ready", []*discoveryv1.EndpointSlice{slice("a", starting, ending), slice("b", ended)}, []string{"ending"}},
		{"without a port", []*discoveryv1.EndpointSlice{portless}, nil},
	} {
		p := &proxy{slices: map[string]*discoveryv1.EndpointSlice{}}
		for _, s := range test.slices {
			p.slices[s.Name] = s
		}
		if got := p.endpoints(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
