const CREDENTIALS = /\/\/.*@/s;

/** A text that contains a URL, as it may be shown: without user and password, whatever characters they contain. */
export function withoutPassword(text: string): string {
  return text.replace(CREDENTIALS, '//…@');
}
