#pragma once
#include <cstddef>

namespace hk::keeper {

/// Finds every process below `root`, itself not included, in one look at /proc. Writes at most `room` of them and
/// returns how many. A process that is born during the look may be missed: look again until nothing changes.
std::size_t descendants(int root, int* out, std::size_t room);

/// Sends the signal to every descendant; how many there were.
std::size_t signal_descendants(int root, int signal);

} // namespace hk::keeper
