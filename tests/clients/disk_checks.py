"""Data directories on real files that are full, fail while the broker serves, or cannot be used at its start."""

import contextlib
import io
import json
import os
import resource
import socket
import struct
import subprocess

try:
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import RESOURCE_TOPIC, AdminClient, ConfigResource, NewTopic
except ImportError:
    print('SKIP disk: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import Skip, check, expect, expect_equal, main, until
from librdkafka import delete_records
from mounts import tmpfs
from tool_runs import Tool

EXIT_NO_DIRECTORY = 3
MEGABYTE = 1 << 20


def produce(broker, topic, values, partition=0, seconds=20):
    """Returns what became of each value: None or the name of the error."""
    outcomes = {}
    producer = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 1,
                         'message.timeout.ms': seconds * 1000, 'batch.num.messages': 1, 'retry.backoff.ms': 50,
                         'topic.metadata.refresh.interval.ms': 1000})
    for value in values:
        producer.produce(topic, value, partition=partition,
                         on_delivery=lambda problem, message: outcomes.__setitem__(
                             message.value(), problem.name() if problem else None))
    producer.flush(seconds + 5)
    return outcomes


def expect_stored(broker, topic, values, partition=0):
    outcomes = produce(broker, topic, values, partition)
    expect_equal(outcomes, dict.fromkeys(values), f'outcomes in partition {partition} of {topic}')


def create(broker, topic, partitions, config=None):
    client = AdminClient({'bootstrap.servers': broker.bootstrap})
    client.create_topics([NewTopic(topic, partitions, 1, config=config or {})])[topic].result(20)


def values_of(broker, topic, partition):
    """All records of the partition."""
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'not-used', 'enable.auto.commit': False,
                       'enable.partition.eof': True})
    found, at_end = [], []

    def step():
        for message in reader.consume(1000, 0.2):
            (at_end if message.error() else found).append(message.value())
        return bool(at_end)

    try:
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
        until(step, f'the end of partition {partition} of {topic}', 30, 0)
    finally:
        reader.close()
    return found


def directory_of(topic, partition, directories):
    for path in directories:
        if os.path.isdir(os.path.join(path, f'{topic}-{partition}')):
            return path
    return None


@contextlib.contextmanager
def unwritable(path):
    """No name in the directory can be made, even by root."""
    if subprocess.run(['chattr', '+i', path], capture_output=True, check=False).returncode != 0:
        raise Skip('a directory cannot be made immutable here (chattr +i); that needs root and a file system for it')
    try:
        yield
    finally:
        subprocess.run(['chattr', '-i', path], capture_output=True, check=False)


@contextlib.contextmanager
def broker_with(count, **overrides):
    """A broker with several data directories in its home."""
    broker = Broker({key.replace('_', '.'): value for key, value in overrides.items()})
    paths = [os.path.join(broker.home, f'disk{number}') for number in range(count)]
    broker.overrides['log.dirs'] = ','.join(paths)
    try:
        yield broker.start(), paths
    finally:
        broker.discard()


@check
def full_disk_refuses_records_and_takes_them_again_without_a_restart():
    broker = Broker({'log.dir.reserve.bytes': 8 * MEGABYTE})
    with tmpfs(os.path.join(broker.home, 'disk'), 64) as disk:
        broker.overrides['log.dirs'] = os.path.join(disk.path, 'data')
        with broker:
            create(broker, 'full', 1)
            expect_stored(broker, 'full', [b'before'])
            ballast = os.path.join(disk.path, 'ballast')
            with open(ballast, 'wb') as file:
                file.write(bytes(disk.free_bytes() - 4 * MEGABYTE))
            broker.wait_for_line('data_directory_short_of_room')
            outcome = produce(broker, 'full', [b'refused'], seconds=2)[b'refused']
            expect(outcome is not None, 'a record was taken with less than the reserve free')
            expect_equal(values_of(broker, 'full', 0), [b'before'], 'records read while the disk is full')
            status, text = broker.http('/ready')
            expect(status == 200 and 'short of room' in text, f'/ready says {status} {text}')
            os.unlink(ballast)
            broker.wait_for_line('data_directory_has_room')
            expect_stored(broker, 'full', [b'after'])
            expect_equal(values_of(broker, 'full', 0), [b'before', b'after'], 'records read at last')


