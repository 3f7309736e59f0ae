import { expect, it } from 'vitest';
import { playgroundProgram } from './demo.ts';

it.each([
  { self: 'file:///opt/sluice/cli/commands/demo.ts', want: '/opt/sluice/playground/main.ts' },
  { self: 'file:///opt/sluice/dist/cli/commands/demo.js', want: '/opt/sluice/dist/playground/main.js' },
])('finds the playground beside $self', ({ self, want }) => {
  expect(playgroundProgram(self)).toBe(want);
});
