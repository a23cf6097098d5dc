#pragma once

namespace hk::keeper {

/// Says what the container's memory group counted, as one fact: engines differ in whether they report an OOM kill, and
/// the group is gone as soon as PID 1 is. Nothing is said where the group cannot be read.
void append_memory(int record);

} // namespace hk::keeper
