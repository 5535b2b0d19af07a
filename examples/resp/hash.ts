// A number for a key: which thread owns it, or which chain of the shared table holds it.

/** FNV-1a over the characters, and a last stir, because its low bits are used. Not negative. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ hash >>> 16, 0x45d9f3b)
  return (hash ^ hash >>> 16) & 0x7fffffff
}
