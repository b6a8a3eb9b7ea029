"""`barnabas dump-log` beside what Kafka's own tool printed of directories that Kafka wrote, and over a log of ours.

Kafka's transcripts are of version 2.4; `as_today` and `without_news` name all differences to the words of Kafka 4.
"""

import contextlib
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile

from broker import CODECS, PROGRAM, ROOT, Broker, run
from checks import Skip, check, expect, expect_equal, main

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
KAFKA = os.path.join(SHARED, 'kafka-data')
TRANSCRIPTS = os.path.join(KAFKA, 'transcripts')

RECORD = re.compile(rb'^(\| offset: -?\d+ \w+: -?\d+) keysize: (-?\d+) valuesize: (-?\d+)'
                    rb'(?: crc: (\d+) isvalid: (\w+))?')
BATCH = re.compile(rb'^(?:baseOffset|offset): .* position: \d+ \w+: -?\d+ size: ')
PATHS = {}


def unpacked(name):
    """The Kafka directory of that name, made once for all checks."""
    if not os.path.exists(os.path.join(KAFKA, 'unpack.sh')):
        raise Skip(f'{KAFKA} is absent (BARNABAS_SHARED names its parent)')
    if name not in PATHS:
        PATHS[name] = tempfile.mkdtemp(prefix=f'barnabas-kafka-{name}-')
        run(['sh', os.path.join(KAFKA, 'unpack.sh'), name, PATHS[name]])
    return PATHS[name]


def remove_unpacked():
    for path in PATHS.values():
        shutil.rmtree(path, ignore_errors=True)


def command(arguments):
    expect(os.access(PROGRAM, os.X_OK), f'there is no program at {PROGRAM}; build it first')
    return [PROGRAM, 'dump-log', *arguments]


def dump(arguments, cwd=None, code=0):
    """(standard output, standard error) of the tool, as lists of lines."""
    done = run(command(arguments), cwd=cwd, good=False)
    expect_equal(done.returncode, code, f'exit code of {arguments} ({done.stderr.decode()[-300:]})')
    return done.stdout.split(b'\n')[:-1], done.stderr.split(b'\n')[:-1]


def record_today(found):
    start, key, value, crc, valid = found.groups()
    line = start + b' keySize: ' + key + b' valueSize: ' + value
    return line if crc is None else line + b' isValid: ' + valid + b' crc: ' + crc


def as_today(line):
    """A line of Kafka 2.4 in the words of Kafka 4."""
    if line.startswith(b'Starting offset: '):
        return b'Log starting offset: ' + line.removeprefix(b'Starting offset: ')
    if line.startswith(b'| '):
        return RECORD.sub(record_today, line)
    if BATCH.match(line):
        line = re.sub(rb'( isControl: \w+)', rb'\1 deleteHorizonMs: OptionalLong.empty', line)
        return re.sub(rb' compresscodec: (\w+)', lambda found: found.group(0).replace(
            found.group(1), found.group(1).lower()), line)
    if line.startswith(b'producerId: '):
        line = line.replace(b'currentTxnFirstOffset: None', b'currentTxnFirstOffset: OptionalLong.empty')
        return re.sub(rb'currentTxnFirstOffset: Some\((\d+)\)', rb'currentTxnFirstOffset: OptionalLong[\1]', line)
    return line


def without_news(line):
    """A line of ours without what Kafka 2.4 did not say; None: the whole line is new."""
    if line.endswith(b'.index is empty.'):
        return None
    return re.sub(rb'^(producerId: .*) lastTimestamp: -?\d+', rb'\1', line)


def transcript(name):
    """Lines that were printed; none where there is no transcript."""
    path = os.path.join(TRANSCRIPTS, name + '.txt.gz')
    if not os.path.exists(path):
        return []
    with gzip.open(path, 'rb') as file:
        return file.read().removesuffix(b'\n').split(b'\n')


def expect_lines(seen, wanted, what):
    for number, (one, other) in enumerate(zip(seen, wanted)):
        expect_equal(one, other, f'{what}, line {number + 1}')
    expect_equal(len(seen), len(wanted), f'{what}, lines')


def reports(lines):
    """The reports on standard error, sorted: in Kafka's tool they come out of a hash map."""
    found = []
    for line in lines:
        if line.startswith((b' ', b'Indexed offset:')):
            found[-1].append(line)
        else:
            found.append([line])
    return sorted(found)


