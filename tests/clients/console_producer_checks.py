"""`barnabas console-producer` and `barnabas produce` against a broker: flags, records and exit status of kafka-console-producer.sh."""

import json
import re
import subprocess
import tempfile

from broker import PROGRAM, Broker, free_port, run
from checks import check, expect, expect_equal, main, until

SHARED_BROKER = []


def broker():
    """One broker for all checks: each has topics of its own."""
    if not SHARED_BROKER:
        SHARED_BROKER.append(Broker({'num.partitions': 1}).start())
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool(*arguments, data=b'', server=None, name='console-producer'):
    server = broker().bootstrap if server is None else server
    return run([PROGRAM, name, '--bootstrap-server', server, *arguments], data=data, good=False)


def good(*arguments, data=b'', **more):
    done = tool(*arguments, data=data, **more)
    expect_equal((done.returncode, done.stderr), (0, b''), f'status and standard error of {arguments}')
    return done.stdout.decode()


def create(topic, partitions=1):
    run([PROGRAM, 'topics', '--bootstrap-server', broker().bootstrap, '--create', '--topic', topic, '--partitions', str(partitions)])


def content(topic, form='%k|%s|%h\n'):
    """What kcat finds in the topic, line by line."""
    done = run(['kcat', '-b', broker().bootstrap, '-C', '-t', topic, '-e', '-q', '-f', form])
    return done.stdout.decode().splitlines()


@check
def lines_become_records_in_order():
    create('lines')
    good('--topic', 'lines', data=b''.join(b'line %d\n' % number for number in range(1000)))
    expect_equal(content('lines', '%s\n'), [f'line {number}' for number in range(1000)], 'the records')


@check
def a_record_that_is_refused_is_told_from_the_others_of_its_batch():
    run([PROGRAM, 'topics', '--bootstrap-server', broker().bootstrap, '--create', '--topic', 'keys', '--config', 'cleanup.policy=compact'])
    by_key = ('--topic', 'keys', '--property', 'parse.key=true', '--property', 'ignore.error=true', '--timeout', '10000')
    done = tool(*by_key, data=b'a\t1\nlonely\nc\t3\n')
    said = done.stderr.decode().splitlines()
    own = 'it has no key, which a compacted topic needs'
    other = f'another record of its batch was refused: {own}; this one may be sent again'
    begin = 'ERROR Error when sending message to topic keys with key: '
    expect_equal([line for line in said if line.startswith('ERROR')],
                 [f'{begin}1 bytes, value: 1 bytes with error: {other}', f'{begin}null, value: 6 bytes with error: {own}',
                  f'{begin}1 bytes, value: 1 bytes with error: {other}'], 'what is said')
    expect_equal(content('keys', '%s\n'), [], 'the batch is not stored')
    good(*by_key, data=b'a\t1\nc\t3\n')
    expect_equal(content('keys', '%s\n'), ['1', '3'], 'the others, sent again')


@check
def the_old_name_of_the_servers_and_a_missing_topic_work():
    done = run([PROGRAM, 'console-producer', '--broker-list', broker().bootstrap, '--topic', 'by-old-name'], data=b'one\ntwo\r\nthree')
    expect_equal((done.stdout, done.stderr), (b'', b''), 'what it says')
    expect_equal(content('by-old-name', '%s\n'), ['one', 'two', 'three'], 'the records')


@check
def keys_and_headers_are_parsed():
    create('parsed')
    said = good('--topic', 'parsed', '--property', 'parse.key=true', '--property', 'key.separator=:', data=b'k1:v1\nk2:a:b\n')
    expect_equal(said, 'Option --property is deprecated and will be removed in a future version. Use --reader-property instead.\n',
                 'what it says')
    good('--topic', 'parsed', '--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true', '--reader-property',
         'null.marker=NIL', data=b'h1:v1,h2:v2\tkey\tvalue\nNIL\tNIL\tNIL\n')
    expect_equal(content('parsed'), ['k1|v1|', 'k2|a:b|', 'key|value|h1=v1,h2=v2', '||'], 'the records')


