"""kcat (librdkafka): produce and consume without a group."""

import json
import os
import subprocess
import time

from broker import CODECS, Broker, run
from checks import Skip, check, expect, expect_equal, main, until

MESSAGE_BYTES_MAX = 1048588
# A batch of one record with neither key nor headers: 61 bytes of header, 3 of the record's length, 8 around the value.
LARGEST_VALUE = MESSAGE_BYTES_MAX - 61 - 3 - 8

broker = Broker({'num.partitions': 3})


def kcat(*arguments, data=None, good=True, seconds=60.0):
    return run(['kcat', '-b', broker.bootstrap, '-m', '15', *arguments], data, seconds, good=good)


def produce(topic, lines, *options):
    return kcat('-P', '-t', topic, *options, data=b''.join(line + b'\n' for line in lines))


def consume(topic, *options, format='%s\n'):
    options = options or ('-o', 'beginning')
    return kcat('-C', '-q', '-e', '-t', topic, '-f', format, *options).stdout.splitlines()


def numbered(count, prefix='record'):
    return [f'{prefix} {number}'.encode() for number in range(count)]


@check
def metadata_names_the_broker_and_its_topics():
    produce('listed', [b'x'])
    seen = json.loads(kcat('-L', '-J').stdout)
    expect_equal([one['name'] for one in seen['brokers']], [broker.bootstrap], 'brokers')
    partitions = next(one for one in seen['topics'] if one['topic'] == 'listed')['partitions']
    expect_equal([one['partition'] for one in partitions], [0, 1, 2], 'partitions of an auto-created topic')


@check
def produces_with_each_acks():
    for acks in ('0', '1', '-1'):
        topic = f'acks{acks}'
        lines = numbered(200)
        # A first record makes the topic: with acks=0 nobody would tell the client that it came too early.
        produce(topic, [b'first'])
        produce(topic, lines, '-X', f'acks={acks}')
        until(lambda: sorted(consume(topic)) == sorted(lines + [b'first']), f'all records of acks={acks} can be read')


@check
def produces_with_each_compression():
    for codec in CODECS:
        topic = f'codec-{codec}'
        lines = numbered(500, 'a record that compresses well ' * 3)
        produce(topic, lines, '-z', codec, '-p', '0', '-X', 'linger.ms=100')
        expect_equal(consume(topic, '-p', '0', '-o', 'beginning'), lines, f'records with {codec}')
        expect_equal(broker.stored_codecs(topic), {codec}, 'compression in the segment file')


@check
def keys_and_headers_come_back():
    produce('keyed', [b'k1:v1', b'k2:v2', b':empty'], '-K', ':', '-p', '1', '-H', 'trace=abc', '-H', 'n=2')
    seen = consume('keyed', '-p', '1', '-o', 'beginning', format='%p %o %k=%s %h\n')
    expect_equal(seen, [b'1 0 k1=v1 trace=abc,n=2', b'1 1 k2=v2 trace=abc,n=2', b'1 2 =empty trace=abc,n=2'], 'records')


@check
def equal_keys_go_to_one_partition():
    produce('spread', [f'{number % 20}:{number}'.encode() for number in range(600)], '-K', ':')
    home = {}
    for line in consume('spread', format='%k %p\n'):
        key, partition = line.split()
        home.setdefault(key, set()).add(partition)
    expect_equal(len(home), 20, 'keys')
    expect(all(len(partitions) == 1 for partitions in home.values()), 'a key lies in several partitions')
    expect(len(set.union(*home.values())) == 3, 'not every partition has records')


@check
def idempotent_producer_is_served():
    lines = numbered(2000)
    produce('idempotent', lines, '-X', 'enable.idempotence=true', '-p', '0')
    expect_equal(consume('idempotent', '-p', '0', '-o', 'beginning'), lines, 'records')
    expect(all(batch['producer_id'] >= 0 for batch in broker.stored_batches('idempotent')), 'a batch has no producer id')


