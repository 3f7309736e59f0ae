import type { Backends } from '../proxy/backends.ts';
import { meshHost, toService } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

/**
 * Shares requests to a Service's name out among its ready endpoints, as kube-proxy does with connections (here every
 * request counts as one).
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
