/** A name in the form in which Traefik uses it in its own names. */
export const dashed = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-');

/** An RE2 pattern that matches these names and nothing else. */
export function alternation(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
}
