import { expect, it } from 'vitest';
import { scrapeTargets } from '../metrics/scrape-targets.ts';
import { ServiceTable } from './service-routing.ts';
import { backends, request } from '../../../test/support/dataplane-objects.ts';

const table = new ServiceTable(
  backends({ shop: ['10.0.0.1', '10.0.0.2', '-10.0.0.3'], dead: ['-10.0.0.4'] }),
);

it.each([
  { host: 'shop.shop.svc.cluster.local', hosts: ['10.0.0.1', '10.0.0.2'] },
  { host: 'shop.shop.svc', hosts: ['10.0.0.1', '10.0.0.2'] },
  { host: 'dead.shop.svc', status: 503 },
  { host: 'gone.shop.svc', status: 503 },
  { host: 'shop.example', status: 404 },
])('a request to $host goes to any ready pod of the Service', ({ host, hosts, status }) => {
  const routed = table.route(request('/', { host }));
  expect('to' in routed ? routed.to.map((each) => each.host) : routed.status).toEqual(hosts ?? status);
});

it('every pod with an address is a target, by its own name', () => {
  const pod = (name: string, podIP?: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ image: 'shop:v1', ports: [{ containerPort: 9000 }] }] },
    ...(podIP === undefined ? {} : { status: { podIP } }),
  });
  expect(scrapeTargets([pod('a', '127.1.2.3'), pod('b', ''), pod('c')])).toEqual([
    { targets: ['127.1.2.3:9000'], labels: { namespace: 'shop', pod: 'a' } },
  ]);
});
