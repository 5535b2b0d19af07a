// Small messages, as programs send them: what is sent as number n, and whether what came is that.

const strings = Array.from({ length: 1024 }, (_, n) => `item ${n}`)

export const bodies = {
  'one-way': { of: n => n, is: (body, n) => body === n },
  'object': {
    of: n => ({ kind: 'put', key: n, value: 'some text' }),
    is: ({ kind, key, value }, n) => key === n && kind === 'put' && value === 'some text',
  },
  'numbers': { of: n => ({ x: n, y: n + 0.5, z: -n }), is: ({ x, y, z }, n) => x === n && y === n + 0.5 && z === -n },
  'string': { of: n => strings[n & 1023], is: (body, n) => body === strings[n & 1023] },
  'pair': { of: n => [n, n + 1], is: (body, n) => body.length === 2 && body[0] === n && body[1] === n + 1 },
}
