"""kafkajs 2.2.4: runs kafkajs_checks.js, then reads with kcat what it produced."""

import os
import subprocess
import sys

from broker import Broker, run
from checks import check, expect, expect_equal, main
from members import missing_kafkajs

HERE = os.path.dirname(os.path.abspath(__file__))
broker = Broker()


def consume(topic, format='%s\n'):
    return run(['kcat', '-b', broker.bootstrap, '-C', '-q', '-e', '-t', topic, '-o', 'beginning', '-f',
                format]).stdout.splitlines()


def run_node_checks():
    """True when none of them failed."""
    try:
        done = subprocess.run(['node', 'kafkajs_checks.js', broker.bootstrap], cwd=HERE, capture_output=True, timeout=240,
                              check=False)
    except subprocess.TimeoutExpired as late:
        print((late.stdout or b'').decode(errors='replace'), end='')
        print('FAIL kafkajs.all: the program did not end within 240 s', flush=True)
        return False
    print(done.stdout.decode(errors='replace'), end='', flush=True)
    sys.stderr.write(done.stderr.decode(errors='replace'))
    return done.returncode == 0


@check
def kcat_reads_what_kafkajs_wrote():
    values = [b'%d well well well well' % number for number in range(300)]
    for topic in ('acks0', 'acks1', 'acks-1'):
        expect_equal(consume(topic), values, topic)
    expect_equal(consume('once'), [b'%d' % number for number in range(100)], 'idempotent')
    expect_equal(consume('whole', '%k %s %h %T\n'), [b'key value a=1 1600000000123'], 'key, headers, timestamp')
    for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
        if not os.path.isdir(os.path.join(broker.data_dir, f'codec-{codec}-0')):
            continue
        expect_equal(consume(f'codec-{codec}'), values, codec)
        expect_equal(broker.stored_codecs(f'codec-{codec}'), {codec}, f'compression in the segment file, {codec}')


@check
def broker_still_runs():
    expect(broker.is_running(), broker.last_lines())


if __name__ == '__main__':
    problem = missing_kafkajs()
    if problem:
        print(f'SKIP kafkajs: {problem}')
        raise SystemExit(0)
    broker.start()
    main('kafkajs', broker.discard, run_node_checks())
