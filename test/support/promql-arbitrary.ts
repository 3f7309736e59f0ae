import fc from 'fast-check';

/**
 * Queries of a user who wants to read the data of others: valid PromQL of many forms, with comments, quotes
 * and line ends where a careless parser goes wrong, and sometimes with a character in a wrong place.
 */

const name = fc.constantFrom('secret', 'requests_total', 'target_info');
const text = fc.constantFrom(
  'bank',
  '.*',
  '.+',
  'shop|bank',
  '',
  'shop',
  '} or secret{x="',
  '# ',
  '\\"',
  "'",
);
const matcher = fc
  .tuple(
    fc.constantFrom('namespace', 'owner', 'job', 'nothing'),
    fc.constantFrom('=', '!=', '=~', '!~'),
    text,
  )
  .chain(([label, op, value]) =>
    fc.constantFrom(
      `${label}${op}${JSON.stringify(value)}`,
      `${label}${op}\`${value.replaceAll('`', '')}\``,
      `${label} ${op} '${value.replaceAll('\\', '').replaceAll("'", "\\'")}'`,
    ),
  );
const space = fc.constantFrom(
  '',
  ' ',
  '\n',
  '\t',
  '\r\n',
  ' # or secret\n',
  '# "\n',
  "# '\r",
  '#`\n',
  '# {\r or secret #\n',
);

const selector = fc.oneof(
  name,
  fc
    .tuple(name, fc.array(matcher, { maxLength: 3 }), space, fc.constantFrom('', ','))
    .map(
      ([metric, matchers, gap, end]) =>
        `${metric}{${gap}${matchers.join(`,${gap}`)}${matchers.length === 0 ? '' : end}}`,
    ),
  fc
    .tuple(name, fc.array(matcher, { maxLength: 2 }))
    .map(([metric, matchers]) => `{${[`__name__=~"${metric}"`, ...matchers].join(',')}}`),
);

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    selector,
    fc.tuple(selector, space).map(([inner, gap]) => `${inner}${gap} offset 1m`),
    fc.tuple(selector, space).map(([inner, gap]) => `max_over_time(${inner}${gap}[5m])`),
    fc.tuple(tie('expression')).map(([inner]) => `last_over_time((${inner})[2m:15s])`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('or', 'and', 'unless', 'OR', '+ on (job, instance)', '* ignoring (owner)'),
        tie('expression'),
        space,
      )
      .map(([left, op, right, gap]) => `${left}${gap} ${op} ${gap}${right}`),
    fc
      .tuple(
        fc.constantFrom('sum', 'max', 'group', 'topk'),
        fc.constantFrom('', 'by (owner)', 'without (namespace)'),
        tie('expression'),
      )
      .map(([op, by, inner]) => `${op} ${by} (${op === 'topk' ? '3, ' : ''}${inner})`),
    fc.tuple(tie('expression')).map(([inner]) => `label_replace(${inner}, "owner", "$1", "owner", "(.*)")`),
    fc.tuple(tie('expression')).map(([inner]) => `info(${inner})`),
    fc.tuple(tie('expression'), space).map(([inner, gap]) => `(${gap}${inner}${gap})`),
    fc.tuple(tie('expression')).map(([inner]) => `-${inner}`),
  ),
}));

/** With one character added or removed. */
const spoilt = fc
  .tuple(expression, fc.nat(), fc.constantFrom('"', "'", '`', '#', '\r', '\n', '{', '}', '(', '\\', ' ', ''))
  .map(([query, at, char]) => {
    const i = at % (query.length + 1);
    return char === '' ? query.slice(0, i) + query.slice(i + 1) : query.slice(0, i) + char + query.slice(i);
  });

export const hostileQuery = fc.oneof({ weight: 3, arbitrary: expression }, { weight: 1, arbitrary: spoilt });
