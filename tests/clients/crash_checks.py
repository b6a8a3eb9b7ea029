"""A broker that is stopped or killed under load: what was acknowledged with acks=all is there once, in order."""

import os
import random
import threading
import time

try:
    from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
except ImportError:
    print('SKIP crash: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect, expect_equal, main, until

PARTITIONS = 6


def create(broker, topic, partitions=PARTITIONS, config=None):
    client = AdminClient({'bootstrap.servers': broker.bootstrap})
    client.create_topics([NewTopic(topic, partitions, 1, config=config or {})])[topic].result(20)


def read_all(broker, topic, partitions=PARTITIONS, skip=frozenset()):
    """Everything in the topic, but for the partitions in `skip`: {partition: [(offset, value)]}."""
    wanted = set(range(partitions)) - set(skip)
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'not-used', 'enable.auto.commit': False,
                       'enable.partition.eof': True})
    found, at_end = {partition: [] for partition in wanted}, set()

    def step():
        for message in reader.consume(5000, 0.2):
            if message.error():
                at_end.add(message.partition())
            else:
                found[message.partition()].append((message.offset(), message.value()))
        return at_end == wanted

    try:
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in wanted])
        until(step, f'the end of all partitions of {topic}', 60, 0)
    finally:
        reader.close()
    return found


class Load:
    """Produces numbered records in a thread of its own and notes what was acknowledged."""

    def __init__(self, broker, topic, **settings):
        self.topic, self.sent, self.acked, self.refused = topic, 0, {}, set()
        self.going, self.failure = True, None
        self.producer = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 2,
                                  'reconnect.backoff.max.ms': 200, 'message.timeout.ms': 60000,
                                  **{key.replace('_', '.'): value for key, value in settings.items()}})
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def delivered(self, problem, message):
        number = int(message.value().split()[0])
        if problem is None:
            self.acked[number] = (message.partition(), message.offset())
        else:
            self.refused.add(number)

    def run(self):
        try:
            while self.going:
                if len(self.producer) > 5000:
                    self.producer.poll(0.01)
                    continue
                self.producer.produce(self.topic, b'%d some bytes to make it longer' % self.sent,
                                      partition=self.sent % PARTITIONS, on_delivery=self.delivered)
                self.sent += 1
                self.producer.poll(0)
            self.producer.flush(60)
        except Exception as failure:  # noqa: handed to the check's thread
            self.failure = failure

    def wait_for_acks(self, more):
        wanted = len(self.acked) + more
        until(lambda: self.failure or len(self.acked) >= wanted, f'{more} more records are acknowledged', 60)

    def finish(self):
        self.going = False
        self.thread.join(90)
        expect(self.failure is None, f'the producer failed: {self.failure}')
        expect(not self.thread.is_alive(), 'the producer did not end')


def check_contents(load, found, once):
    """Acknowledged records lie where the broker said; nothing is there that was not sent; order is kept."""
    at_place = {(partition, offset): int(value.split()[0])
                for partition, records in found.items() for offset, value in records}
    wrong = [(number, place, at_place.get(place)) for number, place in load.acked.items()
             if place[1] >= 0 and at_place.get(place) != number]
    expect(not wrong, f'{len(wrong)} of {len(load.acked)} acknowledged records are not at their offset: {wrong[:3]}')
    for partition, records in found.items():
        expect_equal([offset for offset, _ in records], list(range(len(records))), f'offsets of partition {partition}')
        numbers = [int(value.split()[0]) for _, value in records]
        expect(all(number % PARTITIONS == partition and number < load.sent for number in numbers),
               f'partition {partition} holds records that were not sent to it')
        if once:
            expect_equal(len(set(numbers)), len(numbers), f'different records of partition {partition}')
            expect(numbers == sorted(numbers), f'partition {partition} is out of order')


def under_kills(once, **settings):
    # The moments of the kills differ from run to run on purpose.
    moments = random.Random()
    with Broker() as broker:
        create(broker, 'load')
        load = Load(broker, 'load', **settings)
        for _ in range(4):
            load.wait_for_acks(moments.randrange(500, 8000))
            broker.kill()
            broker.restart()
        load.wait_for_acks(2000)
        load.finish()
        if once:
            expect(not load.refused, f'{len(load.refused)} records were refused')
        check_contents(load, read_all(broker, 'load'), once)
        expect(len(load.acked) >= 4000, f'only {len(load.acked)} records were acknowledged')


@check
def idempotent_records_survive_kill_9_once_and_in_order():
    under_kills(True, enable_idempotence=True)


@check
def acknowledged_records_survive_kill_9_without_idempotence():
    under_kills(False, message_timeout_ms=20000)


@check
def a_compressed_load_survives_kill_9():
    under_kills(True, enable_idempotence=True, compression_type='zstd')


@check
def a_clean_restart_keeps_topics_configs_and_records():
    with Broker() as broker:
        create(broker, 'kept', 3, {'retention.ms': '987654321'})
        client = AdminClient({'bootstrap.servers': broker.bootstrap})
        client.create_partitions([NewPartitions('kept', PARTITIONS)])['kept'].result(20)
        load = Load(broker, 'kept', enable_idempotence=True)
        load.wait_for_acks(3000)
        load.finish()
        create(broker, 'dropped')
        client.delete_topics(['dropped'])['dropped'].result(20)
        before, identity = read_all(broker, 'kept'), client.list_topics(timeout=10).cluster_id
        expect_equal(broker.stop(), 0, 'exit code')
        broker.restart()
        seen = client.list_topics(timeout=10)
        expect_equal(seen.cluster_id, identity, 'cluster id')
        # The readers' group keeps what it has read in a topic of the broker's own.
        expect_equal({name: len(topic.partitions) for name, topic in seen.topics.items() if not name.startswith('__')},
                     {'kept': PARTITIONS}, 'topics')
        expect(read_all(broker, 'kept') == before, 'the records differ after the restart')
        check_contents(load, before, True)


