"""AlterReplicaLogDirs: partitions move between data directories while they are written and read, over kills and stops."""

import io
import os
import re
import socket
import struct
import threading

try:
    from confluent_kafka import KafkaError, KafkaException, Producer
    from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
except ImportError:
    print('SKIP moves: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import CHECKS, Failed, check, expect, expect_equal, main, until
from disk_checks import broker_with, create, directory_of, expect_stored, values_of
from tool_runs import Tool

# Those of disk_checks are run there.
CHECKS.clear()

LOG_DIR_NOT_FOUND = 57
UNKNOWN_TOPIC_OR_PARTITION = 3
INVALID_REPLICA_ASSIGNMENT = 39
FUTURE = re.compile(r'\.[0-9a-f]{32}-future$')
DISCARDED = re.compile(r'\.[0-9a-f]{32}-delete$')


def text(value):
    return struct.pack('>h', len(value)) + value.encode()


def asked(broker, key, version, body):
    request = struct.pack('>hhih', key, version, 7, -1) + body
    with socket.create_connection(('127.0.0.1', broker.port), timeout=10) as stream, stream.makefile('rb') as answers:
        stream.sendall(struct.pack('>i', len(request)) + request)
        answer = io.BytesIO(answers.read(struct.unpack('>i', answers.read(4))[0]))

    def take(layout):
        return struct.unpack('>' + layout, answer.read(struct.calcsize('>' + layout)))

    take('i')
    return take, lambda: answer.read(take('h')[0]).decode()


def move(broker, topic, partition, directory, version=1):
    """The error code of one move."""
    body = struct.pack('>i', 1) + text(directory) + struct.pack('>i', 1) + text(topic) + struct.pack('>ii', 1, partition)
    take, string = asked(broker, 34, version, body)
    take('ii')
    expect_equal(string(), topic, 'topic in the answer')
    count, number, error = take('iih')
    expect_equal((count, number), (1, partition), 'partitions in the answer')
    return error


def described(broker):
    """{path: {(topic, partition): (bytes, lag, is_future)}}."""
    take, string = asked(broker, 35, 1, struct.pack('>i', -1))
    take('i')
    found = {}
    for _ in range(take('i')[0]):
        take('h')
        entries = found.setdefault(string(), {})
        for _ in range(take('i')[0]):
            topic = string()
            for _ in range(take('i')[0]):
                partition, size, lag, is_future = take('iqq?')
                entries[topic, partition] = (size, lag, is_future)
    return found


def names(paths, pattern):
    return [name for path in paths for name in os.listdir(path) if pattern.search(name)]


def other(paths, path):
    return next(one for one in paths if one != path)


def until_in(topic, partition, paths, path):
    until(lambda: directory_of(topic, partition, paths) == path and not names(paths, FUTURE),
          f'{topic}-{partition} lies in {path}', 30)


@check
def partition_moves_while_it_is_written_and_every_record_is_there_once():
    with broker_with(2, **{'log.segment.bytes': 1048576, 'log.segment.delete.delay.ms': 100}) as (broker, paths):
        create(broker, 'moved', 1)
        stop, sent, failed = threading.Event(), [], []
        producer = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'enable.idempotence': True,
                             'linger.ms': 1})

        def write():
            while not stop.is_set():
                if len(producer) > 1000:
                    producer.poll(0.01)
                    continue
                value = b'%08d' % len(sent) + b'x' * 500
                sent.append(value)
                producer.produce('moved', value, partition=0, on_delivery=lambda problem, _: problem and failed.append(problem))
                producer.poll(0)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            until(lambda: len(sent) > 2000, 'records are sent', 30)
            for _ in range(4):
                here = directory_of('moved', 0, paths)
                there = other(paths, here)
                count = len(sent)
                expect_equal(move(broker, 'moved', 0, there), 0, 'error of the move')
                until_in('moved', 0, paths, there)
                until(lambda: len(sent) > count + 200, 'writing goes on', 30)  # noqa: B023
        finally:
            stop.set()
            writer.join()
        expect_equal(producer.flush(30), 0, 'messages not sent')
        expect_equal(failed, [], 'messages refused')
        expect_equal(values_of(broker, 'moved', 0), sent, 'values')
        until(lambda: not names(paths, DISCARDED), 'the old directories are removed')
        expect('replica_moves_done_total 4' in broker.http('/metrics')[1], 'the metrics do not count four moves')


