#include "oci/tar.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace hk::oci {

namespace {

std::string_view text_field(const char* field, std::size_t width) { return {field, ::strnlen(field, width)}; }

/// Octal digits, or GNU's base 256 when the first bit is set. Empty when it is neither or does not fit.
std::optional<std::int64_t> number_field(const char* field, std::size_t width) {
    std::uint64_t value = 0;
    if ((static_cast<unsigned char>(field[0]) & 0x80) != 0) {
        for (std::size_t i = 1; i < width; ++i) {
            if (value >> 54 != 0) return std::nullopt;
            value = value << 8 | static_cast<unsigned char>(field[i]);
        }
        return static_cast<std::int64_t>(value);
    }
    for (std::size_t i = 0; i < width && field[i] != '\0'; ++i) {
        if (field[i] == ' ') continue;
        if (field[i] < '0' || field[i] > '7' || value >> 58 != 0) return std::nullopt;
        value = value << 3 | static_cast<std::uint64_t>(field[i] - '0');
    }
    return static_cast<std::int64_t>(value);
}

bool checksum_is_right(const char* block) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < tar_block; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
    return number_field(block + 148, 8) == sum;
}

/// By the first bytes of gzip, xz and zstd.
bool is_compressed(std::string_view block) {
    return block.starts_with("\x1f\x8b") ||
           block.starts_with("\xfd"
                             "7zXZ") ||
           block.starts_with("\x28\xb5\x2f\xfd");
}

TarType type_of(char flag) {
    switch (flag) {
    case '0':
    case '\0':
    case '7': return TarType::file;
    case '1': return TarType::hard_link;
    case '2': return TarType::symlink;
    case '5': return TarType::directory;
    default: return TarType::other;
    }
}

void strip_prefix(std::string& path) {
    std::size_t start = 0;
    while (path.compare(start, 2, "./") == 0 || path.compare(start, 1, "/") == 0) start += path[start] == '/' ? 1 : 2;
    path.erase(0, start);
}

std::unexpected<Error> broken(std::string what) {
    return fail(Errc::corrupt, "the archive is damaged: " + std::move(what));
}

/// One pax record off the front of `text`: "LENGTH KEY=VALUE\n".
bool take_record(std::string_view& text, std::string_view& key, std::string_view& value) {
    std::size_t length = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(parsed.ptr - text.data());
    if (parsed.ec != std::errc() || length > text.size() || length < digits + 2) return false;
    const std::string_view record = text.substr(0, length);
    if (record[digits] != ' ' || record.back() != '\n') return false;
    const std::string_view pair = record.substr(digits + 1, length - digits - 2);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    key = pair.substr(0, equals);
    value = pair.substr(equals + 1);
    text.remove_prefix(length);
    return true;
}

} // namespace

Result<> TarParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        std::size_t part = 0;
        if (data_left_ > 0) {
            part = std::min(static_cast<std::size_t>(data_left_), bytes.size());
            position_ += static_cast<std::int64_t>(part);
            HK_CHECK(take_data(bytes.substr(0, part)));
        } else if (padding_left_ > 0) {
            part = std::min(static_cast<std::size_t>(padding_left_), bytes.size());
            position_ += static_cast<std::int64_t>(part);
            padding_left_ -= static_cast<std::int64_t>(part);
        } else {
            part = std::min(tar_block - block_used_, bytes.size());
            position_ += static_cast<std::int64_t>(part);
            std::memcpy(block_.data() + block_used_, bytes.data(), part);
            block_used_ += part;
            if (block_used_ == tar_block) HK_CHECK(take_header());
        }
        bytes.remove_prefix(part);
    }
    return {};
}

Result<> TarParser::finish() const {
    if (data_left_ > 0 || padding_left_ > 0 || block_used_ > 0 || zero_blocks_ == 0)
        return broken("it ends in the middle");
    return {};
}

