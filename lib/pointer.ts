/** A JSON Pointer to that place (RFC 6901). */
export const pointer = (...path: readonly (string | number)[]): string =>
  path.map((part) => `/${escaped(String(part))}`).join('');

/** The parts of a JSON Pointer; none of an empty one. */
export const partsOf = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');
