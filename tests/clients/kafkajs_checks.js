'use strict'
// kafkajs against the broker given as argument. One line per check: PASS name, FAIL name: why, SKIP name: why.
// What it produces is read by the Python program that starts this one; its consumer is checked in kafkajs_group_checks.py.

const { execFileSync } = require('child_process')
const assert = require('assert')
const { Kafka, CompressionTypes, CompressionCodecs, Partitioners, logLevel } = require('kafkajs')

CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')
// Packages for these two are compiled on installation; the programs of the same name make the same frames.
for (const [type, program] of [[CompressionTypes.LZ4, 'lz4'], [CompressionTypes.ZSTD, 'zstd']]) {
  CompressionCodecs[type] = () => ({
    compress: async encoder => execFileSync(program, ['-c', '-q'], { input: encoder.buffer }),
    decompress: async buffer => execFileSync(program, ['-d', '-c', '-q'], { input: buffer }),
  })
}

const LARGEST_VALUE = 1048588 - 61 - 3 - 8
const [broker] = process.argv.slice(2)
const kafka = new Kafka({ clientId: 'checks', brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 3 } })
const partitioner = { createPartitioner: Partitioners.DefaultPartitioner }
const admin = kafka.admin()

class Skip extends Error {}

async function produceAll (topic, messages, settings = {}, options = {}) {
  const producer = kafka.producer({ ...partitioner, ...settings })
  await producer.connect()
  try {
    return await producer.send({ topic, messages, ...options })
  } finally {
    await producer.disconnect()
  }
}

function numbered (count) {
  return Array.from({ length: count }, (_, number) => ({ value: `${number} well well well well`, partition: 0 }))
}

async function create (topic, numPartitions = 1, configEntries = []) {
  assert(await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] }), 'the topic was there already')
}

async function until (condition, what) {
  const deadline = Date.now() + 15000
  while (!await condition()) {
    assert(Date.now() < deadline, `not within 15 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const checks = {
  async cluster_is_described () {
    const cluster = await admin.describeCluster()
    assert.deepStrictEqual(cluster.brokers.map(one => `${one.host}:${one.port}`), [broker])
    assert(cluster.clusterId, 'the cluster has no id')
  },

  async topics_are_created_extended_and_deleted () {
    await create('made', 2)
    assert.strictEqual(await admin.createTopics({ topics: [{ topic: 'made' }] }), false)
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] })
    await until(async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] })
      return topics[0].partitions.length === 5
    }, 'five partitions')
    await admin.deleteTopics({ topics: ['made'] })
    await until(async () => !(await admin.listTopics()).includes('made'), 'the topic is gone')
    await create('made', 1)
    assert.strictEqual((await admin.fetchTopicOffsets('made'))[0].high, '0')
  },

  async configs_are_described () {
    await create('configured', 1, [{ name: 'retention.ms', value: '123456' }])
    const { resources } = await admin.describeConfigs({ includeSynonyms: true,
      resources: [{ type: 2, name: 'configured' }] })
    const entry = resources[0].configEntries.find(one => one.configName === 'retention.ms')
    assert.strictEqual(entry.configValue, '123456')
  },

  async configs_are_replaced () {
    await create('replaced', 1, [{ name: 'retention.ms', value: '123456' }])
    const resource = { type: 2, name: 'replaced' }
    await admin.alterConfigs({ validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'segment.bytes', value: '2000000' }] }] })
    const { resources } = await admin.describeConfigs({ includeSynonyms: true, resources: [resource] })
    const row = name => resources[0].configEntries.find(one => one.configName === name)
    assert.strictEqual(row('segment.bytes').configValue, '2000000')
    assert.strictEqual(row('retention.ms').isDefault || row('retention.ms').configSource === 5, true)
    await assert.rejects(admin.alterConfigs({ validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'no.such.key', value: '1' }] }] }))
  },

  async topic_is_created_by_producing () {
    const [answer] = await produceAll('automatic', [{ value: 'first' }])
    assert.strictEqual(answer.errorCode, 0)
  },

  async each_acks_is_served () {
    for (const acks of [0, 1, -1]) {
      await create(`acks${acks}`)
      await produceAll(`acks${acks}`, numbered(300), {}, { acks })
      await until(async () => (await admin.fetchTopicOffsets(`acks${acks}`))[0].high === '300', `acks=${acks}`)
    }
  },

  async each_compression_is_taken () {
    const missing = []
    for (const name of ['None', 'GZIP', 'Snappy', 'LZ4', 'ZSTD']) {
      try {
        if (['LZ4', 'ZSTD'].includes(name)) execFileSync(name.toLowerCase(), ['--version'])
      } catch {
        missing.push(name)
        continue
      }
      const topic = `codec-${name.toLowerCase()}`
      await create(topic)
      await produceAll(topic, numbered(300), {}, { compression: CompressionTypes[name] })
      assert.strictEqual((await admin.fetchTopicOffsets(topic))[0].high, '300')
    }
    if (missing.length > 0) throw new Skip(`no program for ${missing.join(', ')} is installed`)
  },

  async keys_headers_and_timestamps_are_taken () {
    await create('whole')
    await produceAll('whole', [{ key: 'key', value: 'value', headers: { a: '1' }, timestamp: '1600000000123', partition: 0 }])
  },

  async idempotent_producer_is_served () {
    await create('once')
    const producer = kafka.producer({ ...partitioner, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (let number = 0; number < 100; ++number) {
      const [answer] = await producer.send({ topic: 'once', messages: [{ value: `${number}`, partition: 0 }] })
      assert.strictEqual(answer.baseOffset, `${number}`)
    }
    await producer.disconnect()
  },

  async offsets_are_found_by_time () {
    await create('timed')
    await produceAll('timed', Array.from({ length: 50 }, (_, number) =>
      ({ value: `${number}`, partition: 0, timestamp: `${1600000000000 + number * 1000}` })))
    assert.deepStrictEqual(await admin.fetchTopicOffsets('timed'),
      [{ partition: 0, offset: '50', low: '0', high: '50' }])
    assert.deepStrictEqual(await admin.fetchTopicOffsetsByTimestamp('timed', 1600000024500),
      [{ partition: 0, offset: '25' }])
  },

  async largest_record_fits_and_one_byte_more_does_not () {
    await create('large')
    await produceAll('large', [{ value: Buffer.alloc(LARGEST_VALUE), partition: 0 }])
    await assert.rejects(produceAll('large', [{ value: Buffer.alloc(LARGEST_VALUE + 1), partition: 0 }]),
      failure => failure.type === 'MESSAGE_TOO_LARGE')
  },
}

async function main () {
  let good = true
  await admin.connect()
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check()
      console.log(`PASS kafkajs.${name}`)
    } catch (why) {
      const text = `${why.type || ''} ${why.message}`.split(/\s+/).join(' ').trim()
      console.log(`${why instanceof Skip ? 'SKIP' : 'FAIL'} kafkajs.${name}: ${text}`)
      good = good && why instanceof Skip
    }
  }
  await admin.disconnect()
  process.exit(good ? 0 : 1)
}

main().catch(why => {
  console.log(`FAIL kafkajs.start: ${why.message}`)
  process.exit(1)
})
