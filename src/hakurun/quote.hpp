#pragma once
#include <string>
#include <vector>

namespace hk::hakurun {

/// The words as a POSIX shell would have to be given them: python x.py 'a b'.
std::string shell_line(const std::vector<std::string>& words);

} // namespace hk::hakurun
