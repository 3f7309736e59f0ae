import type { Breakdown, BreakdownValue } from '../../../api/kinds/release/breakdown.ts';
import { count, percent } from '../core/text.ts';

/** What a break-down says, for people. */

export const notCounted = (by: string, why: string): string => `Not counted by ${by}: ${why}.`;

const FEW = 3;

export function found({
  by,
  rateOf,
  compared,
  values,
}: {
  by: string;
  rateOf: Breakdown['rateOf'];
  compared: number;
  values: readonly BreakdownValue[];
}): string {
  if (compared === 0) return `No value of ${by} had requests of both versions, so none can be compared.`;
  const explaining = values.filter(({ explains }) => explains);
  const [first] = explaining;
  if (first === undefined) {
    const none = compared === 1 ? 'its only value is not' : `none of its ${compared} values is`;
    return `No single value of ${by} explains the failure: ${none} worse than stable beyond chance.`;
  }
  const among = compared === 1 ? `The only value of ${by},` : `Of ${compared} values of ${by},`;
  if (explaining.length === 1) {
    const alone = compared === 1 ? `${named(first)}, explains` : `only ${named(first)} explains`;
    return `${among} ${alone} the failure: canary ${rates(first, rateOf)}.`;
  }
  const names = explaining.slice(0, FEW).map(named).join(', ');
  const more = explaining.length > FEW ? ` and ${explaining.length - FEW} more` : '';
  return `${among} ${explaining.length} explain the failure: ${names}${more}.`;
}

/** The value, or what stands for an empty one. */
const named = ({ value }: BreakdownValue): string => (value === '' ? '(none)' : value);

function rates(
  { canaryErrors, canaryRequests, stableErrors, stableRequests }: BreakdownValue,
  rateOf: Breakdown['rateOf'],
): string {
  const what = rateOf === 'Version' ? 'of all requests' : 'bad';
  return `${share(canaryErrors, canaryRequests)} ${what} against ${share(stableErrors, stableRequests)} of stable`;
}

const share = (bad: number, total: number): string =>
  `${total > 0 ? percent(bad / total) : 'none'} (${count(bad)}/${count(total)})`;
