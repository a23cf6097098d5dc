#pragma once
#include "proto/env_api.hpp"
#include "json/model_codec.hpp"

/// The JSON keys of the environment bodies. Included by env_api.cpp and openapi.cpp only: it is costly to compile.
namespace hk::proto {

BOOST_DESCRIBE_STRUCT(ContainerView, (), (id, image, state, status))
BOOST_DESCRIBE_STRUCT(VersionView, (), (version, tarball, created_at, size_bytes, nodes))
BOOST_DESCRIBE_STRUCT(EnvironmentView, (), (name, container, versions, is_default, operation))
BOOST_DESCRIBE_STRUCT(EnvironmentList, (), (environments, engine, problem))
BOOST_DESCRIBE_STRUCT(CreateEnvironment, (), (image_name, name))
BOOST_DESCRIBE_STRUCT(OperationProgress, (),
                      (operation, environment, message, done_bytes, total_bytes, finished, error))

} // namespace hk::proto

namespace hk::json {

template <>
inline constexpr auto notes_of<proto::CreateEnvironment> = std::to_array<Note>({
    {"image_name", "Image to start from; pulled when the engine does not have it.", true},
    {"name", "Name of the environment and of its container on the Host.", true},
});

} // namespace hk::json
