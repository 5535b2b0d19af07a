// The host of this platform, under the import name `#host`: the one module of src/host that the layers above load.

export { node as host, inheritOptions } from './node.ts'
export { labMemory, labProcessors, startLab } from './lab.ts'
export { readWhole } from './files.ts'
export { directOutput, readSome, writeWhole } from './output.ts'
export { loadParser } from './parser.ts'
export { nodePlatform as platform } from './platform-objects.ts'
export { onSignal } from './signals.ts'
export { nodeStrings as strings } from './strings.ts'
export { importModule, importNow } from './import-module.ts'
export { wasiNames, wasiOf } from './wasi.ts'
export { watch } from './watch.ts'
