# Fails if a file includes what its layer must not know: folders further down the list store, runtime, flow,
# http; and in the pure part of runtime/ the live part, threads, clocks and input or output.

set(wrong "")

function(forbid what)  # <pattern of includes> <files...>
  foreach(file ${ARGN})
    file(STRINGS ${file} found REGEX "^ *# *include *[<\"](${what})")
    foreach(line ${found})
      set(wrong "${wrong}${file}: ${line}\n")
    endforeach()
  endforeach()
  set(wrong "${wrong}" PARENT_SCOPE)
endfunction()

function(sources_of folder to)
  file(GLOB_RECURSE found ${ROOT}/${folder}/*.cpp ${ROOT}/${folder}/*.hpp)
  if(NOT found)
    message(FATAL_ERROR "no sources in ${ROOT}/${folder}")
  endif()
  set(${to} ${found} PARENT_SCOPE)
endfunction()

sources_of(store store)
sources_of(runtime runtime)
forbid("stube/runtime/|stube/flow/|stube/http/|runtime/|flow/|http/" ${store})
forbid("stube/flow/|stube/http/|flow/|http/|boost/asio|boost/beast|sqlite3" ${runtime})
if(EXISTS ${ROOT}/flow)
  sources_of(flow flow)
  forbid("stube/http/|http/|boost/asio|boost/beast|sqlite3" ${flow})
endif()

set(pure ${runtime})
list(FILTER pure EXCLUDE REGEX "/(clocks|found_once|live|live_[a-z]+|log_limit|saver|random_id|background_thread|timer_queue|topic_index|work_pool)\\.[ch]pp$")
forbid("stube/runtime/live|runtime/live|runtime/saver|runtime/random_id|runtime/background_thread|runtime/timer_queue|runtime/topic_index|runtime/work_pool|spdlog|thread>|mutex>|condition_variable>|atomic>|fstream>|filesystem>|iostream>|cstdio>|unistd|sys/" ${pure})

if(wrong)
  message(FATAL_ERROR "${wrong}")
endif()
