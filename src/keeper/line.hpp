#pragma once
#include <cstddef>
#include <cstdint>

namespace hk::keeper {

/// One line of text in a fixed buffer: what does not fit is cut. No allocation, so it works in a vforked child.
class Line {
public:
    Line& word(const char* text); ///< a space, then the text with line breaks made blank
    Line& number(std::int64_t value);
    Line& join(const char* text);              ///< like word, without the space before it
    const char* text() const { return text_; } ///< without a line break
    /// Appends the line, with its line break, in one write. False when the file refuses it.
    bool append_to(int fd);

private:
    static constexpr std::size_t room = 1024;
    void put(char c);
    char text_[room] = {};
    std::size_t size_ = 0;
};

std::int64_t realtime_micros();
std::int64_t monotonic_micros();
/// When the process started, in clock ticks since boot; 0 when there is no such process.
std::uint64_t start_ticks(int pid);

} // namespace hk::keeper