Result<> TarParser::skip(std::int64_t count) {
    data_left_ -= count;
    position_ += count;
    return data_left_ == 0 ? end_entry() : Result<>{};
}

Result<> TarParser::take_header() {
    block_used_ = 0;
    if (std::ranges::all_of(block_, [](char c) { return c == '\0'; })) {
        ++zero_blocks_;
        return {};
    }
    if (zero_blocks_ > 0) return broken("there is something after its end");
    if (entries_ == 0 && is_compressed({block_.data(), block_.size()}))
        return fail(Errc::invalid,
                    "the archive is compressed; unpack it first (gunzip, unxz or unzstd) and give it again");
    if (!checksum_is_right(block_.data())) return broken("a header has a wrong checksum, or this is not a tar file");
    const auto size = number_field(&block_[124], 12);
    if (!size) return broken("a header has no readable size");
    if (++entries_ > max_tar_entries)
        return fail(Errc::too_large, "the archive has more than " + std::to_string(max_tar_entries) + " entries");
    const char flag = block_[156];
    TarEntry entry;
    entry.size = *size;
    entry.type = type_of(flag);
    std::string prefix;
    if (std::memcmp(&block_[257], "ustar\0", 6) == 0) prefix = text_field(&block_[345], 155);
    entry.path = (prefix.empty() ? "" : prefix + "/") + std::string(text_field(&block_[0], 100));
    entry.link = text_field(&block_[157], 100);
    extension_ = flag == 'x'   ? Extension::pax
                 : flag == 'L' ? Extension::gnu_name
                 : flag == 'K' ? Extension::gnu_link
                               : Extension::none;
    return begin_entry(std::move(entry));
}

Result<> TarParser::begin_entry(TarEntry entry) {
    if (extension_ != Extension::none) {
        if (entry.size > static_cast<std::int64_t>(max_tar_extension))
            return fail(Errc::too_large, "the archive has a header of more than 1 MiB");
        extension_text_.clear();
    } else {
        if (!long_path_.empty()) entry.path = std::exchange(long_path_, {});
        if (!long_link_.empty()) entry.link = std::exchange(long_link_, {});
        if (long_size_ >= 0) entry.size = std::exchange(long_size_, -1);
        // Links may repeat the size of what they point to; no data follows them.
        if (entry.type != TarType::file && entry.type != TarType::other) entry.size = 0;
        strip_prefix(entry.path);
        HK_CHECK(sink_.on_begin(entry));
    }
    data_left_ = entry.size;
    padding_left_ = static_cast<std::int64_t>(tar_padding(entry.size).size());
    return data_left_ == 0 ? end_entry() : Result<>{};
}

Result<> TarParser::take_data(std::string_view bytes) {
    data_left_ -= static_cast<std::int64_t>(bytes.size());
    if (extension_ != Extension::none) extension_text_ += bytes;
    else HK_CHECK(sink_.on_data(bytes));
    return data_left_ == 0 ? end_entry() : Result<>{};
}

Result<> TarParser::end_entry() {
    switch (std::exchange(extension_, Extension::none)) {
    case Extension::none: return sink_.on_end();
    case Extension::pax: return apply_pax();
    case Extension::gnu_name: long_path_ = text_field(extension_text_.data(), extension_text_.size()); return {};
    case Extension::gnu_link: long_link_ = text_field(extension_text_.data(), extension_text_.size()); return {};
    }
    return {};
}

Result<> TarParser::apply_pax() {
    std::string_view text = extension_text_;
    std::string_view key, value;
    while (!text.empty()) {
        if (!take_record(text, key, value)) return broken("an extended header cannot be read");
        if (key == "path") long_path_ = value;
        if (key == "linkpath") long_link_ = value;
        if (key != "size") continue;
        const auto parsed = std::from_chars(value.data(), value.data() + value.size(), long_size_);
        if (parsed.ec != std::errc() || long_size_ < 0) return broken("an extended header has no readable size");
    }
    return {};
}

} // namespace hk::oci
