// The file that called the library, so that packages are found as it would import them.

const library = new URL('..', import.meta.url).href
const source = new URL('../../src/', import.meta.url).href

/** The path or URL of the innermost file in the stack that is not the library's; undefined: there is none, as in `node -e`. */
export function callerFile(): string | undefined {
  const holder: { stack?: unknown } = {}
  Error.captureStackTrace(holder)
  for (const line of String(holder.stack).split('\n').slice(1)) {
    const file = /^\s+at (?:.*\()?((?:file:\/\/)?\/.*?):\d+:\d+\)?$/.exec(line)?.[1]
    if (file !== undefined && !file.startsWith(library) && !file.startsWith(source)) return file
  }
  return undefined
}
