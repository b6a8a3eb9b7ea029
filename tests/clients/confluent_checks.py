"""confluent_kafka (librdkafka from Python): producer, assigned consumer, admin."""

import functools
import time

try:
    import confluent_kafka
    from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
except ImportError:
    print('SKIP confluent: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import CODECS, Broker
from checks import Failed, check, expect, expect_equal, main, until

LARGEST_VALUE = 1048588 - 61 - 3 - 8
broker = Broker()


@functools.cache
def admin():
    """One for all checks: the answers of a client that is gone are lost."""
    return AdminClient({'bootstrap.servers': broker.bootstrap})


def all_done(futures):
    for future in futures.values():
        future.result(20)


def error_of(future):
    try:
        future.result(20)
    except KafkaException as failure:
        return failure.args[0].code()
    return None


def create(name, partitions=1, config=None):
    all_done(admin().create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1,
                                             config=config or {})]))


def producer(**settings):
    return Producer({'bootstrap.servers': broker.bootstrap, **{key.replace('_', '.'): value
                                                               for key, value in settings.items()}})


def send_all(sender, topic, values, **arguments):
    """Produces and returns (partition, offset) of every record; a refused one is a failure."""
    places, problems = [], []

    def delivered(problem, message):
        if problem is not None:
            problems.append(problem)
        else:
            places.append((message.partition(), message.offset()))

    for value in values:
        sender.produce(topic, value, on_delivery=delivered, **arguments)
        sender.poll(0)
    left = sender.flush(30)
    if problems or left:
        raise Failed(f'{len(problems)} records were refused ({problems[:1]}), {left} not answered')
    return places


def read(positions, count, seconds=20.0, **settings):
    """Assigns the positions and reads `count` records; more at once or too few are a failure."""
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'not-used', 'enable.auto.commit': False,
                       **{key.replace('_', '.'): value for key, value in settings.items()}})
    try:
        reader.assign(positions)
        found, deadline = [], time.monotonic() + seconds
        while len(found) < count:
            if time.monotonic() > deadline:
                raise Failed(f'{len(found)} of {count} records within {seconds:.0f} s; '
                             f'the broker\'s log ends: {broker.last_lines(2)}')
            for message in reader.consume(1000, 0.2):
                if message.error():
                    raise Failed(f'the consumer got {message.error()}')
                found.append(message)
        expect_equal(len(found), count, 'records')
        return found
    finally:
        reader.close()


def at(topic, offset, partition=0):
    return TopicPartition(topic, partition, offset)


@check
def topics_are_created_listed_and_deleted():
    create('made', 4)
    seen = admin().list_topics(timeout=10)
    expect_equal(len(seen.topics['made'].partitions), 4, 'partitions')
    expect(seen.cluster_id, 'the cluster has no id')
    expect_equal(seen.controller_id, 1, 'controller')
    expect_equal([(one.id, one.host, one.port) for one in seen.brokers.values()], [(1, '127.0.0.1', broker.port)],
                 'brokers')
    expect_equal(error_of(admin().create_topics([NewTopic('made', 1, 1)])['made']), KafkaError.TOPIC_ALREADY_EXISTS,
                 'creating it again')
    all_done(admin().delete_topics(['made']))
    until(lambda: 'made' not in admin().list_topics(timeout=10).topics, 'the topic is gone')
    expect_equal(error_of(admin().delete_topics(['made'])['made']), KafkaError.UNKNOWN_TOPIC_OR_PART,
                 'deleting it again')


@check
def a_recreated_topic_is_empty():
    create('again', 2)
    send_all(producer(), 'again', [b'old'] * 10, partition=0)
    all_done(admin().delete_topics(['again']))
    until(lambda: 'again' not in admin().list_topics(timeout=10).topics, 'the topic is gone')
    create('again', 1)
    expect_equal(send_all(producer(), 'again', [b'new'], partition=0), [(0, 0)], 'place of the first record')
    expect_equal([message.value() for message in read([at('again', OFFSET_BEGINNING)], 1)], [b'new'], 'records')


@check
def partitions_are_added_and_never_taken():
    create('grown', 1)
    all_done(admin().create_partitions([NewPartitions('grown', 3)]))
    until(lambda: len(admin().list_topics('grown', timeout=10).topics['grown'].partitions) == 3, 'three partitions')
    places = send_all(producer(), 'grown', [b'x'], partition=2)
    expect_equal(places, [(2, 0)], 'place in the new partition')
    expect_equal(error_of(admin().create_partitions([NewPartitions('grown', 2)])['grown']),
                 KafkaError.INVALID_PARTITIONS, 'asking for fewer')


