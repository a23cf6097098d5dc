#include "net/ws_frame.hpp"

#include <algorithm>

namespace hk::net::detail {
namespace {

using Step = std::expected<void, Violation>;

std::unexpected<Violation> violation(std::uint16_t code, std::string what) {
    return std::unexpected(Violation{.code = code, .what = std::move(what)});
}

bool is_control(Opcode opcode) { return opcode >= Opcode::close; }

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

std::uint64_t big_endian(const unsigned char* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = (value << 8) | bytes[i];
    return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int count) {
    for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

/// How many bytes after the first of a sequence, the smallest value that may be written so, and the
/// first byte's bits.
struct Lead {
    int more = 0;
    std::uint32_t smallest = 0;
    std::uint32_t bits = 0;
};

std::optional<Lead> lead_of(unsigned char c) {
    if (c < 0x80) return Lead{0, 0, c};
    if ((c & 0xe0) == 0xc0) return Lead{1, 0x80, c & 0x1fU};
    if ((c & 0xf0) == 0xe0) return Lead{2, 0x800, c & 0x0fU};
    if ((c & 0xf8) == 0xf0) return Lead{3, 0x10000, c & 0x07U};
    return std::nullopt;
}

} // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = lead_of(static_cast<unsigned char>(text[i]));
        if (!lead) return false;
        auto value = lead->bits;
        for (int n = 0; n < lead->more; ++n) {
            if (++i == text.size()) return false;
            const auto c = static_cast<unsigned char>(text[i]);
            if ((c & 0xc0) != 0x80) return false;
            value = (value << 6) | (c & 0x3fU);
        }
        const bool surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value < lead->smallest || value > 0x10ffff || surrogate) return false;
    }
    return true;
}

bool is_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

Step FrameReader::put(std::string_view bytes, std::vector<FrameEvent>& events) {
    while (!bytes.empty() || (in_payload_ && left_ == 0)) {
        auto step = in_payload_ ? take_payload(bytes, events) : take_header(bytes);
        if (!step) return step;
    }
    return {};
}

/// Two bytes say how long the whole header is.
std::size_t FrameReader::header_size() const {
    if (header_have_ < 2) return 2;
    const auto length = header_[1] & 0x7f;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    return 2 + extended + ((header_[1] & 0x80) ? 4 : 0);
}

Step FrameReader::take_header(std::string_view& bytes) {
    while (header_have_ < header_size()) {
        if (bytes.empty()) return {};
        header_[header_have_++] = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
    }
    return begin_frame();
}

Step FrameReader::begin_frame() {
    if (header_[0] & 0x70) return violation(1002, "reserved bits are set");
    if (!is_known(header_[0] & 0x0f)) return violation(1002, "unknown kind of frame");
    const bool masked = header_[1] & 0x80;
    if (masked != expect_masked_) return violation(1002, masked ? "a server must not mask" : "a client must mask");
    final_ = header_[0] & 0x80;
    opcode_ = static_cast<Opcode>(header_[0] & 0x0f);
    const unsigned length = header_[1] & 0x7f;
    left_ = length < 126 ? length : big_endian(&header_[2], length == 126 ? 2 : 8);
    const bool minimal = length < 126 || (length == 126 ? left_ > 125 : left_ > 0xffff);
    if (!minimal) return violation(1002, "the length is not written in its shortest form");
    if (masked) std::copy_n(&header_[header_have_ - 4], 4, mask_.begin());
    mask_at_ = 0;
    header_have_ = 0;
    in_payload_ = true;
    auto checked = check_frame();
    if (checked && !is_control(opcode_) && opcode_ != Opcode::continuation) message_kind_ = opcode_;
    return checked;
}

Step FrameReader::check_frame() const {
    if (is_control(opcode_)) {
        if (!final_) return violation(1002, "a control frame in pieces");
        if (left_ > 125) return violation(1002, "a control frame over 125 bytes");
        return {};
    }
    if (opcode_ == Opcode::continuation && !message_kind_) return violation(1002, "a continuation of nothing");
    if (opcode_ != Opcode::continuation && message_kind_) return violation(1002, "a message inside a message");
    if (left_ > limit_ - message_.size()) {
        return violation(1009, "a message is over " + std::to_string(limit_) + " bytes");
    }
    return {};
}

Step FrameReader::take_payload(std::string_view& bytes, std::vector<FrameEvent>& events) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    auto& into = is_control(opcode_) ? control_ : message_;
    const auto before = into.size();
    into.append(bytes.substr(0, count));
    if (expect_masked_) {
        for (std::size_t i = before; i < into.size(); ++i, ++mask_at_) {
            into[i] = static_cast<char>(static_cast<unsigned char>(into[i]) ^ mask_[mask_at_ & 3]);
        }
    }
    bytes.remove_prefix(count);
    left_ -= count;
    if (left_ > 0) return {};
    in_payload_ = false;
    return finish_frame(events);
}

Step FrameReader::finish_frame(std::vector<FrameEvent>& events) {
    if (opcode_ == Opcode::close) return finish_close(events);
    if (is_control(opcode_)) {
        events.push_back({.kind = opcode_, .data = std::exchange(control_, {}), .code = 0});
        return {};
    }
    if (!final_) return {};
    if (message_kind_ == Opcode::text && !is_utf8(message_)) return violation(1007, "a text message is not UTF-8");
    events.push_back({.kind = *message_kind_, .data = std::exchange(message_, {}), .code = 0});
    message_kind_.reset();
    return {};
}

Step FrameReader::finish_close(std::vector<FrameEvent>& events) {
    FrameEvent event{.kind = Opcode::close, .data = {}, .code = 1005};
    if (control_.size() == 1) return violation(1002, "half a close code");
    if (control_.size() >= 2) {
        const std::array bytes{static_cast<unsigned char>(control_[0]), static_cast<unsigned char>(control_[1])};
        event.code = static_cast<std::uint16_t>(big_endian(bytes.data(), 2));
        event.data = control_.substr(2);
        if (!is_close_code(event.code)) return violation(1002, "a close code that nobody may send");
        if (!is_utf8(event.data)) return violation(1007, "a close reason is not UTF-8");
    }
    control_.clear();
    events.push_back(std::move(event));
    return {};
}

std::string make_frame(Opcode opcode, std::string_view payload, std::optional<std::uint32_t> mask) {
    std::string out;
    out.reserve(payload.size() + 14);
    out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
    const unsigned mask_bit = mask ? 0x80 : 0;
    const unsigned length = payload.size() < 126       ? static_cast<unsigned>(payload.size())
                            : payload.size() <= 0xffff ? 126
                                                       : 127;
    out += static_cast<char>(mask_bit | length);
    if (length == 126) append_big_endian(out, payload.size(), 2);
    if (length == 127) append_big_endian(out, payload.size(), 8);
    if (!mask) return out.append(payload);
    append_big_endian(out, *mask, 4);
    const auto start = out.size();
    out.append(payload);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        const auto byte = static_cast<unsigned char>(*mask >> (24 - 8 * (i & 3)));
        out[start + i] = static_cast<char>(static_cast<unsigned char>(out[start + i]) ^ byte);
    }
    return out;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    constexpr std::size_t longest = 123;
    std::string out;
    append_big_endian(out, code, 2);
    reason = reason.substr(0, longest);
    while (!is_utf8(reason)) reason.remove_suffix(1); // a character may have been cut
    return out.append(reason);
}

} // namespace hk::net::detail
