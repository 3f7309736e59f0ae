/** One HTTP exchange with an API server. The production transport is kube/http.ts; tests hand in another. */
export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** path and query below the server's base URL */
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** the answer lasts for minutes (a watch): it must not take a connection that exchanges wait for */
  lasting?: true;
}

export interface KubeResponse {
  status: number;
  /** lower-case names */
  headers: Record<string, string>;
  text(): Promise<string>;
  /** newline-delimited watch events as they arrive */
  lines(): AsyncIterable<string>;
}

/** Rejects with a KubeError without code, or with the signal's reason; a rejection with anything else is a bug. */
export interface Transport {
  request(request: KubeRequest): Promise<KubeResponse>;
}
