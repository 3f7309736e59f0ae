import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { CLUSTER_DOMAIN, HOME, isDomain } from '../api/names.ts';
import { parseDuration } from '../lib/duration.ts';
import { fail, ok } from '../lib/result.ts';
import type { Issue, Result } from '../lib/result.ts';
import { dnsLabel, NO_ENDPOINTS, parseEndpoints, parseNamespaces } from './config-endpoints.ts';
import { HOLDS, type Hold } from './hold/keeper.ts';
import type { ControllerConfig } from '../release/model.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** own: the target's namespace comes before the controller's */
const POLICIES = ['own', 'shared-only'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything the flags of `sluice controller` say. */
export interface RunConfig {
  kubeconfig: string | undefined;
  context: string | undefined;
  /** watch only this namespace; undefined: all */
  namespace: string | undefined;
  /** base URLs of where numbers come from, by "<source>/<end point>" */
  endpoints: ReadonlyMap<string, string>;
  /** undefined: no HTTP port */
  metricsPort: number | undefined;
  /** address it listens on; undefined: the pod's, or loopback outside of a pod */
  metricsAddress: string | undefined;
  /** name of the Lease; undefined: no election */
  lease: string | undefined;
  logLevel: LogLevel;
  concurrency: number;
  /** what is asked for; the mode in force is for controller/hold to find out */
  hold: Hold;
  decisions: Omit<ControllerConfig, 'hold'>;
}

export const USAGE = `Usage: sluice controller [flags]

  --kubeconfig <file>            default: $KUBECONFIG, ~/.kube/config, then the pod's service account
  --context <name>               context of the kubeconfig
  --namespace <name>             look for targets in this namespace only
  --controller-namespace <name>  home of shared policies and templates (default ${HOME.namespace})
  --prometheus <[name=]url>      a Prometheus end point, may be repeated; without a name it is "default";
                                 "name=url namespaces=a,b": only targets of these namespaces may use it
  --source <source/name=url>     another end point of numbers that templates may name (http/name=url), may be repeated;
                                 "namespaces=a,b" as for --prometheus
  --policies <whose>             ${POLICIES.join(', ')}: do policies and templates of a target's namespace count? (default own)
  --enforce-namespace-matcher    queries of templates in a target's namespace read series with that label "namespace" only
  --trusted-namespaces <a,b>     a NetworkPolicy of these namespaces that would cut a canary off blocks its release; of others it is a note
  --hold <how>                   how changes are held: ${HOLDS.join(', ')} (default auto)
  --scrape-lag <duration>        a window is measured this long after its end (default 15s)
  --min-interval <duration>      templates with a shorter interval are refused; at least 1s (default 5s)
  --cluster-domain <domain>      what full names of Services end in (default ${CLUSTER_DOMAIN})
  --metrics-port <port>          port of /metrics, /healthz and /readyz; 0 = none (default 8080)
  --metrics-address <address>    where that port listens (default: the pod's address, 127.0.0.1 outside of a pod)
  --lease-name <name>            Lease of the leader election (default ${HOME.lease})
  --no-leader-election           run without election: only ever one controller may run
  --log-level <level>            ${LOG_LEVELS.join(', ')} (default info)
  --concurrency <n>              targets worked on at the same time (default 4)
`;

const OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  'controller-namespace': { type: 'string', default: HOME.namespace },
  prometheus: { type: 'string', multiple: true, default: [] as string[] },
  source: { type: 'string', multiple: true, default: [] as string[] },
  hold: { type: 'string', default: 'auto' },
  policies: { type: 'string', default: 'own' },
  'enforce-namespace-matcher': { type: 'boolean', default: false },
  'trusted-namespaces': { type: 'string' },
  'scrape-lag': { type: 'string', default: '15s' },
  'min-interval': { type: 'string', default: '5s' },
  'cluster-domain': { type: 'string', default: CLUSTER_DOMAIN },
  'metrics-port': { type: 'string', default: '8080' },
  'metrics-address': { type: 'string' },
  'lease-name': { type: 'string', default: HOME.lease },
  'no-leader-election': { type: 'boolean', default: false },
  'log-level': { type: 'string', default: 'info' },
  concurrency: { type: 'string', default: '4' },
} as const;

