"""librdkafka's C interface, for what its Python module does not have."""

import ctypes
import ctypes.util

from checks import expect, expect_equal

PRODUCER = 0


class Place(ctypes.Structure):
    _fields_ = [('topic', ctypes.c_char_p), ('partition', ctypes.c_int32), ('offset', ctypes.c_int64),
                ('metadata', ctypes.c_void_p), ('metadata_size', ctypes.c_size_t), ('opaque', ctypes.c_void_p),
                ('error', ctypes.c_int), ('private', ctypes.c_void_p)]


class Places(ctypes.Structure):
    _fields_ = [('count', ctypes.c_int), ('size', ctypes.c_int), ('all', ctypes.POINTER(Place))]


def load():
    lib = ctypes.CDLL(ctypes.util.find_library('rdkafka') or 'librdkafka.so.1')
    for name in ('conf_new', 'new', 'queue_new', 'DeleteRecords_new', 'queue_poll', 'event_DeleteRecords_result'):
        getattr(lib, f'rd_kafka_{name}').restype = ctypes.c_void_p
    for name in ('topic_partition_list_new', 'DeleteRecords_result_offsets'):
        getattr(lib, f'rd_kafka_{name}').restype = ctypes.POINTER(Places)
    return lib


def delete_records(bootstrap, wanted):
    """Deletes below each offset; returns (low watermark, error) by topic and partition."""
    lib = load()
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    lib.rd_kafka_conf_set(conf, b'bootstrap.servers', bootstrap.encode(), None, ctypes.c_size_t(0))
    client = ctypes.c_void_p(lib.rd_kafka_new(PRODUCER, conf, None, ctypes.c_size_t(0)))
    queue = ctypes.c_void_p(lib.rd_kafka_queue_new(client))
    places = lib.rd_kafka_topic_partition_list_new(len(wanted))
    for (topic, partition), offset in wanted.items():
        lib.rd_kafka_topic_partition_list_add(places, topic.encode(), ctypes.c_int32(partition))
        lib.rd_kafka_topic_partition_list_set_offset(places, topic.encode(), ctypes.c_int32(partition),
                                                     ctypes.c_int64(offset))
    request = (ctypes.c_void_p * 1)(lib.rd_kafka_DeleteRecords_new(places))
    lib.rd_kafka_DeleteRecords(client, request, ctypes.c_size_t(1), None, queue)
    event = ctypes.c_void_p(lib.rd_kafka_queue_poll(queue, 20000))
    expect(event.value, 'librdkafka has no answer within 20 s')
    error = lib.rd_kafka_event_error(event)
    expect_equal(error, 0, 'error of the whole request')
    answer = lib.rd_kafka_DeleteRecords_result_offsets(
        ctypes.c_void_p(lib.rd_kafka_event_DeleteRecords_result(event))).contents
    found = {(each.topic.decode(), each.partition): (each.offset, each.error)
             for each in (answer.all[at] for at in range(answer.count))}
    lib.rd_kafka_event_destroy(event)
    lib.rd_kafka_DeleteRecords_destroy(ctypes.c_void_p(request[0]))
    lib.rd_kafka_topic_partition_list_destroy(places)
    lib.rd_kafka_queue_destroy(queue)
    lib.rd_kafka_destroy(client)
    return found
