import { expect, it } from 'vitest';
import { run } from './demo.ts';
import type { Program } from './program.ts';

function programWith(args: string[], platform = 'linux'): { program: Program; complaints: string[] } {
  const complaints: string[] = [];
  const program: Program = {
    args,
    env: {},
    platform,
    print: () => undefined,
    complain: (line) => complaints.push(line),
    write: () => undefined,
    terminal: false,
    columns: () => Infinity,
    ended: new Promise(() => undefined),
    tell: () => undefined,
  };
  return { program, complaints };
}

it.each([
  { args: ['--scenario', 'nope'], want: '--scenario: "nope" is not known; give one of healthy, regression' },
  {
    args: ['--provider', 'consul'],
    want: '--provider: "consul" is not known; give one of contour, gateway, istio',
  },
  { args: ['--hold', 'webhook'], want: '--hold: "webhook" is not known; give one of pause, admission, auto' },
  {
    args: ['--strategy', 'rolling'],
    want: '--strategy: "rolling" is not known; give one of canary, blueGreen',
  },
  {
    args: ['--provider', 'linkerd', '--strategy', 'ab'],
    want:
      '--strategy: "ab" cannot be done with --provider linkerd; give one of canary, blueGreen, or one of the providers ' +
      'gateway, istio, nginx',
  },
  {
    args: ['--provider', 'nginx', '--mirror'],
    want: '--mirror: --provider nginx cannot copy requests; leave it out, or give one of the providers gateway, istio',
  },
  { args: ['--provider', 'linkerd', '--sticky'], want: '--sticky: --provider linkerd sets no cookie here' },
  {
    args: ['--strategy', 'blueGreen', '--sticky'],
    want: '--sticky: with --strategy blueGreen all requests switch',
  },
  { args: ['--rps', '0'], want: '--rps: "0" is out of range; give a whole number from 1 to 2000' },
  { args: ['--seed', 'x'], want: '--seed: "x" is out of range' },
  { args: ['--bogus'], want: "unknown option '--bogus'" },
  { args: ['extra'], want: 'too many arguments. Expected 0 arguments but got 1: extra' },
])('$args is wrong usage: exit code 2, and a sentence that says what to write', async ({ args, want }) => {
  const { program, complaints } = programWith(args);
  expect(await run(program)).toBe(2);
  expect(complaints).toEqual([expect.stringContaining(want)]);
  expect(complaints[0]).toContain('sluice demo --help');
});

it('says in one sentence that it needs Linux', async () => {
  const { program, complaints } = programWith([], 'darwin');
  expect(await run(program)).toBe(2);
  expect(complaints).toEqual([
    expect.stringMatching(/^sluice demo: needs Linux, .* and this is darwin; run it in/),
  ]);
});

it('takes the name of a strategy however it is capitalised', async () => {
  const { program, complaints } = programWith(['--strategy', 'bluegreen', '--sticky']);
  expect(await run(program)).toBe(2);
  expect(complaints[0]).toContain('with --strategy blueGreen all requests switch');
});
