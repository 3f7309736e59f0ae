import { describe, expect, it } from 'vitest';
import { ensurePrometheus } from './prometheus-binary.ts';
import type { Machine } from './prometheus-binary.ts';

/** A machine on which apt-get succeeds at the given attempt (0: never). */
function machine(more: Partial<Machine>, installsAt = 0): Machine & { asked: string[] } {
  const asked: string[] = [];
  let installed = false;
  let attempts = 0;
  return {
    root: true,
    apt: true,
    find: () => (installed ? '/usr/bin/prometheus' : undefined),
    aptGet: (args) => {
      asked.push(args.join(' '));
      if (args[0] === 'install') installed = (attempts += 1) === installsAt;
      return args[0] === 'update' || installed;
    },
    asked,
    ...more,
  };
}

const INSTALL = 'install -y --no-install-recommends prometheus';
const quiet = (): void => undefined;

describe('ensurePrometheus', () => {
  it('takes the one that is there', () => {
    const ready = machine({ find: () => '/opt/prometheus' });
    expect(ensurePrometheus(quiet, ready)).toBe('/opt/prometheus');
    expect(ready.asked).toEqual([]);
  });

  it('installs it as root, refreshing the package lists only if needed', () => {
    const lines: string[] = [];
    const fresh = machine({}, 1);
    expect(ensurePrometheus((line) => lines.push(line), fresh)).toBe('/usr/bin/prometheus');
    expect(fresh.asked).toEqual([INSTALL]);
    expect(lines).toEqual(['installing prometheus with apt-get, once']);
    const bare = machine({}, 2);
    ensurePrometheus(quiet, bare);
    expect(bare.asked).toEqual([INSTALL, 'update', INSTALL]);
  });

  it.each([
    { why: 'without apt', given: { apt: false }, want: 'Install Prometheus 2 or 3' },
    { why: 'without root', given: { root: false }, want: `Run: sudo apt-get ${INSTALL}` },
    { why: 'if apt-get fails', given: {}, want: 'apt-get could not install prometheus. Install Prometheus' },
  ])('says in one sentence what to do $why', ({ given, want }) => {
    expect(() => ensurePrometheus(quiet, machine(given))).toThrow(want);
  });
});
