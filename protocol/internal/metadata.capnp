@0xc9eb02a40d26dfd0;
# Records of the metadata log, partition 0 of the internal topic `__cluster_metadata`.
#
# The log is an ordinary partition directory of record batches (magic 2). One batch holds the records of one
# decision of the controller, so that a decision is there as a whole or not at all; offsets count records.
# A record has no key. Its value is
#
#     4 bytes   "BNBm"                    tells our records from those of another system in the same place
#     rest      one MetadataRecord        Cap'n Proto, standard stream framing, one segment
#
# Who writes: the active controller, after it has checked a request against the state that all earlier
# records make. Who reads: every broker and controller, from offset 0 or a snapshot on, in order. Applying a
# record never fails for a reason outside the record and the state, so all readers at one offset agree.
#
# How it evolves. A field is added at the end with the next number and a default that means "as before";
# a kind of record is added as the next union member. Neither is written before the finalised feature level
# (record `featureLevel`) says that all nodes know it. `formatVersion` is raised only when readers of the
# version before would misunderstand the bytes; a reader refuses a version that it does not know and an
# unknown union member, since skipping one would give it another state than everybody else. Numbers of
# removed fields are never given out again.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("barnabas::internal_schema");

struct Uuid {
  # 16 bytes, the most significant first: `high` holds bytes 0 to 7.
  high @0 :UInt64;
  low @1 :UInt64;
}

struct MetadataRecord {
  formatVersion @0 :UInt16;
  # Now 1.

  union {
    noOp @1 :Void;
    # Changes nothing. A new leader of the log writes one to commit what lies before it.

    featureLevel @2 :FeatureLevel;
    topicCreated @3 :TopicCreated;
    partition @4 :Partition;
    topicRemoved @5 :TopicRemoved;
    configChanged @6 :ConfigChanged;
    brokerRegistered @7 :BrokerRegistered;
    producerIdsAllocated @8 :ProducerIdsAllocated;
  }
}

struct FeatureLevel {
  # From this record on, writers may use everything that this level includes. Never goes down.
  # 1: everything here but configs of brokers. 2: these as well. 3: configs of groups as well. A log of a
  # lower level gets a level with the first record that needs it.
  level @0 :UInt16;
}

struct TopicCreated {
  # Followed in the same batch by its configs and its partitions, indexes 0, 1, 2 and so on.
  name @0 :Text;
  id @1 :Uuid;
}

struct Partition {
  # The whole state of one partition; replaces what was there. A new partition has the next free index.
  topic @0 :Uuid;
  index @1 :Int32;
  leader @2 :Int32;
  # -1: no leader.

  leaderEpoch @3 :Int32;
  # Rises with every change of leader.

  partitionEpoch @4 :Int32;
  # Rises with every record about this partition.

  replicas @5 :List(Int32);
  # In order of preference.

  isr @6 :List(Int32);
}

struct TopicRemoved {
  # The topic, its partitions and its configs are gone; the id is never used again.
  id @0 :Uuid;
}

struct ConfigChanged {
  resource :union {
    cluster @0 :Void;
    topic @1 :Uuid;
    broker @2 :Int32;
    group @6 :Text;
    # By its name, whether it exists or not; it ends with its last config. From level 3 on.
  }
  key @3 :Text;
  value :union {
    cleared @4 :Void;
    # Back to the default.

    set @5 :Text;
  }
}

struct BrokerRegistered {
  # A broker started with these addresses; replaces its earlier registration. The offset of this record is
  # the broker's epoch.
  id @0 :Int32;
  listeners @1 :List(Listener);
  # Those that clients may use; the first is the one used where a single address is wanted.

  rack :union {
    none @2 :Void;
    name @3 :Text;
  }
}

struct Listener {
  name @0 :Text;
  host @1 :Text;
  # As advertised, not as bound.

  port @2 :UInt16;
}

struct ProducerIdsAllocated {
  # `broker` may hand out the ids in [first, first + count). Blocks follow one another without overlap.
  broker @0 :Int32;
  first @1 :Int64;
  count @2 :Int32;
}
