#pragma once
#include "json/json.hpp"

namespace hk::proto {

/// JSON Schemas of every body of the API, by name: "components/schemas" of the OpenAPI document. Made from the same
/// descriptions that parse and write the bodies, so the two cannot differ.
json::Object body_schemas();

} // namespace hk::proto