@check
def a_line_without_a_separator_ends_it():
    create('broken')
    done = tool('--topic', 'broken', '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:',
                data=b'k:v\nnosep\nk:w\n')
    expect_equal((done.returncode, done.stdout), (1, b''), 'status and standard output')
    expect_equal(done.stderr.decode(), "barnabas console-producer: No key separator found on line number 2: 'nosep'\n", 'the error')
    expect_equal(content('broken', '%s\n'), ['v'], 'what was read before')


@check
def produce_refuses_what_it_would_have_to_guess():
    create('guessed')
    done = tool('guessed', '-K', ':', data=b'k:v\nnosep\nk:w\n', name='produce')
    expect_equal(done.returncode, 1, 'status of a line without separator')
    expect("No key separator ':' found on line number 2: 'nosep'" in done.stderr.decode(), done.stderr.decode())
    expect_equal(content('guessed', '%k %s\n'), ['k v'], 'what was read before')
    done = tool('guessed', '-H', 'bad', data=b'x\n', name='produce')
    expect_equal((done.returncode, done.stdout), (1, b''), 'status and output with a header without =')
    expect_equal(done.stderr, b'barnabas produce: --header bad: expected is KEY=VALUE\n', 'the error')
    good('guessed', '-H', 'empty=', '-q', data=b'x\n', name='produce')
    expect_equal(content('guessed'), ['k|v|', '|x|empty='], 'the records in the end')


def largest_batch(topic):
    return max(batch['size'] for batch in broker().stored_batches(topic))


@check
def lines_in_bulk_make_large_batches_where_the_topic_takes_them():
    data = b''.join(b'%099d\n' % number for number in range(20000))
    create('bulk')
    create('bulk-of-small-batches')
    run([PROGRAM, 'configs', '--bootstrap-server', broker().bootstrap, '--alter', '--topic', 'bulk-of-small-batches', '--add-config',
         'max.message.bytes=20000'])
    for topic, least, most in (('bulk', 100000, 270000), ('bulk-to-come', 100000, 270000), ('bulk-of-small-batches', 10000, 20000)):
        good('--topic', topic, data=data)
        size = largest_batch(topic)
        expect(least < size < most, f'the largest batch of {topic} has {size} bytes')
        expect_equal(len(content(topic, '%s\n')), 20000, f'records of {topic}')
    create('bulk-as-wished')
    good('--topic', 'bulk-as-wished', '--batch-size', '4000', data=data)
    expect(largest_batch('bulk-as-wished') <= 4000, 'a batch is larger than wished')
    create('bulk-produced')
    good('bulk-produced', '--quiet', data=data, name='produce')
    expect(largest_batch('bulk-produced') > 100000, 'batches of produce are small')


@check
def partitions_are_those_of_other_clients():
    create('spread', 7)
    data = b''.join(b'key-%d:%d\n' % (number, number) for number in range(200))
    good('--topic', 'spread', '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:', data=data)
    create('spread-by-kcat', 7)
    run(['kcat', '-b', broker().bootstrap, '-P', '-t', 'spread-by-kcat', '-K', ':', '-X', 'topic.partitioner=murmur2_random'],
        data=data)
    expect_equal(sorted(content('spread', '%p %k %s\n')), sorted(content('spread-by-kcat', '%p %k %s\n')), 'places of keys')


@check
def every_codec_is_taken_and_gzip_is_meant_without_one():
    for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
        create(f'packed-{codec}')
        good('--topic', f'packed-{codec}', '--compression-codec', codec, data=b'again and again\n' * 500)
        expect_equal(content(f'packed-{codec}', '%s\n'), ['again and again'] * 500, codec)
    create('packed')
    good('--compression-codec', '--topic', 'packed', data=b'again and again\n' * 500)
    expect_equal(content('packed', '%s\n'), ['again and again'] * 500, 'without a name')


@check
def sync_and_acks_and_properties_are_taken():
    create('options')
    for arguments in (('--sync',), ('--request-required-acks', '1'), ('--request-required-acks', '0'),
                      ('--command-property', 'enable.idempotence=false'), ('--producer-property', 'linger.ms=1', '--timeout', '20')):
        tool('--topic', 'options', *arguments, data=b'x\n')
    until(lambda: content('options', '%s\n') == ['x'] * 5, 'five records')
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write('compression.type=lz4\nkey.serializer=org.apache.kafka.common.serialization.StringSerializer\n')
        file.flush()
        done = tool('--topic', 'options', '--command-config', file.name, data=b'y\n')
    told = b'barnabas: warning: these keys are given and change nothing here: key.serializer\n'
    expect_equal((done.returncode, done.stderr), (0, told), 'status and standard error with keys of a Java program')
    expect_equal(content('options', '%s\n')[-1], 'y', 'with a file')


