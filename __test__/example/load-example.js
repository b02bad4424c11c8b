'use strict'

const fs = require('node:fs')
const path = require('node:path')
const ts = require('typescript')

const SOURCES = path.join(__dirname, '../../examples/backend/src')

/**
 * Loads a module of the example backend from its TypeScript source, compiled in memory, with this package in place of
 * a release.
 *
 * @param {string} specifier as a module beside it would import it
 */
async function loadExample(specifier) {
  const packages = {
    // The copy has no default export, so TypeScript's import helpers take it as it is.
    baileys: { __esModule: true, ...(await import('baileys')) },
    'baileys-postgres-auth': require('../..'),
    'node:events': require('node:events'),
  }
  const loaded = new Map()

  function load(name) {
    if (name in packages) return packages[name]
    if (!loaded.has(name)) {
      const exports = {}
      loaded.set(name, exports)
      compile(path.join(SOURCES, name.replace(/\.js$/, '.ts')))(exports, load)
    }
    return loaded.get(name)
  }
  return load(specifier)
}

function compile(file) {
  const { outputText } = ts.transpileModule(fs.readFileSync(file, 'utf8'), {
    fileName: file,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  })
  // In the realm of the caller, which `node:vm` would leave: errors have to be instances of Jest's Error here.
  return new Function('exports', 'require', `${outputText}\n//# sourceURL=${file}`)
}

module.exports = { loadExample }
