# Tasks as services of systemd. Its library is loaded at run time, so nothing is needed to build.
set(systemd_sources gpu_devices.cpp sd_bus_api.cpp sd_bus.cpp systemd_access.cpp systemd_manager.cpp unit_plan.cpp
  unit_control.cpp systemd_executor.cpp systemd_events.cpp)
set(systemd_tests tests/unit_plan_test.cpp)

# What needs a systemd as PID 1: tests/lab runs this program inside a node of its own.
function(add_systemd_test)
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(systemd_test tests/systemd_test.cpp)
  target_link_libraries(systemd_test PRIVATE hk_exec hk_test_main hk_warnings)
  target_include_directories(systemd_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
endfunction()
