// How the example backend's modules are found and read; in the thread that Node.js keeps for it.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const PACKAGES = {
  'baileys-postgres-auth': new URL('../../../index.js', import.meta.url).href,
  '@prisma/client': new URL('./prisma-client.mjs', import.meta.url).href,
}

/** TypeScript imports what a module will be called when it is compiled. */
const asSource = (specifier, parent) =>
  parent?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/js$/, 'ts') : specifier

export function resolve(specifier, context, next) {
  const url = PACKAGES[specifier]
  if (url) return { url, shortCircuit: true }
  return next(asSource(specifier, context.parentURL), context)
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { outputText } = ts.transpileModule(await readFile(fileURLToPath(url), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  return { format: 'module', source: outputText, shortCircuit: true }
}
