"""librdkafka's C interface, for what its Python module does not have."""

import ctypes
import ctypes.util


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
