import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { REPORT } from './law.ts';
import { holdOfScenario, runScenario } from './scenario.ts';

const FOLDER = new URL('../scenarios/', import.meta.url);
const scenarios = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.scenario'))
  .map((file) => ({ file, text: readFileSync(new URL(file, FOLDER), 'utf8') }));

afterAll(() => {
  process.stdout.write(`${REPORT.text()}\n`);
});

describe.each(['pause', 'admission'] as const)('in hold mode %s the scenario', (hold) => {
  const mine = scenarios.filter(({ text }) => (holdOfScenario(text) ?? hold) === hold);
  it.each(mine)('$file', async ({ text }) => {
    expect(await runScenario(text, hold)).toEqual([]);
  });
});
