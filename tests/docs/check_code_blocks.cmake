# Every block fenced as ```cpp in the pages must stand, to the last space, in one of the compiled sources
# under examples/, tutorial/ or tests/, so that no page shows code that does not compile. One of a page of the
# tutorial must stand in that page's own program, headers included, and its ```cmake in that program's CMakeLists.txt.
#
# cmake -D ROOT=<source tree> -D DATABASE=<compile_commands.json> -P check_code_blocks.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE pages ${ROOT}/docs/*.md)
file(GLOB tutorial ${ROOT}/README.md ${ROOT}/tutorial/*.md)
list(APPEND pages ${tutorial})

file(READ ${DATABASE} database)
file(GLOB_RECURSE candidates ${ROOT}/examples/*.cpp ${ROOT}/tutorial/*.cpp ${ROOT}/tests/*.cpp)
set(sources)
foreach(source IN LISTS candidates)
  string(FIND "${database}" "\"file\": \"${source}\"" at)
  if(NOT at EQUAL -1)
    list(APPEND sources ${source})
  endif()
endforeach()

set(blocks 0)
set(complaints "")

# Takes the blocks of a language in `text` one by one and looks for each in the files.
function(check_blocks page_name text language files)
  while(TRUE)
    string(FIND "${text}" "\n```${language}\n" at)
    if(at EQUAL -1)
      break()
    endif()
    string(LENGTH "\n```${language}" skipped)
    math(EXPR at "${at} + ${skipped}")  # at the newline before the block
    string(SUBSTRING "${text}" ${at} -1 text)
    string(FIND "${text}\n" "\n```\n" end)
    if(end EQUAL -1)
      string(APPEND complaints "${page_name}: a block of ${language} has no end\n")
      break()
    endif()
    math(EXPR length "${end} + 1")  # with the newline after the block
    string(SUBSTRING "${text}" 0 ${length} block)
    string(SUBSTRING "${text}" ${length} -1 text)
    math(EXPR blocks "${blocks} + 1")

    set(found FALSE)
    foreach(file IN LISTS files)
      file(READ ${file} code)
      string(FIND "\n${code}" "${block}" at)
      if(NOT at EQUAL -1)
        set(found TRUE)
        break()
      endif()
    endforeach()
    if(NOT found)
      string(APPEND complaints "${page_name}: this block stands in no compiled source:${block}\n")
    endif()
  endwhile()
  set(complaints "${complaints}" PARENT_SCOPE)
  set(blocks ${blocks} PARENT_SCOPE)
endfunction()

foreach(page IN LISTS pages)
  cmake_path(RELATIVE_PATH page BASE_DIRECTORY ${ROOT} OUTPUT_VARIABLE page_name)
  file(READ ${page} text)
  set(text "\n${text}")
  # Nothing that a reader would see as C++ may pass under another name or an indent.
  if(text MATCHES "\n([ \t>]+```+(cpp|c\\+\\+)[^\n]*|```+(cpp[^\n]+|[cC]\\+\\+[^\n]*|cxx[^\n]*|hpp[^\n]*)|~~~+[^\n]*)\n")
    string(APPEND complaints "${page_name}: a block of C++ starts a line with ```cpp and nothing else, not with: ${CMAKE_MATCH_1}\n")
  endif()

  set(code ${sources})
  cmake_path(REMOVE_EXTENSION page LAST_ONLY OUTPUT_VARIABLE program)
  if(IS_DIRECTORY ${program})
    list(FILTER code INCLUDE REGEX "^${program}/")
    file(GLOB headers ${program}/*.hpp)
    list(APPEND code ${headers})
    check_blocks(${page_name} "${text}" cmake "${program}/CMakeLists.txt")
  endif()
  check_blocks(${page_name} "${text}" cpp "${code}")
endforeach()

if(complaints)
  message("${complaints}")
  message(FATAL_ERROR "code blocks that a reader could not compile")
elseif(blocks EQUAL 0)
  message(FATAL_ERROR "no code block was found at all")
endif()
message("code blocks, each of them compiled: ${blocks}")
