'use strict'

const path = require('node:path')
const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { settings, shell } = require('../cli/command')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { PROJECT, sectionsOf } = require('../docs/pages')
const { filesOf, makeFolder, newFolder } = require('./folders')

// All but what is tested elsewhere: the moves between the layouts, and those from other packages.
const {
  'Between the layouts': _layouts,
  'From postgres-baileys and mysql-baileys': _rivals,
  ...sections
} = sectionsOf('docs/migrating.md')
const PAGE = Object.values(sections).join('')

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

  test('its commands do what it says, one after the other', async () => {
    const said = []
    for (const block of blocks('sh')) {
      const { stdout } = await shell(block, { cwd: at, env: settings(db) })
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
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', `${script}\n${call}`], {
      cwd: at,
      env: { PATH: process.env.PATH, ...settings(db) },
    })
    expect(stdout).toMatch(/^added \{/)
  })
})