@check
def consumes_from_an_offset_and_from_the_end():
    lines = numbered(50)
    produce('placed', lines, '-p', '0')
    expect_equal(consume('placed', '-p', '0', '-o', '20'), lines[20:], 'from offset 20')
    expect_equal(consume('placed', '-p', '0', '-o', '-3'), lines[-3:], 'the last three')
    expect_equal(consume('placed', '-p', '0', '-o', '10', '-c', '5'), lines[10:15], 'five from offset 10')
    expect_equal(consume('placed', '-p', '0', '-o', 'end'), [], 'from the end')


@check
def an_offset_out_of_range_is_reset():
    lines = numbered(5)
    produce('reset', lines, '-p', '0')
    seen = consume('reset', '-p', '0', '-o', '1000', '-X', 'topic.auto.offset.reset=earliest')
    expect_equal(seen, lines, 'records after the reset to the start')


@check
def consumes_between_timestamps():
    produce('timed', numbered(10, 'old'), '-p', '0')
    stamp = int(consume('timed', '-p', '0', '-o', '-1', format='%T\n')[0]) + 1
    until(lambda: int(time.time() * 1000) > stamp, 'the clock moves on')
    produce('timed', numbered(10, 'new'), '-p', '0')
    expect_equal(consume('timed', '-p', '0', '-o', f's@{stamp}'), numbered(10, 'new'), 'from a timestamp')
    expect_equal(consume('timed', '-p', '0', '-o', 'beginning', '-o', f'e@{stamp}'), numbered(10, 'old'),
                 'up to a timestamp')
    queried = kcat('-Q', '-t', f'timed:0:{stamp}').stdout.split()
    expect(b'10' in queried, f'offset query answered {queried}')


@check
def a_waiting_consumer_gets_new_records():
    """Long polling: the consumer stands at the end before the records come."""
    produce('awaited', [b'before'], '-p', '0')
    waiting = subprocess.Popen(['kcat', '-b', broker.bootstrap, '-C', '-t', 'awaited', '-p', '0', '-o', '0', '-c', '11',
                                '-u', '-f', '%s\n'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        expect_equal(waiting.stdout.readline(), b'before\n', 'first record')
        produce('awaited', numbered(10), '-p', '0')
        rest, _ = waiting.communicate(timeout=20)
        expect_equal(rest.splitlines(), numbered(10), 'records that came while it waited')
    finally:
        waiting.kill()
        waiting.wait()


@check
def the_largest_record_fits_and_one_byte_more_does_not():
    for size, fits in ((LARGEST_VALUE, True), (LARGEST_VALUE + 1, False)):
        path = os.path.join(broker.home, f'value-{size}')
        with open(path, 'wb') as value:
            value.write(os.urandom(size))
        done = kcat('-P', '-t', 'large', '-p', '0', '-X', 'message.max.bytes=4000000', path, good=False)
        said = done.stderr.decode(errors='replace')
        if fits:
            expect_equal(done.returncode, 0, f'exit code with a value of {size} bytes ({said.strip()})')
        else:
            expect('Message size too large' in said, f'a value of {size} bytes: kcat said {said.strip()!r}')
    sizes = consume('large', '-p', '0', '-o', 'beginning', format='%S\n')
    expect_equal(sizes, [str(LARGEST_VALUE).encode()], 'sizes read back')


@check
def null_values_and_binary_bytes_come_back():
    produce('nulls', [b'gone:'], '-K', ':', '-Z', '-p', '0')
    expect_equal(consume('nulls', '-p', '0', '-o', 'beginning', format='%k %S\n'), [b'gone -1'], 'a null value')
    path = os.path.join(broker.home, 'binary')
    value = bytes(range(256)) * 200
    with open(path, 'wb') as file:
        file.write(value)
    kcat('-P', '-t', 'binary', '-p', '0', path)
    seen = kcat('-C', '-q', '-e', '-t', 'binary', '-p', '0', '-o', 'beginning', '-f', '%s').stdout
    expect(seen == value, 'bytes differ')


def start():
    run(['kcat', '-V'])
    broker.start()


if __name__ == '__main__':
    try:
        start()
    except Skip as missing:
        print(f'SKIP kcat: {missing}')
        raise SystemExit(0) from None
    main('kcat', broker.discard)
