#include "proto/schemas.hpp"

#include "proto/env_describe.hpp"
#include "proto/node_describe.hpp"
#include "proto/task_describe.hpp"
#include "json/schema.hpp"

namespace hk::proto {
namespace {

struct FieldProblem {
    std::string path;
    std::string message;
    static constexpr std::string_view schema_name = "FieldProblem";
};
BOOST_DESCRIBE_STRUCT(FieldProblem, (), (path, message))
struct Problem {
    std::string code;
    std::string message;
    std::vector<FieldProblem> fields;
    static constexpr std::string_view schema_name = "Problem";
};
BOOST_DESCRIBE_STRUCT(Problem, (), (code, message, fields))
struct ErrorBody {
    Problem error;
    std::string detail;
    static constexpr std::string_view schema_name = "Error";
};
BOOST_DESCRIBE_STRUCT(ErrorBody, (), (error, detail))

template <class... Bodies>
json::Schemas schemas_of() {
    json::Schemas named;
    (void(json::schema_of<Bodies>(named)), ...);
    return named;
}

} // namespace

json::Object body_schemas() {
    json::Object out;
    auto named = schemas_of<SubmitRequest, SubmitReply, TaskView, TaskList, TaskHistory, LogTimes, Explanation,
                            BatchView, MessageReply, TaskSelection, SelectionReply, NodeView, NodeList, Health,
                            ClusterView, EnvironmentList, CreateEnvironment, OperationProgress, ErrorBody>();
    for (auto& [name, schema] : named) out.emplace(name, std::move(schema));
    return out;
}

} // namespace hk::proto
