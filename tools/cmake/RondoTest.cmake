# How tests are declared: GoogleTest programs, lit folders, Python checks and fuzz targets. Works with and without the compiler.
find_package(GTest REQUIRED)
set(RONDO_LLVM_TOOLS /usr/lib/llvm-22/bin CACHE PATH "Where lit, FileCheck, not and split-file live")

# Checks of numbers need numpy, which the first python3 on PATH does not always have.
if(NOT RONDO_PYTHON)
  foreach(candidate python3 /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import numpy, sys; print(sys.executable)" OUTPUT_VARIABLE python
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      set(RONDO_PYTHON ${python} CACHE FILEPATH "A Python 3 with numpy")
      break()
    endif()
  endforeach()
endif()
if(NOT RONDO_PYTHON)
  message(FATAL_ERROR "expected a python3 with numpy: install the Debian package python3-numpy")
endif()

# rondo_add_test(name SOURCES... [DEPS libraries] [LABELS labels]): one GoogleTest program, one ctest test.
function(rondo_add_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/bin)
  target_compile_definitions(${name} PRIVATE RONDO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RONDO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gtest_main Threads::Threads)
  target_link_options(${name} PRIVATE -fuse-ld=lld)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "gtest;${ARG_LABELS}")
endfunction()

# rondo_add_lit_folder(folder): one ctest test that runs every lit test under test/<folder>.
function(rondo_add_lit_folder folder)
  add_test(NAME lit-${folder}
    COMMAND ${RONDO_LLVM_TOOLS}/lit -v -j2 --order=lexical ${CMAKE_BINARY_DIR}/test/${folder})
  set_tests_properties(lit-${folder} PROPERTIES TIMEOUT 900 PROCESSORS 2 LABELS lit)
endfunction()

# rondo_add_python_check(name script args...): a script that exits 0 when all is well.
function(rondo_add_python_check name script)
  add_test(NAME ${name} COMMAND ${RONDO_PYTHON} -B ${script} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
endfunction()

# rondo_add_fuzzer(name SOURCES... [DEPS libraries]): LLVMFuzzerTestOneInput over test/fuzz/corpus/<name>. With RONDO_FUZZ a
# libFuzzer program build/fuzz/<name>; without it a program that replays the corpus, run by ctest either way.
function(rondo_add_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus ${CMAKE_SOURCE_DIR}/test/fuzz/corpus/${name})
  if(RONDO_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(arguments -runs=0 ${corpus})
  else()
    add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/test/fuzz/ReplayCorpus.cpp)
    set(arguments ${corpus})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} Threads::Threads)
  target_link_options(${name} PRIVATE -fuse-ld=lld)
  add_test(NAME replay-${name} COMMAND ${name} ${arguments})
  set_tests_properties(replay-${name} PROPERTIES TIMEOUT 300 LABELS fuzz)
endfunction()