@check
def disk_that_others_fill_keeps_groups_going_and_in_the_end_deletions():
    broker = Broker({'log.dir.reserve.bytes': 16 * MEGABYTE})
    with tmpfs(os.path.join(broker.home, 'disk'), 64) as disk:
        broker.overrides['log.dirs'] = os.path.join(disk.path, 'data')
        with broker:
            create(broker, 'kept', 1, {'internal.segment.bytes': '16384'})
            create(broker, 'gone', 1)
            expect_stored(broker, 'kept', [bytes([65 + number]) * 8000 for number in range(12)])
            commit(broker, 'kept', 1)
            kept_room = os.path.join(disk.path, 'data', 'kept-room.barnabas')
            until(lambda: os.path.isfile(kept_room) and os.path.getsize(kept_room) == MEGABYTE, 'kept room', 20)
            ballast = os.path.join(disk.path, 'ballast')
            with open(ballast, 'wb') as file:
                file.write(bytes(disk.free_bytes() - 12 * MEGABYTE))
            broker.wait_for_line('data_directory_short_of_room')
            outcome = produce(broker, 'kept', [b'refused'], seconds=2)[b'refused']
            expect(outcome is not None, 'a record was taken with less than the reserve free')
            commit(broker, 'kept', 2)
            fill_to_the_last_byte(ballast)
            expect_equal(disk.free_bytes(), 0, 'bytes that are free')
            before = os.listdir(directory_path(broker, 'kept'))
            expect_equal(delete_records(broker.bootstrap, {('kept', 0): 9}), {('kept', 0): (9, 0)}, 'answer of DeleteRecords')
            until(lambda: len([name for name in os.listdir(directory_path(broker, 'kept')) if name.endswith('.log')])
                  < len([name for name in before if name.endswith('.log')]), 'segments to go', 20)
            admin = AdminClient({'bootstrap.servers': broker.bootstrap})
            admin.delete_topics(['gone'])['gone'].result(20)
            os.unlink(ballast)
            broker.wait_for_line('data_directory_has_room')
            until(lambda: os.path.getsize(kept_room) == MEGABYTE, 'the room to be kept again', 20)
            expect_equal(broker.stop(), 0, 'the exit status of the clean stop')
            broker.start()
            expect_equal(len(values_of(broker, 'kept', 0)), 3, 'records that are left')
            admin = AdminClient({'bootstrap.servers': broker.bootstrap})
            expect('gone' not in admin.list_topics(timeout=20).topics, 'a deleted topic is back')


def fill_to_the_last_byte(path):
    with open(path, 'ab', buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


@check
def broker_that_was_killed_on_a_full_disk_starts_there_and_reads_and_deletes():
    broker = Broker({'log.dir.reserve.bytes': 16 * MEGABYTE})
    with tmpfs(os.path.join(broker.home, 'disk'), 64) as disk:
        broker.overrides['log.dirs'] = os.path.join(disk.path, 'data')
        with broker:
            create(broker, 'kept', 1)
            expect_stored(broker, 'kept', [b'one', b'two', b'three'])
            kept_room = os.path.join(disk.path, 'data', 'kept-room.barnabas')
            until(lambda: os.path.isfile(kept_room) and os.path.getsize(kept_room) == MEGABYTE, 'kept room', 20)
            ballast = os.path.join(disk.path, 'ballast')
            fill_to_the_last_byte(ballast)
            broker.process.kill()
            broker.wait()
            fill_to_the_last_byte(ballast)
            expect_equal(disk.free_bytes(), 0, 'bytes that are free')
            broker.start()
            expect_equal(values_of(broker, 'kept', 0), [b'one', b'two', b'three'], 'records read on the full disk')
            expect_equal(delete_records(broker.bootstrap, {('kept', 0): 2}), {('kept', 0): (2, 0)}, 'answer of DeleteRecords')
            os.unlink(ballast)
            broker.wait_for_line('data_directory_has_room')
            expect_stored(broker, 'kept', [b'four'])


def directory_path(broker, topic):
    return os.path.join(broker.overrides['log.dirs'], f'{topic}-0')


def commit(broker, topic, offset):
    """Of a group; waits until the coordinator has it."""
    consumer = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'readers', 'enable.auto.commit': False})

    def try_once():
        try:
            consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
        except KafkaException:
            return False
        return True

    try:
        until(try_once, f'the commit of offset {offset}', 20)
    finally:
        consumer.close()


