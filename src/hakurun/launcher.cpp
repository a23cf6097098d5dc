#include "hakurun/launcher.hpp"

namespace hk::hakurun {

std::string_view function_launcher() {
    return R"(import functools, importlib, sys
name, kinds, *words = sys.argv[1:]
sys.argv = [name, *words]
module, _, path = name.partition(":")
function = functools.reduce(getattr, path.split("."), importlib.import_module(module))
as_kind = {"i": int, "f": float, "s": str}
function(*(as_kind[kind](word) for kind, word in zip(kinds, words)))
)";
}

std::string_view module_finder() {
    return R"(import importlib.util, sys
try:
    sys.exit(importlib.util.find_spec(sys.argv[1]) is None)
except ImportError:
    sys.exit(1)
)";
}

} // namespace hk::hakurun
