#pragma once
#include "net/stream.hpp"

#include <cstring>

/// Inside net only: bytes that have arrived and are not used yet.
namespace hk::net::detail {

/// A buffer that begins small, so that a thousand idle connections cost little, and grows up to its
/// limit.
class Inbox {
public:
    explicit Inbox(std::size_t limit)
        : limit_(std::max(limit, first_size)) {}

    std::string_view data() const { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    void consume(std::size_t count) {
        begin_ += count;
        if (begin_ != end_) return;
        begin_ = end_ = 0;
        if (size_ > first_size && !kept_large_) shrink();
    }
    /// Room for the next read; empty when the limit is reached.
    std::span<char> space() {
        if (end_ == size_ && begin_ > 0) move_to_front();
        if (end_ == size_ && size_ < limit_) grow();
        return {bytes_.get() + end_, size_ - end_};
    }
    void commit(std::size_t count) { end_ += count; }
    /// False, and nothing is added, when it does not fit.
    bool append(std::string_view bytes) {
        while (space().size() < bytes.size()) {
            if (size_ == limit_ && begin_ == 0) return false;
            if (begin_ > 0) move_to_front();
            else grow();
        }
        std::memcpy(bytes_.get() + end_, bytes.data(), bytes.size());
        end_ += bytes.size();
        return true;
    }
    /// While a body comes in, the large buffer stays.
    void keep_large(bool keep) { kept_large_ = keep; }

private:
    static constexpr std::size_t first_size = 4096;

    void move_to_front() {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    void grow() {
        const auto size = size_ == 0 ? first_size : std::min(size_ * 4, limit_);
        auto larger = std::make_unique_for_overwrite<char[]>(size);
        if (end_ > 0) std::memcpy(larger.get(), bytes_.get(), end_);
        bytes_ = std::move(larger);
        size_ = size;
    }
    void shrink() {
        bytes_.reset();
        size_ = 0;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t limit_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool kept_large_ = false;
};

} // namespace hk::net::detail
