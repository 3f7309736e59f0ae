import { Command, CommanderError, Option } from 'commander';
import { CLUSTER_DOMAIN, HOME } from '../api/names.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { HOLDS } from './hold/keeper.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** own: the target's namespace comes before the controller's */
export const POLICIES = ['own', 'shared-only'] as const;

/** The flags of `sluice controller` as they were written. */
export interface Flags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  controllerNamespace: string;
  prometheus: readonly string[];
  source: readonly string[];
  policies: string;
  enforceNamespaceMatcher?: boolean;
  trustedNamespaces?: string;
  hold: string;
  scrapeLag: string;
  minInterval: string;
  clusterDomain: string;
  metricsPort: string;
  metricsAddress?: string;
  leaseName: string;
  leaderElection: boolean;
  logLevel: string;
  concurrency: string;
}

const repeated = (flags: string, help: string): Option =>
  new Option(flags, help)
    .default([], 'none')
    .argParser((value, before: readonly string[]) => [...before, value]);

/** Flags about where the controller works and what it may ask. */
const place = (made: Command): Command =>
  made
    .option(
      '--kubeconfig <file>',
      "kubeconfig file; without it $KUBECONFIG, ~/.kube/config, the pod's service account",
    )
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', 'look for targets in this namespace only')
    .option(
      '--controller-namespace <name>',
      'home of shared policies and templates, of the Lease and of the key of the seals',
      HOME.namespace,
    )
    .addOption(
      repeated(
        '--prometheus <[name=]url>',
        'a Prometheus end point, may be repeated; without a name it is "default"; "name=url namespaces=a,b": only targets of these namespaces may use it',
      ),
    )
    .addOption(
      repeated(
        '--source <source/name=url>',
        'an end point of another source that templates may name (http/name=url), may be repeated; "namespaces=a,b" as for --prometheus',
      ),
    );

/** Flags about how it decides. */
const decisions = (made: Command): Command =>
  made
    .option(
      '--policies <whose>',
      `${POLICIES.join(' or ')}: do policies and templates of a target's namespace count?`,
      'own',
    )
    .option(
      '--enforce-namespace-matcher',
      'queries of templates in a target\'s namespace read series with that label "namespace" only',
    )
    .option(
      '--trusted-namespaces <a,b>',
      'a NetworkPolicy of these namespaces that would cut a canary off blocks its release; of others it is a note',
    )
    .option('--hold <how>', `how changes are held: ${HOLDS.join(', ')}`, 'auto')
    .option(
      '--scrape-lag <duration>',
      'a window is measured this long after its end: at least a scrape interval',
      '15s',
    )
    .option('--min-interval <duration>', 'templates with a shorter interval are refused; at least 1s', '5s')
    .option(
      '--cluster-domain <domain>',
      'what full names of Services end in: Istio counts requests by them',
      CLUSTER_DOMAIN,
    );

/** Flags about how it runs. */
const running = (made: Command): Command =>
  made
    .option('--metrics-port <port>', 'port of /metrics, /healthz and /readyz; 0 = none', '8080')
    .option(
      '--metrics-address <address>',
      "where that port listens; without it at the pod's address, outside of a pod at 127.0.0.1",
    )
    .option('--lease-name <name>', 'Lease of the leader election', HOME.lease)
    .option('--no-leader-election', 'run without election: only ever one controller may run')
    .option('--log-level <level>', LOG_LEVELS.join(', '), 'info')
    .option('--concurrency <n>', 'targets worked on at the same time', '4');

/** The only place where flags are declared: `--help` and the table of docs/operations.md are made from it. */
export const command = (): Command =>
  running(decisions(place(new Command('sluice controller'))))
    .usage('[flags]')
    .helpOption('-h, --help', 'print this')
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();

export function readFlags(argv: readonly string[]): Result<Flags> {
  try {
    return ok(command().parse(argv, { from: 'user' }).opts<Flags>());
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const message = error.message
      .replace(/^error: /, '')
      .replace(/\.$/, '')
      .replaceAll('\n', ' ');
    return fail({ path: 'flags', message, remedy: 'see sluice controller --help' });
  }
}
