import type { KubeRequest, KubeResponse, Transport } from '../../kube/types.ts';

/** One request as it was sent, with its body parsed. */
export interface Sent {
  method: string;
  /** without query */
  path: string;
  body: unknown;
}

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | undefined;

const BARE = { apiVersion: 'v1', kind: 'Bare', metadata: { name: 'bare' } };

/**
 * An API server that is one function; undefined = 200 with the object of a POST, otherwise with an empty
 * object. Keeps what was sent.
 */
export class ScriptedTransport implements Transport {
  readonly sent: Sent[] = [];
  readonly #answer: (sent: Sent) => Answer;

  constructor(answer: (sent: Sent) => Answer = () => undefined) {
    this.#answer = answer;
  }

  request(request: KubeRequest): Promise<KubeResponse> {
    const [path = ''] = request.url.split('?', 1);
    const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body);
    const sent = { method: request.method, path, body };
    this.sent.push(sent);
    const {
      status,
      body: answer,
      headers = {},
    } = this.#answer(sent) ?? {
      status: 200,
      body: request.method === 'POST' ? body : BARE,
    };
    const text = JSON.stringify(answer ?? {});
    return Promise.resolve({
      status,
      headers,
      text: () => Promise.resolve(text),
      lines: () => {
        throw new Error('this server has no watches');
      },
    });
  }

  /** "PATCH /api/v1/…" for each request. */
  get lines(): string[] {
    return this.sent.map(({ method, path }) => `${method} ${path}`);
  }
}
