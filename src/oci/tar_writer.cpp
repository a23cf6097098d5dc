#include "oci/tar.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace hk::oci {

namespace {

constexpr std::int64_t largest_octal_size = 0'77777777777;

void put_octal(char* field, std::size_t width, std::uint64_t value) {
    for (std::size_t i = width - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

char flag_of(TarType type) {
    switch (type) {
    case TarType::file: return '0';
    case TarType::hard_link: return '1';
    case TarType::symlink: return '2';
    case TarType::directory: return '5';
    case TarType::other: break;
    }
    return '0';
}

std::string block_of(std::string_view path, std::string_view link, std::int64_t size, char flag) {
    std::string block(tar_block, '\0');
    path.copy(block.data(), 100);
    put_octal(&block[100], 8, flag == '5' ? 0755 : 0644);
    put_octal(&block[108], 8, 0);
    put_octal(&block[116], 8, 0);
    put_octal(&block[124], 12, static_cast<std::uint64_t>(std::min(size, largest_octal_size)));
    put_octal(&block[136], 12, 0);
    block[156] = flag;
    link.copy(&block[157], 100);
    std::memcpy(&block[257], "ustar\00000", 8);
    std::fill_n(&block[148], 8, ' ');
    std::uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put_octal(&block[148], 7, sum);
    return block;
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::string body = " " + std::string(key) + "=" + std::string(value) + "\n";
    std::size_t length = body.size() + 1;
    while (std::to_string(length).size() + body.size() != length) length = std::to_string(length).size() + body.size();
    return std::to_string(length) + body;
}

} // namespace

std::string tar_padding(std::int64_t size) {
    return std::string(static_cast<std::size_t>((512 - size % 512) % 512), '\0');
}

std::string tar_end() { return std::string(2 * tar_block, '\0'); }

std::string tar_header(const TarEntry& entry) {
    std::string pax;
    if (entry.path.size() > 100) pax += pax_record("path", entry.path);
    if (entry.link.size() > 100) pax += pax_record("linkpath", entry.link);
    if (entry.size > largest_octal_size) pax += pax_record("size", std::to_string(entry.size));
    std::string header;
    if (!pax.empty()) {
        const auto size = static_cast<std::int64_t>(pax.size());
        header = block_of("pax", "", size, 'x') + pax + tar_padding(size);
    }
    return header + block_of(entry.path, entry.link, entry.size, flag_of(entry.type));
}

} // namespace hk::oci
