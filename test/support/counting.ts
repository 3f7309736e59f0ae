/** Counts what code reads: every access to a property of a value, and of the values within it. */
export interface Counted<T> {
  value: T;
  /** the number of objects, lists and plain values within it: the size of the input */
  size: number;
  reads(): number;
}

export function counting<T>(value: T): Counted<T> {
  let reads = 0;
  const wrapped = new WeakMap<object, object>();
  const wrap = (inner: unknown): unknown => {
    if (typeof inner !== 'object' || inner === null) return inner;
    const known = wrapped.get(inner);
    if (known !== undefined) return known;
    const proxy = new Proxy(inner, {
      get(target, property, receiver) {
        reads += 1;
        return wrap(Reflect.get(target, property, receiver));
      },
      getOwnPropertyDescriptor(target, property) {
        reads += 1;
        const found = Reflect.getOwnPropertyDescriptor(target, property);
        return found === undefined || !('value' in found) ? found : { ...found, value: wrap(found.value) };
      },
    });
    wrapped.set(inner, proxy);
    return proxy;
  };
  return { value: wrap(value) as T, size: sizeOf(value), reads: () => reads };
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const inner of Object.values(value)) size += sizeOf(inner);
  return size;
}
