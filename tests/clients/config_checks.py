"""Configs altered while the broker runs: AlterConfigs by librdkafka, IncrementalAlterConfigs in frames made by hand (no
client here has it), kills in between, and what follows them: retention, limits, the broker's own defaults."""

import functools
import os
import socket
import struct

try:
    from confluent_kafka import KafkaError, KafkaException, Producer
    from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
except ImportError:
    print('SKIP config: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect, expect_equal, main, until

SET, DELETE, APPEND, SUBTRACT = range(4)
TOPIC, BROKER = 2, 4
NONE, INVALID_CONFIG, INVALID_REQUEST = 0, 40, 42
# Of DescribeConfigs.
OF_TOPIC, OF_BROKER, OF_ALL_BROKERS, OF_FILE, DEFAULT = 1, 2, 3, 4, 5
broker = Broker({'log.retention.check.interval.ms': 200, 'log.segment.delete.delay.ms': 0})


@functools.cache
def admin():
    """One for all checks: the answers of a client that is gone are lost."""
    return AdminClient({'bootstrap.servers': broker.bootstrap})


def create(topic, config=None):
    admin().create_topics([NewTopic(topic, 1, 1, config=config or {})])[topic].result(20)


def only(futures):
    """The client finds the future in this very dictionary when the answer comes, so nothing is taken out of it."""
    return next(iter(futures.values())).result(20)


def rows(kind, name):
    return only(admin().describe_configs([ConfigResource(kind, name)]))


def value_and_source(kind, name, key):
    row = rows(kind, name)[key]
    return row.value, int(row.source)


def replace(kind, name, configs):
    """AlterConfigs: returns the code."""
    try:
        only(admin().alter_configs([ConfigResource(kind, name, set_config=configs)]))
    except KafkaException as failure:
        return failure.args[0].code()
    return NONE


def text(value):
    return struct.pack('>h', -1) if value is None else struct.pack('>h', len(value)) + value.encode()


def receive(stream, count):
    whole = b''
    while len(whole) < count:
        part = stream.recv(count - len(whole))
        expect(part, 'the broker closed the connection')
        whole += part
    return whole


def alter(kind, name, changes, validate_only=False):
    """IncrementalAlterConfigs, version 0; changes are (key, operation, value). Returns (code, message)."""
    body = struct.pack('>ib', 1, kind) + text(name) + struct.pack('>i', len(changes))
    for key, operation, value in changes:
        body += text(key) + struct.pack('>b', operation) + text(value)
    frame = struct.pack('>hhi', 44, 0, 7) + text('by-hand') + body + struct.pack('>?', validate_only)
    with socket.create_connection(('127.0.0.1', broker.port), timeout=20) as stream:
        stream.sendall(struct.pack('>i', len(frame)) + frame)
        answer = receive(stream, struct.unpack('>i', receive(stream, 4))[0])
    correlation, _, count, code, length = struct.unpack_from('>iiihh', answer)
    expect_equal((correlation, count), (7, 1), 'number of the answer, and of its resources')
    return code, None if length < 0 else answer[16:16 + length].decode()


def fill(topic, count, bytes_each=1000):
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'linger.ms': 0, 'batch.num.messages': 10})
    for _ in range(count):
        sender.produce(topic, os.urandom(bytes_each), partition=0)
    expect_equal(sender.flush(20), 0, 'messages not sent')


def segments(topic):
    return [name for name in os.listdir(os.path.join(broker.data_dir, f'{topic}-0')) if name.endswith('.log')]


def again():
    broker.kill()
    broker.start()


@check
def single_keys_change_and_come_back_after_kill_9():
    create('single', {'retention.ms': '100000', 'segment.ms': '50000'})
    changes = [('retention.ms', DELETE, None), ('segment.ms', SET, '60000'), ('cleanup.policy', APPEND, 'compact')]
    expect_equal(alter(TOPIC, 'single', changes), (NONE, None), 'answer')
    for life in ('before', 'after'):
        expect_equal(value_and_source('topic', 'single', 'retention.ms'), ('604800000', DEFAULT), f'{life} the kill')
        expect_equal(value_and_source('topic', 'single', 'segment.ms'), ('60000', OF_TOPIC), f'{life} the kill')
        expect_equal(value_and_source('topic', 'single', 'cleanup.policy'), ('delete,compact', OF_TOPIC), life)
        if life == 'before':
            again()
    expect_equal(alter(TOPIC, 'single', [('cleanup.policy', SUBTRACT, 'compact')])[0], NONE, 'answer')
    expect_equal(value_and_source('topic', 'single', 'cleanup.policy')[0], 'delete', 'policy')


