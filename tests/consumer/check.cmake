# Builds and runs tests/consumer/app against stube: HOW is find_package or add_subdirectory.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
if(HOW STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  set(way -D CMAKE_PREFIX_PATH=${WORK}/prefix)
else()
  # The warnings are on so that the commands are those of this build and ccache knows their results.
  set(way -D STUBE_SOURCE=${SOURCE} -D STUBE_DEV=ON)
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer/app -B ${WORK}/build -G Ninja ${way}
  -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${WORK}/build --target consumer)
run(${WORK}/build/consumer)
