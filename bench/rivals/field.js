'use strict'

/** Those who take part in one workload: entered one by one, and all gone in the end, however it ends. */
async function withField(work) {
  const field = []
  const enter = async (entering) => {
    const contestant = await entering
    field.push(contestant)
    return contestant
  }
  try {
    return await work(field, enter)
  } finally {
    for (const contestant of field) await contestant.leave()
  }
}

module.exports = { withField }