def agree(name, directory):
    line, *wanted = transcript(name)
    complaints = transcript(name + '.stderr')
    arguments = line.decode().split()[2:]  # behind "$ kafka-dump-log.sh"
    failed = bool(complaints) and complaints[0].startswith(b'Exception')
    seen, said = dump(arguments, unpacked(directory), 1 if failed else 0)
    expect_lines([line for line in map(without_news, seen) if line is not None], list(map(as_today, wanted)), name)
    if not failed:
        return expect_lines(reports(said), reports(complaints), name + ' on standard error')
    expect_equal(len(said), 1, f'{name}, complaints in {said}')
    last = re.search(rb' position: (\d+) .* size: (\d+) ', seen[-1])
    place = int(last.group(1)) + int(last.group(2))
    return expect(said[0].startswith(f'Error: {arguments[-1]} at byte {place}: '.encode()), f'it said {said[0]}')


def transcripts_of(directory):
    start = f'dump-log-{directory}-'
    names = sorted(name.removesuffix('.txt.gz') for name in os.listdir(TRANSCRIPTS)
                   if name.startswith(start) and name.endswith('.txt.gz') and '.stderr' not in name)
    expect(names, f'no transcript {start}*')
    return names


def agree_with_all_of(directory):
    unpacked(directory)
    for name in transcripts_of(directory):
        agree(name, directory)


@check
def agrees_with_kafka_on_a_cleanly_closed_directory():
    agree_with_all_of('clean')


@check
def agrees_with_kafka_on_a_killed_directory():
    agree_with_all_of('unclean')


@check
def agrees_with_kafka_on_cut_segments():
    agree_with_all_of('torn-cut')


@check
def agrees_with_kafka_on_flipped_bytes():
    agree_with_all_of('torn-flip')


DECODED = re.compile(r'^\| offset: (\d+) .*? headerKeys: \[\](?: key: (.*?) payload: (.*))?$')
TRANSACTION_STATES = ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead']


def coordinator_facts(key, payload):
    """The JSON of a coordinator's record as what Kafka 2.4 said of it; names in it are plain."""
    key, value = json.loads(key), None if payload == '<DELETE>' else json.loads(payload)['data']
    data = key['data']
    if 'transactionalId' in data:
        parts = {f'{one["topic"]}-{number}' for one in value['transactionPartitions'] or []
                 for number in one['partitionIds']}
        return (f'transaction_metadata::transactionalId={data["transactionalId"]}',
                f'producerId:{value["producerId"]},producerEpoch:{value["producerEpoch"]},'
                f'state={TRANSACTION_STATES[value["transactionStatus"]]},partitions=',
                f',txnLastUpdateTimestamp={value["transactionLastUpdateTimestampMs"]},'
                f'txnTimeoutMs={value["transactionTimeoutMs"]}', sorted(parts))
    if key['type'] == '1':
        metadata = value and value['metadata']
        return (f'offset_commit::group={data["group"]},partition={data["topic"]}-{data["partition"]}',
                value and f'offset={value["offset"]}' + (f',metadata={metadata}' if metadata else ''))
    return (f'group_metadata::group={data["group"]}',
            value and [value['protocolType'], value['protocol'], value['generation']],
            value and {member['memberId']: assigned(member['assignment']) for member in value['members']})


def assigned(assignment):
    if isinstance(assignment, str):  # a group that is being put together
        return []
    return sorted(f'{one["topic"]}-{number}' for one in assignment['assignedPartitions'] for number in one['partitions'])


def facts_of_old(key, payload):
    """The same of a line of Kafka 2.4."""
    if key.startswith('transaction_metadata'):
        start, parts, rest = re.fullmatch(r'(.*partitions=)Set\((.*)\)(,txn.*)', payload).groups()
        return key, start, rest, sorted(parts.split(', ') if parts else [])
    if payload == '<DELETE>':
        return (key, None, None) if key.startswith('group') else (key, None)
    if key.startswith('offset_commit'):
        return key, payload
    value = json.loads(payload)
    members = {name: sorted(parts.split(', ') if parts else [])
               for name, parts in re.findall(r'([^{},=]+)=\[(.*?)\]', value['assignment'])}
    return key, [value['protocolType'], value['protocol'], value['generationId']], members


