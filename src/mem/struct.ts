// Records in shared memory, declared once.
//
//   const Mutex = struct('mutex', { word: i32('0 free, 1 held …; written by …'), owner: i32('tid of …') })
//   Mutex.word        the field's byte offset
//   Mutex.size        the record's length in bytes
//
// The one declaration yields the offsets, the tables in DESIGN.md and, later, the C header.  A description
// says what the values mean and who writes the field; `scripts/docs.mjs` refuses one that is empty.

/** A field of a record: its width and what it means. */
export interface Field { readonly bytes: number, readonly type: string, readonly about: string }

/** A 32-bit integer; the only kind of word that atomics and futexes work on. */
export const i32 = (about: string): Field => ({ bytes: 4, type: 'i32', about })
/** A double: times in milliseconds, counters over 2^31. */
export const f64 = (about: string): Field => ({ bytes: 8, type: 'f64', about })
/** Room for bytes, aligned to 8. */
export const bytes = (count: number, about: string): Field => ({ bytes: count, type: `u8[${count}]`, about })

export interface Layout { readonly name: string, readonly size: number, readonly fields: readonly (Field & { name: string, offset: number })[] }

/** Every record declared so far, for the documentation. */
export const layouts: Layout[] = []

/**
 * Declares a record. Fields follow each other in the order given, each aligned to its width; the size is
 * rounded up to 8, or is `size` if given (a record that must fill cache lines).
 */
export function struct<T extends Record<string, Field>>(name: string, fields: T, size = 0): { readonly [K in keyof T]: number } & { readonly size: number } {
  const offsets: Record<string, number> = {}
  const list: (Field & { name: string, offset: number })[] = []
  let end = 0
  for (const [key, field] of Object.entries(fields)) {
    const align = field.bytes === 4 ? 4 : 8
    end = Math.ceil(end / align) * align
    offsets[key] = end
    list.push({ ...field, name: key, offset: end })
    end += field.bytes
  }
  end = Math.ceil(end / 8) * 8
  if (size !== 0 && end > size) throw new Error(`struct ${name}: ${end} bytes of fields do not fit ${size}`)
  layouts.push({ name, size: size || end, fields: list })
  return Object.freeze({ ...offsets, size: size || end }) as { readonly [K in keyof T]: number } & { readonly size: number }
}
