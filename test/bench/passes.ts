/**
 * `npm run bench:passes [-- --json]`: the cost of a decision, for namespaces of some size and for objects
 * that a tenant might make to take everyone's time; and what it costs that a decision can be interrupted.
 */
import { parseArgs } from 'node:util';
import type { KubeObject } from '../../api/kube.ts';
import { within } from '../../controller/deadline.ts';
import { decide } from '../../release/decide.ts';
import { aSnapshot, aTarget, replicaSet } from '../support/builders.ts';
import { initial, underWay } from '../support/release-builders.ts';

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

const object = (apiVersion: string, kind: string, name: string, spec: KubeObject['spec']): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${name}` },
  ...(spec === undefined ? {} : { spec }),
});

const policy = (i: number): KubeObject =>
  object('networking.k8s.io/v1', 'NetworkPolicy', `np${i}`, {
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  });

const labelled = (kind: string, i: number): KubeObject =>
  kind === 'Service'
    ? object('v1', kind, `s${i}`, { selector: { app: `a${i}` } })
    : {
        ...object('v1', kind, `p${i}`, {}),
        metadata: { name: `p${i}`, namespace: 'shop', labels: { app: `a${i}` } },
      };

const SHAPES: Record<string, KubeObject[]> = {
  'an idle target': [aTarget(), ...replicaSet('web:1'), initial()],
  'a canary with traffic': underWay(),
  'beside 500 policies': [...underWay(), ...times(500, policy)],
  'beside 5000 policies': [...underWay(), ...times(5_000, policy)],
  'beside 1000 Services and 1000 pods': [
    ...underWay(),
    ...times(1_000, (i) => labelled('Service', i)),
    ...times(1_000, (i) => labelled('Pod', i)),
  ],
};

const ROUNDS = 30;

/** Median milliseconds. */
function cost(work: () => unknown): number {
  const took = times(ROUNDS, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return took.sort((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const rows = Object.entries(SHAPES).map(([shape, objects]) => {
  const snapshot = aSnapshot(objects);
  const decision = cost(() => decide(snapshot));
  const ended = cost(() => within(60_000, () => decide(snapshot)));
  return {
    shape,
    objects: objects.length,
    ms: decision,
    msThatMayBeEnded: ended,
    msToCopy: cost(() => structuredClone(snapshot)),
  };
});
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else
  for (const { shape, objects, ms, msThatMayBeEnded, msToCopy } of rows)
    process.stdout.write(
      `${shape.padEnd(36)} ${String(objects).padStart(6)} objects  decided in ${ms.toFixed(2)} ms, ${msThatMayBeEnded.toFixed(2)} ms where it may be ended; a copy for another thread ${msToCopy.toFixed(2)} ms\n`,
    );
