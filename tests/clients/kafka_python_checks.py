"""kafka-python 2.0.2: an old client in pure Python; it guesses the broker's version from its first answers."""

import time

try:
    from kafka import KafkaAdminClient, KafkaClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
    from kafka.codec import has_gzip, has_lz4, has_snappy, has_zstd
    from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
except ImportError:
    print('SKIP kafka_python: the Python module kafka (kafka-python) is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import Skip, check, expect, expect_equal, main, until

LARGEST_VALUE = 1048588 - 61 - 3 - 8
broker = Broker({'num.partitions': 2})
wait = 20


def admin():
    return KafkaAdminClient(bootstrap_servers=broker.bootstrap)


def create(name, partitions=1):
    client = admin()
    try:
        client.create_topics([NewTopic(name, partitions, 1)])
    finally:
        client.close()


def send_all(topic, values, partition=0, **settings):
    sender = KafkaProducer(bootstrap_servers=broker.bootstrap, **settings)
    try:
        futures = [sender.send(topic, value, partition=partition) for value in values]
        sender.flush(wait)
        return [future.get(wait).offset for future in futures]
    finally:
        sender.close(wait)


def consumer(**settings):
    return KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=None, **settings)


def read(topic, count, seek=None, partition=0):
    reader = consumer(auto_offset_reset='earliest')
    try:
        place = TopicPartition(topic, partition)
        reader.assign([place])
        if seek is None:
            reader.seek_to_beginning(place)
        else:
            reader.seek(place, seek)
        found = []

        def enough():
            for records in reader.poll(timeout_ms=200).values():
                found.extend(records)
            return len(found) >= count

        until(enough, f'{count} records of {topic}', wait)
        expect_equal(len(found), count, 'records')
        return found
    finally:
        reader.close()


@check
def version_probe_finds_a_modern_broker():
    client = KafkaClient(bootstrap_servers=broker.bootstrap)
    try:
        version = client.config['api_version']
        expect(version >= (2, 1), f'the client takes the broker for version {version}')
    finally:
        client.close()


@check
def topics_are_created_extended_and_deleted():
    client = admin()
    try:
        client.create_topics([NewTopic('made', 2, 1)])
        try:
            client.create_topics([NewTopic('made', 2, 1)])
            expect(False, 'the topic could be created twice')
        except TopicAlreadyExistsError:
            pass
        client.create_partitions({'made': NewPartitions(5)})
        reader = consumer()
        until(lambda: reader.partitions_for_topic('made') == {0, 1, 2, 3, 4}, 'five partitions')
        reader.close()
        expect('made' in client.list_topics(), 'the topic is not listed')
        client.delete_topics(['made'])
        until(lambda: 'made' not in client.list_topics(), 'the topic is gone')
        try:
            client.delete_topics(['made'])
            expect(False, 'the topic could be deleted twice')
        except UnknownTopicOrPartitionError:
            pass
    finally:
        client.close()


@check
def cluster_and_configs_are_described():
    create('described')
    client = admin()
    try:
        cluster = client.describe_cluster()
        expect_equal([one['port'] for one in cluster['brokers']], [broker.port], 'brokers')
        expect(cluster['cluster_id'], 'the cluster has no id')
        answers = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, 'described')])
        rows = {row[0]: row[1] for row in answers[0].resources[0][4]}
        expect_equal(rows.get('segment.bytes'), str(1 << 30), 'segment.bytes')
    finally:
        client.close()


@check
def auto_created_topic_takes_records():
    offsets = send_all('automatic', [b'a', b'b'])
    expect_equal(offsets, [0, 1], 'offsets')
    expect_equal([one.value for one in read('automatic', 2)], [b'a', b'b'], 'records')


def check_codec(codec):
    for acks in (0, 1, 'all'):
        topic = f'{codec}-{acks}'
        create(topic)
        values = [b'%05d well well well well well well' % number for number in range(500)]
        send_all(topic, values, acks=acks, compression_type=codec, linger_ms=20)
        expect_equal([one.value for one in read(topic, 500)], values, f'records of {topic}')
        expect_equal(broker.stored_codecs(topic), {codec or 'none'}, f'compression in the segment file of {topic}')


@check
def plain_and_gzip_are_read_back_with_each_acks():
    check_codec(None)
    if not has_gzip():
        raise Skip('this Python has no gzip')
    check_codec('gzip')


@check
def snappy_lz4_and_zstd_are_read_back_with_each_acks():
    codecs = {'snappy': has_snappy(), 'lz4': has_lz4(), 'zstd': has_zstd()}
    for codec in [codec for codec, there in codecs.items() if there]:
        check_codec(codec)
    missing = [codec for codec, there in codecs.items() if not there]
    if missing:
        raise Skip(f'kafka-python needs a Python module for {", ".join(missing)} that is not installed')


@check
def records_keep_key_headers_and_timestamp():
    create('whole')
    sender = KafkaProducer(bootstrap_servers=broker.bootstrap)
    headers = [('a', b'1'), ('b', b'')]
    sender.send('whole', b'value', b'key', headers, 0, 1600000000123).get(wait)
    sender.close(wait)
    record = read('whole', 1)[0]
    expect_equal((record.key, record.value, list(record.headers), record.timestamp),
                 (b'key', b'value', headers, 1600000000123), 'record')


@check
def offsets_are_found_by_time_and_place():
    create('timed')
    sender = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(50):
        sender.send('timed', b'%d' % number, partition=0, timestamp_ms=1600000000000 + number * 1000)
    sender.flush(wait)
    sender.close(wait)
    reader = consumer()
    place = TopicPartition('timed', 0)
    try:
        expect_equal(reader.beginning_offsets([place])[place], 0, 'beginning')
        expect_equal(reader.end_offsets([place])[place], 50, 'end')
        found = reader.offsets_for_times({place: 1600000024500})[place]
        expect_equal((found.offset, found.timestamp), (25, 1600000025000), 'offset by time')
        expect_equal(reader.offsets_for_times({place: 1600000099000})[place], None, 'offset of a time to come')
    finally:
        reader.close()
    expect_equal([one.value for one in read('timed', 3, seek=47)], [b'47', b'48', b'49'], 'from offset 47')


@check
def a_subscribed_consumer_without_a_group_reads_all_partitions():
    create('both', 2)
    for partition in range(2):
        send_all('both', [b'%d' % partition] * 20, partition)
    reader = KafkaConsumer('both', bootstrap_servers=broker.bootstrap, group_id=None, auto_offset_reset='earliest',
                           consumer_timeout_ms=3000)
    try:
        found, deadline = [], time.monotonic() + wait
        for record in reader:
            found.append(record.value)
            if len(found) == 40 or time.monotonic() > deadline:
                break
        expect_equal(sorted(found), [b'0'] * 20 + [b'1'] * 20, 'records')
    finally:
        reader.close()


@check
def the_largest_record_fits_and_one_byte_more_does_not():
    create('large')
    settings = {'max_request_size': 4000000, 'buffer_memory': 64 << 20}
    expect_equal(send_all('large', [bytes(LARGEST_VALUE)], **settings), [0], 'offsets')
    try:
        send_all('large', [bytes(LARGEST_VALUE + 1)], **settings)
        expect(False, 'a record over the limit was taken')
    except MessageSizeTooLargeError:
        pass


if __name__ == '__main__':
    broker.start()
    main('kafka_python', broker.discard)
