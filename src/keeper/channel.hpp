#pragma once
#include "keeper/protocol.hpp"

#include <cstddef>

struct pollfd;

namespace hk::keeper {

/// One start message. `fields` points into the channel's buffer and holds until the next message is taken.
struct Start {
    Header header;
    char* fields = nullptr;
    std::size_t size = 0; ///< of the fields, wherever they are
    int memfd = -1;       ///< the fields are in this file; the receiver closes it
};

/// The keeper's end of its socket: a few runners (one, and the next while the last one ends), one message per start.
class Channel {
public:
    static constexpr std::size_t max_runners = 8;
    static constexpr std::size_t max_descriptors = max_runners + 1;

    /// Listens on socket_name in the present folder; false and errno when that is not possible.
    bool listen();
    std::size_t descriptors(pollfd* out) const;
    bool connected() const { return runner_count_ > 0; }
    /// Takes in whoever waits to be connected. Strangers (another user) are turned away.
    void accept();
    /// The next message that has arrived; false when there is none now.
    bool next(Start& out);

private:
    enum class Got { message, nothing, end };
    Got receive(int runner, Start& out);
    bool understand(std::size_t size, Start& out) const;

    int listener_ = -1;
    int runners_[max_runners] = {};
    std::size_t runner_count_ = 0;
    alignas(8) char buffer_[max_inline] = {};
};

} // namespace hk::keeper
