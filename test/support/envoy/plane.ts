import type { KubeObject } from '../../../api/kube.ts';
import { call, type Load } from './clients.ts';
import { envoyGateway, type Options } from './envoy-gateway.ts';
import { RealEnvoy } from './process.ts';

/** Routes requests, and counts them for a Prometheus. */
export interface Plane {
  /** the port for requests */
  port: number;
  metrics: { port: number; path: string };
  /** Resolves when requests follow these routes. */
  follow(routes: readonly KubeObject[], options: Options): Promise<void>;
  /** Makes gRPC calls; returns the status of each. */
  call(count: number, load: Omit<Load, 'port'>): Promise<number[]>;
  close(): Promise<void>;
}

/** A real Envoy with the configuration that Envoy Gateway would make of the routes. */
export async function realPlane(binary: string): Promise<Plane & { envoy: RealEnvoy }> {
  const envoy = await RealEnvoy.start(binary);
  return {
    envoy,
    port: envoy.port,
    metrics: { port: envoy.statsPort, path: '/stats/prometheus' },
    follow: (routes, options) => envoy.publish(envoyGateway(routes, options)),
    call: (count, load) => call(count, { port: envoy.port, ...load }),
    close: () => envoy.close(),
  };
}
