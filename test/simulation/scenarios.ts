import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { REPORT } from './law.ts';
import { holdOfScenario, runScenario } from './scenario.ts';

const FOLDER = new URL('../scenarios/', import.meta.url);
const scenarios = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.scenario'))
  .map((file) => ({ file, text: readFileSync(new URL(file, FOLDER), 'utf8') }));

/** All scenarios that can run in this mode. With a file for each mode, two cores can share them. */
export function describeScenarios(hold: 'pause' | 'admission'): void {
  afterAll(() => {
    process.stdout.write(`${REPORT.text()}\n`);
  });
  describe(`in hold mode ${hold} the scenario`, () => {
    const mine = scenarios.filter(({ text }) => (holdOfScenario(text) ?? hold) === hold);
    it.each(mine)('$file', async ({ text }) => {
      expect(await runScenario(text, hold)).toEqual([]);
    });
  });
}
