#include "runtime/disk/call_watch.hpp"

#include "runtime/disk/disk.hpp"

namespace barnabas::runtime {

const call_watch* call_watch::of(const disk& any) {
    return dynamic_cast<const call_watch*>(&any);
}

} // namespace barnabas::runtime
