#include "exec/programs.hpp"

#include "base/file.hpp"

#include <cstdint>
#include <string_view>
#include <sys/stat.h>

extern "C" {
extern const std::byte hk_keeper_begin[];
extern const std::byte hk_keeper_end[];
extern const std::byte hk_hakurun_begin[];
extern const std::byte hk_hakurun_end[];
}

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

constexpr char prefix[] = "keeper-";

/// FNV-1a: tells versions apart, no more.
std::string short_hash(std::span<const std::byte> bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3;
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[hash >> shift & 15];
    return text;
}

std::string_view text_of(std::span<const std::byte> program) {
    return {reinterpret_cast<const char*>(program.data()), program.size()};
}

bool is_complete(const fs::path& path, std::size_t size) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 && static_cast<std::size_t>(found.st_size) == size;
}

/// A program that runs keeps its file's contents, so removing the name is safe.
void remove_others(const fs::path& state_dir, const fs::path& keep) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(state_dir, failed)) {
        const std::string name = entry.path().filename().string();
        const bool is_program = name.starts_with(prefix) && name.find('.') == name.npos;
        if (is_program && entry.path() != keep) fs::remove(entry.path(), failed);
    }
}

} // namespace

std::span<const std::byte> keeper_program() { return {hk_keeper_begin, hk_keeper_end}; }

Result<fs::path> install_keeper(const fs::path& state_dir) {
    const auto program = keeper_program();
    fs::path path = state_dir / (prefix + short_hash(program));
    if (!is_complete(path, program.size())) {
        HK_CHECK(write_file_atomically(path, text_of(program), 0755));
    }
    remove_others(state_dir, path);
    return path;
}

Result<fs::path> install_hakurun(const fs::path& state_dir) {
    const std::span<const std::byte> program(hk_hakurun_begin, hk_hakurun_end);
    const fs::path folder = state_dir / "bin";
    std::error_code error;
    fs::create_directory(folder, error);
    if (error) return fail(Errc::io, folder.string() + ": " + error.message());
    fs::path path = folder / "hakurun";
    const auto there = read_file(path, program.size());
    if (!there || *there != text_of(program)) HK_CHECK(write_file_atomically(path, text_of(program), 0755));
    return path;
}

} // namespace hk::exec
