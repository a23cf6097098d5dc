#pragma once
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// Tar archives as streams: ustar with the pax and GNU extensions for long names and sizes that image archives use.
/// Nothing is ever unpacked: the paths are only names inside the archive.
namespace hk::oci {

enum class TarType { file, directory, symlink, hard_link, other };

struct TarEntry {
    std::string path; ///< without a leading "./" or "/"
    TarType type = TarType::file;
    std::int64_t size = 0; ///< bytes of data that follow; only files have any
    std::string link;      ///< target of a symlink or hard link
    friend bool operator==(const TarEntry&, const TarEntry&) = default;
};

inline constexpr std::size_t tar_block = 512;
/// More entries than this, or an extension header larger than this, are refused.
inline constexpr std::size_t max_tar_entries = 200'000;
inline constexpr std::size_t max_tar_extension = 1 << 20;

/// Receives the entries of an archive, in order: begin, data as it comes, end. An error ends the parse.
class TarSink {
public:
    virtual ~TarSink() = default;
    virtual Result<> on_begin(const TarEntry& entry) = 0;
    virtual Result<> on_data(std::string_view bytes) = 0;
    virtual Result<> on_end() = 0;
};

/// Parses an archive that arrives in pieces of any size. After an error it must not be fed again.
class TarParser {
public:
    explicit TarParser(TarSink& sink)
        : sink_(sink) {}
    Result<> feed(std::string_view bytes);
    /// The archive is complete. Fails when it stopped in the middle.
    Result<> finish() const;
    /// How much of the current entry's data is still to come; a reader of a file may skip it and say so.
    std::int64_t remaining() const { return data_left_; }
    /// Bytes of the archive so far; in on_begin: where the entry's data starts.
    std::int64_t position() const { return position_; }
    /// The next `count` bytes of data were skipped: the sink does not see them. count <= remaining().
    Result<> skip(std::int64_t count);

private:
    enum class Extension { none, pax, gnu_name, gnu_link };
    Result<> take_header();
    Result<> begin_entry(TarEntry entry);
    Result<> take_data(std::string_view bytes);
    Result<> end_entry();
    Result<> apply_pax();

    TarSink& sink_;
    std::array<char, tar_block> block_{};
    std::size_t block_used_ = 0;
    std::int64_t data_left_ = 0;
    std::int64_t padding_left_ = 0;
    std::int64_t position_ = 0;
    Extension extension_ = Extension::none;
    std::string extension_text_;
    std::string long_path_, long_link_;
    std::int64_t long_size_ = -1;
    std::size_t entries_ = 0;
    int zero_blocks_ = 0;
};

/// The header block of an entry, with a pax header before it where the name or the size needs one.
std::string tar_header(const TarEntry& entry);
/// The zeros that follow `size` bytes of data.
std::string tar_padding(std::int64_t size);
/// The end of an archive.
std::string tar_end();

} // namespace hk::oci
