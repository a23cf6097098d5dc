#include "hakurun/index_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace hk::hakurun {

Result<IndexFile> IndexFile::open(const std::string& folder) {
    IndexFile index;
    if (folder.empty()) return index;
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return fail(system_error("cannot make the folder " + folder, failed.value()));
    index.folder_ = folder;
    const std::string path = folder + "/index.tsv";
    index.file_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
    if (!index.file_) return fail(system_error("cannot write " + path, errno));
    return index;
}

std::string IndexFile::path_of(std::uint64_t number, std::uint64_t total) const {
    const auto digits = std::to_string(total).size();
    const auto name = std::to_string(number);
    return folder_ + "/" + std::string(digits - name.size(), '0') + name + ".txt";
}

void IndexFile::add(const Ended& ended) {
    if (!file_) return;
    const std::string line = std::to_string(ended.number) + "\t" + std::to_string(ended.code) + "\t" +
                             std::to_string(static_cast<double>(ended.took.count()) / 1e6) + "\t" + ended.line + "\n";
    [[maybe_unused]] const auto written = write(file_.get(), line.data(), line.size());
}

} // namespace hk::hakurun