@check
def answers_are_kafkas():
    with broker_with(3) as (broker, paths):
        create(broker, 'asked', 1)
        here = directory_of('asked', 0, paths)
        for version in (0, 1):
            expect_equal(move(broker, 'asked', 0, here, version), 0, 'to where it lies')
        expect_equal(move(broker, 'asked', 0, '/nowhere'), LOG_DIR_NOT_FOUND, 'to an unknown directory')
        expect_equal(move(broker, 'asked', 7, here), UNKNOWN_TOPIC_OR_PARTITION, 'a partition that is not there')
        there = [path for path in paths if path != here][-1]
        expect_equal(move(broker, 'later', 0, there), UNKNOWN_TOPIC_OR_PARTITION, 'a topic that is not there')
        create(broker, 'later', 1)
        expect_equal(directory_of('later', 0, paths), there, 'where it was to go')


@check
def slow_move_is_described_cancelled_and_taken_up_after_a_kill():
    with broker_with(2, **{'replica.alter.log.dirs.io.max.bytes.per.second': 20000}) as (broker, paths):
        create(broker, 'slow', 1)
        values = [b'%06d' % number + b'y' * 5000 for number in range(100)]
        expect_stored(broker, 'slow', values)
        here = directory_of('slow', 0, paths)
        there = other(paths, here)
        expect_equal(move(broker, 'slow', 0, there), 0, 'error of the move')
        expect_equal(len(names(paths, FUTURE)), 1, 'a directory of the future when the answer is there')
        size, lag, is_future = until(lambda: described(broker)[there].get(('slow', 0)), 'the copy is described')
        expect(is_future and lag > 0 and size < 500000, f'copy of {size} bytes, {lag} behind, future: {is_future}')
        expect_equal(described(broker)[here]['slow', 0][1:], (0, False), 'the partition itself')
        broker.kill()
        broker.start()
        until(lambda: described(broker)[there].get(('slow', 0)), 'the move is taken up')
        expect_equal(values_of(broker, 'slow', 0), values, 'values while it moves')
        expect_equal(move(broker, 'slow', 0, here), 0, 'error of cancelling')
        until(lambda: not names(paths, FUTURE), 'the copy is removed')
        expect_equal(directory_of('slow', 0, paths), here, 'its place')
        expect_equal(values_of(broker, 'slow', 0), values, 'values')


@check
def moved_partition_is_found_after_kills_and_stops():
    with broker_with(2) as (broker, paths):
        create(broker, 'kept', 1)
        values = [b'%d' % number for number in range(50)]
        for round_number in range(3):
            there = other(paths, directory_of('kept', 0, paths))
            expect_stored(broker, 'kept', values)
            expect_equal(move(broker, 'kept', 0, there), 0, 'error of the move')
            until_in('kept', 0, paths, there)
            (broker.stop if round_number == 1 else broker.kill)()
            broker.start()
            expect_equal(directory_of('kept', 0, paths), there, 'its place')
            expect_equal(values_of(broker, 'kept', 0), values * (round_number + 1), 'values')
        expect_equal(names(paths, DISCARDED), [], 'old directories after a start')


