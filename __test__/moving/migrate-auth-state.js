'use strict'

/**
 * What Baileys' coming `migrateAuthState({ from, to })` asks of a store at either end, in its order: the credentials are assigned to
 * those of the target; of each type what the target lists already is passed over; the source is read by `list`, or by `listIds` and
 * `get`, and written in batches; then the ids of both ends are compared.
 */
async function migrateAuthState({ from, to, batchSize = 100 }) {
  Object.assign(to.creds, from.creds)
  const counts = {}
  for (const type of TYPES) {
    const present = new Set(to.keys.listIds ? await collect(to.keys.listIds(type)) : [])
    let batch = {}
    counts[type] = 0
    const flush = async () => {
      const size = Object.keys(batch).length
      if (size > 0) await to.keys.set({ [type]: batch })
      counts[type] += size
      batch = {}
    }
    for await (const [id, value] of entriesOf(from.keys, type)) {
      if (present.has(id)) continue
      batch[id] = value
      if (Object.keys(batch).length >= batchSize) await flush()
    }
    await flush()
  }
  return { counts, differing: await differences(from, to) }
}

const TYPES = [
  'pre-key',
  'session',
  'sender-key',
  'sender-key-memory',
  'app-state-sync-key',
  'app-state-sync-version',
  'lid-mapping',
  'device-list',
  'tctoken',
  'identity-key',
]

async function* entriesOf(keys, type) {
  if (keys.list) {
    yield* keys.list(type)
    return
  }
  for await (const id of keys.listIds(type)) {
    const { [id]: value } = await keys.get(type, [id])
    if (value !== undefined) yield [id, value]
  }
}

async function differences(from, to) {
  if (!to.keys.listIds) return undefined
  const differing = []
  for (const type of TYPES) {
    const ids = async ({ keys }) => (await collect(keys.listIds(type))).sort()
    if (String(await ids(from)) !== String(await ids(to))) differing.push(type)
  }
  return differing
}

async function collect(items) {
  const all = []
  for await (const item of items) all.push(item)
  return all
}

module.exports = { migrateAuthState }
