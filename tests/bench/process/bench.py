"""Whole-process benchmarks: what a broker process needs, beside what the machine alone needs for the same bytes.

Prints a table and asserts nothing: figures depend on the machine, ratios less so. Arguments choose parts by name.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TESTS, 'clients'), os.path.join(TESTS, 'bad_input')]

from broker import PROGRAM, ROOT, Broker, run  # noqa: E402
from checks import Failed, Skip, until  # noqa: E402
from million_records import write_records  # noqa: E402
from wire import METADATA, Closed, Connection  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
GIGABYTE = 1e9
# Enough for the processor time to be read to a few percent; it is counted in hundredths of a second.
COPY_BYTES = int(os.environ.get('BARNABAS_BENCH_BYTES', '1000000000'))
ROUNDS = int(os.environ.get('BARNABAS_BENCH_ROUNDS', '20000'))
SYNCED_ROUNDS = max(200, ROUNDS // 10)
VALUE_BYTES = 100
GROUPS = int(os.environ.get('BARNABAS_BENCH_GROUPS', '10000'))
CONNECTIONS = int(os.environ.get('BARNABAS_BENCH_CONNECTIONS', '10000'))
PARTITIONS = int(os.environ.get('BARNABAS_BENCH_PARTITIONS', '50000'))


def row(what, value, beside=''):
    print(f'  {what:<58} {value:>14}  {beside}', flush=True)


def tool(name):
    return os.path.join(BUILD, 'tests', 'bench', 'process', name)


def build_tools():
    names = ['client_loads', 'tests/bench/process/group_load', 'tests/bench/process/loopback_copy', 'tests/bench/process/round_trip']
    builder = ['ninja', '-C', BUILD] if 'BARNABAS_BUILD' in os.environ else [os.path.join(ROOT, 'cmd', 'build')]
    run([*builder, *names], seconds=600)


def numbers(arguments, seconds=300):
    return [float(word) for word in run(arguments, seconds=seconds).stdout.split()]


def loops_settings(loops):
    return {'barnabas.event.loops': loops, 'num.partitions': 6}


def produce_bytes(broker, topic, total, record_bytes, batch_bytes):
    """Produces that many bytes of values with acks=all through librdkafka."""
    from confluent_kafka import Producer
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 50, 'batch.size': batch_bytes,
                       'batch.num.messages': 100000, 'queue.buffering.max.messages': 1000000,
                       'queue.buffering.max.kbytes': 200000})
    value, count, problems = os.urandom(record_bytes), total // record_bytes, []

    def delivered(problem, _):
        if problem is not None:
            problems.append(problem)

    for number in range(count):
        while True:
            try:
                sender.produce(topic, value, partition=number // 1000 % 6, on_delivery=delivered)
                break
            except BufferError:
                sender.poll(0.05)
        if number % 1000 == 0:
            sender.poll(0)
    if sender.flush(120) or problems:
        raise Failed(f'not everything was produced: {problems[:1]}')


def consume_all(broker, topic):
    with open(os.devnull, 'wb') as nowhere:
        subprocess.run(['kcat', '-b', broker.bootstrap, '-C', '-q', '-e', '-o', 'beginning', '-t', topic, '-X',
                        'fetch.message.max.bytes=10000000', '-f', '%s'], stdout=nowhere, check=True, timeout=600)


def stored_bytes(broker, topic):
    return sum(batch['size'] for batch in broker.stored_batches(topic))


def measured(broker, work):
    """Processor seconds of the broker and wall seconds while `work` runs."""
    cpu, began = broker.cpu_seconds(), time.monotonic()
    work()
    return broker.cpu_seconds() - cpu, time.monotonic() - began


def copying(home):
    """The baselines: processor seconds per GB into a file and from a file."""
    path = os.path.join(home, 'copy')
    into = statistics.median(numbers([tool('loopback_copy'), 'into', path, str(COPY_BYTES)])[1] for _ in range(3))
    out = statistics.median(numbers([tool('loopback_copy'), 'from', path])[1] for _ in range(3))
    os.remove(path)
    return into / COPY_BYTES * GIGABYTE, out / COPY_BYTES * GIGABYTE


def bench_bytes():
    print('\nProcessor seconds of the broker per GB (acks=all, durable; beside a plain loopback copy)')
    for loops in (1, 2):
        with Broker(loops_settings(loops)) as broker:
            into, out = copying(broker.home)
            for record_bytes, total in ((1000, COPY_BYTES), (100, COPY_BYTES // 4)):
                topic = f'bytes-{record_bytes}'
                run(['kcat', '-b', broker.bootstrap, '-L', '-t', topic, '-X', 'allow.auto.create.topics=true'])
                cpu, wall = measured(broker, lambda: produce_bytes(broker, topic, total, record_bytes, 1000000))
                size = stored_bytes(broker, topic)
                report_copy(f'produce, {record_bytes} B records, {loops} loop(s)', cpu, wall, size, into)
                cpu, wall = measured(broker, lambda: consume_all(broker, topic))
                report_copy(f'consume, {record_bytes} B records, {loops} loop(s)', cpu, wall, size, out)


def report_copy(what, cpu, wall, size, baseline):
    each = cpu / size * GIGABYTE
    row(what, f'{each:.2f} s/GB', f'copy {baseline:.2f} s/GB, ratio {each / baseline:.1f}; {size / wall / 1e6:.0f} MB/s wall')


def bench_round_trip():
    print(f'\nRound trip of one record of {VALUE_BYTES} bytes, one at a time (microseconds: p50, p99, largest)')
    echo = numbers([tool('round_trip'), 'echo', str(ROUNDS), str(VALUE_BYTES)])
    row('plain TCP echo of the same bytes', f'{echo[0]:.0f}', f'p99 {echo[1]:.0f}, largest {echo[2]:.0f}')
    for loops in (1, 2):
        with Broker(loops_settings(loops)) as broker:
            for acks, rounds in (('1', ROUNDS), ('-1', SYNCED_ROUNDS)):
                topic = f'trip{acks}'
                run(['kcat', '-b', broker.bootstrap, '-L', '-t', topic, '-X', 'allow.auto.create.topics=true'])
                took = numbers([tool('round_trip'), 'produce', str(broker.port), topic, acks, str(rounds), str(VALUE_BYTES)])
                row(f'produce, acks={"all" if acks == "-1" else acks}, {loops} loop(s)', f'{took[0]:.0f}',
                    f'p99 {took[1]:.0f}, largest {took[2]:.0f}; echo x {took[0] / echo[0]:.1f}')


def first_metadata_ms():
    """From the start of the process on an empty directory to the first answered Metadata."""
    broker = Broker()
    began = time.monotonic()
    with open(broker.error_path, 'ab') as errors:
        broker.process = subprocess.Popen(broker.command(), stdout=errors, stderr=errors, cwd=broker.home)

    def answered():
        try:
            with Connection(broker, 5) as connection:
                return connection.ask(METADATA, 1, {'topics': None})['brokers']
        except (OSError, Closed):
            return None

    until(answered, 'the first answered Metadata', 30, 0.001)
    took = (time.monotonic() - began) * 1000
    return took, broker


def bench_idle():
    print('\nStart and idle')
    starts = []
    for _ in range(5):
        took, broker = first_metadata_ms()
        starts.append(took)
        broker.discard()
    row('start to first answered Metadata, empty directory', f'{statistics.median(starts):.0f} ms', f'largest {max(starts):.0f} ms')
    with Broker() as broker:
        cpu, began = broker.cpu_seconds(), time.monotonic()
        time.sleep(10)  # The thing measured is ten seconds of doing nothing.
        busy = (broker.cpu_seconds() - cpu) / (time.monotonic() - began)
        row('idle memory (RSS)', f'{broker.rss() / 1e6:.0f} MB')
        row('idle processor, over 10 s', f'{busy * 100:.2f} %', 'of one core')


def bench_million():
    print('\n1,000,000 records of 100 bytes through kcat, 6 partitions')
    with Broker({'num.partitions': 6}) as broker:
        sent = os.path.join(broker.home, 'sent')
        write_records(sent)
        run(['kcat', '-b', broker.bootstrap, '-L', '-t', 'million', '-X', 'allow.auto.create.topics=true'])
        cpu, wall = measured(broker, lambda: run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'million', '-l', sent],
                                                 seconds=300))
        row('produce', f'{wall:.2f} s', f'broker processor {cpu:.2f} s, {cpu:.2f} µs per record')
        cpu, wall = measured(broker, lambda: consume_all(broker, 'million'))
        row('consume', f'{wall:.2f} s', f'broker processor {cpu:.2f} s, {cpu:.2f} µs per record')
        run(['kcat', '-b', broker.bootstrap, '-L', '-t', 'lines', '-X', 'allow.auto.create.topics=true'])
        lines = f'{PROGRAM} console-producer --bootstrap-server {broker.bootstrap} --topic lines < {sent}'
        cpu, wall = measured(broker, lambda: run(['bash', '-c', lines], seconds=300))
        row('produce by console-producer', f'{wall:.2f} s', f'broker processor {cpu:.2f} s, {cpu:.2f} µs per record')
        row('highest memory (RSS)', f'{broker.rss_peak() / 1e6:.0f} MB')


def bench_client():
    print('\nClients beside each other: the same records to and from the same broker, 6 partitions, idempotent, acks=all')
    if not os.path.exists(tool('librdkafka_load')):
        raise Skip('the build has no librdkafka_load: install librdkafka-dev, configure anew')
    for record_bytes, count in ((100, 3000000), (1024, 1000000)):
        for what in ('produce', 'consume'):
            with Broker({'num.partitions': 6}) as broker:
                run(['kcat', '-b', broker.bootstrap, '-L', '-t', 'load', '-X', 'allow.auto.create.topics=true'])
                speed = {name: [] for name in ('client_load', 'librdkafka_load')}
                told = [broker.bootstrap, 'load', str(count), str(record_bytes), '6']
                if what == 'consume':
                    numbers([tool('librdkafka_load'), 'produce', *told])
                # In turns, so that what else the machine does meets both.
                for _ in range(3):
                    for name, seen in speed.items():
                        cpu, _, size = numbers([tool(name), what, *told])
                        seen.append(size / cpu / 1e6)
                ours, theirs = (statistics.median(seen) for seen in speed.values())
                row(f'{what}, {record_bytes} B records, per processor second', f'{ours:.0f} MB', f'librdkafka {theirs:.0f} MB, ratio {ours / theirs:.2f}')


def make_partitions(broker, count):
    """Topics of 1,000 partitions each, with one record in every tenth partition."""
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({'bootstrap.servers': broker.bootstrap})
    sizes = [min(1000, count - first) for first in range(0, count, 1000)]
    for number, size in enumerate(sizes):
        made = admin.create_topics([NewTopic(f'many-{number}', size, 1)], operation_timeout=600, request_timeout=600)
        for outcome in made.values():
            outcome.result(600)
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'acks': 'all', 'linger.ms': 100})
    for number, size in enumerate(sizes):
        for partition in range(0, size, 10):
            sender.produce(f'many-{number}', b'x' * VALUE_BYTES, partition=partition)
        sender.poll(0)
    if sender.flush(300):
        raise Failed('not every partition got its record')


def report_start(broker, before):
    """Starts it, and says what the start and each partition cost."""
    began = time.monotonic()
    broker.start(seconds=600)
    took = time.monotonic() - began
    memory = (broker.rss() - before) / PARTITIONS
    descriptors = len(os.listdir(f'/proc/{broker.pid}/fd'))
    return took, memory, f'processor {broker.cpu_seconds():.2f} s, {descriptors} descriptors'


def bench_partitions():
    print(f'\n{PARTITIONS} partitions, one in ten with a record; files in memory if there is room')
    home = '/dev/shm' if os.path.isdir('/dev/shm') else None
    with tempfile.TemporaryDirectory(dir=home) as folder:
        empty = Broker({'log.dir.reserve.bytes': 0}, data_dir=os.path.join(folder, 'empty'))
        with empty:
            before = empty.rss()
        broker = Broker({'log.dir.reserve.bytes': 0}, data_dir=os.path.join(folder, 'data'))
        with broker:
            make_partitions(broker, PARTITIONS)
            row('making them: memory per partition', f'{(broker.rss() - before) / PARTITIONS:.0f} B')
            began = time.monotonic()
            broker.stop(600)
            row('clean stop', f'{time.monotonic() - began:.2f} s')
            took, memory, beside = report_start(broker, before)
            row('start after a clean stop, until ready', f'{took:.2f} s', beside)
            row('memory per idle partition', f'{memory:.0f} B')
            began = time.monotonic()
            broker.stop(600)
            row('clean stop without a write', f'{time.monotonic() - began:.2f} s')
            broker.start(seconds=600)
            broker.kill()
            took, memory, beside = report_start(broker, before)
            row('start after kill -9, until ready', f'{took:.2f} s', beside)
            row('memory per idle partition', f'{memory:.0f} B')


def report_groups(what, connections, line):
    words = line.split()
    seen = dict(zip(words[0::2], words[1::2])) if words[0] != 'echo' else dict(zip(words[1::2], words[2::2]))
    beside = f'{seen["us_per_heartbeat"]} µs each, {seen["heartbeats_per_second"]} per second'
    if 'p99_us' in seen:
        beside += f', p99 {seen["p99_us"]} µs, {seen["failed"]} failed'
    row(f'{what}, {connections} connections', f'{seen["cpu_percent"]} %', beside)
    return seen


def bench_groups():
    print(f'\n{GROUPS} groups of 3 members, a heartbeat each in 3 s (processor of one core)')
    load = tool('group_load')
    for connections in (300, CONNECTIONS):
        echo = run([load, 'echo', str(GROUPS), '3', str(connections), '3000', '10'], seconds=120)
        report_groups('plain TCP echo of the same bytes', connections, echo.stdout.decode())
        for loops in (1, 2):
            with Broker({'barnabas.event.loops': loops, 'group.initial.rebalance.delay.ms': 500}) as broker:
                done = run([load, str(broker.port), str(broker.pid), str(GROUPS), '3', str(connections), '3000', '30'],
                           seconds=300)
                seen = report_groups(f'heartbeats, {loops} loop(s)', connections, done.stdout.decode())
                row('  memory per member (RSS, with metadata, without connections)', f'{seen["rss_per_member"]} B',
                    f'all joined within {seen["join_seconds"]} s')


PARTS = {'idle': bench_idle, 'partitions': bench_partitions, 'round_trip': bench_round_trip, 'bytes': bench_bytes, 'million': bench_million,
         'groups': bench_groups, 'client': bench_client}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f'no part is named {unknown[0]}; there are {", ".join(PARTS)}')
    print(f'{os.cpu_count()} cores; the load runs on the same machine')
    good = True
    build_tools()
    for name in wanted:
        try:
            PARTS[name]()
            print(f'PASS bench.{name}', flush=True)
        except (Skip, ImportError) as why:
            print(f'SKIP bench.{name}: {why}', flush=True)
        except Failed as why:
            print(f'FAIL bench.{name}: {why}', flush=True)
            good = False
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
