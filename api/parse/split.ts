import type { CookieMatch, HeaderMatch, Match, Mirror, Stickiness } from '../policy.ts';
import { complain, Fields, type Read } from './fields.ts';
import { duration, list, matching, number } from './read.ts';
import { readTimes } from './steps.ts';

const HOUR = 3_600_000;
/** of each kind; each becomes a rule of its own in the route */
const MAX_MATCHES = 8;
const MAX_REGEX = 256;

/** A token of RFC 9110, the same for names of headers (section 5.1) and of cookies (RFC 6265, section 4.1.1). */
const token = (name: string): Read<string> =>
  matching({
    pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
    max: 256,
    name,
    rule: "1 to 256 letters, digits and !#$%&'*+.^_`|~-",
  });

/** The Gateway API's experimental channel takes no two blanks side by side. */
const headerValue = matching({
  pattern: /^[!-~]+( [!-~]+)*$/,
  max: 512,
  name: 'the value of a header',
  rule: '1 to 512 printable ASCII characters, with single blanks between them',
});

/** cookie-octets of RFC 6265, section 4.1.1 */
const cookieValue = matching({
  pattern: /^[!#-+\--:<-[\]-~]+$/,
  max: 512,
  name: 'the value of a cookie',
  rule: '1 to 512 printable ASCII characters without blanks, quotes, commas, semicolons and backslashes',
});

/** What data planes read as RE2 has no look-around and no references back. */
const regex: Read<string> = (value, place) => {
  const read = headerValue(value, place);
  if (read === undefined) return undefined;
  if (read.length > MAX_REGEX) {
    return complain(place, value, `is ${read.length} characters long`, `give at most ${MAX_REGEX}`);
  }
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(read)) {
    const remedy = 'write it without (?=, (?!, (?<=, (?<! and \\1';
    return complain(place, value, 'looks around or refers back, which RE2 cannot', remedy);
  }
  if (isExpression(read)) return read;
  return complain(
    place,
    value,
    'is no regular expression',
    'close every bracket and escape what is meant as it is',
  );
};

/** Flags at the begin and names of groups are written otherwise in RE2 than here. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text.replace(/^\(\?[imsU]+\)/, '').replaceAll('(?P<', '(?<'));
    return true;
  } catch {
    return false;
  }
}

const readHeader: Read<HeaderMatch> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const name = fields.required('name', token('the name of a header'), 'name the header');
  const exact = fields.optional('exact', headerValue);
  const pattern = fields.optional('regex', regex);
  if (fields.has('exact') === fields.has('regex')) {
    complain(fields.place, value, 'has not one of exact and regex', 'give the value as exact, or as regex');
  }
  fields.end();
  if (name === undefined) return undefined;
  if (pattern !== undefined) return { name, value: pattern, regex: true };
  return exact === undefined ? undefined : { name, value: exact };
};

const readCookie: Read<CookieMatch> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const name = fields.required('name', token('the name of a cookie'), 'name the cookie');
  const exact = fields.required('exact', cookieValue, 'give the value of the cookie');
  fields.end();
  return name === undefined || exact === undefined ? undefined : { name, value: exact };
};

export const readMatch: Read<Match> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const { issues } = fields.place;
  const before = issues.length;
  const headers = fields.withDefault('headers', list(readHeader, MAX_MATCHES), []);
  const cookies = fields.withDefault('cookies', list(readCookie, MAX_MATCHES), []);
  const wrong = issues.length > before;
  fields.end();
  if (headers.length + cookies.length === 0 && !wrong) {
    return complain(fields.place, value, 'matches nothing', 'give at least one of headers, cookies');
  }
  return { headers, cookies };
};

/** Times are those of a step. */
export const readMirror: Read<Mirror> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const percent = fields.withDefault('percent', number({ min: 1, max: 100, integer: true }), 100);
  const times = readTimes(fields);
  fields.end();
  return { percent, ...times };
};

const maxAge: Read<number> = (value, place) => {
  const ms = duration(1000, 720 * HOUR)(value, place);
  if (ms === undefined || ms % 1000 === 0) return ms;
  return complain(place, value, 'is no whole number of seconds', 'give whole seconds, like 90s');
};

export const readStickiness: Read<Stickiness> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const cookie = fields.required('cookie', token('the name of a cookie'), 'name the cookie');
  const maxAgeMs = fields.withDefault('maxAge', maxAge, HOUR);
  fields.end();
  return cookie === undefined ? undefined : { cookie, maxAgeMs };
};
