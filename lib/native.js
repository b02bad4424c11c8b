'use strict'

/** The native part, from the package for this platform or a build in this folder. */

function load() {
  try {
    return require('../binding.js')
  } catch (error) {
    // What the loader says is long, and its advice is to delete the lock file.
    throw new Error(
      `baileys-postgres-auth has no native part for ${process.platform}-${process.arch} here. It is an optional dependency: ` +
        'install with optional dependencies (npm install --include=optional) on the platform that it is to run on, not with ' +
        'a node_modules of another. Where there is none for the platform, build it from a clone, with Rust: npm ci && npm run build',
      { cause: error },
    )
  }
}

module.exports = load()
