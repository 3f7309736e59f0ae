import { fnv1a } from '../../../lib/hash.ts';

/** Two hashes with different offsets; the result only has to differ when the text does. */
export function checksum(text: string): string {
  const hex = (hash: number): string => hash.toString(16).padStart(8, '0').toUpperCase();
  return hex(fnv1a(text)) + hex(fnv1a(text, 84696351));
}