@check
def directory_that_is_read_only_at_start_is_offline_and_nothing_is_made_anew():
    with broker_with(1, log_dir_reserve_bytes=MEGABYTE) as (broker, paths), tmpfs(os.path.join(broker.home, 'other'), 64) as disk:
        broker.stop()
        second = os.path.join(disk.path, 'data')
        paths = [*paths, second]
        broker.overrides['log.dirs'] = ','.join(paths)
        broker.start()
        create(broker, 'spread', 4)
        for partition in range(4):
            expect_stored(broker, 'spread', [f'value {partition}'.encode()], partition)
        lost = [number for number in range(4) if directory_of('spread', number, paths) == second]
        expect(0 < len(lost) < 4, f'all partitions lie in one directory: {lost}')
        expect_equal(broker.stop(), 0, 'the exit status of the clean stop')
        disk.remount('ro')
        broker.start()
        broker.wait_for_line('data_directory_offline')
        for partition in range(4):
            if partition in lost:
                outcome = produce(broker, 'spread', [b'lost'], partition, 2)[b'lost']
                expect(outcome is not None, f'partition {partition} takes records though its directory is offline')
                expect_equal(directory_of('spread', partition, paths[:1]), None, 'an empty replica elsewhere')
            else:
                expect_stored(broker, 'spread', [b'more'], partition)
        status, text = broker.http('/ready')
        expect(status == 200 and second in text, f'/ready says {status} {text}')
        expect('barnabas_data_directories_offline 1' in broker.http('/metrics')[1], 'no metric of offline directories')
        broker.stop()
        disk.remount('rw')
        broker.start()
        for partition in range(4):
            wanted = [f'value {partition}'.encode()] + ([] if partition in lost else [b'more'])
            expect_equal(values_of(broker, 'spread', partition), wanted, f'records of partition {partition}')


@check
def directory_that_fails_while_serving_goes_offline_and_the_others_serve_on():
    with broker_with(2) as (broker, paths):
        create(broker, 'two', 2, {'internal.segment.bytes': '16384'})
        values = [bytes([65 + number]) * 1000 for number in range(8)]
        for partition in range(2):
            expect_stored(broker, 'two', values, partition)
        failing = next(number for number in range(2) if directory_of('two', number, paths) == paths[1])
        with unwritable(os.path.join(paths[1], f'two-{failing}')):
            outcomes = produce(broker, 'two', [b'x' * 1000 + b'%d' % number for number in range(40)], failing, 3)
            expect(any(outcomes.values()), 'all records were taken, though no new segment can be made')
            line = broker.wait_for_line('data_directory_offline')
            expect(paths[1] in line and 'restart' in line, f'the line does not say which and what to do: {line}')
            expect_stored(broker, 'two', [b'goes on'], 1 - failing)
            stored = [value for value, problem in outcomes.items() if problem is None]
        expect(broker.is_running(), 'the broker ended')
        expect_equal(broker.stop(), 0, 'the exit status of the stop')
        marker = '.kafka_cleanshutdown'
        expect(os.path.exists(os.path.join(paths[0], marker)), 'no marker of a clean stop where all is well')
        expect(not os.path.exists(os.path.join(paths[1], marker)), 'a marker of a clean stop in the failed directory')
        broker.start()
        found = values_of(broker, 'two', failing)
        expect_equal(found[:8], values, 'records from before')
        expect(set(stored) <= set(found), 'an acknowledged record is missing')