def decoded(lines, facts):
    """{(file, offset): facts} of the records that have any."""
    found, file = {}, None
    for line in lines:
        if line.startswith('Dumping '):
            file = line
        record = DECODED.match(line)
        if record and record.group(2):
            found[file, record.group(1)] = facts(record.group(2), record.group(3))
    return found


@check
def decodes_the_records_of_coordinators_as_kafka_does():
    for directory, name, count in (('clean', 'consumer-offsets', 80), ('unclean', 'consumer-offsets', 130),
                                   ('clean', 'transaction-state', 280), ('unclean', 'transaction-state', 490)):
        path = unpacked(directory)
        with gzip.open(os.path.join(KAFKA, 'expected', directory, name + '.txt.gz'), 'rt', encoding='utf-8') as file:
            line, *lines = file.read().split('\n')
        arguments = [one for one in line.split()[2:] if one != '--deep-iteration']
        seen, _ = dump(arguments, path)
        wanted = decoded(lines, facts_of_old)
        expect(len(wanted) >= count, f'{directory}/{name} has only {len(wanted)} records')
        mine = decoded((line.decode() for line in seen), coordinator_facts)
        for place in sorted({*wanted, *mine}):
            expect_equal(mine.get(place), wanted.get(place), f'{directory}/{name} {place}')


def segment_files(directory, *endings):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names
                  if name.endswith(endings))


@check
def survives_damaged_indexes_that_kafka_left():
    files = segment_files(unpacked('torn-index'), '.index', '.timeindex', '.txnindex', '.snapshot')
    _, said = dump(['--files', ','.join(files)], code=1)
    expect(any(line.startswith(b'Error: ') for line in said), 'no error was told')
    _, said = dump(['--index-sanity-check', '--files', ','.join(files)], code=1)
    expect(any(b'failed the sanity check' in line for line in said), f'no index failed the check: {said[:3]}')


