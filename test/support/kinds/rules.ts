import type { JsonObject } from '../../../lib/json.ts';

/**
 * Rules that other projects' definitions write in CEL, written again in CEL of our own: each rule refuses
 * what theirs refuses, as far as it concerns what Sluice writes or what may surround that. Its sentence says
 * what is true if the rule is obeyed.
 */
const rule = (expression: string, message: string): JsonObject => ({ rule: expression, message });

/** A schema whose values also obey these rules. */
const ruled = (schema: JsonObject, ...rules: [string, string][]): JsonObject => ({
  ...schema,
  'x-kubernetes-validations': rules.map(([expression, message]) => rule(expression, message)),
});

const quoted = (words: readonly string[]): string => `[${words.map((word) => `'${word}'`).join(', ')}]`;

/** An object whose `type` says which one of these members is set; `members` by type. */
export const union = (members: Record<string, string>, of: JsonObject): JsonObject =>
  ruled(
    of,
    ...Object.entries(members).map(([type, member]): [string, string] => [
      `has(self.${member}) == (self.type == '${type}')`,
      `${member} stands if type is ${type}, and only then`,
    ]),
  );

/** A list of filters that contains none of these types twice, and not all of `apart` together. */
export const filterList = (
  filters: JsonObject,
  once: readonly string[],
  apart: readonly string[] = [],
): JsonObject => {
  const single: [string, string] = [
    `${quoted(once)}.all(t, self.filter(f, f.type == t).size() < 2)`,
    `each of ${once.join(', ')} stands at most once`,
  ];
  if (apart.length === 0) return ruled(filters, single);
  const separate = `${quoted(apart)}.exists(t, !self.exists(f, f.type == t))`;
  return ruled(filters, single, [separate, `${apart.join(' and ')} do not stand together`]);
};

/** A reference that has to name a port if it is to a Service. */
export const withPort = (reference: JsonObject): JsonObject =>
  ruled(reference, [
    "self.group != '' || self.kind != 'Service' || has(self.port)",
    'a Service is named with its port',
  ]);

export const mirrorShare = (mirror: JsonObject): JsonObject =>
  ruled(mirror, ['!has(self.percent) || !has(self.fraction)', 'percent and fraction do not stand together']);

export const properFraction = (fraction: JsonObject): JsonObject =>
  ruled(fraction, ['self.denominator >= self.numerator', 'the fraction is at most 1']);

/** A list in which "*" has to be the only entry. */
export const starAlone = (texts: JsonObject): JsonObject =>
  ruled(texts, ["self.size() < 2 || self.all(each, each != '*')", '"*" stands alone']);

const SAME_PARENT = ['group', 'kind', 'name'].map((key) => `a.${key} == b.${key}`).join(' && ');
const sameText = (key: string): string =>
  `(has(a.${key}) ? a.${key} : '') == (has(b.${key}) ? b.${key} : '')`;
const NAMED = (of: string): string => `(has(${of}.sectionName) && ${of}.sectionName != '')`;

/** A list that obeys these rules is valid in both channels: the experimental one also looks at ports. */
export const parentList = (parents: JsonObject): JsonObject => {
  const same = `${SAME_PARENT} && ${sameText('__namespace__')}`;
  return ruled(
    parents,
    [
      `self.all(a, self.all(b, !(${same}) || ${NAMED('a')} == ${NAMED('b')}))`,
      'of several references to one parent each names a section',
    ],
    [
      `self.all(a, self.all(b, !(${same}) || has(a.port) == has(b.port)))`,
      'of several references to one parent each names a port, or none does',
    ],
    [
      `self.all(a, self.filter(b, ${same} && ${sameText('sectionName')}).size() == 1)`,
      'no section of a parent is named twice',
    ],
  );
};

const MOST_RULES = 16;
/** CEL has no sum of a list. */
const MATCHES = Array.from(
  { length: MOST_RULES },
  (_, i) => `(self.size() > ${i} && has(self[${i}].matches) ? self[${i}].matches.size() : 0)`,
).join(' + ');