@check
def keys_that_nobody_knows_are_told_and_passed_over():
    create('shared-keys')
    told = ''.join('barnabas: warning: passed over: no producer key is named ' + name + '\n' for name in
                   ('lingr.ms; did you mean linger.ms?', 'schema.registry.url'))
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write('schema.registry.url=http://x:8081\nlingr.ms=1\n')
        file.flush()
        for option in ('--command-config', '--producer.config'):
            done = tool('--topic', 'shared-keys', option, file.name, data=b'x\n')
            expect_equal((done.returncode, done.stderr.decode()), (0, told), option)
    for option in ('--command-property', '--producer-property'):
        done = tool('--topic', 'shared-keys', option, 'foo=bar', data=b'x\n')
        expect(done.returncode == 0 and b'no producer key is named foo\n' in done.stderr, done.stderr.decode())
        done = tool('--topic', 'shared-keys', option, 'security.protocl=SSL', data=b'y\n')
        expect(done.returncode == 1 and b'did you mean security.protocol?' in done.stderr, done.stderr.decode())
    expect_equal(content('shared-keys', '%s\n'), ['x'] * 4, 'what was written')


@check
def misuse_is_told_in_one_line():
    for part, arguments in (('Missing required argument "[topic]"', ()),
                            ('key.separator and headers', ('--topic', 'x', '--reader-property', 'key.separator=')),
                            ('acks=7', ('--topic', 'x', '--request-required-acks', '7'))):
        done = tool(*arguments)
        expect_equal((done.returncode, done.stdout), (1, b''), f'status and standard output of {arguments}')
        if part.startswith('key.separator'):
            part = 'key.separator may not be empty'
        expect(part in done.stderr.decode(), f'{arguments}: {done.stderr.decode()}')
        expect_equal(done.stderr.count(b'\n'), 1, 'lines on standard error')


