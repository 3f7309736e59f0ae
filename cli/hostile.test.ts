import type { Reason } from '../api/reasons.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { Release } from '../api/kinds/release/release.ts';
import { finish, openCluster } from '../test/support/cli-cluster.ts';
import type { Recorded } from '../test/support/cli.ts';
import { aRelease, aStatus, STARTED } from '../test/support/release.ts';
import { check } from './commands/check.ts';
import { explainThe } from './commands/explain.ts';
import { statusOf } from './commands/status.ts';
import { waitFor } from './commands/wait.ts';

/** Texts that hide, move, change the title, write to the clipboard, link, change the direction, or begin a new line. */
const TRICKS = [
  ...[
    '\u001b[8m hidden',
    '\u001b]0;owned\u0007',
    '\u001b]52;c;ZXZpbA==\u0007',
    '\u001b]8;;http://evil/\u001b\\',
  ],
  ...[
    '\u009b2J',
    '\r',
    '\n::set-output name=x::y',
    '\u202egpj',
    '\u2066',
    '\u0000',
    '\u2028',
    '\ud800',
    'plain',
  ],
];
const text = fc
  .array(fc.constantFrom(...TRICKS), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(' '));

/** Every text that a command may print contains `evil`. */
function world(evil: string): { target: KubeObject; release: Release } {
  const template = (image: string) => ({
    metadata: { labels: { app: 'shop' }, annotations: { [evil]: evil + image } },
    spec: { containers: [{ name: `app${evil}`, image: image + evil, env: [{ name: evil, value: image }] }] },
  });
  // The type does not matter: another version may have stored any text.
  const reason = evil as Reason;
  const judged = { result: 'fail', reason, sentence: evil, numbers: { [evil]: 1 } } as const;
  const release = aRelease({
    spec: {
      stable: { replicaSet: evil, template: template('shop:1') },
      canary: { template: template('shop:2') },
      analysis: [
        { template: evil, args: {}, spec: { metrics: [{ name: evil, threshold: { query: evil } }] } },
      ],
    },
    status: aStatus({
      phase: 'RolledBack',
      reason,
      message: evil,
      verdict: judged,
      decisions: [{ time: STARTED, reason, sentence: evil }],
      analysis: {
        version: 1,
        step: 0,
        gaps: 0,
        metrics: {},
        verdicts: [{ ...judged, metric: evil, critical: true, dryRun: false }],
      },
    }),
  });
  const target: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'shop',
      namespace: 'default',
      uid: 'uid-shop',
      annotations: { 'sluice.dev/policy': 'default', 'sluice.dev/skip': evil, 'sluice.dev/service': evil },
    },
    spec: { selector: { matchLabels: { app: 'shop' } }, template: release.spec.canary.template },
  };
  return { target, release };
}

/** Every output is a single line, except documents for machines, which contain only the line breaks of their format. */
function isClean({ printed, complained }: Recorded, document: boolean): void {
  expect(printed.length + complained.length).toBeGreaterThan(0);
  const steering = document
    ? /[^\P{Cc}\n]|\p{Bidi_Control}|[\u2028\u2029]/u
    : /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u;
  for (const line of printed) expect(line).not.toMatch(steering);
  for (const line of complained) expect(line).not.toMatch(/\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u);
}

describe('hostile text in objects of the cluster', () => {
  it.each([undefined, 'json', 'yaml'])(
    'steers no terminal through status, wait and explain, -o %s',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(text, async (evil) => {
          const { target, release } = world(evil);
          const home = 'sluice-system';
          const commands = [
            ({ io, session }: ReturnType<typeof openCluster>) =>
              statusOf(io, session, { name: 'shop', everywhere: false, home, format }),
            ({ io, session }: ReturnType<typeof openCluster>) =>
              waitFor(io, session, {
                ...{ name: 'shop', timeoutMs: 5_000, throughPauses: false, home },
                json: format === 'json',
              }),
            ({ io, session }: ReturnType<typeof openCluster>) =>
              explainThe(io, session, { name: 'shop', queries: true, values: true, format }),
          ];
          for (const command of commands) {
            const opened = openCluster({ targets: [target], looks: [[release]] });
            await finish(opened.io, command(opened));
            isClean(opened.io, format !== undefined);
            // It was printed, not skipped as a record that cannot be read.
            expect(opened.io.printed.join()).toMatch(/RolledBack|rolled back/);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each([undefined, 'json'] as const)('steers no terminal through check, -o %s', async (output) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'));
    try {
      await fc.assert(
        fc.asyncProperty(text, async (evil) => {
          const file = join(folder, 'target.json');
          writeFileSync(file, JSON.stringify(world(evil).target));
          const { io } = openCluster({});
          await check(io, 'shop', {
            filename: [file],
            controllerNamespace: 'sluice-system',
            ...(output === undefined ? {} : { output }),
          });
          isClean(io, output !== undefined);
        }),
        { numRuns: 20 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
