const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const PATTERN = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)((?:[numkMGTPE]|[KMGTPE]i)?|[eE][+-]?\d+)$/;

/**
 * A Kubernetes quantity in canonical form ("0.5" → "500m", "1024Mi" → "1Gi"); undefined if the text is not
 * one.
 */
export function canonicalQuantity(source: string | number): string | undefined {
  const match = PATTERN.exec(String(source));
  if (!match) return undefined;
  const [, sign = '', digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const prefix = sign === '-' ? '-' : '';
  const binary = suffix.endsWith('i') ? BINARY.indexOf(suffix) : 0;
  const exponent = /^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL.indexOf(suffix) - 3) * 3;
  // nanos: the smallest unit of the API
  const scale = 9 - fraction.length + (binary > 0 ? 0 : exponent);
  let nanos = BigInt(whole + fraction) * 1024n ** BigInt(binary);
  nanos = scale >= 0 ? nanos * 10n ** BigInt(scale) : nanos / 10n ** BigInt(-scale);
  if (nanos === 0n) return '0';
  return prefix + (binary > 0 ? (asBinary(nanos) ?? asDecimal(nanos)) : asDecimal(nanos));
}

function asBinary(nanos: bigint): string | undefined {
  if (nanos % 1_000_000_000n !== 0n) return undefined;
  let value = nanos / 1_000_000_000n;
  let unit = 0;
  while (value % 1024n === 0n && unit < BINARY.length - 1) {
    value /= 1024n;
    unit++;
  }
  return `${value}${BINARY[unit] ?? ''}`;
}

function asDecimal(nanos: bigint): string {
  let value = nanos;
  let unit = 0;
  while (value % 1000n === 0n && unit < DECIMAL.length - 1) {
    value /= 1000n;
    unit++;
  }
  return `${value}${DECIMAL[unit] ?? ''}`;
}
