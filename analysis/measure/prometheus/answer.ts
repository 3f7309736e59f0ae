/** Reads the JSON of a Prometheus query API. */

/** One time series; `samples` in the order of time. */
export interface Series {
  labels: Readonly<Record<string, string>>;
  samples: Sample[];
  /** of a native histogram, which then has no `samples` */
  histograms?: HistogramSample[];
}

/** NaN and ±Infinity are kept as such. */
export interface Sample {
  timeMs: number;
  value: number;
}

/** A native histogram at one time; empty buckets are not listed. */
export interface HistogramSample {
  timeMs: number;
  /** ascending, without overlap; the zero bucket reaches from −threshold to threshold */
  buckets: NativeBucket[];
}

export interface NativeBucket {
  left: number;
  right: number;
  count: number;
}

export type Parsed =
  /** `range`: of a range vector, which may hold one sample only */
  | { kind: 'found'; series: Series[]; range: boolean }
  /** the answer is incomplete: for example, a storage node or a remote store did not answer */
  | { kind: 'partial' }
  /** Prometheus doubts the query itself, and leaves out what it cannot compute */
  | { kind: 'doubtful' }
  | { kind: 'error'; errorType: string; error?: string }
  /** a well-formed answer that cannot be measured: for example, a string */
  | { kind: 'unusable'; what: string }
  | { kind: 'garbage' };

const LONGEST_ERROR = 500;

const ERROR_TYPES = new Set([
  'bad_data',
  'canceled',
  'execution',
  'internal',
  'not_found',
  'not_acceptable',
  'timeout',
  'too_many_requests',
  'unavailable',
]);

/** An instant vector or scalar becomes series of one sample, a range vector series of many. */
export function parseAnswer(body: unknown): Parsed {
  const answer = parseJson(body);
  if (!isObject(answer)) return { kind: 'garbage' };
  if (answer['status'] === 'error') {
    const { errorType, error } = answer;
    return {
      kind: 'error',
      errorType: isErrorType(errorType) ? errorType : 'unknown',
      ...(typeof error === 'string' ? { error: error.slice(0, LONGEST_ERROR) } : {}),
    };
  }
  const doubt = doubtOf(answer);
  if (doubt !== undefined) return { kind: doubt };
  const { data } = answer;
  if (answer['status'] !== 'success' || !isObject(data)) return { kind: 'garbage' };
  const { resultType, result } = data;
  if (resultType === 'scalar') return fromList([{ metric: {}, value: result }]);
  if (resultType === 'string') return { kind: 'unusable', what: 'a string' };
  return (resultType === 'vector' || resultType === 'matrix') && Array.isArray(result)
    ? fromList(result, resultType === 'matrix')
    : { kind: 'garbage' };
}

/** `isPartial` is a field of VictoriaMetrics. Older versions of Prometheus put their hints (`infos`) among the warnings. */
function doubtOf({ warnings, isPartial }: Record<string, unknown>): 'partial' | 'doubtful' | undefined {
  if (isPartial === true) return 'partial';
  const texts = Array.isArray(warnings) ? warnings.filter((each) => typeof each === 'string') : [];
  const serious = texts.filter((text) => !text.startsWith('PromQL info'));
  if (serious.length === 0) return undefined;
  return serious.every((text) => text.startsWith('PromQL warning')) ? 'doubtful' : 'partial';
}

function parseJson(body: unknown): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function fromList(list: readonly unknown[], range = false): Parsed {
  const series: Series[] = [];
  for (const item of list) {
    if (!isObject(item) || !isLabels(item['metric'])) return { kind: 'garbage' };
    if (item['histogram'] !== undefined) return { kind: 'unusable', what: 'native histograms' };
    const histograms = listOf(item['histograms'] ?? [], toHistogramSample);
    const isHistogram = item['histograms'] !== undefined;
    const samples = listOf(item['values'] ?? (isHistogram ? [] : [item['value']]), toSample);
    if (samples === undefined || histograms === undefined) return { kind: 'garbage' };
    if (isHistogram && samples.length > 0) {
      return { kind: 'unusable', what: 'numbers and native histograms in one series' };
    }
    series.push({ labels: item['metric'], samples, ...(isHistogram ? { histograms } : {}) });
  }
  return { kind: 'found', series, range };
}

/** `undefined` unless it is a list in which `read` understands every item. */
function listOf<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(read);
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** `[time, {count, sum, buckets: [[which ends belong to the bucket, left, right, count], …]}]` */
function toHistogramSample(pair: unknown): HistogramSample | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [time, histogram] = pair as [unknown, unknown];
  if (typeof time !== 'number' || !isObject(histogram)) return undefined;
  const buckets = listOf(histogram['buckets'] ?? [], toBucket);
  return buckets && { timeMs: Math.round(time * 1000), buckets };
}

function toBucket(bucket: unknown): NativeBucket | undefined {
  if (!Array.isArray(bucket)) return undefined;
  const [, left, right, count] = bucket as [unknown, unknown, unknown, unknown];
  if (typeof left !== 'string' || typeof right !== 'string' || typeof count !== 'string') return undefined;
  return { left: toNumber(left), right: toNumber(right), count: toNumber(count) };
}

function toSample(pair: unknown): Sample | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [time, value] = pair as [unknown, unknown];
  if (typeof time !== 'number' || typeof value !== 'string') return undefined;
  return { timeMs: Math.round(time * 1000), value: toNumber(value) };
}

function toNumber(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return text.trim() === '' ? NaN : Number(text);
}

function isErrorType(value: unknown): value is string {
  return typeof value === 'string' && ERROR_TYPES.has(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLabels(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((label) => typeof label === 'string');
}
