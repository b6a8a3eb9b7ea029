'use strict'
// A member of a consumer group, and an admin client: `node kafkajs_member.js SETTINGS`, where the settings are JSON. It speaks
// as python_member.py does. Without a topic in its settings it is an admin client only.

const readline = require('readline')
const { AssignerProtocol: { MemberAssignment, MemberMetadata }, Kafka, PartitionAssigners, logLevel } = require('kafkajs')

const settings = JSON.parse(process.argv[2])
const { topic } = settings
const kafka = new Kafka({
  clientId: 'member',
  brokers: [settings.bootstrap],
  logLevel: settings.loud ? logLevel.INFO : logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
})

const tell = what => process.stdout.write(`${JSON.stringify(what)}\n`)

// kafkajs knows an assignor of its own name only. Kafka's clients all have "range": each member takes its share of neighbours,
// the first ones take one more.
const range = ({ cluster }) => ({
  name: 'range',
  version: 0,

  async assign ({ members, topics }) {
    const names = members.map(one => one.memberId).sort()
    const assignments = new Map(names.map(name => [name, {}]))
    for (const each of topics) {
      const partitions = cluster.findTopicPartitionMetadata(each).map(one => one.partitionId).sort((a, b) => a - b)
      const least = Math.floor(partitions.length / names.length)
      const more = partitions.length % names.length
      names.forEach((name, index) => {
        const first = index * least + Math.min(index, more)
        assignments.get(name)[each] = partitions.slice(first, first + least + (index < more ? 1 : 0))
      })
    }
    return names.map(memberId => ({ memberId,
      memberAssignment: MemberAssignment.encode({ version: 0, assignment: assignments.get(memberId) }) }))
  },

  protocol ({ topics }) {
    return { name: 'range', metadata: MemberMetadata.encode({ version: 0, topics }) }
  },
})

let admin = null
let consumer = null
// With `stop_after` it stands in the middle of a batch until it is told to go.
let processed = 0
let go = null
const gate = new Promise(resolve => { go = resolve })

function take (partition, messages) {
  tell({ got: messages.map(one => [partition, Number(one.offset), one.value.toString()]) })
}

async function eachMessage ({ partition, message }) {
  take(partition, [message])
  if (++processed === settings.stop_after) await gate
}

// Takes at most so many of a batch, and leaves the rest to be fetched again.
async function eachBatch ({ batch, resolveOffset, heartbeat }) {
  const some = batch.messages.slice(0, settings.resolve_at_most)
  take(batch.partition, some)
  resolveOffset(some[some.length - 1].offset)
  await heartbeat()
}

async function consume () {
  consumer = kafka.consumer({
    groupId: settings.group,
    sessionTimeout: settings.session_ms,
    heartbeatInterval: settings.heartbeat_ms,
    maxWaitTimeInMs: 100,
    partitionAssigners: [settings.assignor === 'range' ? range : PartitionAssigners.roundRobin],
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => tell({ owned: payload.memberAssignment[topic] || [] }))
  consumer.on(consumer.events.REBALANCING, () => tell({ owned: [] }))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: settings.auto_commit !== false,
    autoCommitThreshold: settings.commit_threshold || null,
    eachBatchAutoResolve: !settings.resolve_at_most,
    ...(settings.resolve_at_most ? { eachBatch } : { eachMessage }),
  })
}

const orders = {
  pause: partitions => consumer.pause([{ topic, partitions }]),
  resume: partitions => consumer.resume([{ topic, partitions }]),
  paused: () => consumer.paused().flatMap(one => one.partitions),
  seek: ([partition, offset]) => consumer.seek({ topic, partition, offset }),
  // Each is [partition, offset, metadata].
  commit: offsets => consumer.commitOffsets(offsets.map(([partition, offset, metadata]) =>
    ({ topic, partition, offset: `${offset}`, metadata }))),
  go: () => go(),
  leave: async () => {
    if (consumer) await consumer.disconnect()
    if (admin) await admin.disconnect()
  },
  // A method of the admin client, and its argument.
  admin: async ([method, argument]) => {
    if (!admin) {
      admin = kafka.admin()
      await admin.connect()
    }
    return admin[method](argument)
  },
}

const withoutBytes = (_, value) => value && value.type === 'Buffer' ? undefined : value

async function obey (line) {
  const { id, do: what, with: argument } = JSON.parse(line)
  try {
    const value = await orders[what](argument)
    tell(JSON.parse(JSON.stringify({ id, value }, withoutBytes)))
  } catch (why) {
    const groups = (why.groups || []).map(one => one.error && one.error.type)
    tell({ id, error: `${why.type || why.name} ${groups} ${why.message}` })
  }
}

readline.createInterface({ input: process.stdin }).on('line', obey).on('close', () => process.exit(0))
if (topic) {
  consume().catch(why => {
    process.stderr.write(`${why.stack}\n`)
    process.exit(1)
  })
}
