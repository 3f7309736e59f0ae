/** Longer texts are cut: the rest would not help a reader. */
const LONGEST = 500;

/**
 * The texts of a `Warning` header as API servers and the webhooks behind them send it (RFC 7234, code 299):
 * `299 - "text"`, several separated by commas. Anything else in it is left out.
 */
export function warningsIn(header: string | undefined): string[] {
  return [...(header ?? '').matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1').slice(0, LONGEST),
  );
}