@check
def a_clean_stop_under_load_loses_nothing():
    with Broker() as broker:
        create(broker, 'load')
        load = Load(broker, 'load', enable_idempotence=True)
        for _ in range(3):
            load.wait_for_acks(2000)
            expect_equal(broker.stop(), 0, 'exit code')
            broker.restart()
        load.wait_for_acks(2000)
        load.finish()
        check_contents(load, read_all(broker, 'load'), True)


@check
def a_restart_straight_after_kill_9_serves_old_records_at_once():
    with Broker() as broker:
        create(broker, 'small')
        load = Load(broker, 'small')
        load.wait_for_acks(1000)
        broker.kill()
        began = time.monotonic()
        broker.restart()
        found = read_all(broker, 'small')
        load.finish()
        expect(sum(len(records) for records in found.values()) >= 1000,
               f'records are missing {time.monotonic() - began:.1f} s after the restart')


def recovery_points(broker):
    path = os.path.join(broker.data_dir, 'recovery-point-offset-checkpoint')
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as lines:
        return {tuple(line.split()[:2]): int(line.split()[2]) for line in lines if len(line.split()) == 3}


@check
def what_lies_idle_is_not_checked_after_kill_9_and_damage_to_it_is_not_cut():
    partitions, records = 12, 40
    with Broker({'log.flush.offset.checkpoint.interval.ms': 500}) as broker:
        create(broker, 'idle', partitions)
        sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 0})
        for number in range(partitions * records):
            sender.produce('idle', b'%d' % number + 500 * b'x', partition=number % partitions)
        expect_equal(sender.flush(30), 0, 'records without an answer')
        until(lambda: [recovery_points(broker).get(('idle', str(index))) for index in range(partitions)] ==
              [records] * partitions, 'the recovery points reach the end of what was written', 30)
        broker.kill()
        path = os.path.join(broker.data_dir, 'idle-0', '00000000000000000000.log')
        with open(path, 'r+b') as log:
            log.seek(os.path.getsize(path) // 3)
            byte = log.read(1)
            log.seek(-1, os.SEEK_CUR)
            log.write(bytes([byte[0] ^ 1]))
        size, since = os.path.getsize(path), broker.mark()
        broker.start()
        found = read_all(broker, 'idle', partitions, skip={0})
        expect_equal({index: len(read) for index, read in found.items()},
                     {index: records for index in range(1, partitions)}, 'records of the others')
        expect_equal(os.path.getsize(path), size, 'size of the damaged log')
        with open(broker.error_path, 'rb') as log:
            log.seek(since)
            told = log.read().decode()
        expect('partition_tail_cut' not in told, f'something was cut: {told[-300:]}')


@check
def damage_in_what_was_stable_keeps_a_partition_offline_and_cuts_nothing():
    with Broker() as broker:
        create(broker, 'damaged', 2)
        sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 0})
        for number in range(20):
            sender.produce('damaged', b'%d' % number, partition=number % 2)
            sender.flush(20)
        folder = os.path.join(broker.data_dir, 'damaged-0')
        path = os.path.join(folder, '00000000000000000000.log')
        broker.stop()
        # With the marker of the clean stop the next start would look at no log.
        os.remove(os.path.join(broker.data_dir, '.kafka_cleanshutdown'))
        with open(path, 'r+b') as log:
            log.seek(-3, os.SEEK_END)
            log.write(b'\xff')
        with open(path, 'rb') as log:
            damaged = log.read()
        since = broker.mark()
        broker.start()
        broker.wait_for_line('partition_not_opened', since)
        expect('nothing was cut' in broker.wait_for_line('was on stable storage', since), 'it says what happened')
        with open(path, 'rb') as log:
            expect_equal(log.read() == damaged, True, 'the damaged file is as it was')
        problems = []
        sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'message.timeout.ms': 2000})
        for partition in range(2):
            sender.produce('damaged', b'more', partition=partition, on_delivery=lambda why, _: problems.append(why is None))
        sender.flush(20)
        expect_equal(sorted(problems), [False, True], 'only the other partition takes records')
        broker.stop()
        for name in os.listdir(folder):
            if name.endswith('.snapshot'):
                os.remove(os.path.join(folder, name))
        since = broker.mark()
        broker.start()
        # The checkpoint of recovery points says it as well.
        broker.wait_for_line('partition_not_opened', since)
        broker.stop()
        with open(os.path.join(folder, 'cut-allowed'), 'wb'):
            pass
        broker.start()
        sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all'})
        sender.produce('damaged', b'behind', partition=0)
        expect_equal(sender.flush(20), 0, 'records that are not delivered')
        found = read_all(broker, 'damaged', 2)
        # The offset of what was given up is not given again.
        wanted = [(number, b'%d' % (2 * number)) for number in range(9)] + [(10, b'behind')]
        expect_equal(found[0], wanted, 'what was sound, and what came behind it')
        expect_equal(len(found[1]), 11, 'records of the other partition')


if __name__ == '__main__':
    main('crash')
