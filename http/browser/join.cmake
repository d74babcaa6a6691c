# cmake -D FILES=... -D OUTPUT=... -P join.cmake
# Writes the scripts into one file, in this order, so that a page has all of them or none.

cmake_minimum_required(VERSION 3.25)

file(WRITE ${OUTPUT} "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  file(APPEND ${OUTPUT} "${text}\n;\n")
endforeach()
