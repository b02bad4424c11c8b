'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { version } = require('../../package.json')
const { createDatabase } = require('../support/database')
const { SECRET } = require('../faults/stores')
const { command, settings } = require('./command')

const COMMANDS = fs
  .readdirSync(path.join(__dirname, '../../cli/commands'))
  .map((file) => path.basename(file, '.js'))

describe('help', () => {
  test('names every command and the exit status', async () => {
    const { status, stdout } = await command(['--help'])
    expect(status).toBe(0)
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(stdout).toContain('Exit status: 0 done, 1 failed, 2 wrong usage')
  })

  test.each(COMMANDS)('%s has its own, with examples', async (name) => {
    const { status, stdout } = await command([name, '--help'])
    expect(status).toBe(0)
    expect(stdout).toContain(`Usage: baileys-postgres-auth ${name}`)
    expect(stdout).toMatch(/\nExamples?:\n {2}\$ /)
    expect(stdout).toContain('--json')
  })

  test('the version is the package’s', async () => {
    expect(await command(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` })
  })
})

describe('wrong usage has the status 2 and does nothing', () => {
  test.each([
    ['no such command', ['forget'], /unknown command 'forget'/],
    ['no such option', ['rotate', '--fast'], /unknown option '--fast'/],
    ['no account', ['clear'], /missing required argument 'account'/],
    ['no such layout', ['rotate', '--layout', 'rose'], /Allowed choices are rows, column/],
  ])('%s', async (_, args, message) => {
    const { status, stdout, stderr } = await command(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toContain('--help says more')
  })

  test.each([
    [
      'no database',
      {},
      'databaseUrl: it is missing; give it as an option or set DATABASE_URL=postgresql://user:password@host:5432/database',
    ],
    [
      'no secret',
      { DATABASE_URL: 'postgres://127.0.0.1/none' },
      'secret: it is missing; give it as an option or set WHATSAPP_SESSION_SECRET, for example to what ' +
        '`openssl rand -base64 32` prints',
    ],
  ])('%s', async (_, env, message) => {
    const { status, stdout, stderr } = await command(['rotate'], env)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(`baileys-postgres-auth: ${message} (ERR_CONFIG)\n`)
  })

  test('with --json the error is JSON, too', async () => {
    const { status, stdout, stderr } = await command(['rotate', '--json'])
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' })
    expect(JSON.parse(stdout).error.code).toBe('ERR_CONFIG')
  })
})

describe('settings', () => {
  let folder, db

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cli-'))
    db = await createDatabase({ layout: 'rows' })
  })

  afterAll(async () => {
    fs.rmSync(folder, { recursive: true })
    await db.drop()
  })

  /** Writes a file, and gives its path. */
  function file(name, text) {
    fs.writeFileSync(path.join(folder, name), text)
    return path.join(folder, name)
  }

  const object = () => JSON.stringify({ databaseUrl: db.url, secret: SECRET })

  test.each([
    ['JSON', 'a.json', () => object()],
    ['a CommonJS module', 'b.cjs', () => `module.exports = ${object()}`],
    ['an ES module', 'c.mjs', () => `export default ${object()}`],
  ])('from %s', async (_, name, text) => {
    const { status, stdout } = await command(['rotate', '--json', '--config', file(name, text())])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rotated: 0, left: 0 })
  })

  test('from a file of variables', async () => {
    const env = Object.entries(settings(db)).map(([name, value]) => `${name}='${value}'`)
    const { status } = await command(['rotate', '--dotenv', file('.env', env.join('\n'))])
    expect(status).toBe(0)
  })

  test.each([
    ['absent', '--config', 'none.json', undefined, 'MODULE_NOT_FOUND'],
    ['absent', '--dotenv', 'none.env', undefined, 'ENOENT'],
    ['not JSON', '--config', 'd.json', '{ "secret": hush }', 'SyntaxError'],
    ['no module', '--config', 'e.mjs', 'export default hush!', 'SyntaxError'],
  ])('a file that is %s is named, and not quoted: %s', async (_, option, name, text, reason) => {
    const at = text === undefined ? path.join(folder, name) : file(name, text)
    const { status, stderr } = await command(['rotate', option, at])
    expect(status).toBe(2)
    expect(stderr).toBe(
      `baileys-postgres-auth: ${option}: ${at} cannot be read (${reason}) (ERR_CONFIG)\n`,
    )
  })
})
