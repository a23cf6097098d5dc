#include "net/ws_frame.hpp"

#include <doctest/doctest.h>

using namespace hk::net::detail;

namespace {

constexpr std::uint32_t mask = 0x12345678;
using Events = std::vector<FrameEvent>;

struct Read {
    Events events;
    std::optional<Violation> violation;
};

/// Feeds the bytes in pieces of `step`.
Read read(std::string_view bytes, std::size_t step, bool masked = false, std::size_t limit = 100'000) {
    FrameReader reader(masked, limit);
    Read result;
    while (!bytes.empty()) {
        const auto put = reader.put(bytes.substr(0, step), result.events);
        bytes.remove_prefix(std::min(step, bytes.size()));
        if (put) continue;
        result.violation = put.error();
        return result;
    }
    return result;
}

std::uint16_t code_of(std::string_view bytes, bool masked = false, std::size_t limit = 100'000) {
    const auto result = read(bytes, bytes.size(), masked, limit);
    return result.violation ? result.violation->code : 0;
}

std::string frame(unsigned first, std::string_view payload) {
    auto text = make_frame(Opcode::text, payload, {});
    text[0] = static_cast<char>(first);
    return text;
}

FrameEvent message(Opcode kind, std::string data) { return {.kind = kind, .data = std::move(data), .code = 0}; }

} // namespace

TEST_CASE("frames of every size are read as they were made, in any pieces") {
    for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 127UL, 65'535UL, 65'536UL, 70'000UL}) {
        for (const bool masked : {false, true}) {
            CAPTURE(size);
            std::string payload(size, 'p');
            for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 26);
            const auto bytes = make_frame(Opcode::binary, payload, masked ? std::optional(mask) : std::nullopt);
            for (const std::size_t step : {1UL, 3UL, bytes.size()}) {
                const auto result = read(bytes, step, masked);
                CHECK(!result.violation);
                CHECK(result.events == Events{message(Opcode::binary, payload)});
            }
        }
    }
}

TEST_CASE("a message in pieces is put together, with control frames between them") {
    const auto bytes = frame(0x01, "one ") + frame(0x89, "ping") + frame(0x00, "") + frame(0x8a, "") +
                       frame(0x80, "two") + make_frame(Opcode::text, "three", {});
    for (const std::size_t step : {1UL, 2UL, bytes.size()}) {
        const auto result = read(bytes, step);
        CHECK(!result.violation);
        CHECK(result.events == Events{message(Opcode::ping, "ping"), message(Opcode::pong, ""),
                                      message(Opcode::text, "one two"), message(Opcode::text, "three")});
    }
}

TEST_CASE("what the protocol forbids is a violation with the right code") {
    CHECK(code_of(frame(0xc1, "x")) == 1002); // reserved bit
    CHECK(code_of(frame(0x83, "x")) == 1002); // unknown kinds
    CHECK(code_of(frame(0x8b, "x")) == 1002);
    CHECK(code_of(frame(0x80, "x")) == 1002); // continuation of nothing
    CHECK(code_of(frame(0x01, "x") + frame(0x81, "y")) == 1002);
    CHECK(code_of(frame(0x09, "x")) == 1002); // control frame in pieces
    CHECK(code_of(frame(0x89, std::string(126, 'x'))) == 1002);
    CHECK(code_of(make_frame(Opcode::text, "x", mask)) == 1002);
    CHECK(code_of(frame(0x81, "x"), true) == 1002);
    CHECK(code_of(std::string("\x82\x7e\x00\x05hello", 9)) == 1002); // length not in its shortest form
    CHECK(code_of(std::string("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello", 15)) == 1002);
    CHECK(code_of(std::string("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10)) == 1009);
    CHECK(code_of(frame(0x81, "\xff")) == 1007);
    CHECK(code_of(frame(0x01, "\xc3") + frame(0x80, "\xa4")) == 0); // a character across frames is fine
}

TEST_CASE("a message over the limit is refused from its header, in one frame or in pieces") {
    CHECK(code_of(make_frame(Opcode::binary, std::string(100, 'x'), {}), false, 100) == 0);
    CHECK(code_of(make_frame(Opcode::binary, std::string(101, 'x'), {}).substr(0, 2), false, 100) == 1009);
    CHECK(code_of(frame(0x02, std::string(60, 'x')) + frame(0x80, std::string(40, 'x')), false, 100) == 0);
    CHECK(code_of(frame(0x02, std::string(60, 'x')) + frame(0x80, std::string(41, 'x')), false, 100) == 1009);
}

TEST_CASE("close frames carry a code that may be sent and a reason in UTF-8") {
    const auto close = [](std::uint16_t code, std::string_view reason) {
        return make_frame(Opcode::close, close_payload(code, reason), {});
    };
    CHECK(read(make_frame(Opcode::close, "", {}), 99).events ==
          Events{{.kind = Opcode::close, .data = "", .code = 1005}});
    CHECK(read(close(1001, "bye"), 1).events == Events{{.kind = Opcode::close, .data = "bye", .code = 1001}});
    CHECK(code_of(make_frame(Opcode::close, "x", {})) == 1002);
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) {
        CAPTURE(code);
        CHECK(code_of(close(static_cast<std::uint16_t>(code), "")) == 1002);
    }
    CHECK(code_of(frame(0x88, "\x03\xe8\xff")) == 1007);
    const auto longest = close_payload(1000, std::string(122, 'x') + "\xc3\xa4");
    CHECK(longest.size() == 124); // the cut character is left out
}

TEST_CASE("UTF-8 is checked as the standard says") {
    for (const auto* good : {"", "abc", "\xc2\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
        CHECK(is_utf8(good));
    for (const auto* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "\xfe"}) {
        CHECK(!is_utf8(bad));
    }
}
