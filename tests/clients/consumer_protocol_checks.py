"""Groups of the consumer protocol (KIP-848) over the wire, in frames made by hand: Debian's clients do not speak it."""

import base64
import os
import socket
import struct

from broker import Broker
from checks import check, expect, expect_equal, main, until
from tool_runs import Tool, words

HEARTBEAT, OFFSET_COMMIT, CREATE_TOPICS, FIND_COORDINATOR, DESCRIBE = 68, 8, 19, 10, 69
UNKNOWN_MEMBER, FENCED_EPOCH, STALE_EPOCH, INVALID_REGEX = 25, 110, 113, 128
broker = Broker({'group.consumer.heartbeat.interval.ms': 500, 'group.consumer.min.heartbeat.interval.ms': 100,
                 'offsets.topic.num.partitions': 3})


def varint(value):
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(data) + bytes([value])


def text(value):
    """A compact string, null for None."""
    return varint(0) if value is None else varint(len(value) + 1) + value.encode()


def array(items):
    """A compact array of what is encoded already, null for None."""
    return varint(0) if items is None else varint(len(items) + 1) + b''.join(items)


def topic_partitions(owned):
    return [uuid + array([struct.pack('>i', index) for index in sorted(indexes)]) + b'\0' for uuid, indexes in owned.items()]


class Answer:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, kind):
        value, = struct.unpack_from('>' + kind, self.data, self.at)
        self.at += struct.calcsize(kind)
        return value

    def varint(self):
        value = shift = 0
        while True:
            byte = self.number('B')
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def text(self):
        length = self.varint()
        return None if length == 0 else self.bytes(length - 1).decode()

    def count(self):
        return self.varint() - 1


class Connection:
    def __init__(self):
        self.socket = socket.create_connection(('127.0.0.1', broker.port), 20)
        self.correlation = 0

    def take(self, count):
        data = b''
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            expect(part, 'the broker closed the connection')
            data += part
        return data

    def ask(self, key, version, body):
        """One request with flexible headers; what follows the response's header."""
        self.correlation += 1
        frame = struct.pack('>hhih', key, version, self.correlation, 5) + b'hands' + b'\0' + body + b'\0'
        self.socket.sendall(struct.pack('>i', len(frame)) + frame)
        answer = Answer(self.take(struct.unpack('>i', self.take(4))[0]))
        expect_equal(answer.number('i'), self.correlation, 'the number of the answer')
        answer.varint()
        return answer

    def create(self, topic, partitions):
        answer = self.ask(CREATE_TOPICS, 5, array([text(topic) + struct.pack('>ih', partitions, 1) + array([]) + array([]) + b'\0']) +
                          struct.pack('>i?', 10_000, False))
        answer.number('i')
        expect_equal(answer.count(), 1, 'topics answered')
        answer.text()
        expect_equal(answer.number('h'), 0, f'the creation of {topic}')


class Member:
    def __init__(self, group, topics=None, regex=None, version=1):
        self.group, self.topics, self.regex, self.version = group, topics, regex, version
        self.id = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip('=')
        self.epoch, self.owned, self.code = 0, {}, 0
        self.connection = Connection()

    def heartbeat(self, epoch=None):
        """Says what it has, takes what it gets; the error code."""
        sent = self.epoch if epoch is None else epoch
        joins = sent == 0
        body = text(self.group) + text(self.id) + struct.pack('>i', sent) + text(None) + text(None)
        body += struct.pack('>i', 30_000 if joins else -1) + array([text(one) for one in self.topics or []] if joins else None)
        if self.version >= 1:
            body += text(self.regex if joins else None)
        body += text('uniform' if joins else None) + array([] if joins else topic_partitions(self.owned))
        answer = self.connection.ask(HEARTBEAT, self.version, body)
        answer.number('i')
        self.code = answer.number('h')
        answer.text()
        answer.text()
        told = answer.number('i')
        answer.number('i')
        if self.code == 0:
            self.epoch = told
            if answer.number('b') >= 0:
                self.owned = {}
                for _ in range(answer.count()):
                    uuid = answer.bytes(16)
                    self.owned[uuid] = {answer.number('i') for _ in range(answer.count())}
                    answer.varint()
        return self.code

    def count(self):
        return sum(len(one) for one in self.owned.values())

    def commit(self, topic, partition, offset, epoch):
        answer = self.connection.ask(OFFSET_COMMIT, 9, text(self.group) + struct.pack('>i', epoch) + text(self.id) + text(None) + array(
            [text(topic) + array([struct.pack('>iqi', partition, offset, -1) + text('') + b'\0']) + b'\0']))
        answer.number('i')
        expect_equal(answer.count(), 1, 'topics answered')
        answer.text()
        expect_equal(answer.count(), 1, 'partitions answered')
        answer.number('i')
        return answer.number('h')


