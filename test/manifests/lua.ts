import { LuaFactory } from 'wasmoon';
import { isObject } from '../../lib/json.ts';

export interface Health {
  status: unknown;
  message: unknown;
}

/** The compiled Lua, which takes a while to load. */
const LUA = new LuaFactory();

/**
 * Runs a Lua script as Argo CD runs a health check: the object is `obj`, and the script has no access to
 * anything else.
 */
export async function runHealth(script: string, object: object): Promise<Health> {
  const engine = await LUA.createEngine();
  try {
    const closed = 'os, io, require, package, debug = nil, nil, nil, nil, nil';
    const result: unknown = await engine.doString(`${closed}\nlocal obj = ${literal(object)}\n${script}`);
    if (!isObject(result)) throw new Error('the script gave no table');
    return { status: result['status'], message: result['message'] };
  } finally {
    engine.global.close();
  }
}

/** JSON in Lua's syntax; null is nil, as in Argo CD. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(literal).join(',')}}`;
  if (isObject(value)) {
    const fields = Object.entries(value).map(([name, each]) => `[${quoted(name)}]=${literal(each)}`);
    return `{${fields.join(',')}}`;
  }
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'nil';
}

/** Byte by byte, so that no character has a special meaning. */
const quoted = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