/** Flags → configuration, or every issue at once. */
export function parseFlags(argv: readonly string[]): Result<RunConfig> {
  const parsed = readFlags(argv);
  if (!parsed.ok) return parsed;
  const flags = parsed.value;
  const issues: Issue[] = [];
  const collect = <T>(result: Result<T>, otherwise: T): T => {
    if (result.ok) return result.value;
    issues.push(...result.issues);
    return otherwise;
  };

  const { endpoints, endpointsFor } = collect(parseEndpoints(flags), NO_ENDPOINTS);
  const policies = collect(oneOf('--policies', flags.policies, POLICIES), 'own');
  const trusted = collect(parseNamespaces('--trusted-namespaces', flags['trusted-namespaces']), []);
  const port = collect(wholeNumber('--metrics-port', flags['metrics-port'], { min: 0, max: 65_535 }), 0);
  const address =
    flags['metrics-address'] === undefined ? undefined : collect(ipAddress(flags['metrics-address']), '');
  const concurrency = collect(wholeNumber('--concurrency', flags.concurrency, { min: 1, max: 1_000 }), 1);
  const logLevel = collect(oneOf('--log-level', flags['log-level'], LOG_LEVELS), 'info');
  const hold = collect(oneOf('--hold', flags.hold, HOLDS), 'pause');
  const scrapeLagMs = collect(duration('--scrape-lag', flags['scrape-lag']), 0);
  const minIntervalMs = collect(duration('--min-interval', flags['min-interval']), 0);
  const clusterDomain = collect(domain(flags['cluster-domain']), '');
  const namespace =
    flags.namespace === undefined ? undefined : collect(dnsLabel('--namespace', flags.namespace), '');
  const home = collect(dnsLabel('--controller-namespace', flags['controller-namespace']), '');
  const lease = collect(dnsLabel('--lease-name', flags['lease-name']), '');
  if (issues.length > 0) return fail(...issues);
  return ok({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    namespace,
    endpoints,
    metricsPort: port === 0 ? undefined : port,
    metricsAddress: address,
    lease: flags['no-leader-election'] ? undefined : lease,
    logLevel,
    concurrency,
    hold,
    decisions: {
      namespace: home,
      endpoints: [...endpoints.keys()],
      scrapeLagMs,
      minIntervalMs,
      ...(clusterDomain === CLUSTER_DOMAIN ? {} : { clusterDomain }),
      ...(Object.keys(endpointsFor).length === 0 ? {} : { endpointsFor }),
      ...(policies === 'shared-only' ? { sharedOnly: true } : {}),
      ...(flags['enforce-namespace-matcher'] ? { namespaceMatcher: true } : {}),
      ...(trusted.length === 0 ? {} : { trustedNamespaces: trusted }),
    },
  });
}

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function readFlags(argv: readonly string[]): Result<Flags> {
  try {
    return ok(parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false }).values);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return fail({ path: 'flags', message, remedy: 'see sluice controller --help' });
  }
}

function wholeNumber(path: string, value: string, range: { min: number; max: number }): Result<number> {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= range.min && number <= range.max) return ok(number);
  const remedy = `give a whole number from ${range.min} to ${range.max}`;
  return fail({ path, value, message: 'is out of range or no number', remedy });
}

function oneOf<T extends string>(path: string, value: string, choices: readonly T[]): Result<T> {
  const choice = choices.find((each) => each === value);
  return choice === undefined
    ? fail({ path, value, message: 'is not known', remedy: `give one of: ${choices.join(', ')}` })
    : ok(choice);
}

function ipAddress(value: string): Result<string> {
  const remedy = 'give one like 127.0.0.1, or 0.0.0.0 for all interfaces';
  return isIP(value) === 0
    ? fail({ path: '--metrics-address', value, message: 'is no IP address', remedy })
    : ok(value);
}

function domain(value: string): Result<string> {
  return isDomain(value)
    ? ok(value)
    : fail({
        path: '--cluster-domain',
        value,
        message: 'is no domain',
        remedy: `write it like ${CLUSTER_DOMAIN}, without a dot at either end`,
      });
}

function duration(path: string, value: string): Result<number> {
  const ms = parseDuration(value);
  return ms === undefined
    ? fail({ path, value, message: 'is no duration', remedy: 'write it like 15s or 1m30s' })
    : ok(ms);
}
