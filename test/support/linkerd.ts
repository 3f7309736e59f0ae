import type { KubeObject } from '../../api/kube.ts';

/** A TrafficSplit of namespace shop: weights by leaf Service. */
export const trafficSplit = (name: string, apex: string, leaves: Record<string, number>): KubeObject => ({
  apiVersion: 'split.smi-spec.io/v1alpha1',
  kind: 'TrafficSplit',
  metadata: { name, namespace: 'shop' },
  spec: {
    service: apex,
    backends: Object.entries(leaves).map(([service, weight]) => ({ service, weight })),
  },
});

/** A whole number as Kubernetes' API machinery may write a Quantity: 10 000 is "10k". */
const canonical = (weight: number): string =>
  weight > 0 && weight % 1000 === 0 ? `${weight / 1000}k` : String(weight);

/** The ServiceProfile of a Service as the SMI extension writes it: weights by Service are Quantities. */
export const serviceProfile = (service: string, overrides: Record<string, number> = {}): KubeObject => ({
  apiVersion: 'linkerd.io/v1alpha2',
  kind: 'ServiceProfile',
  metadata: { name: `${service}.shop.svc.cluster.local`, namespace: 'shop' },
  spec: {
    dstOverrides: Object.entries(overrides).map(([name, weight]) => ({
      authority: `${name}.shop.svc.cluster.local`,
      weight: canonical(weight),
    })),
  },
});
