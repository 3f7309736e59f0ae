import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canaryName, canaryServiceName, labelValue, releaseName } from './names.ts';

const dnsLabel = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const dnsSubdomain = fc.array(dnsLabel, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

test('short names stay readable', () => {
  expect(canaryName('web')).toBe('web-canary');
  expect(canaryServiceName('web')).toBe('web-canary');
  expect(releaseName('web', 12)).toBe('web-12');
  expect(labelValue('web')).toBe('web');
});

test('a name that fits exactly is kept, one longer is cut and hashed', () => {
  const fits = 'a'.repeat(63 - '-canary'.length);
  expect(canaryName(fits)).toBe(`${fits}-canary`);
  expect(canaryName(`${fits}b`)).toMatch(/^a{45}-[a-z2-9]{10}-canary$/);
  expect(canaryName(`${fits}b`)).not.toBe(canaryName(`${fits}c`));
});

test('long names do not meet, however many of them somebody tries', () => {
  const tried = Array.from({ length: 100_000 }, (_, n) => `${'a'.repeat(58)}-v${n.toString(36)}-blue`);
  expect(new Set(tried.map(labelValue)).size).toBe(tried.length);
  expect(new Set(tried.map(canaryName)).size).toBe(tried.length);
});

test('every name is a DNS label of at most 63 characters', () => {
  fc.assert(
    fc.property(dnsSubdomain, fc.nat(), (name, generation) => {
      for (const made of [canaryName(name), canaryServiceName(name), releaseName(name, generation)]) {
        expect(made).toMatch(LABEL);
      }
      expect(labelValue(name)).toMatch(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/);
    }),
  );
});

test('different names stay different, also where a dot had to go', () => {
  fc.assert(
    fc.property(dnsSubdomain, dnsSubdomain, (a, b) => {
      fc.pre(a !== b);
      expect(canaryName(a)).not.toBe(canaryName(b));
    }),
  );
  expect(canaryName('a.b')).not.toBe(canaryName('a-b'));
});
