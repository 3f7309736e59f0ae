import { describe, expect, it } from 'vitest';
import { formatIssue } from '../lib/result.ts';
import { parseFlags } from './config.ts';
import { command } from './flags.ts';

const issuesOf = (...argv: string[]): string[] => {
  const parsed = parseFlags(argv);
  return parsed.ok ? [] : parsed.issues.map(formatIssue);
};

const NOT_A_URL =
  'is not a name and an http URL; write name=http://host:9090/prefix, or the URL alone, without ? and #';

describe('flags of the controller', () => {
  it('have defaults that need none of them', () => {
    expect(parseFlags([])).toEqual({
      ok: true,
      value: {
        kubeconfig: undefined,
        context: undefined,
        namespace: undefined,
        endpoints: new Map(),
        metricsPort: 8080,
        metricsAddress: undefined,
        lease: 'sluice-controller',
        logLevel: 'info',
        concurrency: 4,
        hold: 'auto',
        decisions: { namespace: 'sluice-system', endpoints: [], scrapeLagMs: 15_000, minIntervalMs: 5_000 },
      },
    });
  });

  it('are all read', () => {
    const parsed = parseFlags([
      ...['--kubeconfig', '/k', '--context', 'c', '--namespace=team', '--controller-namespace', 'home'],
      ...['--prometheus', 'http://one:9090/', '--prometheus', 'long-term=https://two/prefix', '--hold=auto'],
      ...['--scrape-lag', '1m30s', '--metrics-port', '0', '--no-leader-election'],
      ...['--metrics-address', '10.0.0.7'],
      ...['--log-level', 'debug', '--concurrency', '16'],
    ]);
    expect(parsed).toEqual({
      ok: true,
      value: {
        kubeconfig: '/k',
        context: 'c',
        namespace: 'team',
        endpoints: new Map([
          ['prometheus/default', 'http://one:9090'],
          ['prometheus/long-term', 'https://two/prefix'],
        ]),
        metricsPort: undefined,
        metricsAddress: '10.0.0.7',
        lease: undefined,
        logLevel: 'debug',
        concurrency: 16,
        hold: 'auto',
        decisions: {
          namespace: 'home',
          endpoints: ['prometheus/default', 'prometheus/long-term'],
          scrapeLagMs: 90_000,
          minIntervalMs: 5_000,
        },
      },
    });
  });

  it.each([
    { argv: ['--scrape-lag', '15'], want: '--scrape-lag: 15 is no duration; write it like 15s or 1m30s' },
    {
      argv: ['--metrics-address', 'localhost'],
      want: '--metrics-address: localhost is not an IP address; give one like 127.0.0.1, or 0.0.0.0 for all interfaces',
    },
    {
      argv: ['--metrics-port', '70000'],
      want: '--metrics-port: 70000 is out of range or no number; give a whole number from 0 to 65535',
    },
    {
      argv: ['--concurrency', '0'],
      want: '--concurrency: 0 is out of range or no number; give a whole number from 1 to 1000',
    },
    {
      argv: ['--hold', 'webhook'],
      want: '--hold: webhook is not known; give one of: pause, admission, auto',
    },
    {
      argv: ['--log-level', 'loud'],
      want: '--log-level: loud is not known; give one of: trace, debug, info, warn, error, silent',
    },
    {
      argv: ['--namespace', 'Team A'],
      want: '--namespace: Team A is no name; use up to 63 of a-z, 0-9 and "-"',
    },
    {
      argv: ['--prometheus', 'prom=prometheus:9090'],
      want: `--prometheus: prom=prometheus:9090 ${NOT_A_URL}`,
    },
    {
      argv: ['--prometheus', 'http://user:secret@host/api?tenant=a'],
      want: `--prometheus: http://…@host/api?tenant=a ${NOT_A_URL}`,
    },
    {
      argv: ['--prometheus', 'http://a', '--prometheus', 'http://b'],
      want: '--prometheus: http://b names default a second time; give each end point its own name: name=url',
    },
    {
      argv: ['--prometheus', 'http://me:secret@a namespaces=Shop'],
      want: '--prometheus: http://…@a namespaces=Shop has text after its URL that is not a list of namespaces; write namespaces=one,other',
    },
    {
      argv: ['--source', 'stats=http://a'],
      want: '--source: stats=http://a is not a source, a name and an http URL; write source/name=http://host/prefix, without ? and #, the source being one of http, prometheus',
    },
    {
      argv: ['--source', 'datadog/stats=http://me:secret@a'],
      want: '--source: datadog/stats=http://…@a is not a source, a name and an http URL; write source/name=http://host/prefix, without ? and #, the source being one of http, prometheus',
    },
    {
      argv: ['--prometheus', 'http://a', '--source', 'prometheus/default=http://b'],
      want: '--source: prometheus/default=http://b names prometheus/default a second time; give each end point its own name: source/name=url',
    },
    {
      argv: ['--trusted-namespaces', 'shop,'],
      want: '--trusted-namespaces: shop, is not a list of namespaces; write one,other',
    },
    {
      argv: ['--policies', 'mine'],
      want: '--policies: mine is not known; give one of: own, shared-only',
    },
  ])('$argv is refused with field, value and remedy', ({ argv, want }) => {
    expect(issuesOf(...argv)).toEqual([want]);
  });

  it('say which end points of other sources templates may name', () => {
    const parsed = parseFlags(['--source', 'http/stats=https://stats.shop:8443/v1/ namespaces=shop']);
    expect(parsed.ok && [...parsed.value.endpoints]).toEqual([['http/stats', 'https://stats.shop:8443/v1']]);
    expect(parsed.ok && parsed.value.decisions).toMatchObject({
      endpoints: ['http/stats'],
      endpointsFor: { 'http/stats': ['shop'] },
    });
  });

  it('say what tenants may bring and read', () => {
    const parsed = parseFlags([
      ...['--prometheus', 'prod=http://one:9090/ namespaces=shop,team-a', '--prometheus', 'http://two:9090'],
      ...['--policies', 'shared-only', '--enforce-namespace-matcher', '--trusted-namespaces', 'db,jobs'],
    ]);
    expect(parsed.ok && parsed.value.endpoints).toEqual(
      new Map([
        ['prometheus/prod', 'http://one:9090'],
        ['prometheus/default', 'http://two:9090'],
      ]),
    );
    expect(parsed.ok && parsed.value.decisions).toMatchObject({
      namespace: 'sluice-system',
      endpoints: ['prometheus/prod', 'prometheus/default'],
      endpointsFor: { 'prometheus/prod': ['shop', 'team-a'] },
      scrapeLagMs: 15_000,
      sharedOnly: true,
      namespaceMatcher: true,
      trustedNamespaces: ['db', 'jobs'],
    });
  });

  it.each([['--no-such-flag'], ['positional'], ['--kubeconfig']])(
    '%s is refused with the way to help',
    (argument) => {
      expect(issuesOf(argument)).toEqual([expect.stringContaining('see sluice controller --help')]);
    },
  );

  it('say what full names of Services end in', () => {
    const of = (...argv: string[]) => {
      const parsed = parseFlags(argv);
      return parsed.ok ? parsed.value.decisions.clusterDomain : 'refused';
    };
    expect(of()).toBeUndefined();
    expect(of('--cluster-domain=k8s.example.com')).toBe('k8s.example.com');
    expect(issuesOf('--cluster-domain=.example.com')).toEqual([
      '--cluster-domain: .example.com is no domain; write it like cluster.local, without a dot at either end',
    ]);
  });

  it('are told about all at once when several are wrong', () => {
    expect(issuesOf('--hold=x', '--concurrency=x', '--scrape-lag=x')).toHaveLength(3);
  });

  it('take a URL with "=" in it for a URL, not for a name', () => {
    const parsed = parseFlags(['--prometheus', 'http://host/tenant=a']);
    expect(parsed.ok && [...parsed.value.endpoints]).toEqual([
      ['prometheus/default', 'http://host/tenant=a'],
    ]);
  });

  it.each([
    { argv: ['--bogus'], want: "unknown option '--bogus'" },
    { argv: ['--kubeconfig'], want: "option '--kubeconfig <file>' argument missing" },
    { argv: ['extra'], want: 'too many arguments. Expected 0 arguments but got 1' },
  ])('$argv are told what is wrong with them', ({ argv, want }) => {
    expect(issuesOf(...argv)).toEqual([expect.stringContaining(want)]);
  });

  it('are all in the help, with what holds without them', () => {
    const help = command().helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('Usage: sluice controller [flags]');
    expect(help).toContain('--controller-namespace <name> home of shared policies');
    expect(help).toContain('--hold <how> how changes are held: pause, admission, auto (default: "auto")');
    expect(help).toContain('--no-leader-election run without election');
  });
});
