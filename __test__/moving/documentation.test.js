'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { settings } = require('../cli/command')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { filesOf, makeFolder, newFolder } = require('./folders')

const PROJECT = path.join(__dirname, '../..')
const PAGE = fs.readFileSync(path.join(PROJECT, 'docs/migrating.md'), 'utf8')

const blocks = (language) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text)

/** The account in the page's examples. */
const ACCOUNT = '5511999990000'

describe.each(LAYOUTS)('docs/migrating.md, layout %s', (layout) => {
  let db, at

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: [ACCOUNT, 'a', 'b'] })
    at = newFolder()
    await makeFolder('baileys', path.join(at, 'auth_info_baileys'))
    for (const account of ['a', 'b']) {
      await makeFolder('baileys', path.join(at, 'sessions', `session-${account}`))
    }
  })

  afterAll(() => db.drop())

  const run = (file, ...args) =>
    promisify(execFile)(file, args, {
      cwd: at,
      env: {
        PATH: process.env.PATH,
        MAIN: path.join(PROJECT, 'cli/main.js'),
        NODE: process.execPath,
        ...settings(db),
      },
    })

  test('its commands do what it says, one after the other', async () => {
    const said = []
    for (const block of blocks('sh')) {
      const { stdout } = await run('sh', '-ec', `npx() { shift; "$NODE" "$MAIN" "$@"; }\n${block}`)
      said.push(stdout)
    }
    expect(said).toEqual([
      expect.stringContaining('1 imported'),
      expect.stringContaining('2 imported'),
      expect.stringContaining('76 files'),
      'cleared\n',
    ])
    const [before, after] = ['auth_info_baileys', 'auth_info_again'].map((name) =>
      filesOf(path.join(at, name)),
    )
    expect(after).toEqual(before)
    expect(await db.stored(ACCOUNT)).toBeNull()
  })

  test('its program does, too', async () => {
    const [program] = blocks('js')
    const script = program.replace("'baileys-postgres-auth'", JSON.stringify(PROJECT))
    const call = `moveIn('auth_info_baileys', '${ACCOUNT}')`
    const { stdout } = await run(process.execPath, '-e', `${script}\n${call}`)
    expect(stdout).toMatch(/^added \{/)
  })
})
