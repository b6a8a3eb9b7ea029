"""Requests that can be read and cannot be granted: each gets its error code, and the connection goes on."""

from wire import (API_VERSIONS, CREATE_PARTITIONS, CREATE_TOPICS, DELETE_TOPICS, DESCRIBE_CLUSTER, DESCRIBE_CONFIGS, FETCH,
                  FIND_COORDINATOR, INIT_PRODUCER_ID, LIST_OFFSETS, METADATA, MESSAGES, PRODUCE, Broker, Closed, Connection,
                  Neighbour, batch, check, create_topic, expect, expect_equal, fetch, fetch_values, main, produce,
                  produce_values, record, until)

broker = Broker({'auto.create.topics.enable': 'false'})
neighbour = None

CORRUPT_MESSAGE, INVALID_RECORD, UNKNOWN_TOPIC, INVALID_TOPIC = 2, 87, 3, 17
MESSAGE_TOO_LARGE, OFFSET_OUT_OF_RANGE, INVALID_REQUIRED_ACKS, UNSUPPORTED_FORMAT = 10, 1, 21, 43


def expect_refused(topic, records, code, what, version=8):
    mark = broker.mark()
    with Connection(broker) as connection:
        answer = produce(connection, topic, records, version=version)
        expect_equal(answer['errorCode'], code, f'error code of {what}')
        expect_equal(answer['baseOffset'], -1, f'base offset of {what}')
        if version >= 8:
            expect(answer['errorMessage'], f'{what} is refused without a sentence')
        # The same connection goes on.
        expect_equal(connection.ask(API_VERSIONS, 0)['errorCode'], 0, 'the next request')
    broker.wait_for_line(topic, mark)
    neighbour.works()


def expect_empty(topic):
    with Connection(broker) as connection:
        expect_equal(fetch(connection, topic, wait=0, least=0)['highWatermark'], 0, f'high watermark of {topic}')


@check
def a_batch_with_a_wrong_crc_is_refused():
    create_topic(neighbour.connection, 'crc')
    expect_refused('crc', batch([b'value'], crc_change=1), CORRUPT_MESSAGE, 'a wrong CRC')
    changed = bytearray(batch([b'value']))
    changed[-3] ^= 64
    expect_refused('crc', bytes(changed), CORRUPT_MESSAGE, 'a changed byte')
    expect_empty('crc')


@check
def a_batch_with_a_wrong_count_is_refused():
    create_topic(neighbour.connection, 'count')
    for count, last in ((3, 2), (1, 0), (0, -1), (-1, -2), (0x7fffffff, 0x7ffffffe), (2, 5)):
        expect_refused('count', batch([b'a', b'b'], count=count, last_delta=last), INVALID_RECORD,
                       f'two records with count {count} and last offset delta {last}')
    expect_empty('count')


@check
def old_message_formats_are_refused():
    create_topic(neighbour.connection, 'magic')
    for magic in (0, 1, 3, -1):
        mark = broker.mark()
        with Connection(broker) as connection:
            code = produce(connection, 'magic', batch([b'value'], magic=magic))['errorCode']
            expect(code in (INVALID_RECORD, UNSUPPORTED_FORMAT, CORRUPT_MESSAGE), f'magic {magic}: error code {code}')
        broker.wait_for_line('magic', mark)
    expect_empty('magic')


@check
def lengths_inside_a_batch_are_checked():
    create_topic(neighbour.connection, 'lengths')
    for change in (1, -1, 1000, 0x7ffff000, -70, -0x7ffffff0):
        with Connection(broker) as connection:
            code = produce(connection, 'lengths', batch([b'value'], length_change=change))['errorCode']
            expect(code in (CORRUPT_MESSAGE, INVALID_RECORD), f'a length changed by {change}: error code {code}')
    with Connection(broker) as connection:
        for records in (b'', b'\0' * 61, b'\0' * 10, b'\xff' * 200, batch([b'a']) + batch([b'b'])[:-1], batch([b'a']) + b'\0'):
            code = produce(connection, 'lengths', records)['errorCode']
            expect(code in (CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_FORMAT), f'{records[:20]!r}: error code {code}')
    expect_empty('lengths')
    neighbour.works()


