// Tasks of the pool's benches: for ours, and for the peers that run functions of a module.

export function add(n) { return n + 1 }
export function echo(value) { return value }
export function first(array) { return array[0] }
