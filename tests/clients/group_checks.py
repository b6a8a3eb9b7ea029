"""Consumer groups with real clients: kcat and confluent_kafka (librdkafka), kafka-python; members and brokers that die."""

import functools
import signal
import subprocess
import time

try:
    import confluent_kafka
    from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic
    from kafka import KafkaAdminClient, KafkaConsumer
except ImportError:
    print('SKIP groups: the Python modules confluent_kafka and kafka are not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import Failed, check, expect, expect_equal, main, until

SESSION_MS = 6000
broker = Broker({'group.initial.rebalance.delay.ms': 200, 'offsets.topic.num.partitions': 5})


@functools.cache
def admin():
    return AdminClient({'bootstrap.servers': broker.bootstrap})


def create(name, partitions):
    for future in admin().create_topics([NewTopic(name, partitions, 1)]).values():
        future.result(20)


def send(topic, values, partitions):
    sender = Producer({'bootstrap.servers': broker.bootstrap})
    for number, value in enumerate(values):
        sender.produce(topic, value, partition=number % partitions)
    expect_equal(sender.flush(30), 0, 'records without an answer')


class Member:
    """A consumer in a group that remembers what it got and what it owns."""

    def __init__(self, group, topic, **settings):
        self.owned, self.got, self.rebalances = set(), [], 0
        self.consumer = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': group,
                                  'auto.offset.reset': 'earliest', 'session.timeout.ms': SESSION_MS,
                                  'heartbeat.interval.ms': 500, 'enable.auto.commit': False,
                                  **{key.replace('_', '.'): value for key, value in settings.items()}})
        self.consumer.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked)

    def assigned(self, _, partitions):
        self.rebalances += 1
        self.owned |= {one.partition for one in partitions}

    def revoked(self, _, partitions):
        self.owned -= {one.partition for one in partitions}

    def poll(self):
        for message in self.consumer.consume(500, 0.05):
            if message.error():
                if message.error().code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
                    continue
                raise Failed(f'the consumer got {message.error()}')
            self.got.append(message.value())
        if self.owned and self.got:
            try:
                self.consumer.commit(asynchronous=False)
            except KafkaException as problem:
                if problem.args[0].code() not in (KafkaError._NO_OFFSET, KafkaError.REBALANCE_IN_PROGRESS,
                                                  KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID,
                                                  KafkaError._TRANSPORT, KafkaError._TIMED_OUT):
                    raise

    def close(self):
        self.consumer.close()


def poll_all(members, condition, what, seconds=40.0):
    def step():
        for member in members:
            member.poll()
        return condition()
    until(step, what, seconds)


def committed(group, topic, partitions):
    reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': group})
    try:
        answer = reader.committed([TopicPartition(topic, index) for index in range(partitions)], timeout=20)
        return [one.offset for one in answer]
    finally:
        reader.close()


@check
def two_members_share_the_partitions_and_read_everything_once():
    create('shared', 4)
    values = [b'%d' % number for number in range(400)]
    send('shared', values, 4)
    members = [Member('pair', 'shared') for _ in range(2)]
    try:
        poll_all(members, lambda: all(len(one.owned) == 2 for one in members), 'two partitions each')
        poll_all(members, lambda: sum(len(one.got) for one in members) >= 400, 'all records')
        expect_equal(sorted(members[0].got + members[1].got, key=int), values, 'records')
    finally:
        for member in members:
            member.close()
    expect_equal(committed('pair', 'shared', 4), [100] * 4, 'committed offsets')


@check
def member_that_leaves_hands_its_partitions_over():
    create('handed', 4)
    members = [Member('leaving', 'handed') for _ in range(2)]
    try:
        poll_all(members, lambda: all(len(one.owned) == 2 for one in members), 'two partitions each')
        members.pop().close()
        poll_all(members, lambda: len(members[0].owned) == 4, 'the other has all', 4.0)
    finally:
        for member in members:
            member.close()


