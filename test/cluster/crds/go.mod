// Carries the CustomResourceDefinitions of routes; nothing of it is built.
module sluice.dev/cluster-lane-crds

go 1.26

require (
	istio.io/api v1.32.0
	sigs.k8s.io/gateway-api v1.6.1
)
