#include "sim/checkers/foreign_disk_refused.hpp"

namespace barnabas::sim {

std::string badly_treated(const foreign_disk& disk) {
    if (disk.disturbed)
        return {};
    if (disk.served)
        return "the broker served clients though " + disk.place + " belongs to another one";
    if (!disk.changed.empty())
        return "the broker changed " + *disk.changed.begin() + " though " + disk.place +
               " belongs to another one";
    return {};
}

} // namespace barnabas::sim
