#pragma once
#include "base/file.hpp"
#include "base/result.hpp"
#include "hakurun/tally.hpp"

#include <string>

namespace hk::hakurun {

/// The folder of --output-dir: names its files, and keeps index.tsv, one line per combination that ended.
/// Does nothing when no folder was asked for.
class IndexFile {
public:
    /// Makes the folder and an empty index. An empty name: no folder.
    static Result<IndexFile> open(const std::string& folder);
    /// DIR/007.txt: as many digits as `total` has, so that names sort.
    std::string path_of(std::uint64_t number, std::uint64_t total) const;
    void add(const Ended& ended);

private:
    std::string folder_;
    Fd file_;
};

} // namespace hk::hakurun
