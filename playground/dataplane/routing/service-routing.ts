import type { Backends } from '../proxy/backends.ts';
import { meshHost, toService } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

/**
 * Splits requests to a Service's name among its ready endpoints, like kube-proxy splits connections (here
 * every request counts as a connection).
 */
export class ServiceTable {
  private readonly backends: Backends;

  constructor(backends: Backends) {
    this.backends = backends;
  }

  route(request: RoutedRequest): Routed<ServiceLabels> {
    const service = meshHost(request.host);
    if (service === undefined) return { status: 404, why: `${request.host} is not a Service` };
    return toService(this.backends, service);
  }
}
