// The tasks of pool-loads.mjs.

export function probe(value) {
  return typeof value === 'number' ? value + 1 : ArrayBuffer.isView(value) ? value[0] : value.id
}

export function spin(begun) {
  Atomics.store(begun, 0, 1)
  Atomics.notify(begun, 0)
  for (;;);
}
