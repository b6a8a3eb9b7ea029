"""Clients from before Kafka 0.11, which know message sets of magic 0 and 1 only: kafka-python told to speak as to an old broker, and
librdkafka with a version to fall back to. What they send is stored as batches, what they read is converted back."""

import re

try:
    from confluent_kafka import Consumer as NewConsumer, Producer as NewProducer, TopicPartition as NewPlace
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import NewTopic
except ImportError as missing:
    print(f'SKIP old_clients: a Python module is not installed: {missing}')
    raise SystemExit(0) from None

try:
    import xxhash
except ImportError:
    xxhash = None

from broker import Broker
from checks import check, expect, expect_equal, main, until

broker = Broker()
wait = 20
# Version of the broker that the client believes in: magic of its messages.
OLD = {(0, 8, 2): 0, (0, 9): 0, (0, 10): 1}
CODECS = [None, 'gzip', 'snappy', 'lz4']


def knows(codec, version):
    """lz4 came with 0.9; there kafka-python computes the wrong checksum of those days with the module xxhash."""
    return codec != 'lz4' or version == (0, 10) or (version == (0, 9) and xxhash is not None)


def create(name):
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        client.create_topics([NewTopic(name, 1, 1)])
    finally:
        client.close()


def values(count, word):
    return [f'{word} {number} {"x" * (number % 50)}'.encode() for number in range(count)]


def send_old(topic, records, version, codec=None):
    sender = KafkaProducer(bootstrap_servers=broker.bootstrap, api_version=version, compression_type=codec, linger_ms=20, client_id='old-producer')
    try:
        return [future.get(wait).offset for future in [sender.send(topic, key=b'k', value=value, partition=0) for value in records]]
    finally:
        sender.close(wait)


def read_old(topic, count, version, seek=0):
    reader = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=None, api_version=version, client_id='old-consumer')
    try:
        place = TopicPartition(topic, 0)
        reader.assign([place])
        reader.seek(place, seek)
        found = []

        def enough():
            for records in reader.poll(timeout_ms=200).values():
                found.extend(records)
            return len(found) >= count
        until(enough, f'{count} records of {topic} as version {version} reads them', wait)
        return found
    finally:
        reader.close()


def read_new(topic, count):
    reader = NewConsumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'unused', 'enable.auto.commit': False})
    try:
        reader.assign([NewPlace(topic, 0, 0)])
        found = []

        def enough():
            message = reader.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
            return len(found) >= count
        until(enough, f'{count} records of {topic}', wait)
        return found
    finally:
        reader.close()


def converted(api, client):
    """The counter of converted records of a client."""
    found = re.findall(r'^barnabas_converted_records_total\{(.*)\} (\S+)$', broker.http('/metrics')[1], re.MULTILINE)
    return sum(float(value) for labels, value in found if f'api="{api}"' in labels and f'client_id="{client}"' in labels)


@check
def old_producers_are_read_by_new_consumers():
    for version in OLD:
        for codec in CODECS:
            if not knows(codec, version):
                continue
            topic = f'up-{"-".join(map(str, version))}-{codec}'
            create(topic)
            sent = values(100, topic)
            expect_equal(send_old(topic, sent, version, codec), list(range(100)), f'offsets of {topic}')
            found = read_new(topic, 100)
            expect_equal([message.value() for message in found], sent, f'values of {topic}')
            expect_equal({message.key() for message in found}, {b'k'}, f'keys of {topic}')
            has_time = found[0].timestamp()[1] > 0
            expect_equal(has_time, OLD[version] == 1, f'whether {topic} has timestamps')
    expect(converted('Produce', 'old-producer') >= 1000, 'the counter of converted records did not move')


@check
def new_producers_are_read_by_old_consumers():
    for codec in ('none', 'gzip', 'snappy', 'lz4'):
        topic = f'down-{codec}'
        create(topic)
        sent = values(300, topic)
        sender = NewProducer({'bootstrap.servers': broker.bootstrap, 'compression.type': codec, 'linger.ms': 20, 'enable.idempotence': True})
        for value in sent:
            sender.produce(topic, value, key=b'k', partition=0, headers={'h': b'1'})
        expect_equal(sender.flush(wait), 0, 'what was not delivered')
        for version in OLD:
            if not knows(codec, version):
                continue
            found = read_old(topic, 300, version)
            expect_equal([record.value for record in found], sent, f'values of {topic} for {version}')
            expect_equal([record.offset for record in found], list(range(300)), f'offsets of {topic} for {version}')
            expect_equal(found[0].timestamp is not None and found[0].timestamp > 0, OLD[version] == 1, f'timestamps of {topic} for {version}')
            middle = read_old(topic, 100, version, seek=200)
            expect_equal([record.value for record in middle if record.offset >= 200], sent[200:], f'the end of {topic} for {version}')
    expect(converted('Fetch', 'old-consumer') >= 1000, 'the counter of converted records did not move')


@check
def zstd_is_refused_to_old_consumers_by_name():
    create('down-zstd')
    sender = NewProducer({'bootstrap.servers': broker.bootstrap, 'compression.type': 'zstd'})
    for value in values(100, 'zstd'):
        sender.produce('down-zstd', value, partition=0)
    expect_equal(sender.flush(wait), 0, 'what was not delivered')
    reader = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=None, api_version=(0, 10))
    try:
        place = TopicPartition('down-zstd', 0)
        reader.assign([place])
        reader.seek(place, 0)

        def refused():
            try:
                expect_equal(reader.poll(timeout_ms=200), {}, 'what an old consumer gets of zstd')
            except Exception as why:  # noqa: kafka-python 2.0.2 has no class for this error
                return '76' in str(why) or 'Compression' in str(why) or 'Unexpected error' in str(why)
            return 'zstd' in broker.stderr()
        until(refused, 'a refusal that names zstd', wait)
    finally:
        reader.close()


@check
def librdkafka_that_falls_back_to_0_9_writes_and_reads():
    create('fallback')
    old = {'bootstrap.servers': broker.bootstrap, 'api.version.request': False, 'broker.version.fallback': '0.9.0.1', 'client.id': 'old-librdkafka'}
    sent = values(200, 'fallback')
    sender = NewProducer(dict(old, **{'compression.type': 'gzip', 'linger.ms': 20}))
    for value in sent:
        sender.produce('fallback', value, partition=0)
    expect_equal(sender.flush(wait), 0, 'what was not delivered')
    reader = NewConsumer(dict(old, **{'group.id': 'unused', 'enable.auto.commit': False}))
    try:
        reader.assign([NewPlace('fallback', 0, 0)])
        found = []

        def enough():
            message = reader.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message.value())
            return len(found) >= 200
        until(enough, '200 records', wait)
    finally:
        reader.close()
    expect_equal(found, sent, 'what it wrote')
    expect(converted('Produce', 'old-librdkafka') == 200 and converted('Fetch', 'old-librdkafka') >= 200, 'its records were not converted')


@check
def new_clients_need_no_conversion():
    create('modern')
    sender = NewProducer({'bootstrap.servers': broker.bootstrap, 'client.id': 'modern'})
    for value in values(50, 'modern'):
        sender.produce('modern', value, partition=0)
    sender.flush(wait)
    read_new('modern', 50)
    expect_equal(converted('Produce', 'modern') + converted('Fetch', 'modern'), 0, 'records converted for a client of today')


if __name__ == '__main__':
    broker.start()
    main('old_clients', broker.discard)
