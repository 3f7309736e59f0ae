/**
 * Writes the protobuf exposition of native histograms, for which there is no text format
 * (io.prometheus.client.MetricFamily).
 */

export const NATIVE_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export interface NativeHistogram {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** bounds grow by 2^(2^−schema) */
  schema: number;
  zeroThreshold: number;
  zero: number;
  /** index of the first bucket; bucket i ends at 2^(i × 2^−schema) */
  first: number;
  counts: readonly number[];
}

const TYPE = { gauge: 1, histogram: 4 };

export function nativeExposition(
  histograms: readonly NativeHistogram[],
  gauges: Readonly<Record<string, number>>,
): Buffer {
  const families = [
    ...Object.entries(gauges).map(([name, value]) =>
      family(name, TYPE.gauge, [message(4, message(2, double(1, value)))]),
    ),
    ...[...new Set(histograms.map(({ name }) => name))].map((name) =>
      family(
        name,
        TYPE.histogram,
        histograms.filter((one) => one.name === name).map((one) => message(4, metric(one))),
      ),
    ),
  ];
  return Buffer.concat(families.flatMap((one) => [varint(BigInt(one.length)), one]));
}

function family(name: string, type: number, metrics: readonly Buffer[]): Buffer {
  return Buffer.concat([text(1, name), integer(3, type), ...metrics]);
}

function metric({ labels, schema, zeroThreshold, zero, first, counts }: NativeHistogram): Buffer {
  const pairs = Object.entries(labels).map(([key, value]) =>
    message(1, Buffer.concat([text(1, key), text(2, value)])),
  );
  const total = counts.reduce((sum, count) => sum + count, zero);
  const span = Buffer.concat([integer(1, zigzag(first)), integer(2, counts.length)]);
  const histogram = Buffer.concat([
    integer(1, total),
    double(2, total),
    integer(5, zigzag(schema)),
    double(6, zeroThreshold),
    integer(7, zero),
    message(12, span),
    // each count as the difference from the count before
    ...counts.map((count, i) => integer(13, zigzag(count - (counts[i - 1] ?? 0)))),
  ]);
  return Buffer.concat([...pairs, message(7, histogram)]);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt(value))]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(BigInt((field << 3) | 1)), bytes]);
}

function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(content.length)), content]);
}

function text(field: number, content: string): Buffer {
  return message(field, Buffer.from(content));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
