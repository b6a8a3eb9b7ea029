"""One group of kcat, confluent_kafka, kafka-python and kafkajs: members and brokers that are killed, and each client as the leader
that shares for the others. All of them know the assignor "range"; kafkajs by one that kafkajs_member.js brings along."""

import functools
import shutil

try:
    from group_topics import committed, create, numbered, send, wait_until_committed
    from kafka import KafkaAdminClient
except ImportError as missing:
    print(f'SKIP mixed_groups: a Python module is not installed: {missing}')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect_equal, main, until
from members import Members, missing_kafkajs

# A member that does not come back to a restarted broker within its session reads again what it had not committed.
SESSION_MS = 6000
broker = Broker({'group.initial.rebalance.delay.ms': 100, 'offsets.topic.num.partitions': 5,
                 'group.min.session.timeout.ms': 500})
topic, group_of = functools.partial(create, broker), functools.partial(Members, broker)


def kafkajs(members):
    return members.kafkajs(assignor='range')


CLIENTS = [kafkajs, Members.kcat, Members.kafka_python, Members.confluent]


def one_of_each(members, clients=4):
    return [make(members) for make in CLIENTS[:clients]]


@check
def all_clients_share_a_group_and_read_everything_once():
    topic('shared', 8)
    with group_of('sharing', 'shared') as members:
        one_of_each(members)
        members.share(8)
        expect_equal([len(one.owned) for one in members.all], [2, 2, 2, 2], 'partitions of each')
        send(broker, 'shared', numbered(0, 800), 8)
        members.read(numbered(0, 800))
        tool = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        described = tool.describe_consumer_groups(['sharing'])[0]
        tool.close()
        expect_equal((described.state, described.protocol, len(described.members)), ('Stable', 'range', 4), 'description')
        expect_equal({one.client_host for one in described.members}, {'/127.0.0.1'}, 'hosts')
        members.leave(8)
        expect_equal(committed(broker, 'sharing', 'shared', 8), [100] * 8, 'offsets when all have left')


@check
def each_client_in_turn_shares_for_the_others():
    """Who is first in a group leads it; when it leaves, another one does."""
    topic('led', 6)
    values = numbered(0, 360)
    groups = [group_of(f'led-{first}', 'led') for first in range(len(CLIENTS))]
    try:
        for make, members in zip(CLIENTS, groups):
            make(members)
        for members in groups:
            members.share(6)
        for first, members in enumerate(groups):
            for make in (CLIENTS[first + 1:] + CLIENTS[:first])[:2]:
                make(members)
        for members in groups:
            until(lambda: all(len(one.owned) == 2 for one in members.all), f'two partitions each in {members.group}', 30.0)
            members.share(6)
        send(broker, 'led', values, 6)
        for members in groups:
            members.read(values)
            members.all[0].leave()
        for members in groups:
            members.leave(6)
            expect_equal(committed(broker, members.group, 'led', 6), [60] * 6, 'offsets when all have left')
            # Whoever leaves the moment after it has read may go before its last commit: then another one reads that again.
            expect_equal(sorted(set(members.values())), values, 'records when all have left')
    finally:
        for members in groups:
            members.__exit__()


def settle(members, count):
    """One more member: what the others have read is committed when they give it back."""
    members.confluent()
    members.share(8)
    wait_until_committed(broker, members.group, members.topic, [count // 8] * 8)


@check
def one_of_each_client_is_killed():
    topic('killed', 8)
    with group_of('killing', 'killed', SESSION_MS) as members:
        killed = one_of_each(members)
        one_of_each(members, 3)
        members.share(8)
        send(broker, 'killed', numbered(0, 400), 8)
        members.read(numbered(0, 400))
        settle(members, 400)
        expect_equal([len(one.owned) for one in members.living()], [1] * 8, 'partitions of each')
        for member in killed:
            member.kill()
        send(broker, 'killed', numbered(400, 400), 8)
        members.share(8)
        expect_equal([len(one.owned) for one in members.living()], [2] * 4, 'partitions of those who live')
        members.read(numbered(0, 800))
        members.leave(8)
        expect_equal(committed(broker, 'killing', 'killed', 8), [100] * 8, 'offsets when all have left')


@check
def all_clients_go_on_when_the_broker_is_killed_and_restarted():
    topic('survives', 8)
    with group_of('surviving', 'survives', SESSION_MS) as members:
        one_of_each(members)
        members.share(8)
        send(broker, 'survives', numbered(0, 400), 8)
        members.read(numbered(0, 400))
        settle(members, 400)
        broker.kill()
        broker.start()
        expect_equal(committed(broker, 'surviving', 'survives', 8), [50] * 8, 'committed offsets')
        send(broker, 'survives', numbered(400, 400), 8)
        members.read(numbered(0, 800))
        members.share(8)
        members.expect_alive()
        members.leave(8)
        expect_equal(committed(broker, 'surviving', 'survives', 8), [100] * 8, 'offsets when all have left')


@check
def members_die_while_the_broker_is_dead():
    topic('both', 8)
    with group_of('both', 'both', SESSION_MS) as members:
        killed = one_of_each(members)[::2]
        members.share(8)
        send(broker, 'both', numbered(0, 400), 8)
        members.read(numbered(0, 400))
        settle(members, 400)
        broker.kill()
        for member in killed:
            member.kill()
        broker.start()
        send(broker, 'both', numbered(400, 400), 8)
        members.share(8)
        members.read(numbered(0, 800))
        members.leave(8)
        expect_equal(committed(broker, 'both', 'both', 8), [100] * 8, 'offsets when all have left')


if __name__ == '__main__':
    problem = missing_kafkajs() or (None if shutil.which('kcat') else 'kcat is not installed')
    if problem:
        print(f'SKIP mixed_groups: {problem}')
        raise SystemExit(0)
    broker.start()
    main('mixed_groups', broker.discard)
