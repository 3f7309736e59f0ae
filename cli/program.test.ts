import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { recordingIo } from '../test/support/cli.ts';
import { UsageError } from './io.ts';
import { buildProgram } from './program.ts';
import { parseTarget } from './target.ts';

async function sluice(...args: string[]) {
  const io = recordingIo();
  let code: number | undefined;
  const program = await buildProgram(io, args, (value) => (code = value));
  const error: unknown = await program.parseAsync(args, { from: 'user' }).then(
    () => undefined,
    (problem: unknown) => problem,
  );
  return { io, code, error };
}

describe('parseTarget', () => {
  it.each(['deployment/shop', 'deploy/shop', 'deployments.apps/shop', 'shop'])('reads %s', (text) => {
    expect(parseTarget(text)).toBe('shop');
  });

  it.each(['', '/', 'deployment/', 'service/shop', 'deployment/a/b', 'Shop', 'a b'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseTarget(text)).toThrow(UsageError);
    },
  );
});

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['help'], ['wait', '--help'], ['help', 'wait']])(
    'helps: %s %s',
    async (...args) => {
      const { error, io } = await sluice(...args);
      expect(error).toMatchObject({ exitCode: 0 });
      expect(io.printed.join('\n')).toContain('Usage: sluice');
    },
  );

  it('prints its version', async () => {
    const { io, code } = await sluice('version');
    expect(code).toBe(0);
    expect(io.printed[0]).toMatch(/^sluice \d+\.\d+\.\d+ \(node /);
  });

  it('prints its version as JSON', async () => {
    const { io } = await sluice('version', '-o', 'json');
    expect(JSON.parse(io.printed[0] ?? '')).toHaveProperty('version');
  });

  it.each([
    { args: ['wait'], want: "missing required argument 'target'" },
    { args: ['status', '-o', 'xml'], want: 'Allowed choices are json, yaml' },
    { args: ['explian', 'x'], want: 'Did you mean explain?' },
    { args: ['foo', '--help'], want: "unknown command 'foo'" },
    { args: ['help', 'foo'], want: 'Usage: sluice' },
    { args: ['wait', 'x', '--timeot', '5m'], want: 'Did you mean --timeout?' },
  ])('explains what is wrong with $args', async ({ args, want }) => {
    const { io, error, code } = await sluice(...args);
    expect(code).toBeUndefined();
    expect(error).toBeInstanceOf(CommanderError);
    expect(io.complained.join('\n')).toContain(want);
  });

  it.each([
    {
      args: ['backtest', '--prometheus', 'http://a', '--prometheus', 'http://b'],
      want: '--prometheus: is given twice; leave out one',
    },
    {
      args: ['wait', 'x', '--timeout', 'soon'],
      want: '--timeout: "soon" is not a duration; give one like 10m',
    },
    {
      args: ['status', 'service/x'],
      want: 'target: "service/x" is not a Deployment; give deployment/<name>',
    },
    {
      args: ['explain', 'x', '--kubeconfig', '/proc/nonexistent'],
      want: /^UsageError: kubeconfig \/proc\/nonexistent cannot be read \(.*\); give the path of one/,
    },
  ])('names field, value and remedy for $args', async ({ args, want }) => {
    const { error } = await sluice(...args);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toMatch(want);
  });
});
