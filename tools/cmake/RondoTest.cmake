# How tests are declared: GoogleTest programs, lit folders, Python checks and fuzz targets. Works with and without the compiler.
find_package(GTest REQUIRED)
set(RONDO_FUZZ_SECONDS 30 CACHE STRING "How long ctest runs each libFuzzer target")
# Tests of several builds appear in one report; the names of sanitizer builds say so.
set(RONDO_TEST_SUFFIX "")
if(RONDO_SANITIZE)
  set(RONDO_TEST_SUFFIX "-san")
endif()
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
  # Property tests have twenty times the cases at night.
  add_test(NAME ${name}${RONDO_TEST_SUFFIX} COMMAND ${name})
  set_tests_properties(${name}${RONDO_TEST_SUFFIX} PROPERTIES TIMEOUT 3600 LABELS "gtest;${ARG_LABELS}")
endfunction()

# rondo_add_lit_folder(folder): one ctest test that runs every lit test under test/<folder>.
function(rondo_add_lit_folder folder)
  set(test lit-${folder}${RONDO_TEST_SUFFIX})
  add_test(NAME ${test} COMMAND
    ${RONDO_LLVM_TOOLS}/lit -v -j2 --order=lexical ${CMAKE_BINARY_DIR}/test/${folder})
  set_tests_properties(${test} PROPERTIES TIMEOUT 900 PROCESSORS 2 LABELS lit)
endfunction()

# rondo_add_python_check(name script args...): a script that exits 0 when all is well.
function(rondo_add_python_check name script)
  add_test(NAME ${name} COMMAND ${RONDO_PYTHON} -B ${script} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
endfunction()

# rondo_add_fuzzer(name SOURCES... [DEPS libraries]): a LLVMFuzzerTestOneInput with the corpus test/fuzz/corpus/<name>. With
# RONDO_FUZZ a libFuzzer program that ctest runs for RONDO_FUZZ_SECONDS; without it a program that replays the corpus.
function(rondo_add_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus ${CMAKE_SOURCE_DIR}/test/fuzz/corpus/${name})
  add_executable(${name} ${ARG_SOURCES})
  if(RONDO_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(found ${CMAKE_BINARY_DIR}/fuzz/${name}-found)
    file(MAKE_DIRECTORY ${found})
    set(test ${name})
    set(arguments -max_total_time=${RONDO_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0
      -artifact_prefix=${CMAKE_BINARY_DIR}/fuzz/${name}- ${found} ${corpus})
    math(EXPR timeout "${RONDO_FUZZ_SECONDS} + 120")
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/test/fuzz/ReplayCorpus.cpp)
    set(test replay-${name}${RONDO_TEST_SUFFIX})
    set(arguments ${corpus})
    set(timeout 300)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} Threads::Threads)
  target_link_options(${name} PRIVATE -fuse-ld=lld)
  add_test(NAME ${test} COMMAND ${name} ${arguments})
  set_tests_properties(${test} PROPERTIES TIMEOUT ${timeout} LABELS fuzz)
endfunction()
