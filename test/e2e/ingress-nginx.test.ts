import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IngressTable } from '../../playground/dataplane/routing/ingress-routing.ts';
import { backends, request } from '../support/dataplane-objects.ts';
import { ensureNginxWithLua } from '../../scripts/lib/ingress-nginx-lua.ts';
import { send } from '../support/envoy/clients.ts';
import { percentBelow } from '../support/ingress-nginx.ts';
import {
  backendsOf,
  hostOf,
  ingressesOf,
  sessionOf,
  upstreamOf,
  type Released,
} from '../support/nginx/controller.ts';
import { RealNginx } from '../support/nginx/process.ts';

/*
 * The playground decides like ingress-nginx's own balancer in a real nginx, for everything that Sluice writes
 * into annotations and that clients send.
 */
const found = ensureNginxWithLua(() => undefined);
const title =
  'missing' in found ? `a real ingress-nginx (skipped: ${found.missing})` : 'a real ingress-nginx';

const DRAWS = 20_000;
const SIGMAS = 5;

const SHARES: Record<string, string>[] = [
  ...['0', '1', '5', '25', '50', '99', '100', '101', '-5', '10.5', '10%', '05', '+20', ''].map((weight) => ({
    'canary-weight': weight,
  })),
  ...['10', '50', '100', '1000', '10000', '0', '-3', 'x'].map((total) => ({
    'canary-weight': '20',
    'canary-weight-total': total,
  })),
  {},
];

const HEADER = { 'canary-by-header': 'x-beta' };
const BY_HEADER: Record<string, string>[] = [
  HEADER,
  { ...HEADER, 'canary-by-header-value': 'yes' },
  { ...HEADER, 'canary-by-header-value': 'never' },
  { ...HEADER, 'canary-by-header-pattern': '^y.s$' },
  { ...HEADER, 'canary-by-header-pattern': 'e' },
  { ...HEADER, 'canary-by-header-pattern': '(y' },
  { ...HEADER, 'canary-by-header-pattern': 'n.', 'canary-by-header-value': 'yes' },
  { 'canary-by-header': 'X_Beta' },
  { ...HEADER, 'canary-by-cookie': 'beta' },
];
const VALUES = ['always', 'never', 'yes', 'YES', 'no', ''];

const COOKIES = [
  ...['beta=always', 'beta=never', 'beta=other', 'BETA=always', 'Beta=never', 'beta=ALWAYS', 'beta'],
  ...['a=1; beta=always', 'a=1;beta=always', 'a=1, beta=always', 'beta=always, x=1', 'beta=always; x=1'],
  ...['beta =always', 'beta= always', 'beta=always ; x=1', 'xbeta=always', 'beta2=always', 'a=beta=always'],
  ...['beta=never; beta=always', 'beta=other; beta=always', 'a="x, beta=always"', '; beta=always', ''],
];

const AFFINITY = { affinity: 'cookie', 'session-cookie-name': 'route' };

/** One request to one release. */
interface Asked {
  released: Released;
  headers: Record<string, string>;
}

let names = 0;
const released = (canary: Released['canary'], more: Partial<Released> = {}): Released => ({
  name: `web${++names}`,
  canary,
  ...more,
});

/** At weight 0 and at 100: what decides nothing follows the weight. */
const both = (canary: Released['canary'], more: Partial<Released> = {}): Released[] =>
  ['0', '100'].map((weight) => released({ ...canary, 'canary-weight': weight }, more));

const shares = SHARES.map((canary) => released(canary));
const byHeader = BY_HEADER.flatMap((canary) => both(canary)).flatMap((each): Asked[] =>
  [{}, ...VALUES.map((value) => ({ 'x-beta': value })), { 'x-beta': 'no', cookie: 'beta=always' }].map(
    (headers) => ({ released: each, headers }),
  ),
);
const byCookie = both({ 'canary-by-cookie': 'beta' }).flatMap((each): Asked[] =>
  COOKIES.map((cookie) => ({ released: each, headers: { cookie } })),
);
const bySession = [{}, { 'affinity-canary-behavior': 'legacy' }, HEADER]
  .flatMap((canary) => both(canary, { main: AFFINITY }))
  .flatMap((each): Asked[] =>
    [{}, { 'x-beta': 'always' }, { 'x-beta': 'never' }].flatMap((headers) => [
      { released: each, headers: headers as Record<string, string> },
      ...(['stable', 'canary'] as const).map((arm) => ({
        released: each,
        headers: { ...headers, cookie: `a=b; route=SESSION-${arm}` },
      })),
    ]),
  );
