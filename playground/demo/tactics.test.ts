import { expect, it } from 'vitest';
import { objection, story, tacticsOf } from './tactics.ts';
import { PROVIDERS, STRATEGIES } from './worlds.ts';

const PLAIN = { strategy: 'canary', mirror: false, sticky: false } as const;

it.each([
  { provider: 'gateway' as const, strategy: 'blueGreen' as const, want: true },
  { provider: 'istio' as const, strategy: 'blueGreen' as const, want: true },
  { provider: 'nginx' as const, strategy: 'blueGreen' as const, want: false },
  { provider: 'gateway' as const, strategy: 'canary' as const, want: false },
])('$strategy through $provider copies without being asked: $want', ({ provider, strategy, want }) => {
  expect(tacticsOf(provider, { ...PLAIN, strategy }).mirror).toBe(want);
});

it('nothing it adds by itself is refused', () => {
  for (const provider of PROVIDERS) {
    const able = STRATEGIES.filter((strategy) => {
      const why = objection(provider, tacticsOf(provider, { ...PLAIN, strategy }));
      expect(why ?? '--strategy: ').toMatch(/^--strategy: /);
      return why === undefined;
    });
    expect(able).toContain('canary');
  }
});

it('says in one sentence what is going to happen', () => {
  expect(story({ strategy: 'canary', mirror: true, sticky: true })).toBe(
    'Strategy canary: the new version gets 5, then 25, then 50% of the requests; before that, copies of all of them; ' +
      'clients that got it once stay there, by a cookie.',
  );
});
