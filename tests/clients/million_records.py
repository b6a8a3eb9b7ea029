"""1,000,000 records of 100 bytes through kcat into 6 partitions and back: exactly them, in less than 200 MB of memory."""

import os
import random
import subprocess

from broker import Broker, run
from checks import check, expect, main

RECORDS = int(os.environ.get('BARNABAS_RECORDS', '1000000'))
RECORD_BYTES = 100
RSS_MAX = 200 * 1000 * 1000


def write_records(path):
    """Different lines in rising order; the same for every run."""
    letters = random.Random(1).choices('abcdefghijklmnopqrstuvwxyz0123456789', k=RECORD_BYTES * 1000)
    with open(path, 'w', encoding='ascii') as lines:
        for number in range(RECORDS):
            start = number * 37 % (len(letters) - RECORD_BYTES)
            lines.write(f'{number:010d}{"".join(letters[start:start + RECORD_BYTES - 10])}\n')


@check
def a_million_records_come_back_exactly():
    with Broker({'num.partitions': 6}) as broker:
        sent, got = os.path.join(broker.home, 'sent'), os.path.join(broker.home, 'got')
        write_records(sent)
        # The topic is there before the load, so that all six partitions take part from the first record.
        kcat = ['kcat', '-b', broker.bootstrap, '-t', 'million', '-m', '30']
        run(['kcat', '-b', broker.bootstrap, '-L', '-t', 'million', '-X', 'allow.auto.create.topics=true'])
        run(kcat + ['-P', '-l', sent], seconds=300)
        with open(got, 'wb') as out:
            run_into(kcat + ['-C', '-q', '-e', '-o', 'beginning'], out)
        run(['env', 'LC_ALL=C', 'sort', '-o', got, got], seconds=300)
        expect(run(['cmp', sent, got], good=False).returncode == 0,
               f'what came back differs: {os.path.getsize(got)} of {os.path.getsize(sent)} bytes, '
               f'{lines_of(got)} of {lines_of(sent)} records')
        partitions = [len(broker.stored_batches('million', partition)) for partition in range(6)]
        expect(all(partitions), f'batches per partition: {partitions}')
        peak = broker.rss_peak()
        print(f'     the broker used at most {peak / 1e6:.0f} MB', flush=True)
        expect(peak < RSS_MAX, f'the broker used {peak / 1e6:.0f} MB of memory, more than {RSS_MAX / 1e6:.0f} MB')


def run_into(arguments, out):
    done = subprocess.run(arguments, stdout=out, stderr=subprocess.PIPE, timeout=300, check=False)
    expect(done.returncode == 0, f'kcat ended with {done.returncode}: {done.stderr.decode(errors="replace")[-300:]}')


def lines_of(path):
    with open(path, 'rb') as file:
        return sum(1 for _ in file)


if __name__ == '__main__':
    main('million')