@check
def the_inside_of_a_batch_is_checked():
    create_topic(neighbour.connection, 'inside')
    good = record(b'value')
    wrong = {'a record longer than the batch': b'\x7e' + good[1:], 'a record shorter than its fields': b'\x02' + good[1:],
             'a value longer than its record': good[:-7] + b'\x7e' + good[-6:], 'an endless number': b'\xff' * 12,
             'a negative length': b'\x03' + good[1:], 'bytes behind the records': good + b'more',
             'a wrong offset': record(b'value', 5)}
    for what, records in wrong.items():
        expect_refused('inside', batch([b'value'], records=records), INVALID_RECORD, what)
    for codec in (1, 2, 3, 4):
        with Connection(broker) as connection:
            code = produce(connection, 'inside', batch([b'value'], attributes=codec, records=b'this is not compressed'))
            expect(code['errorCode'] in (CORRUPT_MESSAGE, INVALID_RECORD), f'broken codec {codec}: {code["errorCode"]}')
    with Connection(broker) as connection:
        for codec in (5, 6, 7):
            code = produce(connection, 'inside', batch([b'value'], attributes=codec))['errorCode']
            expect(code in (INVALID_RECORD, CORRUPT_MESSAGE, 76), f'unknown codec {codec}: error code {code}')
    expect_empty('inside')
    neighbour.works()


@check
def the_largest_batch_fits_and_one_byte_more_does_not():
    create_topic(neighbour.connection, 'large')
    limit = 1048588
    with Connection(broker) as connection:
        fits = batch([bytes(limit - 72)])
        expect_equal(len(fits), limit, 'bytes of the batch')
        expect_equal(produce(connection, 'large', fits)['errorCode'], 0, 'the largest batch')
        expect_equal(produce(connection, 'large', batch([bytes(limit - 71)]))['errorCode'], MESSAGE_TOO_LARGE, 'one byte more')


@check
def a_compression_bomb_does_not_fill_memory():
    import zlib
    create_topic(neighbour.connection, 'bomb')
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b''.join(packer.compress(bytes(1 << 20)) for _ in range(700)) + packer.flush()
    before = broker.rss_peak()
    with Connection(broker) as connection:
        code = produce(connection, 'bomb', batch([b'value'], attributes=1, records=packed))['errorCode']
        expect(code in (CORRUPT_MESSAGE, INVALID_RECORD, MESSAGE_TOO_LARGE), f'error code {code}')
    grown = broker.rss_peak() - before
    expect(grown < 40 << 20, f'memory grew by {grown >> 20} MB for {len(packed) >> 10} KB')
    neighbour.works()


@check
def an_unknown_topic_or_partition_is_named():
    with Connection(broker) as connection:
        expect_equal(produce(connection, 'absent', batch([b'a']))['errorCode'], UNKNOWN_TOPIC, 'produce')
        expect_equal(fetch(connection, 'absent', wait=0)['errorCode'], UNKNOWN_TOPIC, 'fetch')
        values = produce_values('neighbour', batch([b'a']), partition=7)
        answer = connection.ask(PRODUCE, 8, values)['responses'][0]['partitionResponses'][0]
        expect_equal(answer['errorCode'], UNKNOWN_TOPIC, 'produce to a partition that is not there')
        for index in (1, -1, 0x7fffffff):
            answer = connection.ask(FETCH, 11, fetch_values('neighbour', partition=index, wait=0))
            expect_equal(answer['responses'][0]['partitions'][0]['errorCode'], UNKNOWN_TOPIC, f'fetch of partition {index}')
        asked = {'replicaId': -1, 'topics': [{'name': 'absent', 'partitions': [{'partitionIndex': 0, 'timestamp': -1}]}]}
        answer = connection.ask(LIST_OFFSETS, 5, asked)['topics'][0]['partitions'][0]
        expect_equal(answer['errorCode'], UNKNOWN_TOPIC, 'list offsets')
        seen = connection.ask(METADATA, 4, {'topics': [{'name': 'absent'}], 'allowAutoTopicCreation': False})
        expect_equal(seen['topics'][0]['errorCode'], UNKNOWN_TOPIC, 'metadata')
    neighbour.works()


@check
def an_invalid_topic_name_is_refused():
    with Connection(broker) as connection:
        for name in ('', '.', '..', 'with space', 'a/b', '../../etc', 'x' * 250, 'ö', 'tab\t', 'null\0', '__cluster_metadata'):
            values = {'topics': [{'name': name, 'numPartitions': 1, 'replicationFactor': 1}], 'timeoutMs': 10000}
            answer = connection.ask(CREATE_TOPICS, 5, values)['topics'][0]
            expect_equal(answer['errorCode'], INVALID_TOPIC, f'error code of creating {name!r}')
            expect(answer['errorMessage'], f'{name!r} is refused without a sentence')
    with Broker() as automatic, Connection(automatic) as connection:
        for name in ('with space', '../up', 'x' * 250):
            seen = connection.ask(METADATA, 4, {'topics': [{'name': name}], 'allowAutoTopicCreation': True})
            expect_equal(seen['topics'][0]['errorCode'], INVALID_TOPIC, f'metadata of {name!r}')
    neighbour.works()


