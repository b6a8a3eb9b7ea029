"""DeleteRecords by librdkafka's C interface (its Python module has none), kills and stops in between, and the checkpoint
files of the data directory."""

import os

try:
    from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic
except ImportError:
    print('SKIP deletion: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect, expect_equal, main
from librdkafka import delete_records

TO_THE_END = -1
broker = Broker({'log.segment.bytes': 1048576})


def delete(wanted):
    return delete_records(broker.bootstrap, wanted)


def fill(topic, count, partitions=1, config=None):
    admin = AdminClient({'bootstrap.servers': broker.bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1, config=config or {})])[topic].result(15)
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'linger.ms': 0, 'batch.num.messages': 7})
    for number in range(count):
        for partition in range(partitions):
            sender.produce(topic, f'{number}'.encode(), partition=partition)
    expect_equal(sender.flush(20), 0, 'messages not sent')


def reader():
    return Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'none', 'enable.auto.commit': False,
                     'auto.offset.reset': 'error', 'enable.partition.eof': True})


def bounds(topic, partition=0):
    one = reader()
    try:
        return one.get_watermark_offsets(TopicPartition(topic, partition), timeout=15)
    finally:
        one.close()


def read_from(topic, offset):
    """The first offset read there, or the code of the error."""
    one = reader()
    try:
        one.assign([TopicPartition(topic, 0, offset)])
        for _ in range(100):
            message = one.poll(0.2)
            if message is not None:
                return message.error().code() if message.error() else message.offset()
        return None
    finally:
        one.close()


def checkpoint(name):
    with open(os.path.join(broker.data_dir, name), encoding='ascii') as file:
        lines = file.read().splitlines()
    expect_equal(lines[0], '0', 'version')
    expect_equal(int(lines[1]), len(lines) - 2, 'count')
    return {(topic, int(partition)): int(offset) for topic, partition, offset in (line.split(' ') for line in lines[2:])}


@check
def records_are_deleted_and_stay_so_over_a_kill():
    fill('orders', 100, 2)
    expect_equal(delete({('orders', 0): 42, ('orders', 1): 7}), {('orders', 0): (42, 0), ('orders', 1): (7, 0)}, 'answers')
    expect_equal(bounds('orders'), (42, 100), 'offsets')
    broker.kill()
    broker.start()
    expect_equal(bounds('orders'), (42, 100), 'offsets after a kill')
    expect_equal(bounds('orders', 1), (7, 100), 'offsets of the other after a kill')
    expect_equal(read_from('orders', 42), 42, 'first record')
    expect_equal(read_from('orders', 41), KafkaError._AUTO_OFFSET_RESET, 'a position below the start')


@check
def a_deletion_can_be_repeated_and_goes_to_the_end():
    fill('twice', 30)
    for offset, low in ((10, 10), (10, 10), (3, 10), (TO_THE_END, 30), (TO_THE_END, 30)):
        expect_equal(delete({('twice', 0): offset}), {('twice', 0): (low, 0)}, f'answer to {offset}')
    expect_equal(bounds('twice'), (30, 30), 'offsets')
    broker.kill()
    broker.start()
    expect_equal(bounds('twice'), (30, 30), 'offsets after a kill')


@check
def wrong_deletions_are_refused_with_their_code():
    fill('refused', 5)
    fill('compacted', 5, config={'cleanup.policy': 'compact'})
    expect_equal(delete({('refused', 0): 6, ('compacted', 0): 2}),
                 {('refused', 0): (-1, KafkaError.OFFSET_OUT_OF_RANGE), ('compacted', 0): (-1, KafkaError.POLICY_VIOLATION)},
                 'answers')
    expect_equal(bounds('refused'), (0, 5), 'offsets')


@check
def checkpoints_say_what_the_logs_hold_after_a_clean_stop():
    fill('kept', 20)
    delete({('kept', 0): 5})
    expect_equal(checkpoint('log-start-offset-checkpoint').get(('kept', 0)), 5, 'log start, before the stop')
    broker.stop()
    expect_equal(checkpoint('log-start-offset-checkpoint').get(('kept', 0)), 5, 'log start')
    expect_equal(checkpoint('recovery-point-offset-checkpoint').get(('kept', 0)), 20, 'recovery point')
    expect_equal(checkpoint('replication-offset-checkpoint').get(('kept', 0)), 20, 'high watermark')
    broker.start()
    expect_equal(bounds('kept'), (5, 20), 'offsets after a stop')


@check
def a_damaged_checkpoint_brings_nothing_back():
    fill('damaged', 20)
    delete({('damaged', 0): 11})
    broker.kill()
    for name in ('log-start-offset-checkpoint', 'replication-offset-checkpoint', 'recovery-point-offset-checkpoint'):
        with open(os.path.join(broker.data_dir, name), 'w', encoding='ascii') as file:
            file.write('0\n3\ndamaged 0')
    since = broker.mark()
    broker.start()
    expect(broker.wait_for_line('checkpoint_damaged', since), 'the damage is reported')
    expect_equal(bounds('damaged'), (11, 20), 'offsets')


@check
def a_topic_of_the_same_name_begins_at_its_beginning():
    fill('again', 20)
    delete({('again', 0): 15})
    admin = AdminClient({'bootstrap.servers': broker.bootstrap})
    admin.delete_topics(['again'])['again'].result(15)
    fill('again', 10)
    broker.kill()
    broker.start()
    expect_equal(bounds('again'), (0, 10), 'offsets')


if __name__ == '__main__':
    broker.start()
    main('deletion', broker.discard)
