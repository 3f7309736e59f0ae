import { complain, type Read } from '../../../lib/schema/fields.ts';
import { dependent, fallback, object, optional, required } from '../../../lib/schema/object.ts';
import { count, duration, list, matching } from '../../../lib/schema/scalars.ts';
import { checked, converted, type Infer, type Schema } from '../../../lib/schema/schema.ts';
import { checkTimes, maxDuration, minDuration } from './step.ts';

const HOUR = 3_600_000;
/** at most this many headers, and as many cookies; each becomes a rule of its own in the route */
const MAX_MATCHES = 8;
const MAX_REGEX = 256;

/** A token of RFC 9110, the same for names of headers (section 5.1) and of cookies (RFC 6265, section 4.1.1). */
const token = (name: string): Schema<string> =>
  matching({
    pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
    max: 256,
    name,
    rule: "1 to 256 letters, digits and !#$%&'*+.^_`|~-",
    type: 'name',
  });

/** The Gateway API's experimental channel does not accept two spaces in a row. */
const headerValue = matching({
  pattern: /^[!-~]+( [!-~]+)*$/,
  max: 512,
  name: 'the value of a header',
  rule: '1 to 512 printable ASCII characters, with single blanks between them',
  type: 'text',
});

/** cookie-octets of RFC 6265, section 4.1.1 */
const cookieValue = matching({
  pattern: /^[!#-+\--:<-[\]-~]+$/,
  max: 512,
  name: 'the value of a cookie',
  rule: '1 to 512 printable ASCII characters without blanks, quotes, commas, semicolons and backslashes',
  type: 'text',
});

/** Data planes read expressions as RE2, which has no look-around and no back references. */
const readRegex: Read<string> = (value, place) => {
  const read = headerValue.read(value, place);
  if (read === undefined) return undefined;
  if (read.length > MAX_REGEX) {
    return complain(place, value, `is ${read.length} characters long`, `give at most ${MAX_REGEX}`);
  }
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(read)) {
    const remedy = 'write it without (?=, (?!, (?<=, (?<! and \\1';
    return complain(place, value, 'uses a lookaround or a back reference, which RE2 does not have', remedy);
  }
  if (isExpression(read)) return read;
  const remedy = 'close every bracket and escape what is meant as it is';
  return complain(place, value, 'is not a regular expression', remedy);
};

const regex: Schema<string> = {
  ...headerValue,
  read: readRegex,
  write: (value) => value,
  shape: { ...headerValue.shape, maxLength: MAX_REGEX },
  type: 'RE2 expression',
};

/** RE2 writes flags at the beginning and names of groups differently from JavaScript. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text.replace(/^\(\?[imsU]+\)/, '').replaceAll('(?P<', '(?<'));
    return true;
  } catch {
    return false;
  }
}

export interface HeaderMatch {
  name: string;
  value: string;
  /** the value is a regular expression (RE2) that has to cover the whole header */
  regex?: true;
}

const HEADER: Schema<HeaderMatch> = converted(
  object(
    {
      name: required(token('the name of a header'), {
        doc: 'Name of the header.',
        remedy: 'name the header',
      }),
      exact: optional(headerValue, 'The value, as it is.'),
      regex: optional(regex, 'An RE2 expression that covers the whole value.'),
    },
    {
      rules: [{ rule: 'has(self.exact) != has(self.regex)', message: 'give exactly one of exact, regex' }],
      check: (_, fields) => {
        if (fields.has('exact') !== fields.has('regex')) return;
        fields.complain(
          'does not have exactly one of exact and regex',
          'give the value as exact, or as regex',
        );
      },
    },
  ),
  {
    read: ({ name, exact, regex: pattern }) => {
      if (pattern !== undefined) return { name, value: pattern, regex: true };
      return exact === undefined ? undefined : { name, value: exact };
    },
    write: ({ name, value, regex: isRegex }) =>
      isRegex === true ? { name, regex: value } : { name, exact: value },
  },
);

export interface CookieMatch {
  name: string;
  value: string;
}

const COOKIE: Schema<CookieMatch> = converted(
  object({
    name: required(token('the name of a cookie'), { doc: 'Name of the cookie.', remedy: 'name the cookie' }),
    exact: required(cookieValue, { doc: 'Its value.', remedy: 'give the value of the cookie' }),
  }),
  {
    read: ({ name, exact }) => ({ name, value: exact }),
    write: ({ name, value }) => ({ name, exact: value }),
  },
);

/** Requests that carry any of these go to the canary, whatever the weight. */
export const MATCH = object(
  {
    headers: fallback(list(HEADER, MAX_MATCHES), [], 'Any of these headers is enough.', { shown: 'none' }),
    cookies: fallback(list(COOKIE, MAX_MATCHES), [], 'Any of these cookies is enough.', { shown: 'none' }),
  },
  {
    check: ({ headers, cookies }, fields) => {
      if (headers.length + cookies.length > 0 || fields.wrong) return;
      fields.complain('matches nothing', 'give at least one of headers, cookies');
    },
  },
);
export type Match = Infer<typeof MATCH>;

/** Copies of requests before the first live one. Times are those of a step. */
export const MIRROR = dependent(
  { percent: fallback(count(1, 100), 100, 'Percent of requests that are copied.'), minDuration },
  ({ minDurationMs }) => ({ maxDuration: maxDuration(minDurationMs) }),
  { check: (times, fields) => checkTimes(times, fields) },
);
export type Mirror = Infer<typeof MIRROR>;

const maxAge = checked(duration(1000, 720 * HOUR), (ms, place, raw) => {
  if (ms % 1000 === 0) return;
  complain(place, raw, 'is not a whole number of seconds', 'give whole seconds, like 90s');
});

/** A cookie keeps a client that reached the canary there, for as long as the release sends requests to the canary. */
export const STICKINESS = object({
  cookie: required(token('the name of a cookie'), {
    doc: 'Name of the cookie, whose value is the name of the Release.',
    remedy: 'name the cookie',
  }),
  maxAge: fallback(maxAge, HOUR, 'How long a browser keeps it.'),
});
export type Stickiness = Infer<typeof STICKINESS>;