def expect_taken_away_is_noticed(**overrides):
    with broker_with(2, **overrides) as (broker, paths):
        create(broker, 'two', 2)
        for partition in range(2):
            expect_stored(broker, 'two', [b'first'], partition)
        gone = next(number for number in range(2) if directory_of('two', number, paths) == paths[1])
        os.rename(paths[1], paths[1] + '-elsewhere')
        line = broker.wait_for_line('data_directory_offline')
        expect(paths[1] in line and 'is gone' in line, f'the line does not say which and why: {line}')
        expect(all(produce(broker, 'two', [b'lost?'], gone, 2).values()), 'a record was taken where no disk is')
        expect_stored(broker, 'two', [b'second'], 1 - gone)
        expect(not os.path.exists(paths[1]), 'something was made where the disk had been')
        broker.stop()
        os.rename(paths[1] + '-elsewhere', paths[1])
        broker.start()
        expect_equal(values_of(broker, 'two', gone), [b'first'], 'what lay on the disk')


@check
def directory_that_is_taken_away_goes_offline_and_comes_back_whole():
    expect_taken_away_is_noticed()


@check
def it_does_so_when_no_room_is_kept_back_either():
    expect_taken_away_is_noticed(log_dir_reserve_bytes=0)


def leaders(broker, topic):
    """As librdkafka reads Metadata: (leader, name of the error, ISR) of each partition."""
    told = AdminClient({'bootstrap.servers': broker.bootstrap}).list_topics(topic, 20).topics[topic]
    return [(one.leader, one.error and one.error.name(), one.isrs) for _, one in sorted(told.partitions.items())]


@check
def partitions_of_a_failed_directory_are_told_as_kafka_tells_them():
    with broker_with(2) as (broker, paths):
        create(broker, 'two', 2)
        for partition in range(2):
            expect_stored(broker, 'two', [b'first'], partition)
        serves = (1, None, [1])
        expect_equal(leaders(broker, 'two'), [serves, serves], 'leaders while all is well')
        topics = Tool('topics', broker.bootstrap)
        expect_equal(topics.good('--describe', '--unavailable-partitions'), '', 'partitions that are not available')
        gone = next(number for number in range(2) if directory_of('two', number, paths) == paths[1])
        os.rename(paths[1], paths[1] + '-elsewhere')
        broker.wait_for_line('data_directory_offline')
        wanted = [serves, serves]
        wanted[gone] = (-1, 'LEADER_NOT_AVAILABLE', [1])
        expect_equal(leaders(broker, 'two'), wanted, 'leaders')
        line = f'\tTopic: two\tPartition: {gone}\tLeader: none\tReplicas: 1\tIsr: 1\tElr: N/A\tLastKnownElr: N/A\n'
        expect_equal(topics.good('--describe', '--unavailable-partitions'), line, 'partitions that are not available')
        expect(line in topics.good('--describe'), 'the description of topics is without it')
        parts = json.loads(topics.good('--describe', '--output', 'json'))['topics'][0]['partitions']
        expect_equal([(one['leader'], one['offline']) for one in parts],
                     [(None, [1]) if number == gone else (1, []) for number in range(2)], 'as JSON')
        said = json.loads(Tool('log-dirs', broker.bootstrap).good('--describe', '--output', 'json'))
        expect_equal({one['logDir']: one['error'] for one in said['brokers'][0]['logDirs']},
                     {paths[0]: None, paths[1]: 'org.apache.kafka.common.errors.KafkaStorageException'}, 'log directories')
        counted = [line.split() for line in broker.http('/metrics')[1].splitlines()]
        expect(['kafka_controller_kafkacontroller_offlinepartitionscount', '1'] in counted, 'the partition is not counted')
        expect(['kafka_server_replicamanager_leadercount', '1'] in counted, 'it is counted as led')
        broker.stop()
        os.rename(paths[1] + '-elsewhere', paths[1])
        broker.start()
        expect_equal(leaders(broker, 'two'), [serves, serves], 'leaders when the directory is back')


