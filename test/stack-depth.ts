/** How deep calls nest on the calling thread's stack. */
export function depthOfStack(): number {
  let depth = 0
  const down = (): void => {
    depth++
    down()
  }
  try {
    down()
  } catch { /* the end of the stack */ }
  return depth
}