def settle(members, partitions):
    """Heartbeats until all partitions are owned, each once, as evenly as can be."""
    def settled():
        for one in members:
            code = one.heartbeat()
            expect_equal(code, 0, 'a heartbeat')
        owners = [(uuid, index) for one in members for uuid, indexes in one.owned.items() for index in indexes]
        expect_equal(len(owners), len(set(owners)), 'partitions with one owner')
        counts = sorted(one.count() for one in members)
        return len(owners) == partitions and counts[-1] - counts[0] <= 1
    until(settled, f'{len(members)} members share {partitions} partitions')


def find_coordinator(group):
    """Until the group's coordinator is there and has loaded what it keeps."""
    def found():
        answer = Connection().ask(FIND_COORDINATOR, 4, struct.pack('>b', 0) + array([text(group)]))
        answer.number('i')
        expect_equal(answer.count(), 1, 'coordinators answered')
        answer.text()
        answer.number('i')
        answer.text()
        answer.number('i')
        return answer.number('h') == 0
    until(found, 'the coordinator is found')


def joined(group, count, partitions, **wants):
    find_coordinator(group)
    members = [Member(group, **wants) for _ in range(count)]
    for one in members:
        until(lambda one=one: one.heartbeat() == 0, 'a member joins')
    settle(members, partitions)
    return members


@check
def members_share_the_partitions_one_owner_at_a_time():
    Connection().create('shared', 5)
    members = joined('shared-group', 1, 5, topics=['shared'])
    members.append(Member('shared-group', topics=['shared'], version=0))
    expect_equal(members[-1].heartbeat(), 0, 'the second one joins')
    expect_equal(members[-1].count(), 0, 'partitions of a newcomer while the first one has them all')
    settle(members, 5)
    expect_equal(members[1].heartbeat(-1), 0, 'the second one leaves')
    settle(members[:1], 5)


@check
def only_the_present_epoch_lives_and_commits():
    Connection().create('epochs', 2)
    one, other = joined('epochs-group', 2, 2, topics=['epochs'])
    expect_equal(one.commit('epochs', 0, 7, one.epoch), 0, 'a commit of the present epoch')
    expect_equal(one.commit('epochs', 0, 8, one.epoch - 1), STALE_EPOCH, 'a commit of an older epoch')
    expect_equal(one.heartbeat(one.epoch + 5), FENCED_EPOCH, 'a heartbeat of an epoch that never was')
    stranger = Member('epochs-group', topics=['epochs'])
    expect_equal(stranger.heartbeat(3), UNKNOWN_MEMBER, 'a heartbeat of nobody')
    expect_equal(other.heartbeat(), 0, 'the other one lives on')


@check
def group_survives_a_killed_broker():
    Connection().create('killed', 4)
    members = joined('killed-group', 2, 4, topics=['killed'])
    epochs, owned = [one.epoch for one in members], [one.owned for one in members]
    expect_equal(members[0].commit('killed', 1, 41, members[0].epoch), 0, 'a commit')
    broker.kill()
    broker.restart()
    for one in members:
        one.connection = Connection()
        until(lambda one=one: one.heartbeat() == 0, 'the member goes on')
    expect_equal([one.epoch for one in members], epochs, 'epochs')
    expect_equal([one.owned for one in members], owned, 'what they own')


@check
def pattern_takes_what_it_matches_now_and_later():
    Connection().create('by-pattern-1', 2)
    members = joined('pattern-group', 1, 2, regex='by-pattern-[0-9]+')
    Connection().create('by-pattern-2', 3)
    Connection().create('not-by-pattern-3', 3)
    def all_there():
        return members[0].heartbeat() == 0 and members[0].count() == 5
    until(all_there, 'the new topic that matches is assigned', 40)
    wrong = Member('pattern-group', regex='by-(pattern')
    expect_equal(wrong.heartbeat(), INVALID_REGEX, 'a pattern that is none')


@check
def the_tool_shows_members_epochs_and_assignments():
    Connection().create('shown', 3)
    member = joined('shown-group', 1, 3, topics=['shown'])[0]
    tool = Tool('consumer-groups', broker.bootstrap)
    group = ('--timeout', '60000', '--describe', '--group', 'shown-group')
    row = tool.good(*group, '--members', '--verbose').splitlines()[2].split()
    expect_equal(row, ['shown-group', member.id, '/127.0.0.1', 'hands', '3', str(member.epoch), 'shown:0,1,2', str(member.epoch),
                       'shown:0,1,2'], 'the member')
    row = tool.good(*group, '--state', '--verbose').splitlines()[2].split()
    expect_equal(row, ['shown-group', f'127.0.0.1:{broker.port}', '(1)', 'uniform', 'Stable', str(member.epoch),
                       str(member.epoch), '1'], 'the state')
    expect(['shown-group', 'Consumer', 'Stable'] in words(tool.good('--list', '--type', 'consumer', '--state')), 'the list')


if __name__ == '__main__':
    broker.start()
    main('consumer_protocol', broker.discard)
