'use strict'

const path = require('node:path')
const ts = require('typescript')

const DECLARATIONS = path.join(__dirname, '../../index.d.ts')

/** What index.d.ts declares, as TypeScript reads it. */
class Declarations {
  #program
  #checker
  #exports

  constructor() {
    // Without `skipLibCheck`, unlike an application's: this is the file that it would skip.
    this.#program = ts.createProgram([DECLARATIONS], {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      strict: true,
      noEmit: true,
    })
    this.#checker = this.#program.getTypeChecker()
    const module = this.#checker.getSymbolAtLocation(this.#program.getSourceFile(DECLARATIONS))
    const symbols = this.#checker.getExportsOfModule(module)
    this.#exports = new Map(symbols.map((symbol) => [symbol.name, symbol]))
  }

  /** What the compiler has to say against the file itself. */
  complaints() {
    return ts
      .getPreEmitDiagnostics(this.#program)
      .filter(({ file }) => file?.fileName === DECLARATIONS)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  }

  /** The names that exist when a program runs, in order. */
  values() {
    return [...this.#exports.values()]
      .filter((symbol) => symbol.flags & ts.SymbolFlags.Value)
      .map((symbol) => symbol.name)
      .sort()
  }

  /** `class`, or `function` with the number of its parameters. */
  kindOf(name) {
    const symbol = this.#exports.get(name)
    if (symbol.flags & ts.SymbolFlags.Class) return 'class'
    const [signature] = this.#checker.getTypeOfSymbol(symbol).getCallSignatures()
    return `function of ${signature.parameters.length}`
  }

  /** The members of an exported interface, in order. */
  membersOf(name) {
    const type = this.#checker.getDeclaredTypeOfSymbol(this.#exports.get(name))
    return type
      .getProperties()
      .map((property) => property.name)
      .sort()
  }

  /** The texts of an exported union of texts, in order. */
  textsOf(name) {
    const type = this.#checker.getDeclaredTypeOfSymbol(this.#exports.get(name))
    return type.types.map(({ value }) => value).sort()
  }
}

module.exports = { Declarations }