@check
def wrong_topics_are_refused_with_their_code():
    for name, partitions, replicas, config, code in (
            ('bad name!', 1, 1, {}, KafkaError.TOPIC_EXCEPTION), ('none', 0, 1, {}, KafkaError.INVALID_PARTITIONS),
            ('many', 1, 3, {}, KafkaError.INVALID_REPLICATION_FACTOR),
            ('odd', 1, 1, {'retention.ms': 'soon'}, KafkaError.INVALID_CONFIG),
            ('unknown', 1, 1, {'retention.sm': '1'}, KafkaError.INVALID_CONFIG)):
        try:
            future = admin().create_topics([NewTopic(name, partitions, replicas, config=config)])[name]
        except ValueError:
            continue  # The client itself refuses it.
        expect_equal(error_of(future), code, f'topic {name!r}')


@check
def configs_are_described():
    create('configured', 1, {'retention.ms': '123456', 'cleanup.policy': 'delete'})
    resources = [ConfigResource('topic', 'configured'), ConfigResource('broker', '1')]
    answers = {resource.name: future.result(20) for resource, future in admin().describe_configs(resources).items()}
    expect_equal(answers['configured']['retention.ms'].value, '123456', 'retention.ms')
    expect(not answers['configured']['retention.ms'].is_default, 'retention.ms looks like a default')
    expect(answers['configured']['segment.bytes'].is_default, 'segment.bytes does not look like a default')
    expect_equal(answers['configured']['segment.bytes'].value, str(1 << 30), 'segment.bytes')
    expect_equal(answers['1']['log.dirs'].value, broker.data_dir, 'log.dirs')
    missing = admin().describe_configs([ConfigResource('topic', 'absent')])
    expect_equal([error_of(future) for future in missing.values()], [KafkaError.UNKNOWN_TOPIC_OR_PART],
                 'configs of an absent topic')


@check
def records_keep_key_headers_and_timestamp():
    create('whole', 1)
    headers = [('a', b'1'), ('a', b'2'), ('empty', b''), ('null', None)]
    send_all(producer(), 'whole', [b'value'], key=b'key', headers=headers, timestamp=1600000000123, partition=0)
    message = read([at('whole', OFFSET_BEGINNING)], 1)[0]
    expect_equal((message.key(), message.value(), message.headers(), message.timestamp()),
                 (b'key', b'value', headers, (confluent_kafka.TIMESTAMP_CREATE_TIME, 1600000000123)), 'record')


@check
def log_append_time_is_the_brokers():
    create('appended', 1, {'message.timestamp.type': 'LogAppendTime'})
    before = int(time.time() * 1000)
    send_all(producer(), 'appended', [b'value'], timestamp=1600000000123, partition=0)
    kind, stamp = read([at('appended', OFFSET_BEGINNING)], 1)[0].timestamp()
    expect_equal(kind, confluent_kafka.TIMESTAMP_LOG_APPEND_TIME, 'kind of timestamp')
    expect(before <= stamp <= int(time.time() * 1000), f'the timestamp {stamp} is not the time of appending')


@check
def each_acks_and_compression_is_read_back():
    for acks in ('0', '1', 'all'):
        for codec in CODECS:
            topic = f'{acks}-{codec}'
            create(topic, 1)
            values = [b'%06d a value that compresses well well well well well' % number for number in range(300)]
            send_all(producer(acks=acks, compression_type=codec, linger_ms=50), topic, values, partition=0)
            seen = [message.value() for message in read([at(topic, OFFSET_BEGINNING)], len(values))]
            expect_equal(seen, values, f'records of {topic}')
            # librdkafka sends a batch as it is when compressing makes it no smaller, as with a single short record.
            stored = broker.stored_codecs(topic)
            expect_equal(stored - {'none'} or stored, {codec}, f'compression in the segment file of {topic}')


@check
def the_codec_of_the_topic_replaces_the_producers():
    values = [b'%06d a value that compresses well well well well well' % number for number in range(300)]
    for wanted in ('uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'):
        topic = f'stored-{wanted}'
        create(topic, 1, {'compression.type': wanted})
        for codec in CODECS:
            send_all(producer(compression_type=codec, linger_ms=50, enable_idempotence=True), topic, values, partition=0)
        seen = [message.value() for message in read([at(topic, OFFSET_BEGINNING)], len(values) * len(CODECS))]
        expect_equal(seen, values * len(CODECS), f'records of {topic}')
        expect_equal(broker.stored_codecs(topic), {wanted.replace('uncompressed', 'none')}, f'codecs of {topic}')


