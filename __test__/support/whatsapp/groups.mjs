// Groups: who is in them, and how they address their members: by LID, as WhatsApp makes them now, or by phone number, as
// it made them before, which is all that Baileys 6.7 can deal with.

import { getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import { LID, otherServer } from './accounts.mjs'

export class Groups {
  #accounts
  #groups = new Map()
  /** Of those that are made from now on. */
  addressing = LID

  constructor(accounts) {
    this.#accounts = accounts
  }

  /** A client makes a group; it is a member too. */
  create(owner, iq) {
    const request = getBinaryNodeChild(iq, 'create')
    const invited = getBinaryNodeChildren(request, 'participant')
      .map(({ attrs }) => this.#accounts.find(attrs.jid))
      .filter(Boolean)
    const id = `${owner.number}-${this.#groups.size + 1}`
    const members = new Set([owner, ...invited])
    this.#groups.set(`${id}@g.us`, {
      id,
      owner,
      members,
      subject: request.attrs.subject,
      addressing: this.addressing,
    })
    return this.describe(`${id}@g.us`)
  }

  describe(jid) {
    const group = this.#groups.get(jid)
    if (!group) return [{ tag: 'error', attrs: { code: '404', text: 'item-not-found' } }]
    return [this.#node(group)]
  }

  /** All groups of an account. */
  participating(account) {
    const groups = [...this.#groups.values()].filter(({ members }) => members.has(account))
    return [{ tag: 'groups', attrs: {}, content: groups.map((group) => this.#node(group)) }]
  }

  /** How its members are addressed. */
  addressingOf(jid) {
    return this.#groups.get(jid).addressing
  }

  /** The devices of all members. */
  devices(jid) {
    return [...(this.#groups.get(jid)?.members ?? [])].flatMap(({ devices }) => [
      ...devices.values(),
    ])
  }

  #node({ id, owner, members, subject, addressing }) {
    const isByLid = addressing === LID
    return {
      tag: 'group',
      attrs: {
        id,
        subject,
        addressing_mode: isByLid ? 'lid' : 'pn',
        creation: '1',
        creator: owner.jid(addressing),
        s_t: '1',
        s_o: owner.jid(addressing),
        size: String(members.size),
      },
      content: [...members].map((member) => ({
        tag: 'participant',
        attrs: {
          jid: member.jid(addressing),
          [isByLid ? 'phone_number' : 'lid']: member.jid(otherServer(addressing)),
          ...(member === owner ? { type: 'superadmin' } : {}),
        },
      })),
    }
  }
}
