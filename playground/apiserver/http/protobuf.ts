/**
 * Reads the protobuf bodies that `kubectl create namespace|configmap|secret|serviceaccount|deployment` and
 * `kubectl auth` send. Only the kinds and fields they use: anything else is refused, never dropped.
 */
import type { Json, JsonObject } from '../json.ts';
import { text } from '../json.ts';

export class ProtobufError extends Error {}

type Type = 'string' | 'bool' | 'int' | 'base64' | 'ignored' | Message | { each: Type } | { map: Type };
/** field number → name and type */
type Message = Readonly<Record<number, readonly [string, Type]>>;

const isMessage = (type: Type): type is Message =>
  typeof type === 'object' && !('each' in type) && !('map' in type);

const META: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  4: ['selfLink', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'ignored'],
  11: ['labels', { map: 'string' }],
  12: ['annotations', { map: 'string' }],
};

const PORT: Message = {
  1: ['name', 'string'],
  2: ['hostPort', 'int'],
  3: ['containerPort', 'int'],
  4: ['protocol', 'string'],
  5: ['hostIP', 'string'],
};

const CONTAINER: Message = {
  1: ['name', 'string'],
  2: ['image', 'string'],
  3: ['command', { each: 'string' }],
  4: ['args', { each: 'string' }],
  5: ['workingDir', 'string'],
  6: ['ports', { each: PORT }],
  8: ['resources', {}],
  13: ['terminationMessagePath', 'string'],
  14: ['imagePullPolicy', 'string'],
  16: ['stdin', 'bool'],
  17: ['stdinOnce', 'bool'],
  18: ['tty', 'bool'],
  20: ['terminationMessagePolicy', 'string'],
};

const POD: Message = {
  2: ['containers', { each: CONTAINER }],
  3: ['restartPolicy', 'string'],
  6: ['dnsPolicy', 'string'],
  8: ['serviceAccountName', 'string'],
  9: ['serviceAccount', 'string'],
  10: ['nodeName', 'string'],
  11: ['hostNetwork', 'bool'],
  12: ['hostPID', 'bool'],
  13: ['hostIPC', 'bool'],
  16: ['hostname', 'string'],
  17: ['subdomain', 'string'],
  19: ['schedulerName', 'string'],
  24: ['priorityClassName', 'string'],
};

const DEPLOYMENT: Message = {
  1: ['replicas', 'int'],
  2: ['selector', { 1: ['matchLabels', { map: 'string' }] }],
  3: ['template', { 1: ['metadata', META], 2: ['spec', POD] }],
  4: ['strategy', { 1: ['type', 'string'] }],
  5: ['minReadySeconds', 'int'],
  6: ['revisionHistoryLimit', 'int'],
  7: ['paused', 'bool'],
};

const ATTRIBUTES: Message = Object.fromEntries(
  ['namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'].map((name, i) => [
    i + 1,
    [name, 'string'],
  ]),
);

const ACCESS: Message = {
  1: ['resourceAttributes', ATTRIBUTES],
  2: ['nonResourceAttributes', { 1: ['path', 'string'], 2: ['verb', 'string'] }],
};

const KINDS: Readonly<Record<string, Message>> = {
  Namespace: {
    1: ['metadata', META],
    2: ['spec', { 1: ['finalizers', { each: 'string' }] }],
    3: ['status', 'ignored'],
  },
  ConfigMap: {
    1: ['metadata', META],
    2: ['data', { map: 'string' }],
    3: ['binaryData', { map: 'base64' }],
    4: ['immutable', 'bool'],
  },
  Secret: {
    1: ['metadata', META],
    2: ['data', { map: 'base64' }],
    3: ['type', 'string'],
    4: ['stringData', { map: 'string' }],
    5: ['immutable', 'bool'],
  },
  ServiceAccount: { 1: ['metadata', META] },
  Deployment: { 1: ['metadata', META], 2: ['spec', DEPLOYMENT], 3: ['status', 'ignored'] },
  SelfSubjectAccessReview: { 1: ['metadata', META], 2: ['spec', ACCESS], 3: ['status', 'ignored'] },
  SelfSubjectRulesReview: {
    1: ['metadata', META],
    2: ['spec', { 1: ['namespace', 'string'] }],
    3: ['status', 'ignored'],
  },
  SelfSubjectReview: { 1: ['metadata', META], 2: ['status', 'ignored'] },
};