@check
def last_directory_that_fails_ends_the_broker_with_a_status_of_its_own():
    with broker_with(1) as (broker, paths):
        create(broker, 'one', 1, {'internal.segment.bytes': '16384'})
        with unwritable(os.path.join(paths[0], 'one-0')):
            produce(broker, 'one', [b'x' * 1000 + b'%d' % number for number in range(40)], 0, 2)
            expect_equal(broker.wait(), EXIT_NO_DIRECTORY, 'the exit status')
        expect(paths[0] in broker.last_lines(1), f'the last line does not name the directory: {broker.last_lines(1)}')


@check
def a_partition_at_the_limit_for_files_refuses_alone():
    limit = 4 * MEGABYTE
    with Broker(preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) as broker:
        create(broker, 'large', 1)
        create(broker, 'small', 1)
        values = [b'%06d' % number + b'x' * (MEGABYTE // 2) for number in range(12)]
        outcomes = produce(broker, 'large', values, 0, 4)
        stored = [value for value in values if outcomes[value] is None]
        expect(4 <= len(stored) < len(values), f'{len(stored)} records of half a megabyte fit into 4 megabytes')
        expect_stored(broker, 'small', [b'goes on'])
        expect_equal(values_of(broker, 'large', 0), stored, 'the records that were acknowledged')
        expect('LimitFSIZE' in broker.stderr(), 'the start tells of the limit')
        # What the operator may do without a restart.
        client = AdminClient({'bootstrap.servers': broker.bootstrap})
        smaller = ConfigResource(RESOURCE_TOPIC, 'large', set_config={'segment.bytes': str(MEGABYTE)})
        client.alter_configs([smaller])[smaller].result(20)
        expect_stored(broker, 'large', [b'in a new segment'])
        broker.stop()


def described(broker):
    """DescribeLogDirs, version 1: {path: (error, {(topic, partition): bytes})}."""
    request = struct.pack('>hhih', 35, 1, 7, -1) + struct.pack('>i', -1)
    with socket.create_connection(('127.0.0.1', broker.port), timeout=10) as stream, stream.makefile('rb') as answers:
        stream.sendall(struct.pack('>i', len(request)) + request)
        answer = io.BytesIO(answers.read(struct.unpack('>i', answers.read(4))[0]))

    def take(layout):
        return struct.unpack('>' + layout, answer.read(struct.calcsize('>' + layout)))

    def text():
        return answer.read(take('h')[0]).decode()

    take('ii')
    found = {}
    for _ in range(take('i')[0]):
        error, path, sizes = take('h')[0], text(), {}
        for _ in range(take('i')[0]):
            topic = text()
            for _ in range(take('i')[0]):
                partition, size, _, _ = take('iqq?')
                sizes[topic, partition] = size
        found[path] = (error, sizes)
    return found


@check
def log_directories_are_described():
    with broker_with(2) as (broker, paths):
        create(broker, 'seen', 2)
        expect_stored(broker, 'seen', [b'value'], 0)
        found = described(broker)
        expect_equal(sorted(found), paths, 'directories')
        expect_equal([error for error, _ in found.values()], [0, 0], 'errors')
        sizes = {**found[paths[0]][1], **found[paths[1]][1]}
        expect_equal(sorted(sizes), [('seen', 0), ('seen', 1)], 'partitions')
        expect(sizes['seen', 0] > 60 and sizes['seen', 1] == 0, f'sizes {sizes}')


if __name__ == '__main__':
    main('disk')
