'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

// Folders as Baileys' own store keeps them, in both versions.

const VERSIONS = ['baileys', 'baileys-v6']

let root

beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'moving-'))
})

afterAll(() => fs.rmSync(root, { recursive: true }))

let folders = 0

/** The path of a folder that is not there yet; its parent is there, and empty. */
function newFolder(name = 'session') {
  const parent = path.join(root, String(++folders))
  fs.mkdirSync(parent)
  return path.join(parent, name)
}

/** Opens a folder with one version of Baileys. */
async function useFolder(folder, version = 'baileys') {
  const { useMultiFileAuthState } = await import(version)
  return useMultiFileAuthState(folder)
}

/** What a folder holds: the texts by the names of the files. */
function filesOf(folder) {
  const names = fs.readdirSync(folder).sort()
  return Object.fromEntries(
    names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  )
}

/** Adds files to a folder; gives the folder. */
function addFiles(folder, texts) {
  fs.mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(texts)) fs.writeFileSync(path.join(folder, name), text)
  return folder
}

/** Records of every type that a version of Baileys writes, as it hands them to a store. */
async function recordsOf(version) {
  const { proto } = await import(version)
  const keyPair = (fill) => ({
    private: Buffer.alloc(32, fill),
    public: Buffer.alloc(32, fill + 1),
  })
  const preKeys = Array.from({ length: 60 }, (_, at) => [String(at + 1), keyPair(at)])
  return {
    'pre-key': Object.fromEntries(preKeys),
    session: {
      '5511999990000.0': { _sessions: { b: { n: -0.5 }, a: { closed: -1 } }, version: 'v1' },
      '999_1.12': { _sessions: {}, note: 'half a pair: \ud800, both: 😀' },
    },
    'sender-key': {
      '12036304@g.us::5511_1::3': Buffer.from('[]'),
      '5511-1400000000@g.us::5511::0': Buffer.from('[{"senderKeyId":1}]'),
      'status@broadcast::5511::0': Buffer.alloc(446_000, '[{"senderKeyId":7}]'),
    },
    'sender-key-memory': { '5511-1400000000@g.us': { '5511:3@s.whatsapp.net': true } },
    'app-state-sync-key': {
      'AA/+AAb=': proto.Message.AppStateSyncKeyData.fromObject({
        keyData: Buffer.alloc(32, 9),
        timestamp: '1700000000000',
      }),
      '///a': proto.Message.AppStateSyncKeyData.fromObject({ keyData: Buffer.alloc(1) }),
    },
    'app-state-sync-version': {
      critical_unblock_low: {
        version: 2,
        hash: Buffer.alloc(128, 3),
        indexValueMap: { 'a/b=': { valueMac: new Uint8Array(32).fill(4) } },
      },
    },
    'lid-mapping': { 5511: '999', '999_reverse': '5511' },
    'device-list': { 5511: ['0', '12'] },
    tctoken: { '999@lid': { token: Buffer.alloc(0) }, __index: { token: Buffer.from('[]') } },
    // What libsignal gives is no Buffer.
    'identity-key': { '5511.0': new Uint8Array(33).fill(5) },
  }
}

/** A folder of a real session, with those records; gives its path. */
async function makeFolder(version = 'baileys', folder = newFolder()) {
  const { state, saveCreds } = await useFolder(folder, version)
  await saveCreds()
  await state.keys.set(await recordsOf(version))
  return folder
}

module.exports = { VERSIONS, addFiles, filesOf, makeFolder, newFolder, recordsOf, useFolder }
