import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parser } from '@prometheus-io/lezer-promql';
import { Metrics } from '../../controller/metrics.ts';
import { getObject, getObjects, getString, isObject } from '../../lib/json.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { ROOT } from '../architecture/root.ts';

const ALERTS = join(ROOT, 'manifests', 'alerts');
const GRAFANA = join(ROOT, 'manifests', 'grafana');
const rules = getObjects(parse(readFileSync(join(ALERTS, 'rules.yaml'), 'utf8')), 'groups').flatMap((group) =>
  getObjects(group, 'rules'),
);
const recorded = rules.flatMap((rule) => getString(rule, 'record') ?? []);
const boards = readdirSync(GRAFANA).map((file) => ({
  file,
  board: JSON.parse(readFileSync(join(GRAFANA, file), 'utf8')) as unknown,
}));

/** Names of the series that the controller serves, from its own registry. */
const served = new Set(
  new Metrics({
    queueDepth: () => 0,
    isLeader: () => true,
    hold: () => ({ wanted: 'auto', mode: 'pause' }),
    blind: () => [],
    releasesKept: () => true,
  }).registry
    .getMetricsAsArray()
    .flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
);

/** What is wrong with a query: a syntax error, or series that the controller does not serve. */
function wrongWith(query: string): string[] {
  // with the values that Grafana fills in
  const text = query
    .replace(/\$__(rate_interval|range)\b/g, '5m')
    .replace(/\$__range_s/g, '300')
    .replace(/\$(namespace|target)/g, 'x');
  const wrong: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      const part = text.slice(from, to);
      if (type.isError) wrong.push(`${query}: does not parse at ${from}`);
      if (type.name === 'VectorSelector') {
        const name = /^[a-zA-Z_:][\w:]*/.exec(part)?.[0] ?? part;
        if (!served.has(name) && !recorded.includes(name)) wrong.push(`${query}: nobody serves ${name}`);
      }
    },
  });
  return wrong;
}

const promtool = (...args: string[]) => {
  const binary = join(dirname(ensurePrometheus(() => undefined)), 'promtool');
  const done = spawnSync(binary, args, { cwd: ALERTS });
  return { status: done.status, text: `${done.stdout.toString()}${done.stderr.toString()}` };
};

describe('the rules for Prometheus', () => {
  it('are taken by promtool', () => {
    expect(promtool('check', 'rules', 'rules.yaml')).toMatchObject({ status: 0 });
  });

  it.each(['rules.test.yaml', 'delivery.test.yaml'])('do what %s says of them', (file) => {
    expect(promtool('test', 'rules', file)).toMatchObject({ status: 0 });
  });

  it('ask only for what the controller serves', () => {
    expect(rules.flatMap((rule) => wrongWith(getString(rule, 'expr') ?? ''))).toEqual([]);
    expect(wrongWith('sluice_release_fase == 1')).toEqual([
      'sluice_release_fase == 1: nobody serves sluice_release_fase',
    ]);
    expect(wrongWith('sum(sluice_leader')).not.toEqual([]);
  });

  it('have a runbook for each alert, and no runbook without one', () => {
    const alerts = rules.flatMap((rule) => getString(rule, 'alert') ?? []);
    for (const rule of rules.filter((each) => getString(each, 'alert') !== undefined)) {
      const page = `docs/runbooks/alerts/${getString(rule, 'alert') ?? ''}.md`;
      expect(getString(rule, 'annotations', 'runbook_url')).toBe(page);
      expect(existsSync(join(ROOT, page)), page).toBe(true);
      expect(readFileSync(join(ROOT, page), 'utf8')).toContain(
        `Severity: ${getString(rule, 'labels', 'severity') ?? ''}.`,
      );
    }
    const pages = readdirSync(join(ROOT, 'docs', 'runbooks', 'alerts'));
    expect(pages.sort()).toEqual(alerts.map((name) => `${name}.md`).sort());
  });

  it('have a test that sees each alert fire', () => {
    const text = readFileSync(join(ALERTS, 'rules.test.yaml'), 'utf8');
    const fired = getObjects(parse(text), 'tests')
      .flatMap((test) => getObjects(test, 'alert_rule_test'))
      .filter((test) => getObjects(test, 'exp_alerts').length > 0)
      .map((test) => getString(test, 'alertname'));
    expect(new Set(fired)).toEqual(new Set(rules.flatMap((rule) => getString(rule, 'alert') ?? [])));
  });
});

describe.each(boards)('the dashboard $file', ({ board }) => {
  const panels = getObjects(board, 'panels');

  it('asks only for what the controller serves', () => {
    const queries = panels
      .flatMap((panel) => getObjects(panel, 'targets'))
      .map((each) => getString(each, 'expr') ?? '');
    expect(queries.length).toBeGreaterThan(5);
    expect(queries.flatMap(wrongWith)).toEqual([]);
    const variables = getObjects(board, 'templating', 'list').flatMap(
      (each) => getString(each, 'definition') ?? [],
    );
    const selectors = variables.map((text) => /^label_values\((.*), \w+\)$/.exec(text)?.[1] ?? text);
    expect(selectors.flatMap(wrongWith)).toEqual([]);
  });

  it('has panels with a title each, side by side, of the chosen Prometheus', () => {
    const taken = new Set<string>();
    for (const panel of panels) {
      expect(getString(panel, 'title')).not.toBe('');
      expect(getString(panel, 'datasource', 'uid')).toBe('${datasource}');
      const grid = getObject(panel, 'gridPos');
      const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((each) => Number(isObject(grid) ? grid[each] : NaN));
      for (let column = x ?? NaN; column < (x ?? 0) + (w ?? 0); column++)
        for (let row = y ?? NaN; row < (y ?? 0) + (h ?? 0); row++) {
          expect(column, 'columns').toBeLessThan(24);
          expect(taken.has(`${column} ${row}`), `${getString(panel, 'title') ?? ''} overlaps`).toBe(false);
          taken.add(`${column} ${row}`);
        }
    }
    expect(new Set(panels.map((panel) => panel['id'])).size).toBe(panels.length);
  });
});
