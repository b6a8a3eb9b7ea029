"""kafkajs 2.2.4 in consumer groups: joining, leaving, dying, pausing, seeking, committing, and its admin client."""

import functools
import time

try:
    from group_topics import NOTHING_COMMITTED, Committed, committed, create, numbered, send, wait_until_committed
except ImportError:
    print('SKIP kafkajs_groups: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect, expect_equal, main, until
from members import Members, missing_kafkajs

SHORT_SESSION_MS = 3000
broker = Broker({'group.initial.rebalance.delay.ms': 100, 'offsets.topic.num.partitions': 5,
                 'group.min.session.timeout.ms': 500})
topic, group_of = functools.partial(create, broker), functools.partial(Members, broker)


@functools.cache
def tool():
    return Members(broker, '', None).kafkajs()


def admin(method, argument=None):
    return tool().ask('admin', [method, argument])


@check
def two_members_share_the_partitions_and_read_everything_once():
    topic('shared', 4)
    with group_of('sharing', 'shared') as members:
        members.kafkajs()
        members.share(4)
        members.kafkajs()
        members.share(4)
        expect_equal([len(one.owned) for one in members.all], [2, 2], 'partitions of each')
        send(broker, 'shared', numbered(0, 400), 4)
        members.read(numbered(0, 400))
        wait_until_committed(broker, 'sharing', 'shared', [100] * 4)


@check
def records_that_come_while_members_come_and_go_are_read_once():
    topic('busy', 6)
    with group_of('busily', 'busy') as members:
        values = numbered(0, 1800)
        first = members.kafkajs()
        send(broker, 'busy', values[:600], 6)
        members.kafkajs()
        send(broker, 'busy', values[600:1200], 6)
        members.share(6)
        first.leave()
        send(broker, 'busy', values[1200:], 6)
        members.share(6)
        members.read(values)
        wait_until_committed(broker, 'busily', 'busy', [300] * 6)


@check
def member_that_leaves_hands_its_partitions_over_at_once():
    topic('handed', 4)
    with group_of('handing', 'handed', session_ms=20000) as members:
        stays, leaves = members.kafkajs(), members.kafkajs()
        members.share(4)
        leaves.leave()
        until(lambda: len(stays.owned) == 4, 'the other has all long before a session ends', 8.0)


@check
def killed_member_is_replaced_after_its_session():
    topic('killed', 4)
    with group_of('killing', 'killed', SHORT_SESSION_MS) as members:
        stays, dies = members.kafkajs(), members.kafkajs()
        members.share(4)
        send(broker, 'killed', numbered(0, 200), 4)
        members.read(numbered(0, 200))
        wait_until_committed(broker, 'killing', 'killed', [50] * 4)
        died_at = time.monotonic()
        dies.kill()
        send(broker, 'killed', numbered(200, 200), 4)
        until(lambda: len(stays.owned) == 4, 'the survivor has all', 15.0)
        lasted = time.monotonic() - died_at
        expect(lasted > SHORT_SESSION_MS / 2000, f'a connection that ends is no member that leaves; it took {lasted:.1f} s')
        members.read(numbered(0, 400))


@check
def paused_partition_is_silent_while_the_others_are_read():
    topic('paused', 2)
    with group_of('pausing', 'paused') as members:
        member = members.kafkajs()
        members.share(2)
        send(broker, 'paused', numbered(0, 40), 2)
        members.read(numbered(0, 40))
        member.ask('pause', [0])
        expect_equal(member.ask('paused'), [0], 'paused partitions')
        send(broker, 'paused', numbered(40, 40), 2)
        # What is sent behind the records of the paused partition, and read, tells that those had their time.
        for first in (80, 100):
            send(broker, 'paused', numbered(first, 20), [1])
            until(lambda: member.values(1)[-1] == f'{first + 19:05d}', 'the other partition is read')
        expect_equal((len(member.values(0)), len(member.values(1))), (20, 80), 'records of the paused one and of the other')
        member.ask('resume', [0])
        members.read(numbered(0, 120))
        wait_until_committed(broker, 'pausing', 'paused', [40, 80])


@check
def seeking_goes_back_and_forwards():
    topic('sought', 1)
    with group_of('seeking', 'sought') as members:
        member = members.kafkajs()
        members.share(1)
        send(broker, 'sought', numbered(0, 30), 1)
        members.read(numbered(0, 30))
        member.ask('seek', [0, '10'])
        until(lambda: len(member.got) >= 50, 'twenty records again')
        expect_equal(member.values(), numbered(0, 30) + numbered(10, 20), 'records after seeking back')
        member.ask('pause', [0])
        send(broker, 'sought', numbered(30, 30), 1)
        member.ask('seek', [0, '50'])
        member.ask('resume', [0])
        until(lambda: len(member.got) >= 60, 'ten records')
        expect_equal(member.values()[50:], numbered(50, 10), 'records after seeking forwards')
        wait_until_committed(broker, 'seeking', 'sought', [60])


@check
def explicit_commits_are_where_the_next_member_starts():
    topic('explicit', 2)
    send(broker, 'explicit', numbered(0, 40), 2)
    with group_of('committing', 'explicit') as members:
        member = members.kafkajs(auto_commit=False)
        members.read(numbered(0, 40))
        expect_equal(committed(broker, 'committing', 'explicit', 2), [NOTHING_COMMITTED] * 2, 'offsets before a commit')
        member.ask('commit', [[0, 5, 'five of them'], [1, 7, None]])
        expect_equal(committed(broker, 'committing', 'explicit', 2), [5, 7], 'committed offsets')
        seen = admin('fetchOffsets', {'groupId': 'committing', 'topics': ['explicit']})[0]['partitions']
        expect_equal(sorted((one['partition'], one['offset'], one['metadata']) for one in seen),
                     [(0, '5', 'five of them'), (1, '7', None)], 'offsets and metadata')
        member.leave()
    with group_of('committing', 'explicit') as members:
        member = members.kafkajs(auto_commit=False)
        until(lambda: len(member.got) >= 15 + 13, 'the rest')
        expect_equal((member.values(0), member.values(1)), (numbered(0, 40)[10::2], numbered(0, 40)[15::2]), 'the rest')
        expect_equal(committed(broker, 'committing', 'explicit', 2), [5, 7], 'offsets that nobody committed anew')


@check
def threshold_commits_in_the_middle_of_a_batch():
    topic('threshold', 1)
    send(broker, 'threshold', numbered(0, 40), 1)
    with group_of('counting', 'threshold') as members, Committed(broker, 'counting', 'threshold', 1) as offsets:
        member = members.kafkajs(commit_threshold=10, stop_after=25)
        until(lambda: len(member.got) == 25, 'it stands at the 25th record')
        expect_equal(offsets.now(), [20], 'committed after 25 records')
        member.ask('go')
        members.read(numbered(0, 40))
        offsets.wait([40])


@check
def part_of_a_batch_is_resolved_and_the_rest_comes_again():
    topic('batches', 3)
    send(broker, 'batches', numbered(0, 90), 3)
    with group_of('resolving', 'batches') as members:
        member = members.kafkajs(resolve_at_most=7)
        members.read(numbered(0, 90))
        for partition in range(3):
            offsets = [offset for at, offset, _ in member.got if at == partition]
            expect_equal(offsets, list(range(30)), f'offsets of partition {partition} in the order they came')
        wait_until_committed(broker, 'resolving', 'batches', [30] * 3)


@check
def admin_client_sees_sets_and_deletes_groups():
    topic('kept', 2)
    send(broker, 'kept', numbered(0, 40), 2)
    with group_of('keeping', 'kept') as members:
        member = members.kafkajs()
        members.read(numbered(0, 40))
        expect({'groupId': 'keeping', 'protocolType': 'consumer'} in admin('listGroups')['groups'], 'the group is not listed')
        described = admin('describeGroups', ['keeping'])['groups'][0]
        expect_equal((described['state'], described['protocol'], described['protocolType']),
                     ('Stable', 'RoundRobinAssigner', 'consumer'), 'description')
        expect_equal([(one['clientId'], one['clientHost']) for one in described['members']], [('member', '/127.0.0.1')],
                     'members')
        refused = tool().error_of('admin', ['deleteGroups', ['keeping']])
        expect('NON_EMPTY_GROUP' in (refused or ''), f'deleting a group that lives: {refused}')
        member.leave()
    expect_equal(admin('describeGroups', ['keeping'])['groups'][0]['state'], 'Empty', 'state without members')
    admin('deleteGroups', ['keeping'])
    expect('keeping' not in [one['groupId'] for one in admin('listGroups')['groups']], 'the deleted group is listed')
    expect_equal(admin('describeGroups', ['keeping'])['groups'][0]['state'], 'Dead', 'state of the deleted group')
    expect_equal(committed(broker, 'keeping', 'kept', 2), [NOTHING_COMMITTED] * 2, 'offsets of the deleted group')


def fetched(group, topic):
    seen = admin('fetchOffsets', {'groupId': group, 'topics': [topic]})[0]['partitions']
    return [one['offset'] for one in sorted(seen, key=lambda one: one['partition'])]


def move(group, partitions):
    return tool().order('admin', ['setOffsets', {'groupId': group, 'topic': 'moved', 'partitions': partitions}])


@check
def admin_client_moves_the_offsets_of_a_group():
    topic('moved', 2)
    send(broker, 'moved', numbered(0, 40), 2)
    expect_equal(fetched('moving', 'moved'), ['-1', '-1'], 'offsets of a group that never was')
    with Committed(broker, 'resetting', 'moved', 2) as reader:
        reader.commit([20, 20])
    # It sleeps for five seconds in each of these calls, in all of them together at once.
    orders = [move('moving', [{'partition': 0, 'offset': '3'}, {'partition': 1, 'offset': '15'}]),
              tool().order('admin', ['resetOffsets', {'groupId': 'resetting', 'topic': 'moved', 'earliest': True}])]
    with group_of('running', 'moved') as members:
        members.kafkajs()
        members.read(numbered(0, 40))
        refused = tool().answer_to(move('running', [{'partition': 0, 'offset': '1'}])).get('error')
        expect('no running instances' in (refused or ''), f'setting offsets of a group that lives: {refused}')
    expect_equal([tool().answer_to(number).get('error') for number in orders], [None, None], 'errors')
    expect_equal(committed(broker, 'moving', 'moved', 2), [3, 15], 'offsets as set')
    expect_equal(fetched('resetting', 'moved'), ['-2', '-2'], 'offsets as reset: a number as good as any other')
    with group_of('moving', 'moved') as members, group_of('resetting', 'moved') as others:
        member = members.kafkajs()
        others.kafkajs()
        others.read(numbered(0, 40))
        members.read(numbered(0, 40)[6::2] + numbered(0, 40)[31::2])
        expect_equal(len(member.values(1)), 5, 'records of the second partition')


@check
def members_go_on_when_the_broker_is_killed_and_restarted():
    topic('survives', 4)
    with group_of('surviving', 'survives', SHORT_SESSION_MS) as members:
        members.kafkajs()
        members.kafkajs()
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
        members.expect_alive()


def finish():
    if tool.cache_info().currsize:
        tool().kill()
    broker.discard()


if __name__ == '__main__':
    problem = missing_kafkajs()
    if problem:
        print(f'SKIP kafkajs_groups: {problem}')
        raise SystemExit(0)
    broker.start()
    main('kafkajs_groups', finish)