@check
def killed_member_is_replaced_after_its_session():
    create('killed', 4)
    values = [b'%d' % number for number in range(200)]
    survivor = Member('killing', 'killed')
    victim = subprocess.Popen(['kcat', '-b', broker.bootstrap, '-q', '-X', f'session.timeout.ms={SESSION_MS}', '-X',
                               'auto.offset.reset=earliest', '-G', 'killing', 'killed'], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        poll_all([survivor], lambda: len(survivor.owned) == 2, 'kcat took two partitions')
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
        poll_all([survivor], lambda: len(survivor.owned) == 4, 'the survivor has all')
        send('killed', values, 4)
        poll_all([survivor], lambda: len(survivor.got) >= 200, 'all records')
    finally:
        victim.kill()
        survivor.close()


@check
def committed_offsets_and_groups_survive_a_killed_broker():
    create('survives', 3)
    send('survives', [b'%d' % number for number in range(300)], 3)
    member = Member('surviving', 'survives')
    try:
        poll_all([member], lambda: len(member.got) >= 300, 'all records')
        poll_all([member], lambda: committed('surviving', 'survives', 3) == [100] * 3, 'the commit')
        rebalances = member.rebalances
        broker.kill()
        broker.start()
        expect_equal(committed('surviving', 'survives', 3), [100] * 3, 'committed offsets')
        send('survives', [b'%d' % number for number in range(300, 330)], 3)
        poll_all([member], lambda: len(member.got) >= 330, 'the member goes on')
        expect_equal(sorted(member.got, key=int), [b'%d' % number for number in range(330)], 'records')
        expect_equal(member.rebalances, rebalances, 'rebalances: the group was loaded as it was')
    finally:
        member.close()


@check
def static_member_that_restarts_in_time_causes_no_rebalance():
    create('static', 4)
    members = [Member('statics', 'static', group_instance_id=f'i{number}') for number in range(2)]
    try:
        poll_all(members, lambda: all(len(one.owned) == 2 for one in members), 'two partitions each')
        owned, rebalances = set(members[1].owned), members[0].rebalances
        members[1].close()
        members[1] = Member('statics', 'static', group_instance_id='i1')
        poll_all(members, lambda: members[1].owned == owned, 'it owns what it owned', 5.0)
        expect_equal(members[0].rebalances, rebalances, 'rebalances of the other')
    finally:
        for member in members:
            member.close()


@check
def second_process_with_a_static_name_fences_the_first():
    create('fenced', 1)
    first = Member('fencing', 'fenced', group_instance_id='same')
    second = None
    try:
        poll_all([first], lambda: first.owned, 'the first owns it')
        second = Member('fencing', 'fenced', group_instance_id='same')
        poll_all([second], lambda: second.owned, 'the second owns it')

        def fenced():
            second.poll()
            message = first.consumer.poll(0.05)
            return message is not None and message.error() and message.error().code() in (
                KafkaError.FENCED_INSTANCE_ID, KafkaError._FATAL)
        until(fenced, 'the first is fenced')
    finally:
        first.close()
        if second is not None:
            second.close()


@check
def cooperative_members_keep_what_they_have():
    create('cooperative', 4)
    settings = {'partition_assignment_strategy': 'cooperative-sticky'}
    members = [Member('cooperating', 'cooperative', **settings)]
    try:
        poll_all(members, lambda: len(members[0].owned) == 4, 'the first has all')
        members.append(Member('cooperating', 'cooperative', **settings))
        poll_all(members, lambda: [len(one.owned) for one in members] == [2, 2], 'two each')
        expect(not members[0].owned & members[1].owned, 'both own the same partition')
    finally:
        for member in members:
            member.close()


@check
def different_clients_share_a_group():
    create('mixed', 4)
    old = KafkaConsumer('mixed', bootstrap_servers=broker.bootstrap, group_id='mixing', auto_offset_reset='earliest',
                        session_timeout_ms=SESSION_MS, heartbeat_interval_ms=500)
    member = Member('mixing', 'mixed', partition_assignment_strategy='range,roundrobin')
    got = []
    try:
        def step():
            member.poll()
            for records in old.poll(timeout_ms=50).values():
                got.extend(record.value for record in records)
            return len(member.owned) == 2 and len(old.assignment()) == 2
        until(step, 'both have two partitions', 40.0)
        values = [b'%d' % number for number in range(100)]
        send('mixed', values, 4)
        until(lambda: step() is not None and len(got) + len(member.got) >= 100, 'all records', 30.0)
        expect_equal(sorted(got + member.got, key=int), values, 'records')
    finally:
        old.close(autocommit=False)
        member.close()


@check
def groups_are_listed_described_and_deleted():
    create('seen', 2)
    member = Member('looked-at', 'seen', client_id='seen-client')
    tool = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        poll_all([member], lambda: len(member.owned) == 2, 'it owns both')
        expect(('looked-at', 'consumer') in tool.list_consumer_groups(), 'the group is not listed')
        described = tool.describe_consumer_groups(['looked-at'])[0]
        expect_equal((described.state, described.protocol_type, len(described.members)), ('Stable', 'consumer', 1),
                     'description')
        expect_equal(described.members[0].client_id, 'seen-client', 'client id')
        expect_equal(described.members[0].client_host, '/127.0.0.1', 'host')
        send('seen', [b'1', b'2'], 2)
        poll_all([member], lambda: committed('looked-at', 'seen', 2) == [1, 1], 'the commit')
        offsets = tool.list_consumer_group_offsets('looked-at')
        expect_equal(sorted((place.partition, one.offset) for place, one in offsets.items()), [(0, 1), (1, 1)], 'offsets')
        expect_equal([error.__name__ for _, error in tool.delete_consumer_groups(['looked-at'])], ['NonEmptyGroupError'],
                     'deleting it while it lives')
        member.close()
        expect_equal([error.__name__ for _, error in tool.delete_consumer_groups(['looked-at'])], ['NoError'], 'deleting it')
        expect_equal(committed('looked-at', 'seen', 2), [-1001, -1001], 'offsets of the deleted group')
    finally:
        tool.close()


def metric(name, group, topic, partition):
    """The value on the page, or nothing."""
    start = f'{name}{{consumergroup="{group}",topic="{topic}",partition="{partition}"}} '
    lines = broker.http('/metrics')[1].splitlines()
    return next((line[len(start):] for line in lines if line.startswith(start)), None)


@check
def lag_in_records_and_seconds_is_on_the_metrics_page():
    create('lagging', 3)
    minute_ago = int(time.time() * 1000) - 60_000
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'linger.ms': 0})
    for number in range(10):
        sender.produce('lagging', b'%d' % number, partition=0, timestamp=minute_ago + number * 1000)
        sender.flush(30)
    sender.produce('lagging', b'read', partition=1)
    expect_equal(sender.flush(30), 0, 'records without an answer')
    keeper = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'lags', 'enable.auto.commit': False})
    offsets = [TopicPartition('lagging', 0, 7), TopicPartition('lagging', 1, 1), TopicPartition('lagging', 2, 0)]
    try:
        keeper.commit(offsets=offsets, asynchronous=False)
        until(lambda: metric('kafka_consumergroup_lag', 'lags', 'lagging', 0) is not None, 'the lag is on the page')
        lags = [metric('kafka_consumergroup_lag', 'lags', 'lagging', index) for index in range(3)]
        expect_equal(lags, ['3', '0', '0'], 'lag in records')
        expect_equal([metric('barnabas_consumer_group_lag_seconds', 'lags', 'lagging', index) for index in (1, 2)],
                     ['0', '0'], 'lag in seconds of what is read')
        # The page may be a second old; its clock is ours.
        earliest = time.time() - minute_ago / 1000 - 7 - 1.5
        seconds = float(metric('barnabas_consumer_group_lag_seconds', 'lags', 'lagging', 0))
        latest = time.time() - minute_ago / 1000 - 7
        expect(earliest <= seconds <= latest, f'{seconds} s are not between {earliest} and {latest}')
        keeper.commit(offsets=[TopicPartition('lagging', 0, 10)], asynchronous=False)
        until(lambda: metric('kafka_consumergroup_lag', 'lags', 'lagging', 0) == '0', 'the lag is gone')
        expect_equal(metric('barnabas_consumer_group_lag_seconds', 'lags', 'lagging', 0), '0', 'lag in seconds then')
    finally:
        keeper.close()


if __name__ == '__main__':
    broker.start()
    main('groups', broker.discard)