@check
def a_line_is_there_while_the_next_is_awaited():
    create('typed')
    with subprocess.Popen([PROGRAM, 'console-producer', '--bootstrap-server', broker().bootstrap, '--topic', 'typed', '--timeout',
                           '600000', '--producer-property', 'delivery.timeout.ms=700000'], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as typing:
        for number in range(3):
            typing.stdin.write(b'typed %d\n' % number)
            typing.stdin.flush()
            until(lambda count=number + 1: len(content('typed')) == count, 'the line')
        typing.stdin.close()
        expect_equal(typing.wait(timeout=20), 0, 'exit status')


@check
def a_broker_that_is_not_there_is_told_with_how_far_it_got():
    port = free_port()
    done = tool('--topic', 'x', '--max-block-ms', '1500', data=b'lost\n', server=f'127.0.0.1:{port}')
    said = done.stderr.decode()
    expect('ERROR Error when sending message to topic x with key: null, value: 4 bytes with error: topic \'x\' is not known after '
           '1500 ms (max.block.ms)' in said, said)
    expect('ms (max.block.ms); the last question about it: ' in said, said)
    expect('as far as: connect' in said and f'127.0.0.1:{port}: cannot connect' in said, said)


@check
def a_broker_that_restarts_loses_nothing():
    one = Broker({'num.partitions': 1}).start()
    try:
        with subprocess.Popen([PROGRAM, 'console-producer', '--bootstrap-server', one.bootstrap, '--topic', 'kept',
                               '--message-send-max-retries', '1000000'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as sending:
            for number in range(300):
                sending.stdin.write(b'record %d\n' % number)
                sending.stdin.flush()
                if number == 150:
                    one.kill()
                    one.start()
            _, said = sending.communicate(timeout=60)
        expect('ERROR' not in said.decode(), said.decode())
        done = run(['kcat', '-b', one.bootstrap, '-C', '-t', 'kept', '-e', '-q', '-f', '%s\n'])
        expect_equal(done.stdout.decode().splitlines(), [f'record {number}' for number in range(300)], 'the records')
    finally:
        one.discard()


@check
def produce_says_where_records_went():
    create('short', 2)
    done = run([PROGRAM, 'produce', 'short', '-b', broker().bootstrap, '-p', '1', '-k', 'all', '-H', 'trace=7'], data=b'a\nb\n')
    lines = done.stdout.decode().splitlines()
    expect(len(lines) == 2 and lines[1].startswith('Produced to partition 1 at offset 1 with timestamp 1'), str(lines))
    expect_equal(content('short', '%p %k %s %h\n'), ['1 all a trace=7', '1 all b trace=7'], 'the records')
    done = run([PROGRAM, 'produce', 'short', '-b', broker().bootstrap, '-K', ':', '--output', 'json', '-z', 'zstd'], data=b'k:v\n')
    said = json.loads(done.stdout)
    expect(said['topic'] == 'short' and said['offset'] >= 0 and said['timestamp'] > 0, str(said))
    done = run([PROGRAM, 'produce', 'short', '-b', broker().bootstrap, '-p', '9'], data=b'v\n', good=False)
    expect_equal((done.returncode, done.stderr), (1, b"barnabas produce: topic 'short' has no partition 9: there are 2\n"), 'refused')


@check
def the_perf_test_prints_what_kafkas_prints():
    create('perf', 3)
    done = run([PROGRAM, 'producer-perf-test', '--topic', 'perf', '--num-records', '5000', '--record-size', '100', '--throughput', '-1',
                '--producer-props', f'bootstrap.servers={broker().bootstrap}', 'acks=all', '--print-metrics', '--warmup-records', '1000'])
    lines = done.stdout.decode().splitlines()
    numbers = (r'records sent, \d+\.\d{6} records/sec \(\d+\.\d\d MB/sec\), \d+\.\d\d ms avg latency, \d+\.\d\d ms max latency, \d+ ms 50th, '
               r'\d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.')
    expect(re.fullmatch('5000 ' + numbers, lines[0]), lines[0])
    expect(re.fullmatch('4000 steady state ' + numbers, lines[1]), lines[1])
    # Names in a column as wide as the longest of them, in their order.
    metrics = lines[lines.index('') + 1:]
    width = max(len(line.rpartition(' : ')[0].rstrip()) for line in metrics[1:])
    expect_equal(metrics[0], 'Metric Name'.ljust(width) + '   Value', 'the head')
    expect('producer-metrics:record-send-total:{client-id=perf-producer-client}'.ljust(width) + ' : 5000.000' in metrics, str(lines))
    expect_equal(metrics[1:], sorted(metrics[1:]), 'the order')
    expect_equal([line for line in metrics[1:] if not re.fullmatch(rf'.{{{width}}} : \d+\.\d{{3}}', line)], [], 'columns')
    expect_equal(len(content('perf', '%S\n')), 5000, 'records')
    for missing in ('--throughput', '--num-records'):
        arguments = ['--topic', 'perf', '--num-records', '1', '--throughput', '-1', '--record-size', '1']
        at = arguments.index(missing)
        done = run([PROGRAM, 'producer-perf-test', *arguments[:at], *arguments[at + 2:]], good=False)
        expect_equal((done.returncode, done.stdout), (1, b''), f'without {missing}')
    expect_equal(run([PROGRAM, 'producer-perf-test', '--topic', 'perf', '--num-records', '50', '--record-size', '1000', '--throughput',
                      '-1', '--producer-props', f'bootstrap.servers={broker().bootstrap}', 'max.request.size=100']).stderr.decode(),
                 'Option --producer-props has been deprecated and will be removed in a future version. Use --command-property instead.\n'
                 'the record takes 1070 bytes, more than max.request.size (100)\n'
                 '50 records were not delivered: the record takes 1070 bytes, more than max.request.size (100)\n', 'one failure')
    done = run([PROGRAM, 'producer-perf-test', '--topic', 'perf', '--num-records', '1', '--throughput', '-1', '--payload-file', __file__,
                '--payload-delimiter', '', '--bootstrap-server', broker().bootstrap], good=False)
    expect_equal((done.returncode, done.stdout), (1, b''), 'with an empty delimiter')
    expect(b'--payload-delimiter' in done.stderr, str(done.stderr))


if __name__ == '__main__':
    main('console_producer', stop_shared)