export const ruleList = (rules: JsonObject): JsonObject =>
  ruled(
    rules,
    [`${MATCHES} <= 128`, 'all rules together have at most 128 matches'],
    // Only the experimental channel has this rule; what obeys it is valid in both.
    [
      'self.all(a, !has(a.name) || self.filter(b, has(b.name) && b.name == a.name).size() == 1)',
      'the name of a rule is unique',
    ],
  );

const REPLACES_PREFIX = (filter: string): string =>
  `has(f.${filter}) && has(f.${filter}.path) && has(f.${filter}.path.replacePrefixMatch)`;
const ONE_PREFIX =
  "(self.matches.size() == 1 && has(self.matches[0].path) && self.matches[0].path.type == 'PathPrefix')";

/** A rule of an HTTPRoute. */
export const httpRule = (of: JsonObject): JsonObject =>
  ruled(
    of,
    [
      '!has(self.backendRefs) || self.backendRefs.size() == 0 || !has(self.filters) || !self.filters.exists(f, has(f.requestRedirect))',
      'a rule that redirects has no backendRefs',
    ],
    ...['requestRedirect', 'urlRewrite'].flatMap((filter): [string, string][] => {
      const replaces = `exists_one(f, ${REPLACES_PREFIX(filter)})`;
      const why = `${filter} replaces a prefix where there is one match, by PathPrefix`;
      return [
        [`!has(self.filters) || !self.filters.${replaces} || ${ONE_PREFIX}`, why],
        // Like their rule, it looks at one such reference, not at two.
        [
          `!has(self.backendRefs) || !self.backendRefs.exists_one(b, has(b.filters) && b.filters.${replaces}) || ${ONE_PREFIX}`,
          `${why}, also for a backendRef`,
        ],
      ];
    }),
  );

export const pathValue = (path: JsonObject): JsonObject =>
  ruled(
    path,
    ["self.type == 'RegularExpression' || self.value.startsWith('/')", 'a path starts with /'],
    [
      `self.type == 'RegularExpression' || ${quoted(['//', '/./', '/../', '%2f', '%2F', '#'])}.all(w, !self.value.contains(w))`,
      'a path has no //, /./, /../, encoded slash or #',
    ],
    [
      `self.type == 'RegularExpression' || ${quoted(['/.', '/..'])}.all(w, !self.value.endsWith(w))`,
      'a path does not end with /. or /..',
    ],
    [
      `self.type == 'RegularExpression' || self.value.matches("^([-._~!$&'()*+,;=:@/0-9A-Za-z]|%[0-9A-Fa-f][0-9A-Fa-f])+$")`,
      'a path has the characters of a path',
    ],
  );

export const grpcMethod = (method: JsonObject): JsonObject =>
  ruled(
    method,
    ['has(self.service) || has(self.method)', 'a service, a method or both are named'],
    [
      "self.type != 'Exact' || !has(self.service) || self.service.matches('^[.]?[A-Za-z_][0-9A-Za-z_]*([.][A-Za-z_][0-9A-Za-z_]*)*$')",
      'service is the name of one',
    ],
    [
      "self.type != 'Exact' || !has(self.method) || self.method.matches('^[A-Za-z_][0-9A-Za-z_]*$')",
      'method is the name of one',
    ],
  );

export const routeTimeouts = (timeouts: JsonObject): JsonObject =>
  ruled(timeouts, [
    "!has(self.request) || !has(self.backendRequest) || duration(self.request) == duration('0s') || duration(self.request) >= duration(self.backendRequest)",
    'request lasts at least as long as backendRequest',
  ]);

/** Istio: a text with a duration. */
export const span = (time: JsonObject): JsonObject =>
  ruled(time, ["duration('1ms') <= duration(self)", 'a time of at least 1ms']);

/** Istio: labels that select workloads. */
export const workloadLabels = (labels: JsonObject): JsonObject =>
  ruled(labels, [
    "self.all(key, key != '' && !key.contains('*') && !self[key].contains('*'))",
    'labels are written out, without *',
  ]);
