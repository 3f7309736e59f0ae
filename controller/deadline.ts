import { createContext, Script } from 'node:vm';

/** The work given to `within` did not end in time and was stopped. */
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
 * Runs `work`, which has to be synchronous and pure, and stops it after `ms`. That also stops an endless loop, which no
 * timer of this thread could. The engine can stop only code that runs as a script, so `work` is called by a script of
 * one call.
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

/** The error comes from the script's own context, which has an Error class of its own; so only the code tells. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
