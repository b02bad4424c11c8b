'use strict'

const { checksOfNothing } = require('./native.js')

// What a store needs, looked at piece by piece. The native part looks at the database; what is found out without it is here.

const ok = (name, found) => ({ name, status: 'ok', found, next: null })
const warning = (name, found, next) => ({ name, status: 'warning', found, next })
const failed = (name, found, next) => ({ name, status: 'failed', found, next })

/** The worst first. */
const STATUSES = ['failed', 'warning', 'ok']

/** All checks, and what they come to. */
function diagnosis(checks) {
  return {
    status: STATUSES.find((status) => checks.some((check) => check.status === status)),
    checks: checks.map(({ name, status, found, next }) => ({
      name,
      status,
      found,
      next: next ?? null,
    })),
  }
}

/** Settings that a store was made of. */
function checkSettings({ earlierSecrets, ignored }) {
  const secrets = earlierSecrets === 0 ? 'secret' : `secret, and ${earlierSecrets} earlier,`
  const found = `databaseUrl and ${secrets} are there`
  if (ignored.length === 0) return ok('settings', found)
  return warning(
    'settings',
    `${found}; unknown parameters of databaseUrl are ignored: ${ignored.join(', ')}`,
    'take them out, or correct their names; the README lists those that are understood',
  )
}

/** What is to be said where no store can be made of the settings. */
function diagnosisWithoutStore(error, ofBaileys) {
  const [what, ...advice] = error.message.replace(/^open: /, '').split('; ')
  const settings = failed('settings', what, advice.join('; ') || 'correct it, and look again')
  return diagnosis([settings, ...checksOfNothing('settings'), ofBaileys])
}

/** The installed Baileys of this version. */
function judgeVersion(version) {
  const found = `Baileys ${version}`
  const [major, minor, patch] = version.split(/[.-]/).map(Number)
  if (major > 7) {
    return warning(
      'baileys',
      `${found}, newer than those that this package is tested with`,
      'look for a newer baileys-postgres-auth: npm install baileys-postgres-auth@latest',
    )
  }
  if (major < 6 || (major === 6 && minor < 7)) {
    return warning('baileys', `${found}; 6.7 or 7 is needed`, 'npm install baileys@latest')
  }
  if (major === 6 && minor === 7 && patch < 19) {
    return warning(
      'baileys',
      `${found} stores sender keys that Baileys 7 cannot read`,
      'go to 6.7.19 or later before you go to 7; docs/migrating.md says what becomes of those that are stored',
    )
  }
  return ok('baileys', found)
}

module.exports = { checkSettings, diagnosis, diagnosisWithoutStore, failed, judgeVersion, ok }
