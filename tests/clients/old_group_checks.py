"""kafka-python 2.0.2 in groups, told to speak as to each of the old releases that it knows: each version of JoinGroup, SyncGroup,
Heartbeat, LeaveGroup, OffsetCommit and OffsetFetch that such a client sends."""

import functools

try:
    from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition
    from group_topics import NOTHING_COMMITTED, committed, create, numbered, send, wait_until_committed
except ImportError as missing:
    print(f'SKIP old_groups: a Python module is not installed: {missing}')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect_equal, main
from members import Members

# JoinGroup v0, v0, v1, v2 and v2 from then on, with Fetch v1, v2, v3, v4.
RELEASES = [(0, 9), (0, 10), (0, 10, 1), (0, 11), (1, 0), (2, 0), (2, 4)]
SHORT_SESSION_MS = 3000
broker = Broker({'group.initial.rebalance.delay.ms': 100, 'offsets.topic.num.partitions': 5,
                 'group.min.session.timeout.ms': 500})
topic, group_of = functools.partial(create, broker), functools.partial(Members, broker)


def named(release):
    return '-'.join(str(part) for part in release)


@check
def each_release_joins_reads_commits_reads_back_and_leaves():
    """All at the same time, each in a group and with a topic of its own."""
    groups = {release: Members(broker, f'alone-{named(release)}', f'alone-{named(release)}') for release in RELEASES}
    tool, values = KafkaAdminClient(bootstrap_servers=broker.bootstrap), numbered(0, 40)
    for members in groups.values():
        topic(members.topic, 2)
    try:
        for release, members in groups.items():
            members.kafka_python(api_version=release, auto_commit=False)
            send(broker, members.topic, values, 2)
        for release, members in groups.items():
            members.share(2)
            members.read(values)
            member, name = members.all[0], members.topic
            expect_equal(committed(broker, name, name, 2), [NOTHING_COMMITTED] * 2, f'{release}: offsets before a commit')
            expect_equal(member.ask('committed', [0, 1]), [], f'{release}: offsets read back before a commit')
            member.ask('commit', [[0, 20, 'all'], [1, 13, '']])
            expect_equal(member.ask('committed', [0, 1]), [[0, 20, 'all'], [1, 13, '']], f'{release}: offsets read back')
            expect_equal(committed(broker, name, name, 2), [20, 13], f'{release}: offsets as another client sees them')
        for members in groups.values():
            members.all[0].leave()
        described = tool.describe_consumer_groups([members.group for members in groups.values()])
        expect_equal({one.group: one.state for one in described}, {one.group: 'Empty' for one in groups.values()},
                     'states when all have left, long before a session ends')
    finally:
        tool.close()
        for members in groups.values():
            members.__exit__()


@check
def members_of_all_releases_share_one_group():
    topic('together', 14)
    with group_of('together', 'together') as members:
        for release in RELEASES:
            members.kafka_python(api_version=release)
        members.share(14)
        send(broker, 'together', numbered(0, 700), 14)
        members.read(numbered(0, 700))
        wait_until_committed(broker, 'together', 'together', [50] * 14)
        # The first one leads; whoever leads next has to share for the others.
        members.all[0].leave()
        members.share(14, 8.0)
        send(broker, 'together', numbered(700, 280), 14)
        members.read(numbered(0, 980))
        wait_until_committed(broker, 'together', 'together', [70] * 14)


@check
def killed_members_of_old_releases_are_replaced():
    topic('killed', 4)
    with group_of('killing', 'killed', SHORT_SESSION_MS) as members:
        for release in ((0, 9), (0, 10, 1), (0, 11), (2, 4)):
            members.kafka_python(api_version=release)
        members.share(4)
        send(broker, 'killed', numbered(0, 200), 4)
        members.read(numbered(0, 200))
        wait_until_committed(broker, 'killing', 'killed', [50] * 4)
        for member in members.all[::2]:
            member.kill()
        send(broker, 'killed', numbered(200, 200), 4)
        members.share(4)
        members.read(numbered(0, 400))


@check
def members_of_old_releases_go_on_when_the_broker_is_killed():
    topic('survives', 4)
    with group_of('surviving', 'survives', SHORT_SESSION_MS) as members:
        for release in ((0, 9), (0, 10, 1), (1, 0), (2, 5)):
            members.kafka_python(api_version=release)
        members.share(4)
        send(broker, 'survives', numbered(0, 200), 4)
        members.read(numbered(0, 200))
        wait_until_committed(broker, 'surviving', 'survives', [50] * 4)
        broker.kill()
        broker.start()
        expect_equal(committed(broker, 'surviving', 'survives', 4), [50] * 4, 'committed offsets')
        send(broker, 'survives', numbered(200, 200), 4)
        members.read(numbered(0, 400))
        members.share(4)
        wait_until_committed(broker, 'surviving', 'survives', [100] * 4)


@check
def releases_before_groups_keep_their_offsets_in_the_broker():
    """0.8.2 commits without a generation (OffsetCommit v1); 0.9 and later read it."""
    topic('before', 2)
    place = TopicPartition('before', 1)
    old = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id='before', api_version=(0, 8, 2), enable_auto_commit=False)
    new = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id='before', api_version=(0, 9), enable_auto_commit=False)
    try:
        old.assign([place])
        new.assign([place])
        old.commit({place: OffsetAndMetadata(17, 'of old')})
        expect_equal(new._coordinator.fetch_committed_offsets([place])[place], OffsetAndMetadata(17, 'of old'), 'read by 0.9')
        new.commit({place: OffsetAndMetadata(18, '')})
        expect_equal(old._coordinator.fetch_committed_offsets([place])[place], OffsetAndMetadata(18, ''), 'read by 0.8.2')
        expect_equal(committed(broker, 'before', 'before', 2), [NOTHING_COMMITTED, 18], 'committed offsets')
    finally:
        old.close(autocommit=False)
        new.close(autocommit=False)


if __name__ == '__main__':
    broker.start()
    main('old_groups', broker.discard)
