'use strict'

/** What somebody waits for of a process: looked at whenever the process has told something, and when it has ended. */
class Conditions {
  #looks = new Set()
  #explain

  /** The process has told something. */
  look() {
    for (const look of this.#looks) look()
  }

  /**
   * The process has ended: what is not fulfilled never will be.
   *
   * @param {() => string} explain how it has ended, for the error
   */
  end(explain) {
    this.#explain = explain
    this.look()
  }

  /**
   * Resolves with what `condition` gives once that is something; rejects when the process has ended and it is nothing.
   *
   * @template T
   * @param {() => T} condition
   * @returns {Promise<T>}
   */
  met(condition) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const result = condition()
        if (!result && !this.#explain) return
        this.#looks.delete(look)
        if (result) resolve(result)
        else reject(new Error(this.#explain()))
      }
      this.#looks.add(look)
      look()
    })
  }
}

module.exports = { Conditions }
