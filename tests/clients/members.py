"""Members of consumer groups as processes of their own, so that they can be killed: kcat, and programs around confluent_kafka,
kafka-python (python_member.py) and kafkajs (kafkajs_member.js).

    with Members(broker, 'group', 'topic', session_ms=2000) as members:
        one, two = members.confluent(), members.kafkajs()
        until(lambda: one.owned and two.owned, 'both own something')

A program tells what it owns and gets in JSON lines, and does what it is told in JSON lines.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
import threading

from checks import Failed, expect, until

HERE = os.path.dirname(os.path.abspath(__file__))
HEARTBEAT_MS = 300


def missing_kafkajs():
    """Puts kafkajs into node_modules; returns a sentence when that cannot be done here."""
    if shutil.which('node') is None or shutil.which('npm') is None:
        return 'node and npm are not installed'
    if os.path.exists(os.path.join(HERE, 'node_modules', 'kafkajs', 'package.json')):
        return None
    try:
        done = subprocess.run(['npm', 'ci', '--no-audit', '--no-fund', '--fetch-retries', '1', '--fetch-timeout', '30000'],
                              cwd=HERE, capture_output=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return 'npm could not install kafkajs within three minutes'
    if done.returncode == 0:
        return None
    last = done.stderr.decode(errors='replace').strip().splitlines()[-1:]
    return f'npm could not install kafkajs: {" ".join(last)}'


class Process:
    """A child whose lines are read as they come; its standard error is kept for what a failure says."""

    def __init__(self, arguments):
        self.name = ' '.join(os.path.basename(one) for one in arguments[:3])
        self.process = subprocess.Popen(arguments, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors='replace')
        self.errors = []
        self.readers = [threading.Thread(target=self.read, args=(self.process.stdout, self.take), daemon=True),
                        threading.Thread(target=self.read, args=(self.process.stderr, self.take_error), daemon=True)]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, take):
        for line in stream:
            take(line.rstrip('\n'))

    def take(self, line):
        raise NotImplementedError

    def take_error(self, line):
        self.errors.append(line)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9; what it wrote before is read to its end."""
        self.process.kill()
        self.process.wait()
        self.finish_reading()

    def finish_reading(self):
        for reader in self.readers:
            reader.join(10)


class Member(Process):
    """`owned` are its partitions, `got` its records as (partition, offset, value)."""

    def __init__(self, arguments):
        self.owned, self.got, self.answers, self.joined, self.asked = set(), [], {}, 0, 0
        super().__init__(arguments)

    def take(self, line):
        told = json.loads(line)
        if 'owned' in told:
            self.owned = set(told['owned'])
            self.joined += 1
        elif 'got' in told:
            self.got += [tuple(one) for one in told['got']]
        else:
            self.answers[told['id']] = told

    def values(self, partition=None):
        return [value for at, _, value in self.got if partition in (None, at)]

    def ask(self, what, argument=None, seconds=20.0):
        """What it answers; `Failed` with its error when it has one."""
        answer = self.answer_to(self.order(what, argument), seconds)
        if 'error' in answer:
            raise Failed(f'{self.name}: {what}: {answer["error"]}')
        return answer.get('value')

    def error_of(self, what, argument=None, seconds=20.0):
        """The error that it answers, or nothing."""
        return self.answer_to(self.order(what, argument), seconds).get('error')

    def order(self, what, argument=None):
        """Does not wait; the number is for `answer_to`."""
        self.asked += 1
        print(json.dumps({'id': self.asked, 'do': what, 'with': argument}), file=self.process.stdin, flush=True)
        return self.asked

    def answer_to(self, number, seconds=20.0):
        def answered():
            if not self.is_running():
                self.finish_reading()
                expect(number in self.answers, f'{self.name} ended: {" ".join(self.errors[-5:])}')
            return number in self.answers
        until(answered, f'{self.name} answers its order {number} ({" ".join(self.errors[-3:])})', seconds)
        return self.answers.pop(number)

    def leave(self):
        """It has left when it answers; how it ends then does not matter."""
        self.ask('leave')
        self.kill()


