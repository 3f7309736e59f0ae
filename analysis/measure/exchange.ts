import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios from 'axios';

/** One HTTP exchange with an end point of the configuration. */
export interface Exchange {
  /** never throws */
  (request: {
    method: 'GET' | 'POST';
    /** path below the base URL, without a slash at its beginning */
    path: string;
    form?: Record<string, string>;
    limits: Limits;
  }): Promise<Reply>;
}

export interface Limits {
  /** for the whole exchange */
  timeoutMs: number;
  /** a larger answer is refused */
  maxBytes: number;
}

export type Reply =
  | { ok: true; status: number; body: string }
  | { ok: false; problem: 'timeout' | 'tooLarge' }
  | { ok: false; problem: 'unreachable'; code: string };

/**
 * Connections are kept open; redirects are not followed, environment proxies are not used. The caller limits how many
 * exchanges run at a time.
 */
export function exchangeWith(url: string): { exchange: Exchange; close: () => void } {
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  };
  const http = axios.create({
    ...agents,
    baseURL: url.endsWith('/') ? url : `${url}/`,
    maxRedirects: 0,
    proxy: false,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
  });
  const exchange: Exchange = async ({ method, path, form, limits }) => {
    const signal = AbortSignal.timeout(limits.timeoutMs);
    try {
      const { status, data } = await http.request<string>({
        method,
        url: path,
        signal,
        maxContentLength: limits.maxBytes,
        ...(form === undefined ? {} : { data: new URLSearchParams(form) }),
      });
      return { ok: true, status, body: data };
    } catch (error) {
      if (signal.aborted) return { ok: false, problem: 'timeout' };
      if (!axios.isAxiosError(error)) throw error;
      if (error.message.startsWith('maxContentLength')) return { ok: false, problem: 'tooLarge' };
      return { ok: false, problem: 'unreachable', code: error.code ?? 'connection failed' };
    }
  };
  const close = (): void => {
    agents.httpAgent.destroy();
    agents.httpsAgent.destroy();
  };
  return { exchange, close };
}
