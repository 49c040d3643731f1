// When peers shake hands, over what, and who of two: the machine alone, its tasks' results said by the test.

import { describe, expect, it } from 'vitest'
import { Script } from './script.ts'

describe('dialling', () => {
  it('needs a reason and a relay, in either order', () => {
    const script = new Script()
    expect(script.wants()).toEqual([])
    expect(script.up(5, 'webrtc')).toEqual([])
    expect(script.up(1)).toEqual(['dial 1 on 1'])
    expect(script.up(2)).toEqual([])
    const other = new Script()
    expect(other.up(1)).toEqual([])
    expect(other.machine.wakeAtMs).toBeUndefined()
    expect(other.wants()).toEqual(['dial 1 on 1'])
    expect(other.machine.busy).toBe(true)
  })

  it('says its first message again after 1, 2, 4, 8 and again 8 seconds', () => {
    const script = new Script()
    script.up(1)
    script.wants()
    expect(script.after(60_000)).toEqual([])
    expect(script.says(1, 'm1')).toEqual(['say m1 on 1'])
    expect(script.after(31_500)).toEqual([1, 3, 7, 15, 23, 31].map((at) => `${at}: say m1 on 1`))
  })

  it('goes through another room when nobody answers for seven seconds, and each in its turn', () => {
    const script = new Script()
    for (const way of [1, 2, 3]) script.up(way)
    script.up(4, 'webrtc', 0)
    expect(script.wants()).toEqual(['dial 1 on 3'])
    for (const [task, way] of [2, 1, 3, 2].entries()) {
      script.says(task + 1, 'm1')
      expect(script.after(7_000).slice(2)).toEqual([`7: end ${task + 1}`, `7: dial ${task + 2} on ${way}`])
    }
  })

  it('ends in a session whose first message leaves with the third', () => {
    const script = new Script()
    script.up(1)
    script.wants()
    script.says(1, 'm1')
    expect(script.hears(1, 'm2')).toEqual(['feed 1 m2'])
    expect(script.established(1, 'initiator', 'm3')).toEqual([
      'say m3 on 1',
      'adopt 1 of life 7',
      'attach 1 as path 0 of 1',
      'open 1 first',
    ])
    expect(script.machine.busy).toBe(false)
    expect(script.after(60_000)).toEqual([])
    expect(script.wants()).toEqual([])
  })

  it('says its third message again as often as the second comes again, until it heard a record', () => {
    const script = new Script()
    script.up(1)
    script.wants()
    script.established(1, 'initiator', 'm3')
    expect(script.hears(1, 'm2')).toEqual(['feed 1 m2'])
    expect(script.result(1, { kind: 'repeats', bytes: new TextEncoder().encode('m3') })).toEqual([
      'say m3 on 1',
    ])
    expect(script.give({ kind: 'heard', session: 1, way: 1 })).toEqual(['end 1'])
    expect(script.hears(1, 'm2')).toEqual(['drop unexpected'])
  })

  it('goes on when somebody else answers, or the answer is forged', () => {
    const script = new Script()
    script.up(1)
    script.wants()
    script.says(1, 'm1')
    script.hears(1, 'm2')
    expect(script.drops(1, 'wrong-peer')).toEqual(['drop wrong-peer'])
    expect(script.hears(2, 'm2')).toEqual(['drop unexpected'])
    expect(script.after(1_000)).toEqual(['1: say m1 on 1'])
    expect(script.established(1, 'initiator', 'm3')).toContain('adopt 1 of life 7')
  })

  it('takes another room when its own is gone, and rests when it cannot be done at all', () => {
    const script = new Script()
    script.up(1)
    script.up(2)
    expect(script.wants()).toEqual(['dial 1 on 2'])
    expect(script.down(2)).toEqual(['end 1', 'dial 2 on 1'])
    expect(script.down(1)).toEqual(['end 2'])
    expect(script.up(3)).toEqual(['dial 3 on 3'])
    expect(script.result(3, { kind: 'impossible' })).toEqual(['end 3'])
    expect(script.after(60_000)).toEqual([])
    expect(script.wants()).toEqual(['dial 4 on 3'])
  })
})

