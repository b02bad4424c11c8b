'use strict'

/** What the exit status says, as `--help` has it. */
module.exports = {
  DONE: 0,
  /** It could not be done, or not to the end. */
  FAILED: 1,
  /** The command line or a setting is wrong; nothing was begun. */
  USAGE: 2,
  /** It was done, and has found what somebody has to look at. */
  FINDINGS: 3,
  /** Ctrl-C: 128 and the signal's number, as shells have it. */
  INTERRUPTED: 130,
}
