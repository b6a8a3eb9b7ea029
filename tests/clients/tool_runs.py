"""Runs of the command-line tools, and the transcripts of Kafka's own beside them."""

import os

from broker import PROGRAM, ROOT, run
from checks import Skip, expect, expect_equal

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
TRANSCRIPTS = os.path.join(SHARED, 'kafka-data', 'transcripts')


def transcript(name):
    """What Kafka 2.4.1 printed, without the command line above it."""
    path = os.path.join(TRANSCRIPTS, name + '.txt')
    if not os.path.exists(path):
        raise Skip(f'{path} is absent (BARNABAS_SHARED names the folder of kafka-data)')
    with open(path, encoding='utf-8') as lines:
        return lines.read().partition('\n')[2]


def words(text):
    """The rows of a table as sets of words, whatever the columns' widths and the rows' order."""
    return sorted(line.split() for line in text.splitlines() if line.strip())


class Tool:
    """One tool against one server: `Tool('configs', broker.bootstrap)`."""

    def __init__(self, name, server=None):
        self.name, self.server = name, server

    def run(self, *arguments, program=None):
        """(exit status, standard output, standard error)."""
        command = [program] if program else [PROGRAM, self.name]
        servers = ['--bootstrap-server', self.server] if self.server else []
        done = run([*command, *servers, *arguments], good=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def good(self, *arguments):
        """What it prints when all is well, and that it complains of nothing."""
        status, said, complaints = self.run(*arguments)
        expect_equal((status, complaints), (0, ''), f'status and standard error of {arguments} ({said[-200:]})')
        return said

    def refuses(self, part, *arguments):
        """Wrong usage: one line on standard error, status 1."""
        status, said, complaints = self.run(*arguments)
        expect_equal((status, said), (1, ''), f'status and standard output of {arguments} ({complaints})')
        expect(part in complaints, f'{arguments}: {complaints}')
        expect_equal(complaints.count('\n'), 1, 'lines on standard error')
