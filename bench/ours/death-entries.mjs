// Threads that die, and write down until when they lived.

const stamp = (alive) => {
  alive[0] = performance.timeOrigin + performance.now()
}

export function throws(alive) {
  stamp(alive)
  throw new Error('on purpose')
}

export function exit(alive) {
  stamp(alive)
  process.exit(1)
}

export function heap(alive) {
  const kept = []
  for (;;) {
    kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
    stamp(alive)
  }
}

export function terminated(alive) {
  stamp(alive)
  for (let i = 0; ; i++) if (i % 1000 === 0) Math.sqrt(i)
}
