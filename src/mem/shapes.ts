// Shapes: the names of an object's properties, in their order, under a number that all heaps of the process know.
//
// An object that was sent before with the same names is sent as a number and its values: neither side writes, reads or compares a name.
//
// A heap that sends follows the names through a tree, one node for each name, as an engine does with its hidden classes; a node remembers the way
// that was taken last, so most steps are one comparison of pointers.  Names that were met OFTEN are added to the process's table
// (kernel/shapes.ts), which has room for so many and forgets none: objects that are used as dictionaries should not fill it.  What is not in it is
// sent by its names, as ever.  A tree with MANY nodes is forgotten, but for what is in the table.
//
// No getter runs before the shape is known, and each value is read once, in order: as Object.keys and a loop would do it.

import { fillFor, type Fill } from './fills.ts'

/** The names of an object's properties. */
export interface Shape {
  readonly number: number
  readonly names: readonly string[]
  /** What stores their values into an object that has none yet. */
  readonly fill: Fill | undefined
}

/** Where the process keeps its shapes: names as JSON. */
export interface ShapeTable {
  /** The number of these names, from 1; 0: there is no room for more. */
  add(text: string): number
  /** The names of a number; undefined: nobody has added it. */
  text(number: number): string | undefined
}

interface Node {
  /** The name taken last, and the node behind it. */
  name: string
  next: Node | undefined
  all: Map<string, Node> | undefined
  readonly depth: number
  shape: Shape | undefined
  seen: number
}

const OFTEN = 8, MANY = 4096, LONGEST = 32

const node = (depth: number): Node => ({ name: '', next: undefined, all: undefined, depth, shape: undefined, seen: 0 })

let table: ShapeTable | undefined
let nodes = 0
let root = node(0)
const known: (Shape | undefined)[] = []

/** Installs the process's table; undefined: objects are sent by their names. */
export function installShapes(t: ShapeTable | undefined): void {
  table = t
  known.length = 0
  clear()
}

function clear(): void {
  nodes = 0
  root = node(0)
  for (const shape of known) if (shape !== undefined) grow(shape)
}

/** The shape of `o`, whose prototype is Object.prototype or null; undefined if it has none. */
export function shapeOf(o: object): Shape | undefined {
  for (const _ in Object.prototype) return undefined                      // a name that all objects have would be taken for their own
  let at = root
  for (const name in o) {
    const next = at.name === name ? at.next : step(at, name)
    if (next === undefined) return undefined
    at = next
  }
  return at.shape ?? admit(at, o)
}

function step(at: Node, name: string): Node | undefined {
  const before = at.all?.get(name)
  if (before === undefined && (at.depth === LONGEST || table === undefined)) return undefined
  const next = before ?? node(at.depth + 1)
  if (before === undefined) {
    at.all ??= new Map<string, Node>()
    at.all.set(name, next)
    nodes++
  }
  at.name = name
  at.next = next
  return next
}

function admit(at: Node, o: object): Shape | undefined {
  if (nodes >= MANY) clear()
  if (at.depth === 0 || ++at.seen !== OFTEN) return undefined             // asked once
  const names = Object.keys(o)
  if (names.length !== at.depth || names.includes('__proto__')) return undefined
  const number = table!.add(JSON.stringify(names))
  if (number === 0) return undefined
  return at.shape = known[number] ??= { number, names, fill: fillFor(names.length) }
}

function grow(shape: Shape): void {
  let at = root
  for (const name of shape.names) at = step(at, name)!
  at.shape = shape
}

/** The shape of a number that another heap has sent; undefined if there is none. */
export function shapeNumbered(number: number): Shape | undefined {
  return known[number] ?? learn(number)
}

function learn(number: number): Shape | undefined {
  const text = table?.text(number)
  if (text === undefined) return undefined
  const names = JSON.parse(text) as string[], shape = { number, names, fill: fillFor(names.length) }
  known[number] = shape
  grow(shape)
  return shape
}