describe('answering', () => {
  it('says the second message again after 1, 2, 4 seconds, and then no more', () => {
    const script = new Script()
    script.up(1)
    expect(script.hears(1, 'm1')).toEqual(['answer 1 on 1', 'feed 1 m1'])
    expect(script.says(1, 'm2')).toEqual(['say m2 on 1'])
    expect(script.after(60_000)).toEqual(['1: say m2 on 1', '3: say m2 on 1', '7: end 1'])
    expect(script.machine.busy).toBe(false)
  })

  it('gives the same first message to the same task, and another to another', () => {
    const script = new Script()
    script.up(1)
    script.hears(1, 'm1')
    expect(script.hears(1, 'm1')).toEqual(['feed 1 m1'])
    expect(script.hears(1, 'm1', 'another')).toEqual(['end 1', 'answer 2 on 1', 'feed 2 another'])
  })

  it('ends with the third message, and says nothing first: the peer has a record under way', () => {
    const script = new Script()
    script.up(1)
    script.hears(1, 'm1')
    script.says(1, 'm2')
    expect(script.hears(1, 'm3')).toEqual(['feed 1 m3'])
    expect(script.established(1, 'responder')).toEqual([
      'end 1',
      'adopt 1 of life 7',
      'attach 1 as path 0 of 1',
      'open 1',
    ])
  })

  it('is not ended by a forged third message, nor by nothing at all', () => {
    const script = new Script()
    script.up(1)
    script.hears(1, 'm1')
    script.says(1, 'm2')
    expect(script.drops(1, 'unopened')).toEqual(['drop unopened'])
    expect(script.drops(1, 'wrong-peer')).toEqual(['drop wrong-peer'])
    expect(script.established(1, 'responder')).toContain('adopt 1 of life 7')
  })

  it('of what is none is over at once, and so is one that cannot be given', () => {
    const script = new Script()
    script.up(1)
    script.wants()
    script.result(1, { kind: 'impossible' })
    script.hears(1, 'm1')
    expect(script.drops(2, 'dial-tag')).toEqual(['drop dial-tag', 'end 2'])
    script.hears(1, 'm1', 'again')
    expect(script.result(3, { kind: 'impossible' })).toEqual(['end 3'])
    expect(script.machine.busy).toBe(false)
    expect(script.wants()).toEqual(['dial 4 on 1'])
  })

  it('is for relays alone: a direct connection does not say which life it is', () => {
    const script = new Script()
    script.up(1)
    script.up(2, 'webrtc', 0)
    expect(script.hears(2, 'm1')).toEqual(['drop unexpected'])
    expect(script.hears(2, 'r1')).toEqual(['drop unexpected'])
    expect(script.hears(9, 'm1')).toEqual(['drop unexpected'])
  })
})

describe('two dials that cross', () => {
  const dialled = (ours: boolean) => {
    const script = new Script(ours)
    script.up(1)
    script.wants()
    script.says(1, 'm1')
    return script
  }

  it('leave that of the smaller PeerId', () => {
    expect(dialled(true).hears(1, 'm1', 'theirs')).toEqual([])
    expect(dialled(false).hears(1, 'm1', 'theirs')).toEqual(['end 1', 'answer 2 on 1', 'feed 2 theirs'])
  })

  describe('when that of the smaller PeerId was said thrice and nobody answered', () => {
    const stale = () => {
      const script = dialled(true)
      script.after(2_999)
      expect(script.hears(1, 'm1', 'theirs')).toEqual([])
      script.after(1)
      expect(script.hears(1, 'm1', 'theirs')).toEqual(['answer 2 on 1', 'feed 2 theirs'])
      script.says(2, 'm2')
      return script
    }

    it('leave the other, if we are not heard', () => {
      const script = stale()
      expect(script.hears(1, 'm3')).toEqual(['feed 2 m3'])
      expect(script.established(2, 'responder').slice(0, 3)).toEqual(['end 2', 'end 1', 'adopt 2 of life 7'])
    })

    it('leave that all the same, if we were heard at last: the peer has given up its own', () => {
      const script = stale()
      expect(script.hears(1, 'm2', 'to ours')).toEqual(['feed 1 to ours'])
      expect(script.established(1, 'initiator', 'm3').slice(0, 3)).toEqual([
        'say m3 on 1',
        'end 2',
        'adopt 1 of life 7',
      ])
    })

    it('do not leave a resumption: who comes with one is heard, and takes the full one', () => {
      const script = dialled(true)
      script.after(60_000)
      expect(script.hears(1, 'r1')).toEqual([])
    })
  })

  it('leave one in the end, when what the peer dialled with comes to nothing', () => {
    const script = dialled(false)
    script.hears(1, 'm1', 'forged')
    expect(script.drops(2, 'dial-tag')).toEqual(['drop dial-tag', 'end 2', 'dial 3 on 1'])
  })

  it('leave the full one, whoever came with a ticket', () => {
    for (const ours of [true, false]) {
      const script = new Script(ours)
      script.tickets = 1
      script.up(1)
      expect(script.wants()).toEqual(['resume 1 on 1'])
      script.says(1, 'r1')
      expect(script.hears(1, 'm1')).toEqual(['end 1', 'answer 2 on 1', 'feed 2 m1'])
      expect(dialled(ours).hears(1, 'r1')).toEqual([])
    }
  })

  it('leave that of the smaller PeerId, when both came with tickets', () => {
    for (const ours of [true, false]) {
      const script = new Script(ours)
      script.tickets = 1
      script.up(1)
      script.wants()
      expect(script.hears(1, 'r1')).toEqual(ours ? [] : ['end 1', 'answerResume 2 on 1', 'feed 2 r1'])
    }
  })
})

