"""Bytes that are no requests: each closes its own connection, tells why in the log and disturbs nobody."""

import contextlib
import os
import random
import socket
import struct

from wire import (API_VERSIONS, CREATE_PARTITIONS, CREATE_TOPICS, DELETE_TOPICS, DESCRIBE_CONFIGS, FETCH, LIST_OFFSETS,
                  MEGABYTE, METADATA, PRODUCE, Broker, Closed, Connection, Failed, Neighbour, check, expect, expect_equal,
                  framed, main, raw_request, read_response, until)

broker = Broker({'connections.max.idle.ms': '600000'})
neighbour = None

TLS_HELLO = bytes.fromhex('16030100c8010000c40303') + bytes(range(32)) + bytes(160)


def refused(data, *words, hang_up=False):
    """Sends the bytes on a new connection; it must be closed with a log line that holds the words."""
    mark, before = broker.mark(), broker.rss()
    with Connection(broker) as connection:
        connection.send(data)
        if not hang_up:
            connection.expect_closed(f'{data[:20]!r}')
    for word in words:
        broker.wait_for_line(word, mark)
    expect(broker.rss() - before < 16 * MEGABYTE, f'memory grew by {(broker.rss() - before) / MEGABYTE:.1f} MB')
    neighbour.works()


@check
def garbage_is_refused():
    refused(b'This is no Kafka client at all, but a person who types.\r\n', 'announces')
    noise = random.Random(7)
    for _ in range(50):
        # A first byte of 8 or more announces more than any request may have.
        refused(bytes([noise.randrange(8, 256)]) + noise.randbytes(noise.randrange(20, 2000)))


@check
def an_http_request_is_refused():
    refused(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'announces')


@check
def a_tls_hello_is_refused_and_named():
    refused(TLS_HELLO, 'TLS')


@check
def lengths_out_of_range_are_refused():
    for length in (0x7fffffff, 2 * 1000 ** 3, 100 * MEGABYTE + 1, -1, -0x80000000, 0, 1, 7):
        refused(struct.pack('>i', length) + b'\0' * 20, f'announces {length} bytes')


@check
def half_a_frame_and_a_hang_up_harm_nobody():
    whole = raw_request(METADATA, 1, struct.pack('>i', 0))
    for cut in range(1, len(whole)):
        with Connection(broker) as connection:
            connection.send(whole[:cut])
    with Connection(broker) as connection:
        connection.send(struct.pack('>i', 50 * MEGABYTE) + os.urandom(MEGABYTE))
    neighbour.works()
    until(lambda: open_connections() <= 1, 'the broker forgets the connections that hung up')


def open_connections():
    for line in broker.http('/metrics')[1].splitlines():
        if not line.startswith('#') and line.split()[0].split('{')[0].endswith('connections'):
            return float(line.split()[-1])
    raise Failed('/metrics shows no number of open connections')


@check
def a_request_in_many_small_pieces_is_answered():
    with Connection(broker) as connection:
        data = raw_request(API_VERSIONS, 0)
        for byte in data:
            connection.send(bytes([byte]))
        expect_equal(connection.answer(API_VERSIONS, 0, 1)['errorCode'], 0, 'error code')


@check
def an_unknown_api_key_closes_the_connection():
    for key in (999, -1, 32767):
        refused(raw_request(key, 0, bytes(10)), f'api key {key}')


@check
def an_unserved_version_closes_the_connection_and_names_the_served_ones():
    for key, version in ((METADATA, 99), (PRODUCE, -1), (FETCH, 19), (CREATE_TOPICS, 32767)):
        refused(raw_request(key, version, bytes(10)), f'version {version} is not served')


@check
def api_versions_of_an_unknown_version_is_answered_in_version_0():
    for version in (99, 5, 32767):
        with Connection(broker) as connection:
            # The header of a flexible version, then a body that nobody knows.
            connection.send(framed(struct.pack('>hhihb', API_VERSIONS, version, 77, -1, 0) + b'\x05abcd\x02x\x00new'))
            correlation, answer = read_response(API_VERSIONS, 0, connection.frame())
            expect_equal(correlation, 77, 'correlation id')
            expect_equal(answer['errorCode'], 35, 'error code')
            ranges = {one['apiKey']: (one['minVersion'], one['maxVersion']) for one in answer['apiKeys']}
            expect(API_VERSIONS in ranges and ranges[API_VERSIONS][0] == 0, f'no range of ApiVersions in {ranges}')
            best = ranges[API_VERSIONS][1]
            expect_equal(connection.ask(API_VERSIONS, best)['errorCode'], 0, 'the next try on the same connection')
    neighbour.works()


HUGE_COUNTS = (0x7fffffff, 1000000, -2, -0x80000000)


@check
def counts_larger_than_the_frame_close_the_connection():
    for count in HUGE_COUNTS:
        number = struct.pack('>i', count)
        for key, version, body in (
                (METADATA, 1, number), (PRODUCE, 3, struct.pack('>hhi', -1, 1, 1000) + number),
                (PRODUCE, 3, struct.pack('>hhii', -1, 1, 1000, 1) + struct.pack('>h', 1) + b't' + number),
                (FETCH, 4, struct.pack('>iiiib', -1, 0, 0, 0, 0) + number),
                (LIST_OFFSETS, 1, struct.pack('>i', -1) + number), (CREATE_TOPICS, 1, number), (DELETE_TOPICS, 1, number),
                (DESCRIBE_CONFIGS, 1, number), (CREATE_PARTITIONS, 1, number)):
            refused(raw_request(key, version, body))


@check
def compact_counts_larger_than_the_frame_close_the_connection():
    for count in (b'\xff\xff\xff\xff\x0f', b'\xff\xff\xff\x7f', b'\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01'):
        # Header version 2: client id, tags; then a compact array.
        refused(framed(struct.pack('>hhihb', METADATA, 9, 1, -1, 0) + count))
        # As many tagged fields.
        refused(framed(struct.pack('>hhih', METADATA, 9, 1, -1) + count + bytes(20)))


@check
def record_bytes_longer_than_the_frame_close_the_connection():
    body = struct.pack('>hhii', -1, 1, 1000, 1) + struct.pack('>h', 1) + b't' + struct.pack('>iii', 1, 0, 0x7ffffff0)
    refused(raw_request(PRODUCE, 3, body))


@check
def bytes_behind_a_request_close_the_connection_or_are_ignored():
    with Connection(broker) as connection:
        connection.send(raw_request(API_VERSIONS, 0, b'more bytes than there should be'))
        try:
            connection.frame()
        except Closed:
            pass
    neighbour.works()


@check
def random_frames_never_end_the_broker():
    """Real headers, random bodies: an answer or a closed connection, never silence."""
    noise = random.Random(11)
    keys = (PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, DELETE_TOPICS, DESCRIBE_CONFIGS, CREATE_PARTITIONS, 10, 22, 60)
    for number in range(600):
        key, version = noise.choice(keys), noise.randrange(0, 8)
        body = noise.randbytes(noise.randrange(0, 60))
        if number % 2:
            body = bytes(byte if noise.random() < 0.3 else 0 for byte in body)
        with Connection(broker) as connection:
            connection.send(raw_request(key, version, body))
            # A closed sending side tells the broker that nothing follows, whatever it made of the bytes.
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
            try:
                connection.frame()
            except Closed:
                pass
    expect(broker.is_running(), broker.last_lines())
    neighbour.works()


if __name__ == '__main__':
    broker.start()
    neighbour = Neighbour(broker)
    main('bad_frames', broker.discard)