class Kcat(Process):
    """kcat tells its records as lines, and what it owns on its standard error. It commits every five seconds, when it gives
    partitions back, and when it leaves."""

    def __init__(self, arguments):
        self.owned, self.got, self.joined = set(), [], 0
        super().__init__(arguments)

    def take(self, line):
        partition, offset, value = line.split(' ', 2)
        self.got.append((int(partition), int(offset), value))

    def take_error(self, line):
        super().take_error(line)
        if 'revoked:' in line:
            self.owned = set()
        elif 'assigned:' in line:
            self.owned = {int(one) for one in re.findall(r'\[(\d+)\]', line.split('assigned:')[1])}
            self.joined += 1

    def values(self, partition=None):
        return [value for at, _, value in self.got if partition in (None, at)]

    def leave(self):
        self.process.terminate()
        self.process.wait(20)


class Members:
    """Makes members of one group that read one topic, and ends them."""

    def __init__(self, broker, group, topic, session_ms=20000):
        self.broker, self.group, self.topic, self.session_ms = broker, group, topic, session_ms
        self.all = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.all:
            if member.is_running():
                member.kill()

    def settings(self, more):
        return {'bootstrap': self.broker.bootstrap, 'group': self.group, 'topic': self.topic, 'session_ms': self.session_ms,
                'heartbeat_ms': HEARTBEAT_MS, **more}

    def add(self, member):
        self.all.append(member)
        return member

    def confluent(self, **more):
        return self.add(Member([sys.executable, 'python_member.py', 'confluent', json.dumps(self.settings(more))]))

    def kafka_python(self, **more):
        return self.add(Member([sys.executable, 'python_member.py', 'kafka-python', json.dumps(self.settings(more))]))

    def kafkajs(self, **more):
        return self.add(Member(['node', 'kafkajs_member.js', json.dumps(self.settings(more))]))

    def kcat(self):
        settings = {'session.timeout.ms': self.session_ms, 'heartbeat.interval.ms': HEARTBEAT_MS,
                    'auto.offset.reset': 'earliest', 'reconnect.backoff.max.ms': 500, 'log_level': 0}
        return self.add(Kcat(['kcat', '-b', self.broker.bootstrap, '-E', '-u', '-f', '%p %o %s\n']
                             + [word for key, value in settings.items() for word in ('-X', f'{key}={value}')]
                             + ['-G', self.group, self.topic]))

    def living(self):
        return [member for member in self.all if member.is_running()]

    def leave(self, partitions):
        """One after the other, each from a group at rest: librdkafka 2.0.2 that is closed in the milliseconds in which it hears of
        a rebalance leaves before it commits, and the broker has to refuse a commit of somebody who has left."""
        for member in self.living():
            self.share(partitions)
            member.leave()

    def expect_alive(self):
        for member in self.all:
            expect(member.is_running(), f'{member.name} ended: {" ".join(member.errors[-5:])}')

    def values(self):
        return [value for member in self.all for value in member.values()]

    def share(self, partitions, seconds=30.0):
        """Waits until those who live own every partition, each one by one member, and nobody is without."""
        def shared():
            owned = [member.owned for member in self.living()]
            return all(owned) and sorted(index for one in owned for index in one) == list(range(partitions))
        try:
            until(shared, f'{partitions} partitions are shared', seconds)
        except Failed as why:
            raise Failed(f'{why}: {[(one.name, sorted(one.owned), one.errors[-2:]) for one in self.living()]}') from None

    def read(self, values, seconds=30.0):
        """Waits until all of them together have read the values, and sees that none was read twice."""
        wanted = sorted(values)
        try:
            until(lambda: len(self.values()) >= len(wanted), f'{len(wanted)} records', seconds)
        except Failed as why:
            raise Failed(f'{why}: {[(one.name, sorted(one.owned), len(one.got)) for one in self.all]}') from None
        seen, due = collections.Counter(self.values()), collections.Counter(wanted)
        if seen != due:
            places = [(one.name, sorted(one.owned), [at for at in one.got if (seen - due)[at[2]]][:9]) for one in self.all]
            raise Failed(f'{(due - seen).total()} records are missing, {(seen - due).total()} came twice: {places}')
