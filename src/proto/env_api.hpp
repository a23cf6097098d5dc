#pragma once
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Bodies of the environment routes: containers on the Host, and the versions that were packaged from them.
namespace hk::proto {

struct ContainerView {
    std::string id;
    std::string image;
    std::string state;  ///< "running", "exited", ...
    std::string status; ///< as the engine words it
    static const std::string_view schema_name;
};

struct VersionView {
    std::string version;
    std::string tarball;
    Time created_at{};
    Bytes size_bytes;
    std::vector<std::string> nodes; ///< that have it in their image store
    static const std::string_view schema_name;
};

struct EnvironmentView {
    std::string name;
    std::optional<ContainerView> container;
    std::vector<VersionView> versions; ///< newest first
    bool is_default = false;
    std::string operation; ///< what is being done to it now; empty when nothing is
    static const std::string_view schema_name;
};

struct EnvironmentList {
    std::vector<EnvironmentView> environments;
    std::string engine;  ///< "Docker 20.10.24" or empty
    std::string problem; ///< why the engine cannot be used; empty when it can
    static const std::string_view schema_name;
};

struct CreateEnvironment {
    std::string image_name;
    std::string name;
    static const std::string_view schema_name;
};

/// One step of a long operation, as an event and as a line of a streamed reply.
struct OperationProgress {
    std::string operation; ///< "create", "package", "import"
    std::string environment;
    std::string message;
    std::optional<Bytes> done_bytes;
    std::optional<Bytes> total_bytes;
    bool finished = false;
    std::string error; ///< set on the last step of an operation that failed
    static const std::string_view schema_name;
};

Result<CreateEnvironment> parse_create_environment(std::string_view body);
std::string to_json(const CreateEnvironment& request);
std::string to_json(const EnvironmentList& list);
std::string to_json(const OperationProgress& progress);
Result<EnvironmentList> parse_environment_list(std::string_view body);
Result<OperationProgress> parse_operation_progress(std::string_view body);

} // namespace hk::proto