describe('coming back with a ticket', () => {
  const back = () => {
    const script = new Script()
    script.tickets = 1
    script.up(1)
    script.wants()
    return script
  }

  it('takes one message each way', () => {
    const script = back()
    expect(script.says(1, 'r1')).toEqual(['say r1 on 1'])
    expect(script.hears(1, 'r2')).toEqual(['feed 1 r2'])
    expect(script.established(1, 'initiator')).toEqual([
      'adopt 1 of life 7',
      'attach 1 as path 0 of 1',
      'open 1 first',
    ])
  })

  it('is given up for a full handshake after two tries, or when the ticket is too old', () => {
    const script = back()
    script.says(1, 'r1')
    expect(script.after(3_000)).toEqual(['1: say r1 on 1', '3: end 1', '3: dial 2 on 1'])
    expect(back().result(1, { kind: 'impossible' })).toEqual(['end 1', 'dial 2 on 1'])
  })

  it('to somebody who forgot makes that one dial in full', () => {
    const script = new Script()
    script.tickets = 1
    script.up(1)
    script.hears(1, 'r1')
    expect(script.drops(1, 'ticket')).toEqual(['drop ticket', 'end 1', 'dial 2 on 1'])
  })

  it('that is none makes nobody dial', () => {
    const script = new Script()
    script.up(1)
    script.hears(1, 'r1')
    expect(script.drops(1, 'mac')).toEqual(['drop mac', 'end 1'])
  })

  it('is answered at once where nothing lives, and again while the answer may be lost', () => {
    const script = new Script()
    script.up(1)
    expect(script.hears(1, 'r1')).toEqual(['answerResume 1 on 1', 'feed 1 r1'])
    expect(script.established(1, 'responder', 'r2')).toEqual([
      'say r2 on 1',
      'adopt 1 of life 7',
      'attach 1 as path 0 of 1',
      'open 1',
    ])
    expect(script.hears(1, 'r1')).toEqual(['feed 1 r1'])
    expect(script.result(1, { kind: 'repeats', bytes: new TextEncoder().encode('r2') })).toEqual([
      'say r2 on 1',
    ])
    expect(script.after(20_000)).toEqual(['20: end 1'])
  })

  it('is held where a session lives, until a record under it has opened', () => {
    const script = Script.with('responder')
    script.hears(1, 'r1')
    expect(script.established(2, 'responder', 'r2')).toEqual(['say r2 on 1', 'hold 2 on 1'])
    expect(script.give({ kind: 'heard', session: 1, way: 1 })).toEqual([])
    expect(script.give({ kind: 'heard', session: 2, way: 1 })).toEqual([
      'retire 1',
      'detach 1',
      'adopt 2 of life 7',
      'attach 1 as path 0 of 2',
      'open 1',
    ])
  })

  it('a second time takes the place of what was held', () => {
    const script = Script.with('responder')
    script.hears(1, 'r1')
    script.established(2, 'responder', 'r2')
    script.hears(1, 'r1', 'another')
    expect(script.established(3, 'responder', 'r2')).toEqual(['say r2 on 1', 'retire 2', 'hold 3 on 1'])
    expect(script.give({ kind: 'heard', session: 2, way: 1 })).toEqual([])
  })

  it('is forgotten with the way it came on', () => {
    const script = Script.with('responder')
    script.up(2)
    script.hears(2, 'r1')
    script.established(2, 'responder', 'r2')
    expect(script.down(2)).toEqual(['end 2', 'retire 2'])
    expect(script.give({ kind: 'heard', session: 2, way: 2 })).toEqual([])
  })

  it('with a ticket that was spent, said again by whoever carried it, leaves what lives', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const script = Script.with(role)
      script.hears(1, 'r1')
      expect(script.drops(script.task('answerResume'), 'ticket')).toEqual(['drop ticket', 'end 2'])
      expect(script.wants()).toEqual([])
      expect(script.after(60_000)).toEqual([])
    }
  })
})
