/** Paths of JSON members that are given twice in one object; the text must be valid JSON. */
export function duplicateKeys(source: string): string[] {
  const found: string[] = [];
  let at = 0;

  const skip = (): void => {
    while (/\s/.test(source[at] ?? '')) at++;
  };
  const readString = (): string => {
    const start = at++;
    while (source[at] !== '"') at += source[at] === '\\' ? 2 : 1;
    at++;
    return JSON.parse(source.slice(start, at)) as string;
  };
  const readObject = (path: string): void => {
    const seen = new Set<string>();
    at++;
    for (skip(); source[at] !== '}'; skip()) {
      if (source[at] === ',') {
        at++;
        continue;
      }
      const key = readString();
      const name = path === '' ? key : `${path}.${key}`;
      if (seen.has(key)) found.push(name);
      seen.add(key);
      skip();
      at++; // the colon
      readValue(name);
    }
    at++;
  };
  const readArray = (path: string): void => {
    at++;
    let index = 0;
    for (skip(); source[at] !== ']'; skip()) {
      if (source[at] === ',') at++;
      else readValue(`${path}[${index++}]`);
    }
    at++;
  };
  const readValue = (path: string): void => {
    skip();
    const c = source[at];
    if (c === '{') readObject(path);
    else if (c === '[') readArray(path);
    else if (c === '"') readString();
    else while (at < source.length && !/[\s,\]}]/.test(source[at] ?? '')) at++;
  };
  readValue('');
  return found;
}