def state_of(directory):
    return {path: (os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in segment_files(directory, '')}


@check
def changes_no_file():
    directory = unpacked('unclean')
    before = state_of(directory)
    files = segment_files(os.path.join(directory, 'txn-0'), '')
    dump(['--deep-iteration', '--files', ','.join(files)])
    expect_equal(state_of(directory), before, 'the files')


@check
def sanity_check_names_preallocated_indexes():
    directory = unpacked('unclean')
    name = 'txn-0/00000000000000000243.index'
    _, said = dump(['--index-sanity-check', '--files', name], directory, 1)
    expect(said[0].startswith(f'Error: {name} failed the sanity check'.encode()), f'it said {said}')
    seen, _ = dump(['--index-sanity-check', '--files', 'txn-0/00000000000000000121.index'], directory)
    expect_equal(seen[-1], b'txn-0/00000000000000000121.index passed sanity check.', 'the last line')


@check
def verifying_only_shows_no_entries():
    name = 'fmt-0.9.0-0/00000000000000000735.index'
    seen, said = dump(['--verify-index-only', '--files', name], unpacked('clean'))
    expect_equal(seen, [f'Dumping {name}'.encode()], 'standard output')
    expect_equal(said[0], f'Mismatches in :{name}'.encode(), 'standard error')


@check
def max_bytes_ends_in_front_of_the_batch_that_passes_it():
    name = 'txn-0/00000000000000000000.log'
    whole, _ = dump(['--files', name], unpacked('clean'))
    position = int(re.search(rb' position: (\d+) ', whole[5]).group(1))
    seen, _ = dump(['--max-bytes', str(position + 1), '--files', name], unpacked('clean'))
    expect_equal(seen, whole[:5], 'what lies in front of it')


@check
def skips_the_record_metadata():
    name = 'null-headers-0/00000000000000000000.log'
    seen, _ = dump(['--print-data-log', '--skip-record-metadata', '--files', name], unpacked('clean'))
    records = [line for line in seen[2:] if not line.startswith(b'baseOffset: ')]
    expect(records, 'no record was shown')
    for line in records:
        expect(line == b'' or line.startswith((b'| key: ', b' payload: ')), f'a record is shown as {line}')


@check
def says_what_it_cannot_do():
    for arguments in (['--remote-log-metadata-decoder'], ['--key-decoder-class', 'LongDecoder'],
                      ['--value-decoder-class', 'org.apache.kafka.tools.api.OtherDecoder']):
        done = run(command(['--files', 'x/00000000000000000000.log', *arguments]), good=False)
        expect_equal(done.returncode, 2, f'exit code of {arguments}')
        expect_equal(done.stdout, b'', f'output of {arguments}')
        expect(arguments[0].encode() in done.stderr, f'it said {done.stderr}')


@check
def says_what_it_cannot_read():
    with tempfile.TemporaryDirectory(prefix='barnabas-test-') as place:
        absent = os.path.join(place, '00000000000000000000.log')
        _, said = dump(['--files', absent], code=1)
        expect(len(said) == 1 and absent.encode() in said[0], f'it said {said}')
        other = os.path.join(place, 'orders.log')
        with open(other, 'wb'):
            _, said = dump(['--files', other], code=1)
        expect(len(said) == 1 and other.encode() in said[0], f'it said {said}')
        seen, said = dump(['--files', os.path.join(place, 'meta.properties')])
        expect_equal(len(seen), 1, 'lines about an unknown file')
        expect(said[0].startswith(b'Ignoring unknown file '), f'it said {said}')


@contextlib.contextmanager
def filled_broker(topic, count):
    """A broker that has `count` records of every codec in one partition."""
    try:
        import confluent_kafka
    except ImportError:
        raise Skip('confluent_kafka is not installed') from None
    with Broker({'num.partitions': 1}) as broker:
        for codec in CODECS:
            producer = confluent_kafka.Producer({'bootstrap.servers': broker.bootstrap, 'compression.type': codec,
                                                 'enable.idempotence': True, 'linger.ms': 20, 'log_level': 0})
            for number in range(count):
                producer.produce(topic, key=f'{codec}-{number}', value=f'é {number} ' * 20,
                                 headers=[('codec', codec)], on_delivery=lambda failed, _: expect(not failed, failed))
            expect_equal(producer.flush(30), 0, f'records of {codec} not acknowledged')
        yield broker


@check
def shows_the_metadata_log():
    with Broker({}) as broker:
        logs = segment_files(os.path.join(broker.data_dir, '__cluster_metadata-0'), '.log')
        expect_equal(broker.stop(), 0, 'exit code of the broker')
        seen, said = dump(['--cluster-metadata-decoder', '--skip-record-metadata', '--files', ','.join(logs)])
        expect_equal(said, [], 'complaints')
        records = [json.loads(line.removeprefix(b' payload: ')) for line in seen if line.startswith(b' payload: ')]
        registered = [one['data'] for one in records if one['type'] == 'broker_registered']
        expect(registered and registered[0]['brokerId'] == 1 and registered[0]['endPoints'], f'it showed {records}')
        expect({one['version'] for one in records} == {1}, f'it showed {records}')


@check
def shows_keys_and_values_by_kafkas_classes():
    def contents(*classes):
        options = zip(('--key-decoder-class', '--value-decoder-class'), classes)
        seen, _ = dump([*sum(options, ()), '--skip-record-metadata', '--files', 'plain-none-0/00000000000000000000.log'], unpacked('clean'))
        found = [re.fullmatch(rb'\| key: (.*) payload: (.*)', line) for line in seen]
        return [one.groups() for one in found if one]
    texts = contents('org.apache.kafka.tools.api.StringDecoder', 'kafka.serializer.StringDecoder')
    expect(texts and any(len(value) >= 8 for _, value in texts), 'there are no records with key and value')
    for number, size in (('Integer', 4), ('Long', 8)):
        shown = contents('org.apache.kafka.tools.api.DefaultDecoder', f'kafka.serializer.{number}Decoder')
        for (key, value), (key_shown, value_shown) in zip(texts, shown, strict=True):
            expect_equal(bytes.fromhex(key_shown.decode()), key, 'a key')
            if len(value) >= size and value.isascii():
                expect_equal(int(value_shown), int.from_bytes(value[:size], 'big', signed=True), 'a value')


@check
def shows_a_log_of_our_own_and_finds_it_sound():
    count = 300
    with filled_broker('dumped', count) as broker:
        folder = os.path.join(broker.data_dir, 'dumped-0')
        logs = segment_files(folder, '.log')
        while_it_runs, said = dump(['--print-data-log', '--files', ','.join(logs)])
        expect_equal(said, [], 'complaints beside a running broker')
        expect_equal(broker.stop(), 0, 'exit code of the broker')
        seen, said = dump(['--print-data-log', '--files', ','.join(logs)])
        expect_lines(seen, while_it_runs, 'the dump after the stop')
        expect_equal(said, [], 'complaints about the log')
        expect_own_log(seen, broker.stored_batches('dumped'), count)
        others = segment_files(folder, '.index', '.timeindex', '.snapshot', '.txnindex')
        seen, said = dump(['--files', ','.join(others)])
        expect_equal(said, [], 'complaints about indexes and snapshots')
        expect(any(line.startswith(b'producerId: ') for line in seen), f'no producer in {others}')
        dump(['--index-sanity-check', '--files', ','.join(one for one in others if one.endswith('index'))])


def expect_own_log(seen, stored, count):
    batches = [line for line in seen if line.startswith(b'baseOffset: ')]
    expect_equal([tuple(map(int, re.match(rb'baseOffset: (\d+) lastOffset: (\d+) count: (\d+) ', line).groups()))
                  for line in batches],
                 [(one['base_offset'], one['last_offset'], one['count']) for one in stored], 'the batches')
    expect_equal({re.search(rb' compresscodec: (\w+) ', line).group(1).decode() for line in batches}, set(CODECS),
                 'the codecs')
    expect(all(line.endswith(b' isvalid: true') for line in batches), 'a batch is not valid')
    records = [line for line in seen if line.startswith(b'| ')]
    keys = [f'{codec}-{number}' for codec in CODECS for number in range(count)]
    expect_equal(len(records), len(keys), 'records')
    for offset, (line, key) in enumerate(zip(records, keys)):
        value = f'é {key.split("-")[1]} ' * 20
        expect(line.startswith(b'| offset: %d CreateTime: ' % offset), f'offset {offset} is shown as {line}')
        expect(line.endswith(f' headerKeys: [codec] key: {key} payload: {value}'.encode()), f'{key} is shown as {line}')


def as_kafkas_line(shown):
    """The text of a line of JSON."""
    if shown['kind'] == 'sentence':
        return shown['text']
    optional = ('deleteHorizonMs', 'currentTxnFirstOffset')
    words = []
    for name, value in list(shown.items())[2:]:
        if name in optional:
            value = 'OptionalLong.empty' if value is None else f'OptionalLong[{value}]'
        words.append(f'{name}: {str(value).lower() if isinstance(value, bool) else value}')
    return (('| ' if shown['kind'] == 'record' else '') + ' '.join(words)).rstrip()


@check
def json_has_the_facts_of_every_line():
    files = []
    for folder, names in (('clean', ('txn-0', 'compacted-txn-0', 'idem-0')), ('unclean', ('plain-lz4-0', 'fmt-0.10.2-0'))):
        for name in names:
            files += sorted(glob.glob(os.path.join(unpacked(folder), '**', name, '0*.*'), recursive=True))
    kinds = set()
    for path in files:
        said, complaints = dump(['--print-data-log', '--files', path])
        shown, same = dump(['--print-data-log', '--files', path, '--output', 'json'])
        expect_equal(same, complaints, f'standard error of {path}')
        lines = [json.loads(line) for line in shown]
        expect(all(one['file'] == path for one in lines), f'the file of {path}')
        kinds |= {one['kind'] for one in lines}
        expect_equal([as_kafkas_line(one) for one in lines], [line.decode().rstrip() for line in said[1:]], f'facts of {path}')
    expect(kinds >= {'batch', 'record', 'message', 'entry', 'producer', 'transaction', 'sentence'}, f'only {kinds}')


@check
def reads_a_large_log_in_little_memory():
    """One batch after the other, many times: 256 MiB of log, 64 MiB of address space beside what the program is."""
    source = os.path.join(unpacked('clean'), 'plain-gzip-0', '00000000000000000000.log')
    with open(source, 'rb') as file:
        content = file.read()
    with tempfile.TemporaryDirectory(prefix='barnabas-test-') as place:
        path = os.path.join(place, '00000000000000000000.log')
        with open(path, 'wb') as file:
            for _ in range((256 << 20) // len(content)):
                file.write(content)
        printed = os.path.join(place, 'printed')
        with open(printed, 'wb') as out:
            process = subprocess.Popen(command(['--files', path]), stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        expect_equal(process.returncode, 0, 'exit code')
        expect(usage.ru_maxrss < 64 << 10, f'it took {usage.ru_maxrss} KiB')
        with open(printed, 'rb') as lines:
            valid = sum(line.endswith(b' isvalid: true\n') for line in lines)
        expect(valid > 100000, f'only {valid} batches')


if __name__ == '__main__':
    main('dump_log', remove_unpacked)