@check
def offsets_out_of_range_are_named():
    with Connection(broker) as connection:
        for offset in (-1, 10 ** 9, 2 ** 63 - 1, -2 ** 63):
            answer = fetch(connection, 'neighbour', offset, wait=0)
            expect_equal(answer['errorCode'], OFFSET_OUT_OF_RANGE, f'error code of offset {offset}')
    neighbour.works()


@check
def unknown_acks_are_refused():
    with Connection(broker) as connection:
        for acks in (2, -2, 32767):
            answer = produce(connection, 'neighbour', batch([b'a']), acks)
            expect_equal(answer['errorCode'], INVALID_REQUIRED_ACKS, f'acks={acks}')
    neighbour.works()


@check
def a_fetch_of_a_follower_is_refused():
    with Connection(broker) as connection:
        connection.send_request(FETCH, 11, {**fetch_values('neighbour', wait=0), 'replicaId': 2})
        try:
            answer = connection.answer(FETCH, 11)
        except Closed:
            return
        codes = [answer['errorCode']] + [partition['errorCode'] for topic in answer['responses'] or []
                                         for partition in topic['partitions']]
        expect(any(codes), 'a client was served as if it were broker 2')
    neighbour.works()


@check
def old_produce_versions_take_no_batches_and_no_damaged_messages():
    create_topic(neighbour.connection, 'old')
    message = bytes.fromhex('0000000000000000' '0000000f' 'd20cbff5' '0000' 'ffffffff' '00000001' '76')
    damaged = message[:-1] + b'w'
    with Connection(broker) as connection:
        for version in (0, 1, 2):
            answer = produce(connection, 'old', batch([b'a']), version=version)
            expect_equal(answer['errorCode'], UNSUPPORTED_FORMAT, f'a batch in produce version {version}')
            for wrong in (damaged, message[:-1], message + b'\0'):
                answer = produce(connection, 'old', wrong, version=version)
                expect(answer['errorCode'] in (CORRUPT_MESSAGE, INVALID_RECORD), f'a damaged message in version {version}: {answer}')
    expect_empty('old')
    with Connection(broker) as connection:
        for version in (0, 1, 2):
            answer = produce(connection, 'old', message, version=version)
            expect_equal((answer['errorCode'], answer['baseOffset']), (0, version), f'a message of magic 0 in version {version}')


@check
def acks_0_has_no_response():
    create_topic(neighbour.connection, 'silent')
    with Connection(broker) as connection:
        for number in range(20):
            connection.send_request(PRODUCE, 8, produce_values('silent', batch([b'%d' % number]), acks=0))
        connection.ask(API_VERSIONS, 0)
    with Connection(broker) as connection:
        until(lambda: fetch(connection, 'silent', wait=0)['highWatermark'] == 20, 'twenty records')


@check
def an_idempotent_producer_is_checked():
    create_topic(neighbour.connection, 'sequence')
    with Connection(broker) as connection:
        given = connection.ask(INIT_PRODUCER_ID, 2, {'transactionTimeoutMs': 60000})
        expect_equal((given['errorCode'], given['producerEpoch']), (0, 0), 'a new producer')
        identity = given['producerId']

        def send(sequence, epoch=0, values=(b'a', b'b')):
            return produce(connection, 'sequence', batch(list(values), producer=(identity, epoch, sequence)), acks=-1)

        expect_equal((send(0)['errorCode'], send(2)['baseOffset']), (0, 2), 'records in order')
        repeated = send(2)
        expect_equal((repeated['errorCode'], repeated['baseOffset']), (0, 2), 'a repeated batch')
        expect_equal(send(10)['errorCode'], 45, 'a gap in the sequence')
        expect_equal(send(0, epoch=1)['errorCode'], 0, 'a new epoch')
        expect_equal(send(4, epoch=0)['errorCode'], 47, 'an old epoch')
        expect_equal(fetch(connection, 'sequence', wait=0)['highWatermark'], 6, 'high watermark')


@check
def pipelined_mixed_requests_are_answered_in_order():
    create_topic(neighbour.connection, 'pipelined')
    kinds = [(METADATA, 5, {'topics': None}), (API_VERSIONS, 2, {}), (PRODUCE, 7, None), (LIST_OFFSETS, 3, {'replicaId': -1}),
             (FETCH, 10, fetch_values('pipelined', wait=20)), (FIND_COORDINATOR, 1, {'key': 'g'}),
             (DESCRIBE_CONFIGS, 2, {'resources': [{'resourceType': 2, 'resourceName': 'pipelined',
                                                   'configurationKeys': None}]}),
             (PRODUCE, 7, None), (INIT_PRODUCER_ID, 1, {'transactionTimeoutMs': 1000}), (DESCRIBE_CLUSTER, 0, {})]
    with Connection(broker) as connection:
        waiting = []
        for number in range(100):
            key, version, values = kinds[number % len(kinds)]
            silent = number % 20 == 2
            if values is None:
                values = produce_values('pipelined', batch([b'%d' % number]), acks=0 if silent else (1, -1)[number % 2])
            correlation = connection.send_request(key, version, values)
            if not silent:
                waiting.append((key, version, correlation))
        for key, version, correlation in waiting:
            connection.answer(key, version, correlation)
    neighbour.works()


