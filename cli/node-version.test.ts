import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { complainAboutNode } from './node-version.ts';

it.each([
  { version: '20.20.2', want: /^this is Node 20\.20\.2, and Node 22\.19 or newer is needed; install/ },
  { version: '22.18.0', want: /Node 22\.18\.0/ },
])('says what to do about Node $version', ({ version, want }) => {
  expect(complainAboutNode(version)).toMatch(want);
});

it.each(['22.19.0', '22.20.0', '24.0.0', '26.1.0-nightly'])('has nothing against Node %s', (version) => {
  expect(complainAboutNode(version)).toBeUndefined();
});

it('knows what package.json demands', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { engines } = JSON.parse(text) as { engines: { node: string } };
  expect(complainAboutNode('0.0.0')).toContain(`Node ${engines.node.replace('>=', '')} or newer`);
});
