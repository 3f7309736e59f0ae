/** What a Prometheus has scraped of a service with a canary, as OpenMetrics lines. */

const SCRAPE_S = 15;
const ROUTES = ['/', '/cart', '/pay'];
const CODES = [
  ['200', 0.97],
  ['404', 0.02],
  ['500', 0.01],
] as const;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const REQUESTS_PER_SCRAPE = 150;

export const PODS = {
  stable: Array.from({ length: 20 }, (_, i) => `web-7d9f-${i}`),
  canary: Array.from({ length: 4 }, (_, i) => `web-canary-5c4b-${i}`),
};

export interface Span {
  startS: number;
  endS: number;
}

/** The last stable pod starts in the middle of the time, as after an eviction. */
export function scraped(span: Span): string[] {
  const middleS = (span.startS + span.endS) / 2;
  const pods = [...PODS.stable, ...PODS.canary].flatMap((pod, i) => {
    const late = i === PODS.stable.length - 1;
    return ofPod(pod, late ? { ...span, startS: middleS } : span);
  });
  return [...pods, ...ofIngress(span)];
}

const DURATIONS = 'http_server_request_duration_seconds';

function ofPod(pod: string, span: Span): string[] {
  const scrape = `job="app",instance="${pod}:9090",namespace="shop",pod="${pod}"`;
  const requests = ROUTES.flatMap((route) =>
    CODES.flatMap(([code, share]) => {
      const labels = `${scrape},http_route="${route}",http_response_status_code="${code}"`;
      return histogram(DURATIONS, labels, { span, perScrape: REQUESTS_PER_SCRAPE * share });
    }),
  );
  return [...requests, ...counter('container_cpu_usage_seconds_total', scrape, { span, perScrape: 3 })];
}

/** As Ingress-NGINX counts. */
function ofIngress(span: Span): string[] {
  return ['ingress-a', 'ingress-b'].flatMap((pod) =>
    ['', 'shop-web-canary-80'].flatMap((canary) =>
      ROUTES.flatMap((path) =>
        CODES.flatMap(([status, share]) => {
          const labels = `job="ingress",instance="${pod}:10254",namespace="shop",ingress="web",service="web",canary="${canary}",path="${path}",status="${status}"`;
          const rate = { span, perScrape: REQUESTS_PER_SCRAPE * share };
          return [
            ...counter('nginx_ingress_controller_requests', labels, rate),
            ...counter('nginx_ingress_controller_header_duration_seconds_count', labels, rate),
          ];
        }),
      ),
    ),
  );
}

interface Rate {
  span: Span;
  perScrape: number;
}

function histogram(name: string, labels: string, { span, perScrape }: Rate): string[] {
  const buckets = [...BOUNDS, Infinity].flatMap((bound, i) => {
    const le = bound === Infinity ? '+Inf' : String(bound);
    const share = (i + 1) / (BOUNDS.length + 1);
    return counter(`${name}_bucket`, `${labels},le="${le}"`, { span, perScrape: perScrape * share });
  });
  return [...buckets, ...counter(`${name}_count`, labels, { span, perScrape })];
}

function counter(name: string, labels: string, { span: { startS, endS }, perScrape }: Rate): string[] {
  const scrapes = Math.floor((endS - startS) / SCRAPE_S);
  return Array.from(
    { length: scrapes },
    (_, i) => `${name}{${labels}} ${Math.floor(i * perScrape)} ${startS + i * SCRAPE_S}`,
  );
}
