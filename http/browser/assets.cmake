# Compiles the browser's files into stube_http. Include it after stube_component(http ...). The
# generated source defines stube::http::assets(), which http/protocol/assets.hpp declares.
#
# npm fetches htmx into the build folder, in the version and with the digest of package-lock.json.
# The source tree is not changed. htmx is fetched once, and again when the lock file changes.

set(browser_source ${CMAKE_CURRENT_LIST_DIR})
set(browser_build ${CMAKE_CURRENT_BINARY_DIR}/browser)
set(htmx ${browser_build}/node_modules/htmx.org/dist)
set(from_npm ${htmx}/htmx.min.js ${htmx}/ext/hx-sse.min.js)
# In the order in which they run: a script may use all scripts before it.
set(scripts ${from_npm})
foreach(part stube stube-page stube-user stube-history stube-behaviors stube-events)
  list(APPEND scripts ${browser_source}/${part}.js)
endforeach()
set(files ${browser_build}/stube.js ${browser_source}/stube.css ${browser_source}/stube-inspect.css ${browser_source}/icon.svg)

find_program(STUBE_NPM npm DOC "fetches the browser's files")
if(NOT STUBE_NPM)
  message(FATAL_ERROR "stube: npm is missing, which fetches htmx at build time; install it (apt-get install npm)")
endif()

add_custom_command(
  OUTPUT ${from_npm}
  COMMAND ${CMAKE_COMMAND} -E copy ${browser_source}/package.json ${browser_source}/package-lock.json ${browser_build}
  COMMAND ${CMAKE_COMMAND} -E chdir ${browser_build}
          ${STUBE_NPM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${from_npm}
  DEPENDS ${browser_source}/package.json ${browser_source}/package-lock.json
  COMMENT "Fetching the browser's files with npm"
  VERBATIM)

add_custom_command(
  OUTPUT ${browser_build}/stube.js
  COMMAND ${CMAKE_COMMAND} -D "FILES=${scripts}" -D OUTPUT=${browser_build}/stube.js
          -P ${browser_source}/join.cmake
  DEPENDS ${scripts} ${browser_source}/join.cmake
  COMMENT "Joining the browser's scripts"
  VERBATIM)

add_custom_command(
  OUTPUT ${browser_build}/assets.cpp
  COMMAND ${CMAKE_COMMAND} -D "FILES=${files}" -D OUTPUT=${browser_build}/assets.cpp
          -P ${browser_source}/embed.cmake
  DEPENDS ${files} ${browser_source}/embed.cmake
  COMMENT "Embedding the browser's files"
  VERBATIM)

file(MAKE_DIRECTORY ${browser_build})
target_sources(stube_http PRIVATE ${browser_build}/assets.cpp)