def special_values(key, version):
    """Requests that mean something, so that the handlers' main path answers too."""
    return {
        PRODUCE: [produce_values('every', batch([b'a']))] if version < 13 else [],
        FETCH: [fetch_values('every', wait=0)] if version < 13 else [{'maxWaitMs': 0}],
        LIST_OFFSETS: [{'replicaId': -1, 'topics': [{'name': 'every', 'partitions': [
            {'partitionIndex': 0, 'timestamp': stamp}]}]} for stamp in (-1, -2, 0)],
        METADATA: [{'topics': [{'name': 'every'}]}, {'topics': None if version else []}],
        FIND_COORDINATOR: [{'key': 'g'} if version < 4 else {'coordinatorKeys': ['g', 'h']}],
        CREATE_TOPICS: [{'topics': [{'name': f'new-{version}', 'numPartitions': 1, 'replicationFactor': 1}],
                         'timeoutMs': 5000}],
        DELETE_TOPICS: [{'topics': [{'name': 'new-7'}]} if version >= 6 else {'topicNames': [f'new-{version}']}],
        DESCRIBE_CONFIGS: [{'resources': [{'resourceType': kind, 'resourceName': name, 'configurationKeys': None}]}
                           for kind, name in ((2, 'every'), (4, '1'), (2, 'absent'))],
        CREATE_PARTITIONS: [{'topics': [{'name': 'every', 'count': 2 + version, 'assignments': None}], 'timeoutMs': 5000}],
    }.get(key, [])


@check
def every_advertised_version_gets_an_answer_that_can_be_read():
    create_topic(neighbour.connection, 'every')
    ranges = [(one['apiKey'], one['minVersion'], one['maxVersion'])
              for one in neighbour.connection.ask(API_VERSIONS, 0)['apiKeys']]
    expect(len(ranges) >= 12, f'only {len(ranges)} APIs are advertised')
    problems, asked = [], 0
    for key, lowest, highest in ranges:
        expect((key, 'request') in MESSAGES, f'api key {key} is advertised and has no schema')
        for version in range(lowest, highest + 1):
            for values in [{'acks': 1} if key == PRODUCE else {}] + special_values(key, version):
                asked += 1
                with Connection(broker) as connection:
                    try:
                        connection.ask(key, version, values)
                        connection.ask(API_VERSIONS, 0)
                    except Closed:
                        problems.append(f'{MESSAGES[key, "request"].name} {version} with {values} closed the connection')
                    except Exception as why:  # noqa: whatever is wrong belongs into the list
                        problems.append(f'{MESSAGES[key, "request"].name} {version} with {values}: {why!r}')
    expect(not problems, f'{len(problems)} of {asked} requests had no good answer: ' + '; '.join(problems[:5]))
    neighbour.works()


@check
def topic_ids_name_topics_in_new_versions():
    create_topic(neighbour.connection, 'by-id')
    with Connection(broker) as connection:
        identity = connection.ask(METADATA, 12, {'topics': [{'name': 'by-id'}]})['topics'][0]['topicId']
        expect(any(identity), 'the topic has no id')
        for topic_id, code in ((identity, 0), (bytes(15) + b'x', 100)):
            values = {'acks': 1, 'timeoutMs': 1000, 'topicData': [{'topicId': topic_id, 'partitionData': [
                {'index': 0, 'records': batch([b'a'])}]}]}
            answer = connection.ask(PRODUCE, 13, values)['responses'][0]['partitionResponses'][0]
            expect_equal(answer['errorCode'], code, 'error code of produce by id')
            values = {'maxWaitMs': 0, 'maxBytes': 1 << 20, 'topics': [{'topicId': topic_id, 'partitions': [
                {'partition': 0, 'partitionMaxBytes': 1 << 20}]}]}
            answer = connection.ask(FETCH, 13, values)['responses'][0]['partitions'][0]
            expect_equal(answer['errorCode'], code, 'error code of fetch by id')


if __name__ == '__main__':
    broker.start()
    neighbour = Neighbour(broker)
    main('bad_requests', broker.discard)