const MAGIC = 'k8s\0';
const ENVELOPE: Message = {
  1: ['type', { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] }],
  2: ['raw', 'base64'],
  3: ['contentEncoding', 'string'],
  4: ['contentType', 'string'],
};

/** The object in `body` (one character per byte); throws ProtobufError for kinds and fields not in the tables. */
export function readProtobuf(body: string): JsonObject {
  if (!body.startsWith(MAGIC))
    throw new ProtobufError('the body does not begin as a Kubernetes protobuf does');
  const envelope = readMessage(ENVELOPE, Buffer.from(body.slice(MAGIC.length), 'latin1'), '');
  const type = (envelope['type'] ?? {}) as JsonObject;
  const message = KINDS[text(type['kind'])];
  if (!message)
    throw new ProtobufError(`protobuf bodies of kind ${text(type['kind'])} are not served; send JSON`);
  return { ...type, ...readMessage(message, Buffer.from(text(envelope['raw']), 'base64'), '') };
}

interface Cursor {
  bytes: Buffer;
  at: number;
}

function varint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined || shift > 63n) throw new ProtobufError('a protobuf number does not end');
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, value);
  }
}

function readMessage(message: Message, bytes: Buffer, path: string): JsonObject {
  const cursor: Cursor = { bytes, at: 0 };
  const out: JsonObject = {};
  while (cursor.at < bytes.length) {
    const tag = Number(varint(cursor));
    const field = message[tag >> 3];
    const at = `${path}.${field?.[0] ?? tag >> 3}`;
    const value = readValue(cursor, tag & 7, at);
    if (!field) throw new ProtobufError(`protobuf field ${at} is not served; send JSON`);
    store(out, field, value, at);
  }
  return out;
}

/** A number, or the bytes of anything longer. */
function readValue(cursor: Cursor, wire: number, at: string): bigint | Buffer {
  if (wire === 0) return varint(cursor);
  if (wire !== 2) throw new ProtobufError(`protobuf field ${at} has wire type ${wire}, which is not served`);
  const end = Number(varint(cursor)) + cursor.at;
  if (end < cursor.at || end > cursor.bytes.length)
    throw new ProtobufError(`protobuf field ${at} is cut off`);
  const value = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return value;
}

function store(
  out: JsonObject,
  [name, type]: readonly [string, Type],
  value: bigint | Buffer,
  at: string,
): void {
  if (type === 'ignored') return;
  if (typeof type === 'object' && 'each' in type) {
    const list = (out[name] ??= []);
    if (Array.isArray(list)) list.push(convert(type.each, value, at));
  } else if (typeof type === 'object' && 'map' in type) {
    const entry = convert({ 1: ['key', 'string'], 2: ['value', type.map] }, value, at) as JsonObject;
    const map = (out[name] ??= {}) as JsonObject;
    map[text(entry['key'])] = entry['value'] ?? '';
  } else {
    out[name] = convert(type, value, at);
  }
}

function convert(type: Type, value: bigint | Buffer, at: string): Json {
  if (typeof value === 'bigint') {
    if (type === 'bool') return value !== 0n;
    if (type === 'int') return Number(value);
  } else if (type === 'string') {
    return value.toString('utf8');
  } else if (type === 'base64') {
    return value.toString('base64');
  } else if (isMessage(type)) {
    return readMessage(type, value, at);
  }
  throw new ProtobufError(`protobuf field ${at} is of another type`);
}
