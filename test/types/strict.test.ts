// The types of the face, as a strict program sees them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
const file = `${root}test/types/strict.test-d.ts`
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022, lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true,
  allowImportingTsExtensions: true, verbatimModuleSyntax: true, isolatedModules: true, types: ['node'], typeRoots: [`${root}node_modules/@types`], skipLibCheck: false,
}

const host = ts.createCompilerHost(options), read = host.getSourceFile.bind(host)
const sources = new Map<string, ts.SourceFile | undefined>()

/** What the compiler says of the file, if it were `text`, and of the declarations it uses. */
function check(text: string): { here: string[], declarations: string[] } {
  host.getSourceFile = (name, version, ...rest) => {
    if (name === file) return ts.createSourceFile(name, text, version, true)
    if (!sources.has(name)) sources.set(name, read(name, version, ...rest))
    return sources.get(name)
  }
  const program = ts.createProgram([file], options, host)
  const said = (of: ts.SourceFile): string[] => [...program.getSyntacticDiagnostics(of), ...program.getSemanticDiagnostics(of)].map(({ start, messageText }) =>
    `${of.fileName.replace(root, '')}:${of.getLineAndCharacterOfPosition(start ?? 0).line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
  const declarations = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${root}dist/`))
  assert.ok(declarations.length > 10, 'the declarations of the library are looked at')
  return {
    here: [...program.getOptionsDiagnostics().map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')), ...said(program.getSourceFile(file)!)],
    declarations: declarations.flatMap(said),
  }
}

const text = ts.sys.readFile(file)!
const EXPECTED = /^\/\/ @ts-expect-error -- .*$/gm

test('what is right compiles, what is wrong does not, and the declarations are strict', () => {
  assert.deepEqual(check(text), { here: [], declarations: [] })
})

test('each line that is expected to be wrong is, by itself', () => {
  const lines = text.split('\n'), wanted = lines.flatMap((line, i) => line.startsWith('// @ts-expect-error') ? [i + 2] : [])
  const found = check(text.replace(EXPECTED, '//')).here.map(said => Number(said.split(':')[1]))
  assert.deepEqual([...new Set(found)], wanted)
})