@check
def idempotent_producer_keeps_order():
    create('once', 3)
    sender = producer(enable_idempotence=True, linger_ms=0)
    for partition in range(3):
        values = [b'%d-%d' % (partition, number) for number in range(3000)]
        places = send_all(sender, 'once', values, partition=partition)
        expect_equal(places, [(partition, offset) for offset in range(3000)], 'places')
        seen = [message.value() for message in read([at('once', 0, partition)], 3000)]
        expect_equal(seen, values, f'records of partition {partition}')


@check
def reads_from_beginning_end_offset_and_time():
    create('positions', 1)
    sender = producer()
    for number in range(100):
        sender.produce('positions', b'%d' % number, timestamp=1600000000000 + number * 1000, partition=0)
    expect_equal(sender.flush(20), 0, 'unanswered records')
    expect_equal(read([at('positions', OFFSET_BEGINNING)], 100)[0].value(), b'0', 'first from the beginning')
    expect_equal([one.value() for one in read([at('positions', 97)], 3)], [b'97', b'98', b'99'], 'from offset 97')
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'not-used',
                       'enable.auto.commit': False})
    try:
        expect_equal(reader.get_watermark_offsets(at('positions', 0), timeout=10), (0, 100), 'watermarks')
        stamps = [(1600000050000, 50), (1600000049001, 50), (0, 0), (1600000099001, OFFSET_END)]
        for stamp, wanted in stamps:
            found = reader.offsets_for_times([at('positions', stamp)], timeout=10)[0].offset
            expect_equal(found, wanted, f'offset at time {stamp}')
    finally:
        reader.close()


@check
def a_reader_at_the_end_sees_only_what_comes():
    create('tail', 1)
    sender = producer()
    send_all(sender, 'tail', [b'old'] * 5, partition=0)
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'not-used', 'enable.auto.commit': False,
                       'enable.partition.eof': True})
    try:
        reader.assign([at('tail', OFFSET_END)])
        first = until(lambda: reader.poll(0.2), 'the reader stands at the end')
        expect(first.error() and first.error().code() == KafkaError._PARTITION_EOF, f'it got {first.value()!r} first')
        send_all(sender, 'tail', [b'new'], partition=0)
        message = until(lambda: reader.poll(0.2), 'the new record')
        expect_equal((message.value(), message.offset()), (b'new', 5), 'record')
    finally:
        reader.close()


@check
def one_reader_reads_many_partitions():
    create('wide', 12)
    sender = producer()
    for partition in range(12):
        send_all(sender, 'wide', [b'%d/%d' % (partition, number) for number in range(500)], partition=partition)
    seen = read([at('wide', OFFSET_BEGINNING, partition) for partition in range(12)], 6000)
    for partition in range(12):
        values = [one.value() for one in seen if one.partition() == partition]
        expect_equal(values, [b'%d/%d' % (partition, number) for number in range(500)], f'partition {partition}')


@check
def small_fetches_still_make_progress():
    """The first batch of a fetch comes even if it is larger than the client's limit (KIP-74)."""
    create('narrow', 1)
    send_all(producer(linger_ms=0), 'narrow', [bytes([number]) * 100000 for number in range(5)], partition=0)
    seen = read([at('narrow', OFFSET_BEGINNING)], 5, fetch_message_max_bytes=1000)
    expect_equal([len(one.value()) for one in seen], [100000] * 5, 'sizes')


@check
def the_largest_record_fits_and_one_byte_more_does_not():
    create('large', 1)
    sender = producer(message_max_bytes=4000000, compression_type='none')
    expect_equal(send_all(sender, 'large', [bytes(LARGEST_VALUE)], partition=0), [(0, 0)], 'place')
    problems = []
    sender.produce('large', bytes(LARGEST_VALUE + 1), partition=0, on_delivery=lambda why, _: problems.append(why))
    sender.flush(20)
    expect_equal([why and why.code() for why in problems], [KafkaError.MSG_SIZE_TOO_LARGE], 'answer')
    expect_equal(len(read([at('large', 0)], 1)[0].value()), LARGEST_VALUE, 'bytes read back')


if __name__ == '__main__':
    broker.start()
    main('confluent', broker.discard)
