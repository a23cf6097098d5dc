#pragma once
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Inside net only: the framing of RFC 6455, without sockets, clocks or threads.
namespace hk::net::detail {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// A whole message or control frame. For close, `data` is the reason and `code` 1005 when none was
/// given.
struct FrameEvent {
    Opcode kind = Opcode::text;
    std::string data;
    std::uint16_t code = 0;
    friend bool operator==(const FrameEvent&, const FrameEvent&) = default;
};

/// The peer broke the protocol: the close code to answer with and what it did.
struct Violation {
    std::uint16_t code = 1002;
    std::string what;
};

/// Puts frames together to messages. After a violation it must not be used any more.
class FrameReader {
public:
    /// A server expects masked frames, a client unmasked ones.
    FrameReader(bool expect_masked, std::size_t message_limit)
        : expect_masked_(expect_masked)
        , limit_(message_limit) {}
    /// Takes all of the bytes and appends what is complete now.
    std::expected<void, Violation> put(std::string_view bytes, std::vector<FrameEvent>& events);

private:
    using Step = std::expected<void, Violation>;
    Step take_header(std::string_view& bytes);
    Step begin_frame();
    Step check_frame() const;
    Step take_payload(std::string_view& bytes, std::vector<FrameEvent>& events);
    Step finish_frame(std::vector<FrameEvent>& events);
    Step finish_close(std::vector<FrameEvent>& events);
    std::size_t header_size() const;

    bool expect_masked_;
    std::size_t limit_;
    std::array<unsigned char, 14> header_{};
    std::size_t header_have_ = 0;
    bool in_payload_ = false;
    // The frame that is being read.
    Opcode opcode_ = Opcode::text;
    bool final_ = false;
    std::uint64_t left_ = 0;
    std::array<unsigned char, 4> mask_{};
    std::size_t mask_at_ = 0;
    std::string control_;
    // The message that is being put together.
    std::optional<Opcode> message_kind_;
    std::string message_;
};

/// One final frame. With a mask, as clients send it.
std::string make_frame(Opcode opcode, std::string_view payload, std::optional<std::uint32_t> mask);
/// The payload of a close frame; the reason is cut to 123 bytes.
std::string close_payload(std::uint16_t code, std::string_view reason);
/// Whether a peer may send this close code.
bool is_close_code(std::uint16_t code);
bool is_utf8(std::string_view text);

} // namespace hk::net::detail
