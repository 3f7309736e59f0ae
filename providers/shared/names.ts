/** As Traefik writes names of others into its own. */
export const dashed = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-');

/** RE2 that matches any of these names and nothing else. */
export function alternation(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
}