@check
def replacing_takes_back_what_is_not_named():
    create('replaced', {'retention.ms': '100000'})
    expect_equal(replace('topic', 'replaced', {'segment.bytes': '2000000'}), NONE, 'code')
    for _ in range(2):
        expect_equal(value_and_source('topic', 'replaced', 'retention.ms'), ('604800000', DEFAULT), 'not named')
        expect_equal(value_and_source('topic', 'replaced', 'segment.bytes'), ('2000000', OF_TOPIC), 'named')
        again()


@check
def wrong_changes_are_refused_and_change_nothing():
    create('wrong', {'retention.ms': '100000'})
    code, message = alter(TOPIC, 'wrong', [('segment.ms', SET, '5'), ('retention.ms', SET, 'soon')])
    expect_equal(code, INVALID_CONFIG, 'code of a value that is no number')
    expect('retention.ms' in message, message)
    expect_equal(alter(TOPIC, 'wrong', [('no.such.key', SET, '5')])[0], INVALID_CONFIG, 'code of an unknown key')
    expect_equal(alter(TOPIC, 'wrong', [('retention.ms', APPEND, '5')])[0], INVALID_CONFIG, 'code of no list')
    expect_equal(alter(TOPIC, 'absent', [])[0], KafkaError.UNKNOWN_TOPIC_OR_PART, 'code of an absent topic')
    expect_equal(alter(BROKER, '1', [('num.partitions', SET, '5')])[0], INVALID_REQUEST, 'code of a fixed key')
    expect_equal(alter(BROKER, '77', [('log.retention.ms', SET, '5')])[0], INVALID_REQUEST, 'code of no broker')
    expect_equal(alter(TOPIC, 'wrong', [('segment.ms', SET, '5')], validate_only=True)[0], NONE, 'only checked')
    expect_equal(value_and_source('topic', 'wrong', 'segment.ms')[1], DEFAULT, 'source')
    expect_equal(value_and_source('topic', 'wrong', 'retention.ms'), ('100000', OF_TOPIC), 'value')


@check
def retention_follows_while_the_broker_runs():
    create('kept', {'segment.bytes': '1048576'})
    fill('kept', 4000)
    expect(len(segments('kept')) > 2, 'there are not enough segments')
    expect_equal(alter(TOPIC, 'kept', [('retention.bytes', SET, '1')])[0], NONE, 'code')
    until(lambda: len(segments('kept')) == 1, 'retention by size follows')


@check
def the_largest_batch_follows_while_a_producer_runs():
    create('large')
    problems = []
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'message.max.bytes': 2000000})

    def send(count):
        sender.produce('large', os.urandom(count), callback=lambda problem, _: problems.append(problem))
        expect_equal(sender.flush(20), 0, 'messages not sent')
        return None if problems[-1] is None else problems[-1].code()

    expect_equal(send(5000), None, 'before')
    expect_equal(alter(TOPIC, 'large', [('max.message.bytes', SET, '2000')])[0], NONE, 'code')
    expect_equal(send(5000), KafkaError.MSG_SIZE_TOO_LARGE, 'behind it')
    expect_equal(alter(TOPIC, 'large', [('max.message.bytes', SET, '1500000')])[0], NONE, 'code')
    expect_equal(send(1400000), None, 'with a larger one')


@check
def defaults_of_the_broker_follow_and_have_their_sources():
    create('inherits')
    key = 'log.retention.ms'
    expect_equal(alter(BROKER, '', [(key, SET, '111111')])[0], NONE, 'for all brokers')
    expect_equal(value_and_source('topic', 'inherits', 'retention.ms'), ('111111', OF_ALL_BROKERS), 'topic')
    expect_equal(alter(BROKER, '1', [(key, SET, '222222')])[0], NONE, 'for this broker')
    again()
    expect_equal(value_and_source('topic', 'inherits', 'retention.ms'), ('222222', OF_BROKER), 'topic')
    row = rows('broker', '1')[key]
    expect_equal((row.value, int(row.source), row.is_read_only), ('222222', OF_BROKER, False), 'row of the broker')
    for name in ('', '1'):
        expect_equal(alter(BROKER, name, [(key, DELETE, None)])[0], NONE, 'taken back')
    expect_equal(value_and_source('topic', 'inherits', 'retention.ms')[1], DEFAULT, 'topic')


@check
def broker_still_runs():
    expect(broker.is_running(), broker.last_lines())


if __name__ == '__main__':
    broker.start()
    main('config', broker.discard)
