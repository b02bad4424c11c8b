'use strict'

// What the pages tell people to type is there: programs fit the declared types, npm's scripts and the command's options exist,
// files and headings that are linked to are found. What a program or a command does is tested where it belongs.

const fs = require('node:fs')
const path = require('node:path')
const ts = require('typescript')
const { command } = require('../cli/command')
const { PAGES, PROJECT, blocksOf, textOf } = require('./pages')

const scripts = (folder) =>
  Object.keys(
    JSON.parse(fs.readFileSync(path.join(PROJECT, folder, 'package.json'), 'utf8')).scripts,
  )

/** What the programs of a page take for granted. */
const AROUND = {
  'README.md': 'declare const accountId: string\n',
  'docs/operations.md':
    "declare const store: import('baileys-postgres-auth').SessionStore\nexport {}\n",
}
/** Sketches with dots in them, of a class that its own tests use. */
const SKETCHES = ['examples/backend/README.md']
/** Languages of blocks that are no program: what somebody else's configuration or screen holds. */
const OTHERS = ['', 'yaml', 'json', 'ini', 'text', 'promql', 'sql']

/** What the compiler says of a program. */
function problemsOf(text, language) {
  const name = path.join(__dirname, `snippet.${language === 'ts' ? 'mts' : 'cjs'}`)
  const options = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [path.join(PROJECT, 'node_modules/@types')],
    strict: language === 'ts',
    skipLibCheck: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    paths: { 'baileys-postgres-auth': [path.join(PROJECT, 'index.d.ts')] },
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (file) => file === name || fileExists(file)
  host.readFile = (file) => (file === name ? text : readFile(file))
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(file, text, ...rest)
      : getSourceFile.call(host, file, ...rest)
  const program = ts.createProgram([name], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

const all = PAGES.flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })))
const programs = all.filter(
  ({ page, language, comment }) =>
    // Those with a comment above are run by the tests of the recipes.
    ['js', 'ts'].includes(language) && !comment && !SKETCHES.includes(page),
)
/** Whole lines of a shell, and what stands in backquotes. */
const commands = PAGES.flatMap((page) => [
  ...blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => ({ page, line })),
  ...[...textOf(page).matchAll(/`((?:npm|npx) [^`\n]+)`/g)].map(([, line]) => ({ page, line })),
]).flatMap(({ page, line }) =>
  line
    .replace(/ +#.*$/, '')
    .split(' && ')
    .map((each) => ({ page, line: each.trim() })),
)
const ofNpm = commands.filter(({ line }) => line.startsWith('npm '))
const ofOurs = commands.filter(({ line }) => line.startsWith('npx baileys-postgres-auth '))

test('every block has a language that somebody looks after', () => {
  const unknown = all.filter(({ language }) => !['js', 'ts', 'sh', ...OTHERS].includes(language))
  expect(unknown).toEqual([])
  expect(programs.length).toBeGreaterThan(2)
  expect(ofNpm.length).toBeGreaterThan(10)
  expect(ofOurs.length).toBeGreaterThan(3)
})

test.each(programs)('a program of $page fits the types', ({ page, language, text }) => {
  expect(problemsOf((AROUND[page] ?? '') + text, language)).toEqual([])
})

test('the compiler would see a call that is none', () => {
  const [{ page, text, language }] = programs
  const wrong = text.replace('useDatabaseAuthState(accountId)', 'useDatabaseAuthState(7)')
  expect(wrong).not.toBe(text)
  expect(problemsOf(AROUND[page] + wrong, language)).not.toEqual([])
})

test.each(ofNpm)('$page: npm knows $line', ({ page, line }) => {
  const [, verb, name] = line.split(/\s+/)
  if (!['run', 'start', 'test'].includes(verb)) {
    return expect(['ci', 'install', 'version', 'pack']).toContain(verb)
  }
  const folder = page.startsWith('examples/') ? path.dirname(page) : '.'
  expect(scripts(folder)).toContain(verb === 'run' ? name : verb)
})

test.each(ofOurs)('$page: the command knows $line', async ({ line }) => {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word)
  // Of several options that it does not know it names the first.
  const { status, stderr } = await command([...words.slice(2), '--unheard-of'])
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringContaining("'--unheard-of'"),
  })
})

test('the command would not know an option that is none', async () => {
  const { stderr } = await command(['clear', 'an account', '--no-such', '--unheard-of'])
  expect(stderr).toContain("'--no-such'")
})

/** A heading's anchor. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const links = PAGES.flatMap((page) =>
  [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, to]) => ({ page, to })),
)

test.each(links)('$page: $to is there', ({ page, to }) => {
  const [file, anchor] = to.split('#')
  const target = file ? path.join(path.dirname(page), file) : page
  expect(fs.existsSync(path.join(PROJECT, target))).toBe(true)
  if (!anchor) return
  const headings = [...textOf(target).matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchorOf(text))
  expect(headings).toContain(anchor)
})
