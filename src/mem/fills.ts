// Objects of a shape, made anew: their values are stored one after another under their names.
//
// A store under a name that is different each time costs an engine 10 ns, under the one name that has always come there 1: it remembers that for each
// place in the program's text.  So there are functions that do the same, each with as many places as names, and each of the first shapes has one for
// itself.  All others are stored in a loop.
//
// Rejected: a function made from text (pages whose content security policy forbids eval); a copy of a model object that is then stored into (the same price).

/** Who has the values, in the order of the names. */
export interface Values { value(): unknown }

/** Stores the values that `from` has under `names`. */
export type Fill = (o: Record<string, unknown>, names: readonly string[], from: Values) => void

const fills: Fill[][] = [
  [],
  [
    (o, n, v) => { o[n[0]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value() },
  ],
  [
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value() },
  ],
  [
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value() },
  ],
  [
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value() },
  ],
  [
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value() },
  ],
  [
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value(); o[n[5]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value(); o[n[5]] = v.value() },
    (o, n, v) => { o[n[0]] = v.value(); o[n[1]] = v.value(); o[n[2]] = v.value(); o[n[3]] = v.value(); o[n[4]] = v.value(); o[n[5]] = v.value() },
  ],
]

/** A function for one shape of so many names; undefined: all are taken. */
export function fillFor(names: number): Fill | undefined {
  return fills[names]?.pop()
}
