'use strict'

/** Work over all sessions in processes of their own, that are waited for or killed in the middle of it. */

const { startChild } = require('../__test__/support/child')

class Work {
  #file
  #said
  #changed
  #children = []

  /** `changed` reads from a message how many sessions were changed by then. */
  constructor({ file, said, changed }) {
    this.#file = file
    this.#said = said
    this.#changed = changed
  }

  /** Lets it come to its end; gives its last message. */
  async run(env) {
    const { child, done } = this.#start(env)
    const report = await done
    await child.kill()
    return report
  }

  /** Kills it when so many sessions are changed; gives how many were, and whether it was done before. */
  async killInTheMiddle(env, enough) {
    const { child, done } = this.#start(env)
    let changed = 0
    let isDone = false
    const isEnough = new Promise((resolve) => {
      child.onMessage((progress) => {
        changed = Math.max(changed, this.#changed(progress))
        isDone ||= progress.isDone === true
        if (changed >= enough || isDone) resolve()
      })
    })
    await Promise.race([isEnough, done])
    await child.kill()
    return { changed, isDone }
  }

  async end() {
    await Promise.all(this.#children.map((child) => child.kill()))
  }

  #start(env) {
    const child = startChild(this.#file, env, { onOutput: this.#said.print })
    this.#children.push(child)
    const done = new Promise((resolve, reject) => {
      child.onMessage((message) => message.isDone && resolve(message))
      child.ended.then(({ code, signal }) =>
        reject(new Error(`the work ended with ${signal ?? code}`)),
      )
    })
    // Who kills it does not wait for it.
    done.catch(() => {})
    return { child, done }
  }
}

module.exports = { Work }
