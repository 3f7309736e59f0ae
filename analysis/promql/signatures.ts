/**
 * What the functions of PromQL take: i an instant vector, r a range, s a scalar, t text; `?` after the last: it may be left
 * out, `*`: it may be there any number of times. A function that is not listed takes anything.
 */
const TAKES = {
  i:
    'abs absent ceil exp floor ln log2 log10 sqrt sgn sort sort_desc timestamp scalar ' +
    'acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad ' +
    'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar',
  'i?': 'day_of_month day_of_week day_of_year days_in_month hour minute month year',
  r:
    'rate irate increase delta idelta deriv changes resets absent_over_time avg_over_time count_over_time ' +
    'first_over_time last_over_time mad_over_time max_over_time min_over_time present_over_time stddev_over_time ' +
    'stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
  rs: 'predict_linear',
  rss: 'double_exponential_smoothing',
  sr: 'quantile_over_time',
  is: 'clamp_max clamp_min',
  iss: 'clamp',
  'is?': 'round',
  si: 'histogram_quantile',
  ssi: 'histogram_fraction',
  itttt: 'label_replace',
  'ittt*': 'label_join',
  'it*': 'sort_by_label sort_by_label_desc',
  s: 'vector',
  '': 'pi time',
} as const;

const BY_NAME = new Map(
  Object.entries(TAKES).flatMap(([takes, names]) => names.split(' ').map((name) => [name, takes] as const)),
);

export type ArgumentKind = 'i' | 'r' | 's' | 't';

export interface Signature {
  kinds: ArgumentKind[];
  least: number;
  most: number;
}

export function signatureOf(name: string): Signature | undefined {
  const takes = BY_NAME.get(name);
  if (takes === undefined) return undefined;
  const kinds = takes.replace(/[?*]/, '').split('') as ArgumentKind[];
  const least = /[?*]/.test(takes) ? kinds.length - 1 : kinds.length;
  return { kinds, least, most: takes.endsWith('*') ? Infinity : kinds.length };
}

/** Functions that return one number. */
export const SCALAR_FUNCTIONS: ReadonlySet<string> = new Set(['pi', 'time', 'scalar']);
