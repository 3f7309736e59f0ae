import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runScenario } from './scenario.ts';

const FOLDER = new URL('../scenarios/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.scenario'));

describe('scenario', () => {
  it.each(files)('%s', { timeout: 60_000 }, async (file) => {
    expect(await runScenario(readFileSync(new URL(file, FOLDER), 'utf8'))).toEqual([]);
  });
});
