const CREDENTIALS = /\/\/.*@/s;

/** Text with a URL in it, as it may be shown: without user and password, whatever those hold. */
export function withoutPassword(text: string): string {
  return text.replace(CREDENTIALS, '//…@');
}