const down = (['stable', 'canary'] as const).flatMap((arm) =>
  both({}, { down: [arm] }).map((each): Asked => ({ released: each, headers: {} })),
);

describe.skipIf('missing' in found)(title, () => {
  let nginx: RealNginx;
  const all = [...shares, ...[...byHeader, ...byCookie, ...bySession, ...down].map((each) => each.released)];
  const services = Object.fromEntries(
    all.flatMap(({ name, down: without = [] }) => [
      [name, without.includes('stable') ? [] : ['10.0.0.1']],
      [`${name}-canary`, without.includes('canary') ? [] : ['10.0.0.2']],
    ]),
  );
  const table = new IngressTable([...new Set(all)].flatMap(ingressesOf), backends(services));

  beforeAll(async () => {
    if ('missing' in found) throw new Error(found.missing);
    nginx = await RealNginx.start(found);
    const [last] = shares;
    if (last === undefined) throw new Error('nothing to tell');
    await nginx.tell(
      [...new Set(all)].flatMap((each) => backendsOf(each, nginx.arms)),
      upstreamOf(last),
    );
  });
  afterAll(() => nginx.close());

  const named = shares.map((each) => [JSON.stringify(each.canary), each] as const);
  test.each(named)('shares requests out by %s', async (_, each) => {
    const percent = percentBelow((random) => {
      const { labels } = table.route(request('/', { host: hostOf(each) }), () => random);
      return labels !== undefined && labels.canary !== '';
    });
    const wanted = (percent / 100) * DRAWS;
    const count = await nginx.draw(upstreamOf(each), DRAWS);
    const sigma = Math.sqrt(wanted * (1 - wanted / DRAWS));
    expect(Math.abs(count - wanted)).toBeLessThanOrEqual(SIGMAS * sigma);
  });

  test.each([
    ['headers', byHeader],
    ['cookies', byCookie],
    ['sessions', bySession],
    ['arms without a ready pod', down],
  ])('decides as the playground by %s', async (_, asked) => {
    const ours = asked.map((each) => `${told(each)} → ${decision(table, each)}`);
    const real: string[] = [];
    for (const each of asked) real.push(`${told(each)} → ${await answer(nginx, each)}`);
    expect(real).toEqual(ours);
  });
});

const told = ({ released: { canary, down: without = [] }, headers }: Asked): string =>
  JSON.stringify({ canary, without, headers });

const withSession = ({ headers }: Asked, of: (arm: 'stable' | 'canary') => string) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace(/SESSION-(stable|canary)/, (__, arm: string) =>
        of(arm === 'canary' ? 'canary' : 'stable'),
      ),
    ]),
  );

/** The playground's decision; its session cookies are its own. */
function decision(table: IngressTable, asked: Asked): string {
  const host = hostOf(asked.released);
  const headers = withSession(asked, (arm) => sessionOfPlayground(asked.released, arm));
  const routed = table.route(request('/', { host, headers }), () => 0.5);
  if (!('to' in routed)) return String(routed.status);
  return routed.labels.canary === '' ? 'stable' : 'canary';
}

/** The cookie in the answer to a request without a cookie. */
function sessionOfPlayground(each: Released, arm: 'stable' | 'canary'): string {
  const weight = arm === 'canary' ? '100' : '0';
  const alone = { ...each, canary: { 'canary-weight': weight } };
  const pods = backends({ [each.name]: ['10.0.0.1'], [`${each.name}-canary`]: ['10.0.0.2'] });
  const routed = new IngressTable(ingressesOf(alone), pods).route(
    request('/', { host: hostOf(each) }),
    () => 0.5,
  );
  const cookie = 'to' in routed ? routed.edits?.response[0]?.add['Set-Cookie'] : undefined;
  return /=([^;]*)/.exec(cookie ?? '')?.[1] ?? '';
}

async function answer(nginx: RealNginx, asked: Asked): Promise<string> {
  const headers = withSession(asked, (arm) => sessionOf(asked.released, arm));
  const path = `/${upstreamOf(asked.released)}/`;
  const [seen] = await send(1, {
    port: nginx.port,
    path,
    host: hostOf(asked.released),
    headers: () => headers,
  });
  return seen?.status === 200 ? seen.arm : String(seen?.status);
}
