import { Readable } from 'node:stream';
import type { KubeResponse } from '../../kube/types.ts';

/** An API server's answer to a write that it refuses. */
export function refusal(code: number, reason: string, message = `injected ${reason}`): KubeResponse {
  const causes = code === 422 ? { details: { causes: [{ reason: 'FieldValueInvalid', message }] } } : {};
  const body = {
    ...causes,
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason,
    code,
    message,
  };
  return {
    status: code,
    headers: { 'content-type': 'application/json' },
    text: () => Promise.resolve(JSON.stringify(body)),
    lines: () => Readable.from([JSON.stringify(body)]) as AsyncIterable<string>,
  };
}

export interface Refusing {
  forbidden: RegExp | undefined;
  answers: { matches: RegExp; code: number; message: string } | undefined;
}

/** The answer to "METHOD url" if it is refused. */
export function refusalOf({ forbidden, answers }: Refusing, line: string): KubeResponse | undefined {
  if (forbidden?.test(line) === true) return refusal(403, 'Forbidden');
  return answers?.matches.test(line) === true ? refusal(answers.code, 'Refused', answers.message) : undefined;
}
