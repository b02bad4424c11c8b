'use strict'

// What has to come back of a value: Baileys' own `BufferJSON`, there and back. Everybody runs that, so it is the contract.

/** The classes that Baileys' consumers rely on. */
function classesOf({ proto }) {
  const { AppStateSyncKeyData, AppStateSyncKeyFingerprint } = proto.Message
  return { AppStateSyncKeyData, AppStateSyncKeyFingerprint }
}

/** The value after a trip through JSON text. Throws where the text cannot be made. */
function throughJson({ BufferJSON }, value) {
  return JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver)
}

/** What `keys.get` has to give for what was handed to `keys.set`. */
function expectedOf(baileys, type, value) {
  if (!value) return null
  return reviveType(baileys, type, throughJson(baileys, value))
}

/** The last step of reading: app state sync keys are instances of their class. */
function reviveType({ proto }, type, value) {
  if (type !== 'app-state-sync-key' || !value) return value
  return proto.Message.AppStateSyncKeyData.fromObject(value)
}

module.exports = { classesOf, throughJson, expectedOf, reviveType }
