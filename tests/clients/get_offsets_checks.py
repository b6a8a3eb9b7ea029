"""`barnabas get-offsets` against a broker: what Kafka's kafka-get-offsets.sh shows."""

import json

from broker import PROGRAM, Broker, free_port, run
from checks import check, expect, expect_equal, main

SHARED_BROKER = []


def broker():
    """One broker with topics of a known content: 10 records in orders-0, 20 in orders-1, 5 in audit-0."""
    if not SHARED_BROKER:
        one = Broker({'num.partitions': 1}).start()
        SHARED_BROKER.append(one)
        run([PROGRAM, 'topics', '--bootstrap-server', one.bootstrap, '--create', '--topic', 'orders', '--partitions', '3'])
        for topic, partition, count in (('orders', 0, 10), ('orders', 1, 20), ('audit', 0, 5)):
            data = b''.join(b'record %d\n' % number for number in range(count))
            run(['kcat', '-b', one.bootstrap, '-P', '-t', topic, '-p', str(partition)], data=data)
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool(*arguments):
    done = run([PROGRAM, 'get-offsets', '--bootstrap-server', broker().bootstrap, *arguments], good=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect_shown(wanted, *arguments):
    expect_equal(tool(*arguments), (0, ''.join(line + '\n' for line in wanted), ''), f'what {arguments} gives')


@check
def shows_the_ends_of_all_partitions_by_name():
    expect_shown(['audit:0:5', 'orders:0:10', 'orders:1:20', 'orders:2:0'])


@check
def topics_partitions_and_both_can_be_chosen():
    expect_shown(['orders:0:10', 'orders:2:0'], '--topic', 'orders', '--partitions', '0,2')
    expect_shown(['audit:0:5'], '--topic', 'aud.*')
    expect_shown(['audit:0:5', 'orders:0:10', 'orders:1:20'], '--topic-partitions', 'audit,orders:0-2')
    expect_shown(['orders:1:20', 'orders:2:0'], '--topic-partitions', 'orders:1-')
    expect_shown(['orders:2:0'], '--topic-partitions', 'orders:2')


@check
def times_may_be_numbers_or_words():
    for earliest in ('-2', 'earliest'):
        expect_shown(['orders:1:0'], '--topic-partitions', 'orders:1', '--time', earliest)
    expect_shown(['orders:1:20'], '--topic-partitions', 'orders:1', '--time', '-1')
    expect_shown(['orders:1:0'], '--topic-partitions', 'orders:1', '--time', '1')
    expect_shown([], '--topic-partitions', 'orders:1', '--time', '99999999999999')
    status, said, _ = tool('--topic-partitions', 'orders:1', '--time', 'max-timestamp')
    expect(status == 0 and said.startswith('orders:1:'), said)


@check
def nothing_found_and_nonsense_are_errors():
    expect_equal(tool('--topic', 'no-such-topic'),
                 (1, '', 'Error occurred: Could not match any topic-partitions with the specified filters\n'), 'no topic')
    expect_equal(tool('--topic', 'orders', '--partitions', '7')[0], 1, 'no partition')
    for arguments, part in ((['--time', 'noon'], 'Malformed time argument noon'),
                            (['--topic-partitions', 'orders:x'], 'Invalid topic partition rule: orders:x'),
                            (['--topic-partitions', 'orders', '--topic', 'orders'], '--topic-partitions cannot be used with'),
                            (['--topic', 'or('], 'or( is an invalid regex.'),
                            (['--topic', '[a-z&&[^b]]'], 'has a class within a class')):
        status, said, complaints = tool(*arguments)
        expect((status, said) == (1, '') and part in complaints, f'{arguments}: {status} {said} {complaints}')
    done = run([PROGRAM, 'get-offsets'], good=False)
    expect(done.returncode == 1 and b'Missing required argument "[bootstrap-server]"' in done.stderr, done.stderr)


@check
def the_old_name_of_the_servers_and_json_are_known():
    done = run([PROGRAM, 'get-offsets', '--broker-list', f'127.0.0.1:{free_port()},{broker().bootstrap}', '--topic', 'audit',
                '--output', 'json'])
    shown = json.loads(done.stdout)['offsets']
    expect_equal([(one['topic'], one['partition'], one['offset']) for one in shown], [('audit', 0, 5)], 'offsets')


if __name__ == '__main__':
    main('get_offsets', stop_shared)