@check
def cordoned_directory_takes_no_move():
    broker = Broker({})
    paths = [os.path.join(broker.home, name) for name in ('disk0', 'disk1')]
    broker.overrides.update({'log.dirs': ','.join(paths), 'cordoned.log.dirs': paths[1]})
    try:
        broker.start()
        create(broker, 'stays', 1)
        expect_equal(move(broker, 'stays', 0, paths[1]), INVALID_REPLICA_ASSIGNMENT, 'to a cordoned directory')
        expect_equal(directory_of('stays', 0, paths), paths[0], 'its place')
    finally:
        broker.discard()


@check
def cordoned_broker_serves_what_it_has_and_takes_nothing_new():
    with broker_with(2) as (broker, paths):
        create(broker, 'before', 1)
        broker.overrides['cordoned.log.dirs'] = '*'
        broker.stop()
        broker.start()
        expect_stored(broker, 'before', [b'still served'])
        admin = AdminClient({'bootstrap.servers': broker.bootstrap})
        for asked_for, future in (('a topic', admin.create_topics([NewTopic('after', 2, 1)])['after']),
                                  ('partitions', admin.create_partitions([NewPartitions('before', 3)])['before'])):
            try:
                future.result(20)
                expect(False, f'{asked_for} were made')
            except KafkaException as refused:
                expect_equal(refused.args[0].code(), KafkaError.INVALID_REPLICATION_FACTOR, asked_for)
                expect('cordoned.log.dirs' in refused.args[0].str(), refused)
        expect_equal(sorted(admin.list_topics(timeout=20).topics), ['before'], 'topics')
        broker.overrides['cordoned.log.dirs'] = paths[1]
        broker.stop()
        broker.start()
        create(broker, 'after', 3)
        expect_equal({directory_of('after', number, paths) for number in range(3)}, {paths[0]}, 'their place')


@check
def directories_are_cordoned_while_the_broker_runs():
    with broker_with(2) as (broker, paths):
        def cordon(*change):
            return Tool('configs', broker.bootstrap).run('--alter', '--entity-type', 'brokers', '--entity-name', '1', *change)

        def refusal_of(topic):
            admin = AdminClient({'bootstrap.servers': broker.bootstrap})
            try:
                admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(20)
            except KafkaException as refused:
                return refused.args[0].code()
            return None

        create(broker, 'before', 2)
        expect_equal(cordon('--add-config', 'cordoned.log.dirs=' + paths[0])[0], 0, 'exit code')
        create(broker, 'elsewhere', 3)
        expect_equal({directory_of('elsewhere', number, paths) for number in range(3)}, {paths[1]}, 'their place')
        expect_equal(move(broker, 'elsewhere', 0, paths[0]), INVALID_REPLICA_ASSIGNMENT, 'to a cordoned directory')
        expect_equal(cordon('--add-config', 'cordoned.log.dirs=*')[0], 0, 'exit code')
        expect_equal(refusal_of('nowhere'), KafkaError.INVALID_REPLICATION_FACTOR, 'while all are cordoned')
        broker.kill()
        broker.start()
        expect_equal(refusal_of('nowhere'), KafkaError.INVALID_REPLICATION_FACTOR, 'it outlives the process')
        expect_stored(broker, 'before', [b'still served'])
        status, said, complaints = cordon('--add-config', 'cordoned.log.dirs=/not/there')
        expect(status == 1 and 'names /not/there, which is not in log.dirs' in said + complaints, (status, said, complaints))
        expect_equal(cordon('--delete-config', 'cordoned.log.dirs')[0], 0, 'exit code')
        create(broker, 'after', 4)
        expect_equal({directory_of('after', number, paths) for number in range(4)}, set(paths), 'their places')


@check
def cordoned_directory_that_is_none_stops_the_start():
    broker = Broker({'cordoned.log.dirs': '/not/there'})
    try:
        broker.start()
        expect(False, 'it started')
    except Failed:
        expect('cordoned.log.dirs names /not/there, which is not in log.dirs' in broker.stderr(), broker.stderr())
    finally:
        broker.discard()


if __name__ == '__main__':
    main('moves')
