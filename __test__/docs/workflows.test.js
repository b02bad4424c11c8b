'use strict'

// What the workflows run is there: nobody sees a workflow fail before it is needed.

const fs = require('node:fs')
const path = require('node:path')
const { PROJECT } = require('./pages')

const FOLDER = path.join(PROJECT, '.github/workflows')
const { scripts } = JSON.parse(fs.readFileSync(path.join(PROJECT, 'package.json'), 'utf8'))

const commands = fs.readdirSync(FOLDER).flatMap((workflow) => {
  const text = fs.readFileSync(path.join(FOLDER, workflow), 'utf8')
  return [...text.matchAll(/\brun: (.+)$/gm)].map(([, command]) => ({ workflow, command }))
})
const ofNpm = commands.filter(({ command }) => command.startsWith('npm run '))

test.each(ofNpm)('$workflow: $command', ({ command }) => {
  const [name, ...rest] = command.split(' ').slice(2)
  expect(Object.keys(scripts)).toContain(name)
  for (const file of rest.filter((word) => word.startsWith('__test__/'))) {
    expect(fs.existsSync(path.join(PROJECT, file))).toBe(true)
  }
})

test('each check that a contributor can make is made by a workflow', () => {
  const made = ofNpm.map(({ command }) => command.split(' ')[2])
  // `npm test`, which .ci/run runs, makes these.
  const within = [...scripts.test.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name)
  expect(fs.readFileSync(path.join(PROJECT, '.ci/run'), 'utf8')).toContain('\nnpm test\n')
  const checks = Object.keys(scripts).filter((name) => /^(check|test):|^lint$/.test(name))
  expect(checks.length).toBeGreaterThan(5)
  expect(checks.filter((name) => ![...made, ...within].includes(name))).toEqual([])
})
