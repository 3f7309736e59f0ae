import { createContext, Script } from 'node:vm';

/** What `within` was given did not end in time, and was ended. */
export class Overrun extends Error {
  constructor(ms: number) {
    super(`it did not end within ${ms / 1000} s`);
    this.name = 'Overrun';
  }
}

const sandbox: { act: () => void } = { act: () => undefined };
const context = createContext(sandbox);
const script = new Script('act()');

/**
 * Runs `work`, which has to be synchronous and pure, and ends it after a while: even a loop that never ends, which no timer of
 * this thread could. The engine can be stopped in that way only by whoever runs a script, so a script of one call does.
 *
 * @throws Overrun, or what `work` throws
 */
export function within<T>(ms: number, work: () => T): T {
  let result: { value: T } | undefined;
  const { act } = sandbox;
  sandbox.act = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: ms });
  } catch (error) {
    throw isTimeout(error) ? new Overrun(ms) : error;
  } finally {
    sandbox.act = act;
  }
  if (result === undefined) throw new Error('a script that ended has done its call');
  return result.value;
}

/** It comes from the script's own context, whose Error is another than ours. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
