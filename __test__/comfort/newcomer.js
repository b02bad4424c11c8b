'use strict'

/** An application as somebody begins one: a folder, the package in it, and a script that opens an account. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { startProgram } = require('../cli/command')

const PROJECT = path.join(__dirname, '../..')
const NAME = 'baileys-postgres-auth'
/** What the package needs to run, besides what is linked. */
const OURS = ['index.js', 'binding.js', 'package.json', 'lib', 'cli']
const THEIRS = ['commander', 'cli-table3', 'cli-progress']

const SCRIPT = `
const { useDatabaseAuthState } = require('${NAME}')
useDatabaseAuthState('an-account').then(
  () => console.log('opened'),
  (error) => {
    console.error(error.message)
    process.exitCode = 1
  },
)
`

class Application {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'newcomer-'))
  #modules = path.join(this.folder, 'node_modules')

  constructor() {
    const home = path.join(this.#modules, NAME)
    fs.mkdirSync(home, { recursive: true })
    for (const file of OURS) {
      fs.cpSync(path.join(PROJECT, file), path.join(home, file), { recursive: true })
    }
    // Large; it asks for no other module.
    for (const file of fs.readdirSync(PROJECT).filter((name) => name.endsWith('.node'))) {
      fs.symlinkSync(path.join(PROJECT, file), path.join(home, file))
    }
    for (const name of THEIRS) this.install(name)
    fs.writeFileSync(path.join(this.folder, 'index.js'), SCRIPT)
  }

  /** Makes one of the project's modules this application's, too. */
  install(name) {
    fs.symlinkSync(path.join(PROJECT, 'node_modules', name), path.join(this.#modules, name))
  }

  /** Puts a module there that consists of this source. */
  installSource(name, version, source) {
    const home = path.join(this.#modules, name)
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'package.json'), JSON.stringify({ name, version }))
    fs.writeFileSync(path.join(home, 'index.js'), source)
  }

  /** `node index.js` */
  start(env) {
    return this.#run(['index.js'], env)
  }

  /** `npx baileys-postgres-auth …` */
  command(args, env) {
    return this.#run([path.join(this.#modules, NAME, 'cli/main.js'), ...args], env)
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true })
  }

  async #run(args, env) {
    const { signal, ...ended } = await startProgram(args, { cwd: this.folder, env }).ended
    return ended
  }
}

module.exports = { Application }
