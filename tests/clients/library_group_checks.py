"""The client library's consumer in groups of the consumer protocol (KIP-848), by way of `barnabas console-consumer`: alone, with
others, and beside kcat, which speaks the classic protocol."""

import os
import re
import signal
import subprocess

from broker import PROGRAM, Broker, run
from checks import check, expect, expect_equal, main, until
from tool_runs import Tool

broker = Broker({'group.consumer.heartbeat.interval.ms': 300, 'group.consumer.min.heartbeat.interval.ms': 100,
                 'group.initial.rebalance.delay.ms': 100, 'offsets.topic.num.partitions': 3})


def create(topic, partitions):
    Tool('topics', broker.bootstrap).good('--create', '--topic', topic, '--partitions', str(partitions))


def produce(topic, values, partition):
    run(['kcat', '-b', broker.bootstrap, '-P', '-t', topic, '-p', str(partition)],
        data=''.join(value + '\n' for value in values).encode())


class Reader:
    """A process that prints one record a line; closed by SIGINT."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b''

    def lines(self):
        self.text += self.process.stdout.read() or b''
        return self.text.decode().splitlines()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        complaints = self.process.communicate(timeout=30)[1].decode()
        expect_equal(self.process.returncode, 0, f'status ({complaints})')
        return complaints


def member(group, *more, topic=('--topic', 'shared')):
    return Reader([PROGRAM, 'console-consumer', '--bootstrap-server', broker.bootstrap, *topic, '--group', group, '--from-beginning',
                   '--command-property', 'group.protocol=consumer', *more])


def owners(group):
    """{partition: consumer id} as the tool tells them."""
    said = Tool('consumer-groups', broker.bootstrap).run('--describe', '--group', group)[1]
    rows = [line.split() for line in said.splitlines() if line.startswith(group + ' ')]
    return {row[2]: row[6] for row in rows if row[6] != '-'}


def read_by_all(members, wanted):
    until(lambda: sorted(line for one in members for line in one.lines()) == sorted(wanted), 'every record is read once', 60.0)


@check
def a_member_reads_commits_and_the_next_one_goes_on():
    create('alone', 2)
    produce('alone', ['a', 'b'], 0)
    first = member('g-alone', topic=('--topic', 'alone'))
    read_by_all([first], ['a', 'b', ])
    described = Tool('consumer-groups', broker.bootstrap).good('--describe', '--group', 'g-alone', '--state')
    expect(re.search(r'g-alone .*Stable', described), described)
    listed = Tool('consumer-groups', broker.bootstrap).good('--list', '--type')
    expect(re.search(r'g-alone\s+Consumer', listed), listed)
    first.close()
    produce('alone', ['c'], 1)
    second = member('g-alone', topic=('--topic', 'alone'))
    read_by_all([second], ['c'])
    second.close()


@check
def members_share_and_give_back_when_they_leave():
    create('shared', 4)
    first = member('g-shared')
    until(lambda: len(owners('g-shared')) == 4, 'the first has all', 30.0)
    second = member('g-shared', '--command-property', 'group.remote.assignor=range')
    until(lambda: len(set(owners('g-shared').values())) == 2 and len(owners('g-shared')) == 4, 'two share', 30.0)
    for partition in range(4):
        produce('shared', [f'{partition}-{number}' for number in range(50)], partition)
    wanted = [f'{partition}-{number}' for partition in range(4) for number in range(50)]
    read_by_all([first, second], wanted)
    expect(first.lines() and second.lines(), 'both read')
    before = len(second.lines())
    first.close()
    # It committed before it left: nothing comes again.
    until(lambda: len(set(owners('g-shared').values())) == 1 and len(owners('g-shared')) == 4, 'one has all', 30.0)
    for partition in range(4):
        produce('shared', [f'{partition}-last'], partition)
    until(lambda: len(second.lines()) >= before + 4, 'the rest', 30.0)
    expect_equal(sorted(second.lines()[before:]), [f'{partition}-last' for partition in range(4)], 'what is read behind')
    second.close()


@check
def a_member_beside_one_of_the_classic_protocol():
    create('mixed', 4)
    ours = member('g-mixed', topic=('--topic', 'mixed'))
    until(lambda: len(owners('g-mixed')) == 4, 'ours has all', 30.0)
    theirs = Reader(['kcat', '-b', broker.bootstrap, '-q', '-u', '-o', 'beginning', '-X', 'partition.assignment.strategy=range', '-X',
                     'session.timeout.ms=6000', '-X', 'heartbeat.interval.ms=300', '-G', 'g-mixed', 'mixed'])
    until(lambda: len(set(owners('g-mixed').values())) == 2 and len(owners('g-mixed')) == 4, 'both have some', 60.0)
    for partition in range(4):
        produce('mixed', [f'{partition}-{number}' for number in range(20)], partition)
    read_by_all([ours, theirs], [f'{partition}-{number}' for partition in range(4) for number in range(20)])
    expect(ours.lines() and theirs.lines(), 'both read')
    theirs.close()
    until(lambda: len(set(owners('g-mixed').values())) == 1 and len(owners('g-mixed')) == 4, 'ours has all again', 60.0)
    ours.close()


@check
def a_broker_that_comes_back_finds_its_member():
    create('back', 1)
    one = member('g-back', topic=('--topic', 'back'))
    produce('back', ['before'], 0)
    read_by_all([one], ['before'])
    broker.kill()
    broker.start()
    produce('back', ['after'], 0)
    until(lambda: 'after' in one.lines(), 'it reads on', 60.0)
    one.close()


@check
def keys_of_the_other_protocol_are_refused():
    Tool('console-consumer', broker.bootstrap).refuses(
        'session.timeout.ms cannot be set when group.protocol=consumer', '--topic', 'shared', '--command-property', 'group.protocol=consumer',
        '--command-property', 'session.timeout.ms=9000')


if __name__ == '__main__':
    broker.start()
    main('library_group', broker.discard)
